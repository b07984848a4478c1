//! One engine at work: what is prepared, what is timed, and how the result is checked.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::OnceLock;

use cpu_time::ThreadTime;

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::json_rows::JsonRows;
use crate::read_out::Digest;
use crate::resident;
use crate::rows::{FIELDS, Row, Update, local_updates, updates, with_updates};
use crate::work::Work;

/// Changes in a merge, and updates in each of them.
const MERGED_CHANGES: usize = 100;
const UPDATES_PER_CHANGE: usize = 100;
/// Changes that arrive one after the other, each timed for itself.
const CHANGES_IN_TURN: usize = 10;
/// Changes of one field that are timed together.
const SINGLE_CHANGES: usize = 100;
/// Records that are read field by field where not all are checked.
const SAMPLED: usize = 16;

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

/// Milliseconds of CPU, and the bytes that were made, sent or kept; `None` if the engine cannot do the work.
pub(crate) type Measured = Option<(f64, usize)>;

/// An engine that takes part in rounds.
pub(crate) trait Contestant {
    /// Its name in tables and rows.
    fn name(&self) -> &'static str;

    /// Does a work once and checks what came of it, record by record if it is the first time.
    fn once(&self, work: Work, is_first: bool) -> Result<Measured, MeasureError>;
}

/// One engine, its documents prepared for the works of one number of records.
pub(crate) struct Bench<E: Engine> {
    rows: Rc<[Row]>,
    stored: Vec<Piece>,
    /// What [`Work::Read`] reads: opened once, and read once before any clock starts.
    read: OnceCell<E::Document>,
    kept: OnceCell<Vec<Piece>>,
    sent: OnceCell<Sent>,
    engine: PhantomData<E>,
}

/// What another replica with the same records has written.
struct Sent {
    /// A change that arrives before the clock starts.
    warming: Piece,
    /// [`MERGED_CHANGES`] of [`UPDATES_PER_CHANGE`] updates.
    large: Vec<Piece>,
    /// [`SINGLE_CHANGES`] of one update.
    single: Vec<Piece>,
}

impl<E: Engine> Contestant for Bench<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn once(&self, work: Work, is_first: bool) -> Result<Measured, MeasureError> {
        match work {
            Work::MergeInto100k | Work::MergeInto10k | Work::MergeInto1M => {
                self.merge(self.warm()?, self.sent()?.large.clone(), is_first)
            }
            Work::MergeCold => {
                let sent = self.sent()?;
                let received = std::iter::once(&sent.warming).chain(&sent.large).cloned();
                self.merge(self.committed()?, received.collect(), is_first)
            }
            Work::Import => self.import(is_first),
            Work::Capture => self.capture(is_first),
            Work::Open => self.open(),
            Work::Read => self.read(),
            Work::OpenAndRead => self.open_and_read(),
            Work::CommitOneField => self.commit_one_field(is_first),
            Work::ApplyOne => self.apply_one(is_first),
            Work::Apply100 => self.apply_100(),
            Work::ListTouched => self.list_touched(),
            Work::Seal => self.seal(),
            Work::Store => self.store(),
            Work::ResidentOpened => Ok(resident::measure(E::NAME, self.kept()?, false)),
            Work::ResidentRead => Ok(resident::measure(E::NAME, self.kept()?, true)),
        }
    }
}

impl<E: Engine> Bench<E> {
    /// Imports the records once; what that made is what every work begins with.
    pub(crate) fn new(rows: Rc<[Row]>) -> Result<Self, MeasureError> {
        let (document, _) = failing::<E, _>(E::import(&rows))?;
        let stored = failing::<E, _>(E::stored(&document))?;
        let (read, kept, sent) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Ok(Self { rows, stored, read, kept, sent, engine: PhantomData })
    }

    fn import(&self, all: bool) -> Result<Measured, MeasureError> {
        let (imported, ms) = timed(|| E::import(&self.rows));
        let (document, pieces) = failing::<E, _>(imported)?;
        self.check_rows(&document, &self.rows, all)?;
        Ok(Some((ms, bytes(&pieces))))
    }

    fn merge(&self, mut receiver: E::Document, received: Vec<Piece>, all: bool) -> Result<Measured, MeasureError> {
        let (merged, ms) = timed(|| E::merge(&mut receiver, &received));
        failing::<E, _>(merged)?;
        self.check_rows(&receiver, &self.merged_rows(), all)?;
        Ok(Some((ms, bytes(&received))))
    }

    fn capture(&self, all: bool) -> Result<Measured, MeasureError> {
        let changed = with_updates(&self.rows, &updates(&self.rows, self.rows.len() / 100));
        let mut document = self.opened(Replica::Receiver)?;
        let (captured, ms) = timed(|| E::capture(&mut document, &changed));
        let pieces = failing::<E, _>(captured)?;
        self.check_rows(&document, &changed, all)?;
        Ok(Some((ms, bytes(&pieces))))
    }

    fn open(&self) -> Result<Measured, MeasureError> {
        let Some(first) = self.rows.first() else { return Ok(None) };
        let kept = self.kept()?;
        let (opened, ms) = timed(|| {
            let document = E::open_kept(kept)?;
            let field = E::field(&document, &first.key, "name");
            Ok((document, field))
        });
        let (document, field) = failing::<E, _>(opened)?;
        self.check(field.as_ref() == first.fields.first(), || first.key.clone())?;
        self.check_rows(&document, &self.rows, false)?;
        Ok(Some((ms, bytes(kept))))
    }

    fn read(&self) -> Result<Measured, MeasureError> {
        if self.read.get().is_none() {
            let (document, mut out) = (self.opened(Replica::Receiver)?, JsonRows::default());
            failing::<E, _>(E::read(&document, &mut out))?;
            self.check(out.are(&self.rows), || "the text of all records".into())?;
            let _ = self.read.set(document);
        }
        let document = self.read.get().expect("it was just read");
        let mut out = JsonRows::default();
        let (read, ms) = timed(|| E::read(document, &mut out));
        failing::<E, _>(read)?;
        Ok(Some((ms, out.bytes())))
    }

    fn open_and_read(&self) -> Result<Measured, MeasureError> {
        let (mut out, kept) = (JsonRows::default(), self.kept()?);
        let (read, ms) = timed(|| E::read(&E::open_kept(kept)?, &mut out));
        failing::<E, _>(read)?;
        Ok(Some((ms, out.bytes())))
    }

    fn commit_one_field(&self, all: bool) -> Result<Measured, MeasureError> {
        let updates = updates(&self.rows, SINGLE_CHANGES);
        let mut document = self.warm()?;
        let (committed, ms) = timed(|| {
            let commit = |update: &Update| E::commit(&mut document, std::slice::from_ref(update));
            updates.iter().map(commit).collect::<EngineResult<Vec<Piece>>>()
        });
        let pieces = failing::<E, _>(committed)?;
        let expected = with_updates(&with_updates(&self.rows, &self.flips()), &updates);
        self.check_rows(&document, &expected, all)?;
        Ok(Some((ms / SINGLE_CHANGES as f64, bytes(&pieces) / SINGLE_CHANGES)))
    }

    fn apply_one(&self, all: bool) -> Result<Measured, MeasureError> {
        let sent = self.sent()?;
        let mut receiver = self.warm()?;
        failing::<E, _>(E::merge(&mut receiver, &sent.large))?;
        let (applied, ms) =
            timed(|| sent.single.iter().try_for_each(|piece| E::merge(&mut receiver, std::slice::from_ref(piece))));
        failing::<E, _>(applied)?;
        self.check_rows(&receiver, &with_updates(&self.merged_rows(), &self.single_updates()), all)?;
        Ok(Some((ms / SINGLE_CHANGES as f64, bytes(&sent.single) / SINGLE_CHANGES)))
    }

    /// Changes that arrive one after the other.
    fn apply_100(&self) -> Result<Measured, MeasureError> {
        let mut receiver = self.warm()?;
        let arriving = self.sent()?.large.iter().take(CHANGES_IN_TURN).map(std::slice::from_ref);
        let (mut spent, mut received) = (0.0, 0);
        for change in arriving {
            let (applied, ms) = timed(|| E::merge(&mut receiver, change));
            failing::<E, _>(applied)?;
            (spent, received) = (spent + ms, received + bytes(change));
        }
        Ok(Some((spent / CHANGES_IN_TURN as f64, received / CHANGES_IN_TURN)))
    }

    /// The same, and after each it is asked what it touched.
    fn list_touched(&self) -> Result<Measured, MeasureError> {
        if !E::TELLS_TOUCHED {
            return Ok(None);
        }
        let mut receiver = self.warm()?;
        let (mut spent, mut key_bytes) = (0.0, 0);
        let updates = self.updates();
        let arriving = self.sent()?.large.iter().zip(updates.chunks(UPDATES_PER_CHANGE));
        for (change, updates) in arriving.take(CHANGES_IN_TURN) {
            let mark = E::mark(&receiver);
            failing::<E, _>(E::merge(&mut receiver, std::slice::from_ref(change)))?;
            let (told, ms) = timed(|| E::touched_since(&receiver, &mark, &mut |key| key_bytes += key.len()));
            failing::<E, _>(told)?;
            spent += ms;
            let mut told = BTreeSet::new();
            failing::<E, _>(E::touched_since(&receiver, &mark, &mut |key| told.extend([key.to_owned()])))?;
            let expected = updates.iter().map(|update| update.key.clone()).collect();
            self.check(told == expected, || "the list of touched records".into())?;
        }
        Ok(Some((spent / CHANGES_IN_TURN as f64, key_bytes / CHANGES_IN_TURN)))
    }

    fn store(&self) -> Result<Measured, MeasureError> {
        let mut receiver = self.warm()?;
        failing::<E, _>(E::merge(&mut receiver, &self.sent()?.large))?;
        self.sealed(&receiver)
    }

    fn seal(&self) -> Result<Measured, MeasureError> {
        self.sealed(&self.opened(Replica::Receiver)?)
    }

    fn sealed(&self, document: &E::Document) -> Result<Measured, MeasureError> {
        let (sealed, ms) = timed(|| E::sealed(document));
        Ok(Some((ms, bytes(&failing::<E, _>(sealed)?))))
    }

    /// Made once, before any clock starts.
    fn kept(&self) -> Result<&[Piece], MeasureError> {
        if self.kept.get().is_none() {
            let _ = self.kept.set(failing::<E, _>(E::kept(&self.opened(Replica::Receiver)?))?);
        }
        Ok(self.kept.get().expect("it was just made"))
    }

    fn opened(&self, replica: Replica) -> Result<E::Document, MeasureError> {
        failing::<E, _>(E::open(&self.stored, replica))
    }

    /// The receiver has worked meanwhile, too: its commit is concurrent with all that arrives.
    fn committed(&self) -> Result<E::Document, MeasureError> {
        let mut receiver = self.opened(Replica::Receiver)?;
        failing::<E, _>(E::commit(&mut receiver, self.flips().get(..UPDATES_PER_CHANGE).unwrap_or_default()))?;
        Ok(receiver)
    }

    /// A receiver that has read, committed and merged: what an engine does once after it opened is done.
    fn warm(&self) -> Result<E::Document, MeasureError> {
        let mut receiver = self.committed()?;
        failing::<E, _>(E::merge(&mut receiver, std::slice::from_ref(&self.sent()?.warming)))?;
        let first = self.rows.first().map(|row| row.key.as_str()).unwrap_or_default();
        self.check(E::field(&receiver, first, "name").is_some(), || first.into())?;
        Ok(receiver)
    }

    /// Made once, before any clock starts.
    fn sent(&self) -> Result<&Sent, MeasureError> {
        if self.sent.get().is_none() {
            let mut sender = self.opened(Replica::Sender)?;
            let mut commit = |updates: &[Update]| failing::<E, _>(E::commit(&mut sender, updates));
            let updates = self.updates();
            let warming = commit(&self.flips().split_off(UPDATES_PER_CHANGE))?;
            let large = updates.chunks(UPDATES_PER_CHANGE).map(&mut commit).collect::<Result<_, _>>()?;
            let single = self.single_updates().chunks(1).map(&mut commit).collect::<Result<_, _>>()?;
            // Another preparation cannot have come first: this one does not ask for itself.
            let _ = self.sent.set(Sent { warming, large, single });
        }
        Ok(self.sent.get().expect("it was just made"))
    }

    fn updates(&self) -> Vec<Update> {
        updates(&self.rows, MERGED_CHANGES * UPDATES_PER_CHANGE)
    }

    /// Those that the receiver commits, and one more with which the sender begins; in a field that `updates` leaves alone.
    fn flips(&self) -> Vec<Update> {
        local_updates(&self.rows, UPDATES_PER_CHANGE + 1)
    }

    /// The records after a merge.
    fn merged_rows(&self) -> Vec<Row> {
        with_updates(&with_updates(&self.rows, &self.updates()), &self.flips())
    }

    /// Of records that were updated before, in the same field.
    fn single_updates(&self) -> Vec<Update> {
        updates(&with_updates(&self.rows, &self.updates()), SINGLE_CHANGES)
    }

    /// Every record (`all`) or some, field by field; always how many there are.
    fn check_rows(&self, document: &E::Document, expected: &[Row], all: bool) -> Result<(), MeasureError> {
        let count = E::record_count(document);
        self.check(count == expected.len(), || format!("a count of {count} records"))?;
        if all {
            let mut digest = Digest::default();
            failing::<E, _>(E::read(document, &mut digest))?;
            return self.check(digest.sum() == Digest::of(expected), || "the digest of all records".into());
        }
        for row in expected.iter().step_by(expected.len() / SAMPLED + 1) {
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

/// Milliseconds of CPU that this thread takes for something; no engine here works on another. What the clock itself takes is
/// left out: asking the kernel twice is longer than some works are.
///
/// `cargo xtask instructions` counts what happens inside: it finds this function by its name.
#[inline(never)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = ThreadTime::now();
    let done = work();
    (done, (since(started) - clock_ms()).max(0.0))
}

fn since(started: ThreadTime) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

/// What is measured where nothing is done: the least of many times.
fn clock_ms() -> f64 {
    static CLOCK: OnceLock<f64> = OnceLock::new();
    *CLOCK.get_or_init(|| (0..1000).map(|_| since(ThreadTime::now())).fold(f64::INFINITY, f64::min))
}

fn failing<E: Engine, T>(result: EngineResult<T>) -> Result<T, MeasureError> {
    result.map_err(|error| MeasureError::Engine { engine: E::NAME, error })
}

fn bytes(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}
