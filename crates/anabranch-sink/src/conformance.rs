//! The laws of sinks, as a test that every sink passes.

use std::collections::BTreeMap;

use crate::driver::deliver;
use crate::sink::{Checkpoints, Delivery, Sink, TableName, TableReceipt};
use anabranch_core::json::key_to_string;

mod sample;
use sample::Sample;

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
    /// From now on, `writes` writes succeed, and after them all fail; `None`: all succeed.
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

/// What a reader sees, and how far the destination says that it is.
#[derive(PartialEq)]
struct State {
    rows: Rows,
    checkpoints: Checkpoints,
}

fn state<S: Subject>(law: &'static str, subject: &S) -> Result<State, BrokenLaw> {
    let checkpoints = subject.sink().open().map_err(|error| broken(law, error))?;
    Ok(State { rows: subject.rows(), checkpoints })
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
    // Once into an empty destination, and once into one that was filled.
    for held in [None, Some(&first)] {
        let filled = || {
            let subject = S::new();
            held.map_or(Ok(0), |held| push(LAW, &subject, held)).map(|_| subject)
        };
        let whole = filled()?;
        let before = state(LAW, &whole)?;
        push(LAW, &whole, &second)?;
        let after = state(LAW, &whole)?;
        let mut writes = 0;
        while stops_after(writes, &filled()?, &second, [&before, &after])? {
            writes += 1;
            if writes == STEPS_MAX {
                return Err(broken(LAW, format!("a small delivery took over {STEPS_MAX} writes")));
            }
        }
    }
    Ok(())
}

/// Stops after some writes and resumes; tells whether the delivery was stopped, rather than done by then.
fn stops_after<S: Subject>(
    writes: usize,
    subject: &S,
    sample: &Sample,
    [before, after]: [&State; 2],
) -> Result<bool, BrokenLaw> {
    const LAW: &str = "stopping after any write and resuming from the checkpoint ends equal";
    subject.fail_after(Some(writes));
    let stopped = deliver(&mut subject.sink(), &sample.tables()).is_err();
    subject.fail_after(None);
    let rows = subject.rows();
    let seen = state(LAW, subject)?;
    if rows != seen.rows {
        return Err(broken(LAW, format!("stopped after {writes} writes, reading the checkpoint changed the rows")));
    }
    if seen != *before && seen != *after {
        return Err(broken(LAW, format!("stopped after {writes} writes, rows and checkpoint are neither old nor new")));
    }
    push(LAW, subject, sample)?;
    match state(LAW, subject)? == *after {
        true => Ok(stopped),
        false => Err(broken(LAW, format!("stopped after {writes} writes, it ended with other rows"))),
    }
}

fn a_backfill_equals_what_came_bit_by_bit<S: Subject>() -> Checked {
    const LAW: &str = "a backfill, or a range cut in two, equals the range whole";
    let (cut, whole) = (S::new(), S::new());
    push(LAW, &cut, &Sample::first())?;
    push(LAW, &cut, &Sample::second())?;
    push(LAW, &whole, &Sample::second())?;
    if state(LAW, &cut)? == state(LAW, &whole)? { Ok(()) } else { Err(broken(LAW, "rows or checkpoints differ")) }
}

fn rows_are_the_records<S: Subject>() -> Checked {
    const LAW: &str = "the rows are the records of the document";
    let (subject, first, second) = (S::new(), Sample::first(), Sample::second());
    push(LAW, &subject, &first)?;
    let before = subject.rows();
    push(LAW, &subject, &second)?;
    let after = subject.rows();
    for ((name, was), (_, is)) in first.tables().into_iter().zip(second.tables()) {
        let keys: Vec<String> = after.get(&name).into_iter().flat_map(|rows| rows.keys().cloned()).collect();
        let mut want: Vec<String> = is.view().records().map(|record| key_to_string(&record.key)).collect();
        want.sort();
        if keys != want {
            return Err(broken(LAW, format!("table {name} has the keys {keys:?} instead of {want:?}")));
        }
        let row = |rows: &Rows, key: &str| rows.get(&name).and_then(|rows| rows.get(key)).cloned();
        for record in was.view().records() {
            let key = key_to_string(&record.key);
            let is_same = is.view().get(&record.key).as_ref() == Some(&record.value);
            if is_same != (row(&before, &key) == row(&after, &key)) {
                let what = if is_same { "changed, and its record did not" } else { "stayed, and its record did not" };
                return Err(broken(LAW, format!("table {name}: the row {key} {what}")));
            }
        }
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

    fn open(&mut self) -> Result<Checkpoints, S::Error> {
        self.sink.open()
    }

    fn deliver(&mut self, delivery: &Delivery<'_>) -> Result<Vec<TableReceipt>, S::Error> {
        (self.meanwhile)();
        self.sink.deliver(delivery)
    }
}
