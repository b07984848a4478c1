//! A destination in memory: the smallest honest sink, for tests and as an example.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anabranch_core::{Heads, Key, Value};

use crate::sink::{Checkpoints, Delivery, Sink, TableName, TableReceipt};

/// Tables in memory; clones are writers to the same destination.
#[derive(Clone, Debug, Default)]
pub struct MemorySink {
    destination: Rc<RefCell<Destination>>,
    epoch: u64,
}

#[derive(Debug, Default)]
struct Destination {
    epoch: u64,
    tables: BTreeMap<TableName, MemoryTable>,
    fails_after: Option<usize>,
}

/// A table in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryTable {
    /// Up to where it was delivered.
    pub heads: Heads,
    /// Its rows.
    pub rows: BTreeMap<Key, Value>,
}

/// Why a memory sink failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// Another writer opened the destination.
    #[error("another writer opened the destination")]
    Fenced,
    /// It was asked to fail.
    #[error("it was asked to fail here")]
    AskedTo,
}

impl MemorySink {
    /// Another writer to the same destination.
    pub fn another(&self) -> Self {
        Self { destination: self.destination.clone(), epoch: 0 }
    }

    /// The tables as they are.
    pub fn tables(&self) -> BTreeMap<TableName, MemoryTable> {
        self.destination.borrow().tables.clone()
    }

    /// From now on, `writes` rows can be written before it fails; `None`: it does not fail.
    pub fn fail_after(&self, writes: Option<usize>) {
        self.destination.borrow_mut().fails_after = writes;
    }
}

impl Destination {
    fn write(&mut self) -> Result<(), MemoryError> {
        match &mut self.fails_after {
            Some(0) => Err(MemoryError::AskedTo),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Sink for MemorySink {
    type Error = MemoryError;

    fn open(&mut self) -> Result<Checkpoints, MemoryError> {
        let mut destination = self.destination.borrow_mut();
        destination.epoch += 1;
        self.epoch = destination.epoch;
        Ok(destination.tables.iter().map(|(name, table)| (name.clone(), table.heads.clone())).collect())
    }

    fn deliver(&mut self, delivery: &Delivery<'_>) -> Result<Vec<TableReceipt>, MemoryError> {
        let mut destination = self.destination.borrow_mut();
        if destination.epoch != self.epoch {
            return Err(MemoryError::Fenced);
        }
        let mut tables = destination.tables.clone();
        let mut receipts = Vec::new();
        for moved in &delivery.tables {
            let table = tables.entry(moved.name().clone()).or_default();
            let batch = moved.changes();
            let receipt = TableReceipt {
                rows: batch.changes.len(),
                conflicts: moved.conflicts().len(),
                ..TableReceipt::default()
            };
            for change in batch.changes {
                destination.write()?;
                match change.after {
                    Some(value) => table.rows.insert(change.key, value),
                    None => table.rows.remove(&change.key),
                };
            }
            table.heads = batch.to;
            receipts.push(receipt);
        }
        destination.write()?;
        destination.tables = tables;
        Ok(receipts)
    }
}
