//! Capturing: a replica's database as it is now, diffed record by record against what it was.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

mod coming;
mod rows;
mod seen;
#[cfg(test)]
mod tests;

use super::diff::{Loss, Target};
use super::plan::{OwnChain, Plan, RecordTooLarge};
use super::receipt::Rows;
use super::{Author, Commit, CommitError, Prepared, merge_change};
use crate::change::ActorKind;
use crate::document::{ChangeBytes, Document};
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout::{self, EncodedKey};
use crate::lent::KeyRef;
use crate::limits;
use crate::schema::StoreSchema;
use crate::snapshot::StoreSnapshot;
use crate::value::Value;
use crate::view::{View, stored_schema};
use coming::{Coming, EncodedKeys};
use seen::{SeenKeys, SeenRecords};

/// Records that are looked for together: enough to have as many waits for memory at once as there can be, and few enough to be
/// there still when their turn comes.
const TOGETHER: usize = 32;

/// What a capture is to its replica.
#[derive(Clone, Debug)]
pub enum CaptureKind {
    /// The first one: what the replica holds was found, written by nobody we know. It adds and edits, never deletes.
    First,
    /// One that follows another: what differs from the baseline was written by this replica.
    Next {
        /// The heads at which the replica was last captured or written.
        baseline: KnownHeads,
        /// Keys that the replica never got: their absence says nothing.
        left_out: BTreeSet<Key>,
    },
    /// The replica was wiped: every record is kept, and what it holds now is found.
    Lost {
        /// The heads at which it was last captured, to tell its old generated keys from new ones.
        earlier: KnownHeads,
    },
}

/// Why a record cannot be captured.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CaptureError {
    /// Two records have one key.
    #[error("two records have the key {}", crate::json::key_to_string(key))]
    DuplicateKey {
        /// The key.
        key: Key,
    },
    /// The key is too long.
    #[error("a key of {bytes} bytes exceeds the limit of {}", limits::KEY_BYTES_MAX)]
    KeyTooLong {
        /// Its encoded length.
        bytes: usize,
    },
    /// The record is too large.
    #[error(transparent)]
    RecordTooLarge(#[from] RecordTooLarge),
    /// A row has another number of values than there are fields.
    #[error("a row of {values} values for {fields} fields")]
    RowLength {
        /// The values of the row.
        values: usize,
        /// The fields that rows were said to have.
        fields: usize,
    },
    /// The prepared commit could not be taken.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// A capture under way: takes the records one by one, in any order.
pub struct Capture<'d> {
    document: &'d Document,
    /// What the diff is against: the baseline, or nothing.
    base: View<'d>,
    /// Under [`CaptureKind::Lost`], what the replica was.
    earlier: Option<View<'d>>,
    left_out: BTreeSet<Key>,
    is_next: bool,
    plan: Plan,
    seen: SeenRecords,
    /// How many of them the base shows.
    shown_seen: usize,
    seen_new: SeenKeys,
    /// Those of the records that are taken together.
    keys: EncodedKeys,
    rows: Rows,
    records_read: usize,
}

impl Document {
    /// Begins the capture of a replica's store.
    pub fn capture(&self, replica: &str, kind: CaptureKind) -> Capture<'_> {
        let nothing = || self.at(&KnownHeads::default());
        let (base, earlier, left_out, actor) = match kind {
            CaptureKind::First => (nothing(), None, BTreeSet::new(), ActorKind::Found),
            CaptureKind::Next { baseline, left_out } => (self.at(&baseline), None, left_out, ActorKind::Capture),
            CaptureKind::Lost { earlier } => (nothing(), Some(self.at(&earlier)), BTreeSet::new(), ActorKind::Found),
        };
        let mut plan = Plan::new(Author::replica(replica, actor));
        plan.keep_sequences(base.schema());
        Capture {
            document: self,
            base,
            earlier,
            left_out,
            is_next: actor == ActorKind::Capture,
            plan,
            seen: SeenRecords::default(),
            shown_seen: 0,
            seen_new: SeenKeys::default(),
            keys: EncodedKeys::default(),
            rows: Rows::default(),
            records_read: 0,
        }
    }

    /// Captures a whole store at once and takes the commit.
    pub fn capture_store(
        &mut self,
        replica: &str,
        kind: CaptureKind,
        store: &StoreSnapshot,
    ) -> Result<Commit, CaptureError> {
        let mut capture = self.capture(replica, kind);
        capture.schema(&store.schema)?;
        capture.records(store.records.iter().map(|(key, value)| (key, value)), None)?;
        let prepared = capture.finish(store.complete)?;
        Ok(self.commit(prepared)?)
    }
}

impl Capture<'_> {
    /// What the diff is against.
    pub fn base(&self) -> &View<'_> {
        &self.base
    }

    /// Takes what the source knows of the store's schema. Policies are kept unless the source names some.
    pub fn schema(&mut self, schema: &StoreSchema) -> Result<(), CaptureError> {
        let mut schema = schema.clone();
        if schema.fields.is_empty() && schema.deletes == Default::default() {
            schema.fields = self.base.schema().fields.clone();
            schema.deletes = self.base.schema().deletes;
        }
        self.plan.keep_sequences(&schema);
        let value = stored_schema::to_value(&schema);
        let target = match self.base.registers.find(layout::SCHEMA_IDENTITY) {
            Some(record) => Target::Known(record),
            None => Target::New(layout::SCHEMA_IDENTITY),
        };
        self.plan.put(&self.base, target, &value, None);
        self.plan.end_record()?;
        Ok(())
    }

    /// Takes records, in any order, up to the first that cannot be taken. What equals `loss` of the baseline's value is
    /// unknown, not changed. The same as [`Capture::record`] with each of them, and faster where they are at hand: they are
    /// looked for together.
    pub fn records<'r>(
        &mut self,
        records: impl IntoIterator<Item = (&'r Key, &'r Value)>,
        loss: Option<Loss<'_>>,
    ) -> Result<(), CaptureError> {
        let mut records = records.into_iter();
        loop {
            let together: Vec<(&Key, &Value)> = records.by_ref().take(TOGETHER).collect();
            if together.is_empty() {
                return Ok(());
            }
            let mut keys = std::mem::take(&mut self.keys);
            keys.encode(together.iter().map(|(key, _)| KeyRef::from(*key)));
            self.base.registers.load(keys.iter());
            let taken = keys.iter().zip(together).try_for_each(|(encoded, (key, value))| {
                self.encoded_record((&key.into(), encoded), Coming::Value(value, loss))
            });
            self.keys = keys;
            taken?;
        }
    }

    /// Takes a record. What equals `loss` of the baseline's value is unknown, not changed.
    pub fn record(&mut self, key: &Key, value: &Value, loss: Option<Loss<'_>>) -> Result<(), CaptureError> {
        self.encoded_record((&key.into(), EncodedKey::of(&layout::encode_key(key))), Coming::Value(value, loss))
    }

    fn encoded_record(
        &mut self,
        (key, encoded): (&KeyRef<'_>, EncodedKey<'_>),
        coming: Coming<'_>,
    ) -> Result<(), CaptureError> {
        self.records_read += 1;
        let mark = self.plan.mark();
        let known = self.base.keys().find_encoded(&self.base.registers, key, encoded);
        let fresh = match known {
            Some(record) => Some(self.seen.insert(record)),
            None => None,
        };
        let has_own_key = match (known, fresh) {
            (Some(_), Some(false)) => return Err(CaptureError::DuplicateKey { key: key.to_key() }),
            (Some(record), _) => {
                let is_shown = coming.put(&mut self.plan, &self.base, Target::Known(record));
                self.shown_seen += usize::from(is_shown);
                self.base.keys().rekeyed(record).is_none()
            }
            (None, _) => {
                let identity = self.identity_of_new(key, encoded, coming)?;
                coming.put(&mut self.plan, &self.base, Target::New(&identity));
                layout::key_of_identity(&identity) == encoded.text
            }
        };
        match self.plan.end_record() {
            Ok(true) => self.rows.push_captured((!has_own_key).then(|| key.to_key())),
            Ok(false) => (),
            Err(error) => {
                self.plan.roll_back(mark);
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// A positive integer that a generator may have made between two captures names a new record; other keys join.
    fn identity_of_new<'k>(
        &mut self,
        key: &KeyRef<'_>,
        encoded: EncodedKey<'k>,
        coming: Coming<'_>,
    ) -> Result<Cow<'k, str>, CaptureError> {
        let text = encoded.text;
        if text.len() > limits::KEY_BYTES_MAX {
            return Err(CaptureError::KeyTooLong { bytes: text.len() });
        }
        if !self.seen_new.insert(encoded) {
            return Err(CaptureError::DuplicateKey { key: key.to_key() });
        }
        let is_generated = |view: &View<'_>| view.schema().auto_increment && is_generator_key(&key.to_key());
        if self.is_next {
            return Ok(if is_generated(&self.base) { own_identity(text).into() } else { text.into() });
        }
        let Some(earlier) = &self.earlier else { return Ok(text.into()) };
        let known = earlier.keys().find_encoded(&earlier.registers, key, encoded);
        let equals = known.and_then(|record| earlier.value_of(record)).is_some_and(|was| coming.is(&was));
        match known {
            Some(record) if equals => Ok(earlier.registers.slot(record).identity().to_owned().into()),
            _ if is_generated(earlier) => Ok(own_identity(text).into()),
            Some(record) => Ok(earlier.registers.slot(record).identity().to_owned().into()),
            None => Ok(text.into()),
        }
    }

    /// Ends the capture. Where the source was `complete`, records of the baseline that were not seen are deleted.
    pub fn finish(mut self, complete: bool) -> Result<Prepared, CaptureError> {
        let mut deletions = 0;
        let unseen = self.base.shown_in_key_order(|record| !self.seen.contains(record));
        let base_records = self.shown_seen + unseen.len();
        for record in unseen {
            let Some(key) = self.base.key_of(record) else { continue };
            if !complete || !self.is_next || self.left_out.contains(&key) {
                continue;
            }
            self.plan.delete(&self.base, record);
            self.plan.end_record()?;
            self.rows.push_captured(Some(key));
            deletions += 1;
        }
        let mut prepared = self.plan.prepare(self.document, self.base.heads(), self.rows);
        (prepared.deletions, prepared.base_records, prepared.records_read) =
            (deletions, base_records, self.records_read);
        Ok(prepared)
    }
}

impl Plan {
    /// Encodes the plan as a chain upon `base` and upon the sequences that were found.
    pub(crate) fn prepare(self, document: &Document, base: &KnownHeads, rows: Rows) -> Prepared {
        let (mut merges, mut changes) = (Vec::new(), Vec::new());
        if self.mark() > 0 {
            let mut found = Vec::new();
            for plan in self.found() {
                let chain = plan.encode(Vec::new(), 0);
                found.extend(chain.last().map(|last| (last.hash(), plan.mark() as u32)));
                merges.extend(chain.iter().map(|change| ChangeBytes::of(change)));
            }
            let joined = merge_change::join(&document.history, base, &found);
            changes = self.encode(joined.deps, joined.last_op);
            merges.extend(joined.merges);
        }
        let chain = OwnChain { changes, plan: Arc::new(self) };
        Prepared { base: base.clone(), merges, chain, rows, deletions: 0, base_records: 0, records_read: 0 }
    }
}

/// Whether a key generator may have made this key.
pub(crate) fn is_generator_key(key: &Key) -> bool {
    matches!(key, Key::Number(number) if *number >= 1.0 && number.fract() == 0.0)
}

/// The identity of a record that this commit creates under a generated key.
pub(crate) fn own_identity(encoded_key: &str) -> String {
    format!("{encoded_key}@{}", layout::OWN_ACTOR)
}
