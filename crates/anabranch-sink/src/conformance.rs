//! The laws of sinks, as a test that every sink passes.

use std::collections::BTreeMap;

use anabranch_core::json::key_to_string;
use anabranch_core::{Author, Document, Edit, Key, Value};

use crate::driver::deliver;
use crate::sink::{Sink, TableName};

/// The rows of each table of a destination by their key (typed JSON), each in any one form that tells rows apart.
pub type Rows = BTreeMap<TableName, BTreeMap<String, String>>;

/// A destination under test.
pub trait Subject {
    /// Its sink.
    type Sink: Sink;

    /// An empty destination.
    fn new() -> Self;
    /// A writer to it.
    fn sink(&self) -> Self::Sink;
    /// The rows that a reader of it sees now.
    fn rows(&self) -> Rows;
    /// From now on, `writes` steps succeed and the next one fails; `None`: all succeed.
    fn fail_after(&self, writes: Option<usize>);
}

/// Which law was broken, and how that showed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{law}: {what}")]
pub struct BrokenLaw {
    /// The law.
    pub law: &'static str,
    /// What was seen.
    pub what: String,
}

type Checked = Result<(), BrokenLaw>;

/// Checks every law.
pub fn conforms<S: Subject>() -> Checked {
    twice_equals_once::<S>()?;
    stopping_anywhere_and_resuming_ends_equal::<S>()?;
    a_backfill_equals_what_came_bit_by_bit::<S>()?;
    rows_are_the_records::<S>()?;
    an_older_writer_is_fenced_off::<S>()
}

/// Steps after which a delivery of the sample must have succeeded.
const STEPS_MAX: usize = 10_000;

fn broken(law: &'static str, what: impl ToString) -> BrokenLaw {
    BrokenLaw { law, what: what.to_string() }
}

fn push<S: Subject>(law: &'static str, subject: &S, stores: &Sample) -> Result<usize, BrokenLaw> {
    let delivered = deliver(&mut subject.sink(), &stores.tables());
    delivered.map(|delivered| delivered.len()).map_err(|error| broken(law, error))
}

fn twice_equals_once<S: Subject>() -> Checked {
    const LAW: &str = "delivering twice equals once";
    let (subject, sample) = (S::new(), Sample::first());
    push(LAW, &subject, &sample)?;
    let once = subject.rows();
    match push(LAW, &subject, &sample)? {
        0 if subject.rows() == once => Ok(()),
        0 => Err(broken(LAW, "the rows changed")),
        tables => Err(broken(LAW, format!("{tables} tables were written again"))),
    }
}

fn stopping_anywhere_and_resuming_ends_equal<S: Subject>() -> Checked {
    const LAW: &str = "stopping after any write and resuming from the checkpoint ends equal";
    let (first, second) = (Sample::first(), Sample::second());
    let whole = S::new();
    push(LAW, &whole, &first)?;
    let before = whole.rows();
    push(LAW, &whole, &second)?;
    let after = whole.rows();
    for writes in 0..STEPS_MAX {
        let subject = S::new();
        push(LAW, &subject, &first)?;
        subject.fail_after(Some(writes));
        let stopped = deliver(&mut subject.sink(), &second.tables()).is_err();
        subject.fail_after(None);
        let seen = subject.rows();
        if seen != before && seen != after {
            return Err(broken(LAW, format!("stopped after {writes} writes, a reader sees a part")));
        }
        push(LAW, &subject, &second)?;
        if subject.rows() != after {
            return Err(broken(LAW, format!("stopped after {writes} writes, it ended with other rows")));
        }
        if !stopped {
            return Ok(());
        }
    }
    Err(broken(LAW, format!("a small delivery took over {STEPS_MAX} writes")))
}

fn a_backfill_equals_what_came_bit_by_bit<S: Subject>() -> Checked {
    const LAW: &str = "a backfill, or a range cut in two, equals the range whole";
    let (cut, whole) = (S::new(), S::new());
    push(LAW, &cut, &Sample::first())?;
    push(LAW, &cut, &Sample::second())?;
    push(LAW, &whole, &Sample::second())?;
    if cut.rows() == whole.rows() { Ok(()) } else { Err(broken(LAW, "the rows differ")) }
}

fn rows_are_the_records<S: Subject>() -> Checked {
    const LAW: &str = "the rows are the records";
    let subject = S::new();
    push(LAW, &subject, &Sample::first())?;
    let before = subject.rows();
    let sample = Sample::second();
    push(LAW, &subject, &sample)?;
    let after = subject.rows();
    for (name, document) in sample.tables() {
        let keys: Vec<String> = after.get(&name).into_iter().flat_map(|rows| rows.keys().cloned()).collect();
        let mut want: Vec<String> = document.view().records().map(|record| key_to_string(&record.key)).collect();
        want.sort();
        if keys != want {
            return Err(broken(LAW, format!("table {name} has the keys {keys:?} instead of {want:?}")));
        }
    }
    let edited = |rows: &Rows| rows.get(&table("orders")).and_then(|rows| rows.get(EDITED)).cloned();
    if edited(&before) == edited(&after) {
        return Err(broken(LAW, format!("the row {EDITED} is as it was, though its record was edited")));
    }
    Ok(())
}

fn an_older_writer_is_fenced_off<S: Subject>() -> Checked {
    const LAW: &str = "an older writer is fenced off";
    let (first, second) = (Sample::first(), Sample::second());
    let ended = S::new();
    push(LAW, &ended, &second)?;
    // Once both begin with an empty destination, and once with one that was filled.
    for (held, late) in [(None, &first), (Some(&first), &second)] {
        let subject = S::new();
        held.map_or(Ok(0), |held| push(LAW, &subject, held))?;
        let mut newer = None;
        let meanwhile =
            || newer = Some(deliver(&mut subject.sink(), &second.tables()).map_err(|error| broken(LAW, error)));
        let outcome = deliver(&mut Interrupted { sink: subject.sink(), meanwhile }, &late.tables());
        newer.transpose()?;
        match outcome {
            Ok(_) => return Err(broken(LAW, "it delivered after another writer had")),
            Err(_) if subject.rows() == ended.rows() => (),
            Err(_) => return Err(broken(LAW, "it failed, and changed rows all the same")),
        }
    }
    Ok(())
}

/// A sink whose delivery begins after something else happened.
struct Interrupted<S, F> {
    sink: S,
    meanwhile: F,
}

impl<S: Sink, F: FnMut()> Sink for Interrupted<S, F> {
    type Error = S::Error;

    fn open(&mut self) -> Result<crate::Checkpoints, S::Error> {
        self.sink.open()
    }

    fn deliver(&mut self, delivery: &crate::Delivery<'_>) -> Result<Vec<crate::TableReceipt>, S::Error> {
        (self.meanwhile)();
        self.sink.deliver(delivery)
    }
}

/// Three stores at an earlier and a later moment.
struct Sample {
    stores: Vec<(TableName, Document)>,
}

/// The key of a record that is edited between the two moments.
const EDITED: &str = "1";

impl Sample {
    fn first() -> Self {
        let mut orders = Document::new();
        commit(&mut orders, "first", (0..7).map(|at| put(at, [("state", "open".into())])).collect());
        let mut notes = Document::new();
        let keys = [Key::String("a/b".into()), Key::Array(vec![key(1), Key::Date(0.0)]), Key::Binary(vec![0, 255])];
        let note = |key| Edit::Put { key: Some(key), value: Value::from("no object") };
        commit(&mut notes, "first", keys.map(note).into());
        let mut drafts = Document::new();
        commit(&mut drafts, "first", vec![put(1, [])]);
        let stores = [("orders", orders), ("notes & more", notes), ("drafts", drafts)];
        Self { stores: stores.map(|(name, document)| (table(name), document)).into() }
    }

    /// Records added, changed, deleted, with a conflict and a new field; a store unchanged, and one emptied.
    fn second() -> Self {
        let mut sample = Self::first();
        for (name, document) in &mut sample.stores {
            let base = document.known(&document.heads()).expect("these are its own heads");
            match name.store.as_str() {
                "orders" => {
                    let added = put(7, [("state", "open".into()), ("paid", true.into())]);
                    let edits = vec![put(1, [("state", "paid".into())]), added, Edit::Delete { key: key(2) }];
                    commit(document, "second", edits);
                    let late = [put(1, [("state", "cancelled".into())])];
                    document.change_at(&base, &late, &Author::run("third", "job")).expect("the sample is sound");
                }
                "drafts" => commit(document, "second", vec![Edit::Delete { key: key(1) }]),
                _ => (),
            }
        }
        sample
    }

    fn tables(&self) -> Vec<(TableName, &Document)> {
        self.stores.iter().map(|(name, document)| (name.clone(), document)).collect()
    }
}

fn table(store: &str) -> TableName {
    TableName { database: "shop".into(), store: store.into() }
}

fn key(at: i32) -> Key {
    Key::Number(f64::from(at))
}

fn put<const N: usize>(at: i32, fields: [(&str, Value); N]) -> Edit {
    let lines = Value::Array(vec![Value::object([("sku", Value::from("x"))])]);
    let common = [("total", Value::Number(f64::from(at) / 2.0)), ("lines", lines)];
    Edit::Put { key: Some(key(at)), value: Value::object(common.into_iter().chain(fields)) }
}

fn commit(document: &mut Document, author: &str, edits: Vec<Edit>) {
    let base = document.known(&document.heads()).expect("these are its own heads");
    document.change_at(&base, &edits, &Author::person(author)).expect("the sample is sound");
}
