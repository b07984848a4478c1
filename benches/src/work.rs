//! The works: what is asked of every engine, how it is timed, and how its result is checked.

use std::error::Error;

use clap::ValueEnum;
use cpu_time::ProcessTime;

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::json_rows::JsonRows;
use crate::rows::{FIELDS, Row, Update, local_updates, rows, updates, with_updates};

/// A question that a bench answers; its name is the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Work {
    /// 100 changes of 100 updates each arrive at a replica that holds 100,000 records and has written some itself.
    #[value(name = "merge_10k_field_updates_into_100k_records")]
    MergeInto100k,
    /// The same with 10,000 records.
    #[value(name = "merge_10k_field_updates_into_10k_records")]
    MergeInto10k,
    /// 100,000 records become a document, and bytes to keep.
    #[value(name = "import_100k_records")]
    Import,
    /// 100,000 records, one in a hundred with a changed field, are diffed against the document and committed.
    #[value(name = "capture_100k_records_1_percent_changed")]
    Capture,
    /// Kept bytes become a document of which a record was read.
    #[value(name = "open_100k_records")]
    Open,
    /// Every record is read out as JSON.
    #[value(name = "read_100k_records")]
    Read,
    /// One field of a document of 100,000 records is set and committed, with the bytes to send.
    #[value(name = "commit_one_field")]
    CommitOneField,
}

/// Changes in a merge, and updates in each of them.
const MERGED_CHANGES: usize = 100;
const UPDATES_PER_CHANGE: usize = 100;
/// One-field commits that are timed together.
const SINGLE_COMMITS: usize = 100;
/// Of every so many records one is read field by field in a check.
const CHECKED_RECORDS: usize = 97;

/// Why an engine could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MeasureError {
    /// The engine failed.
    #[error("{engine} failed: {error}")]
    Engine { engine: &'static str, error: Box<dyn Error> },
    /// A value is not what the work leads to: the engine skipped some of it.
    #[error("{engine}: {what} is not what the work leads to")]
    Wrong { engine: &'static str, what: String },
}

/// One engine, its documents prepared for the works of one number of records.
pub(crate) struct Bench<E> {
    rows: Vec<Row>,
    stored: Vec<Piece>,
    engine: std::marker::PhantomData<E>,
}

impl Work {
    /// The name on the command line and in tables.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// How many records the document has.
    pub(crate) fn record_count(self) -> usize {
        if self == Work::MergeInto10k { 10_000 } else { 100_000 }
    }
}

impl<E: Engine> Bench<E> {
    /// Imports the records once; what that made is what every work begins with.
    pub(crate) fn new(count: usize) -> Result<Self, MeasureError> {
        let rows = rows(count);
        let (document, _) = failing::<E, _>(E::import(&rows))?;
        let stored = failing::<E, _>(E::stored(&document))?;
        Ok(Self { rows, stored, engine: std::marker::PhantomData })
    }

    /// Does a work once and checks its result: milliseconds of CPU, and the bytes that were sent or stored.
    pub(crate) fn run(&self, work: Work) -> Result<(f64, usize), MeasureError> {
        match work {
            Work::Import => self.import(),
            Work::MergeInto100k | Work::MergeInto10k => self.merge(),
            Work::Capture => self.capture(),
            Work::Open => self.open(),
            Work::Read => self.read(),
            Work::CommitOneField => self.commit_one_field(),
        }
    }

    fn import(&self) -> Result<(f64, usize), MeasureError> {
        let (imported, ms) = timed(|| E::import(&self.rows));
        let (document, pieces) = failing::<E, _>(imported)?;
        self.check_count(&document, self.rows.len())?;
        self.check_fields(&document, &self.rows)?;
        Ok((ms, bytes(&pieces)))
    }

    /// The sender has the same document; its changes are made before the clock starts.
    fn merge(&self) -> Result<(f64, usize), MeasureError> {
        let updates = updates(&self.rows, MERGED_CHANGES * UPDATES_PER_CHANGE);
        let mut sender = self.opened(Replica::Sender)?;
        let mut received = Vec::new();
        for updates in updates.chunks(UPDATES_PER_CHANGE) {
            received.push(failing::<E, _>(E::commit(&mut sender, updates))?);
        }
        drop(sender);
        let mut receiver = self.opened(Replica::Receiver)?;
        // Others have worked meanwhile, too: their commits are concurrent with ours.
        failing::<E, _>(E::commit(&mut receiver, &local_updates(&self.rows, UPDATES_PER_CHANGE)))?;
        let (merged, ms) = timed(|| E::merge(&mut receiver, &received));
        failing::<E, _>(merged)?;
        let expected =
            with_updates(&with_updates(&self.rows, &updates), &local_updates(&self.rows, UPDATES_PER_CHANGE));
        self.check_fields(&receiver, &expected)?;
        Ok((ms, bytes(&received)))
    }

    fn capture(&self) -> Result<(f64, usize), MeasureError> {
        let changed = with_updates(&self.rows, &updates(&self.rows, self.rows.len() / 100));
        let mut document = self.opened(Replica::Receiver)?;
        let (captured, ms) = timed(|| E::capture(&mut document, &changed));
        let pieces = failing::<E, _>(captured)?;
        self.check_fields(&document, &changed)?;
        Ok((ms, bytes(&pieces)))
    }

    fn open(&self) -> Result<(f64, usize), MeasureError> {
        let Some(first) = self.rows.first() else { return Ok((0.0, 0)) };
        let (opened, ms) = timed(|| {
            let document = E::open(&self.stored, Replica::Receiver)?;
            let field = E::field(&document, &first.key, "name");
            Ok((document, field))
        });
        let (document, field) = failing::<E, _>(opened)?;
        self.check(field.as_ref() == first.fields.first(), || first.key.clone())?;
        self.check_fields(&document, &self.rows)?;
        Ok((ms, bytes(&self.stored)))
    }

    fn read(&self) -> Result<(f64, usize), MeasureError> {
        let document = self.opened(Replica::Receiver)?;
        let mut out = JsonRows::default();
        let (read, ms) = timed(|| E::read(&document, &mut out));
        failing::<E, _>(read)?;
        self.check(out.are(&self.rows), || "the text of all records".into())?;
        Ok((ms, out.bytes()))
    }

    /// The mean of a hundred commits, each of its own.
    fn commit_one_field(&self) -> Result<(f64, usize), MeasureError> {
        let updates = updates(&self.rows, SINGLE_COMMITS);
        let mut document = self.opened(Replica::Receiver)?;
        let (committed, ms) = timed(|| {
            let commit = |update: &Update| E::commit(&mut document, std::slice::from_ref(update));
            updates.iter().map(commit).collect::<EngineResult<Vec<Piece>>>()
        });
        let pieces = failing::<E, _>(committed)?;
        self.check_fields(&document, &with_updates(&self.rows, &updates))?;
        Ok((ms / SINGLE_COMMITS as f64, bytes(&pieces) / SINGLE_COMMITS))
    }

    fn opened(&self, replica: Replica) -> Result<E::Document, MeasureError> {
        failing::<E, _>(E::open(&self.stored, replica))
    }

    fn check_count(&self, document: &E::Document, expected: usize) -> Result<(), MeasureError> {
        let count = E::record_count(document);
        self.check(count == expected, || format!("a count of {count} records"))
    }

    fn check_fields(&self, document: &E::Document, expected: &[Row]) -> Result<(), MeasureError> {
        self.check_count(document, expected.len())?;
        for row in expected.iter().step_by(CHECKED_RECORDS) {
            for (name, field) in FIELDS.iter().zip(&row.fields) {
                let have = E::field(document, &row.key, name);
                self.check(have.as_ref() == Some(field), || format!("{name} of {}: {have:?} for {field:?}", row.key))?;
            }
        }
        Ok(())
    }

    fn check(&self, is_right: bool, what: impl FnOnce() -> String) -> Result<(), MeasureError> {
        if is_right { Ok(()) } else { Err(MeasureError::Wrong { engine: E::NAME, what: what() }) }
    }
}

/// Milliseconds of CPU that this process takes for something.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = ProcessTime::now();
    let done = work();
    (done, started.elapsed().as_secs_f64() * 1000.0)
}

fn failing<E: Engine, T>(result: EngineResult<T>) -> Result<T, MeasureError> {
    result.map_err(|error| MeasureError::Engine { engine: E::NAME, error })
}

fn bytes(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}
