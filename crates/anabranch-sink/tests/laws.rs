//! The laws hold of the sink in memory, and fail on sinks that break them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use anabranch_core::Key;
use anabranch_core::json::{key_to_string, value_to_string};
use anabranch_sink::conformance::{Rows, Subject, conforms};
use anabranch_sink::{Checkpoints, Delivery, MemoryError, MemorySink, Sink, TableName, TableReceipt};

fn rows_of(sink: &MemorySink) -> Rows {
    let row = |(key, value): (&Key, &_)| (key_to_string(key), value_to_string(value));
    let table = |(name, table): (TableName, anabranch_sink::MemoryTable)| (name, table.rows.iter().map(row).collect());
    sink.tables().into_iter().map(table).collect()
}

struct Memory(MemorySink);

impl Subject for Memory {
    type Sink = MemorySink;

    fn new() -> Self {
        Memory(MemorySink::default())
    }
    fn sink(&self) -> MemorySink {
        self.0.another()
    }
    fn rows(&self) -> Rows {
        rows_of(&self.0)
    }
    fn fail_after(&self, writes: Option<usize>) {
        self.0.fail_after(writes);
    }
}

#[test]
fn the_sink_in_memory_obeys_the_laws() {
    conforms::<Memory>().expect("it obeys them");
}

/// A sink that writes rows at once, and its checkpoints as `FLAW` says.
struct Flawed<const FLAW: u8> {
    tables: Rc<RefCell<BTreeMap<TableName, BTreeMap<String, String>>>>,
    checkpoints: Rc<RefCell<Checkpoints>>,
    left: Rc<Cell<Option<usize>>>,
}

/// Row after row, each seen at once.
const PIECEMEAL: u8 = 0;
/// All rows at once, and no checkpoint ever.
const FORGETFUL: u8 = 1;
/// The rows of the first delivery stay.
const STALE: u8 = 2;
/// No writer is ever fenced off.
const OPEN_TO_ALL: u8 = 3;

impl<const FLAW: u8> Flawed<FLAW> {
    fn another(&self) -> Self {
        Self { tables: self.tables.clone(), checkpoints: self.checkpoints.clone(), left: self.left.clone() }
    }

    fn write(&self) -> Result<(), MemoryError> {
        match self.left.get() {
            Some(0) => Err(MemoryError::AskedTo),
            left => {
                self.left.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

impl<const FLAW: u8> Sink for Flawed<FLAW> {
    type Error = MemoryError;

    fn open(&mut self) -> Result<Checkpoints, MemoryError> {
        Ok(self.checkpoints.borrow().clone())
    }

    fn deliver(&mut self, delivery: &Delivery<'_>) -> Result<Vec<TableReceipt>, MemoryError> {
        let mut tables = self.tables.borrow().clone();
        for table in &delivery.tables {
            let rows = tables.entry(table.name().clone()).or_default();
            if FLAW != STALE || rows.is_empty() {
                rows.clear();
                rows.extend(table.records().map(|row| (key_to_string(&row.key), value_to_string(&row.value))));
            }
            if FLAW == PIECEMEAL {
                self.write()?;
                *self.tables.borrow_mut() = tables.clone();
            }
        }
        self.write()?;
        *self.tables.borrow_mut() = tables;
        if FLAW != FORGETFUL {
            let reached = delivery.tables.iter().map(|table| (table.name().clone(), table.to().clone()));
            self.checkpoints.borrow_mut().extend(reached);
        }
        Ok(delivery.tables.iter().map(|_| TableReceipt::default()).collect())
    }
}

impl<const FLAW: u8> Subject for Flawed<FLAW> {
    type Sink = Self;

    fn new() -> Self {
        Self { tables: Rc::default(), checkpoints: Rc::default(), left: Rc::default() }
    }
    fn sink(&self) -> Self {
        self.another()
    }
    fn rows(&self) -> Rows {
        self.tables.borrow().clone()
    }
    fn fail_after(&self, writes: Option<usize>) {
        self.left.set(writes);
    }
}

fn broken_law<S: Subject>() -> &'static str {
    conforms::<S>().expect_err("the sink is flawed").law
}

#[test]
fn each_flaw_breaks_its_law() {
    assert_eq!(broken_law::<Flawed<FORGETFUL>>(), "delivering twice equals once");
    assert_eq!(
        broken_law::<Flawed<PIECEMEAL>>(),
        "stopping after any write and resuming from the checkpoint ends equal"
    );
    assert_eq!(broken_law::<Flawed<STALE>>(), "a backfill, or a range cut in two, equals the range whole");
    assert_eq!(broken_law::<Flawed<OPEN_TO_ALL>>(), "an older writer is fenced off");
}
