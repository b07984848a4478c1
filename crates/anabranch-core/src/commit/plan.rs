//! A commit being planned: the registers that it sets, and their encoding as a chain of changes.

use std::sync::Arc;

use crate::change::{ActorId, Draft, DraftOp, encode};
use crate::commit::Author;
use crate::document::ChangeBytes;
use crate::heads::ChangeHash;
use crate::history::chain::{ActorHasher, Header};
use crate::layout;
use crate::limits;
use crate::registers::Slot;
use crate::view::View;

/// The registers that a commit sets, in flat arenas: an import has millions of them.
pub(crate) struct Plan {
    author: Author,
    names: String,
    values: Vec<u8>,
    preds: Vec<(u32, ActorId)>,
    ops: Vec<PlannedOp>,
    /// The end of each record's ops.
    record_ends: Vec<u32>,
}

struct PlannedOp {
    name_end: usize,
    value_end: usize,
    preds_end: u32,
    value_code: u8,
}

/// A record that is too large for one change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of over {limit} {what} is refused")]
pub struct RecordTooLarge {
    /// Fields or bytes.
    pub what: &'static str,
    /// The limit.
    pub limit: u64,
}

impl Plan {
    pub(crate) fn new(author: Author) -> Self {
        let (names, values, preds) = (String::new(), Vec::new(), Vec::new());
        Self { author, names, values, preds, ops: Vec::new(), record_ends: Vec::new() }
    }

    /// Sets a register; what `slot` shows there at the base is what the op saw.
    pub(crate) fn set(
        &mut self,
        view: &View<'_>,
        identity: &str,
        slot: Option<Slot<'_>>,
        suffix: &str,
        write: impl FnOnce(&mut Vec<u8>) -> u8,
    ) {
        self.names.push_str(identity);
        self.names.push_str(suffix);
        let value_code = write(&mut self.values);
        if let Some(slot) = slot
            && let Some(path) = view.paths().find(suffix)
        {
            let from = self.preds.len();
            self.preds.extend(slot.raw(path).map(|entry| (entry.counter, view.history.actor(entry.change))));
            if let Some(own) = self.preds.get_mut(from..) {
                own.sort_unstable();
            }
        }
        let (name_end, value_end, preds_end) = (self.names.len(), self.values.len(), self.preds.len() as u32);
        self.ops.push(PlannedOp { name_end, value_end, preds_end, value_code });
    }

    /// Ends a record; whether anything was set in it.
    pub(crate) fn end_record(&mut self) -> Result<bool, RecordTooLarge> {
        let from = self.record_ends.last().copied().unwrap_or(0);
        let count = self.ops.len() as u32 - from;
        if count == 0 {
            return Ok(false);
        }
        if u64::from(count) > limits::OPS_MAX {
            return Err(RecordTooLarge { what: "fields", limit: limits::OPS_MAX });
        }
        let before = from.checked_sub(1).and_then(|last| self.ops.get(last as usize));
        let (names, values) = before.map_or((0, 0), |op| (op.name_end, op.value_end));
        if self.names.len() - names + self.values.len() - values > limits::RECORD_BYTES_MAX {
            return Err(RecordTooLarge { what: "bytes", limit: limits::RECORD_BYTES_MAX as u64 });
        }
        self.record_ends.push(self.ops.len() as u32);
        Ok(true)
    }

    /// How many ops there are, to roll back to.
    pub(crate) fn mark(&self) -> usize {
        self.ops.len()
    }

    /// Forgets what was set after `mark`.
    pub(crate) fn roll_back(&mut self, mark: usize) {
        self.ops.truncate(mark);
        let (names, values, preds) = self.ops.last().map_or((0, 0, 0), |op| (op.name_end, op.value_end, op.preds_end));
        self.names.truncate(names);
        self.values.truncate(values);
        self.preds.truncate(preds as usize);
        self.record_ends.retain(|end| *end as usize <= mark);
    }

    /// Encodes the chain upon `deps` (at most [`limits::DEPS_MAX`]), whose largest op counter is `last_op`.
    pub(crate) fn encode(&self, deps: &[ChangeHash], last_op: u32) -> Vec<ChangeBytes> {
        let cuts = self.cut_into_changes();
        let header = Header {
            length: cuts.len() as u32,
            by: self.author.name.as_str().into(),
            origin: self.author.origin.clone(),
        };
        let actor = self.derive_actor(deps);
        let own = actor.to_string();
        let mut chain: Vec<ChangeBytes> = Vec::with_capacity(cuts.len());
        let (mut from, mut start_op) = (0, u64::from(last_op) + 1);
        for to in cuts {
            let names: Vec<std::borrow::Cow<'_, str>> = (from..to).map(|at| own_name(self.op(at).0, &own)).collect();
            let ops: Vec<DraftOp<'_>> =
                names.iter().zip(from..to).map(|(name, at)| draft_op(name, self.op(at))).collect();
            let message = if from == 0 { header.message() } else { String::new() };
            let before = chain.last().map(|change| [change.hash]);
            let draft = Draft {
                deps: before.as_ref().map_or(deps, |before| before),
                actor,
                seq: chain.len() as u64 + 1,
                start_op,
                message: &message,
                ops: &ops,
            };
            let (bytes, hash) = encode(&draft);
            chain.push(ChangeBytes { hash, bytes: Arc::from(bytes) });
            start_op += (to - from) as u64;
            from = to;
        }
        chain
    }

    /// The ends of the changes: about a hundred records each, fewer where they are large.
    fn cut_into_changes(&self) -> Vec<usize> {
        let mut cuts = Vec::new();
        let (mut records, mut from) = (0, 0usize);
        let mut before = 0usize;
        let bytes_at =
            |at: usize| at.checked_sub(1).and_then(|at| self.ops.get(at)).map_or(0, |op| op.name_end + op.value_end);
        for end in self.record_ends.iter().map(|end| *end as usize) {
            let full = records == limits::RECORDS_PER_CHANGE
                || (end - from) as u64 > limits::OPS_MAX
                || bytes_at(end) - bytes_at(from) > limits::CHANGE_BYTES_TARGET;
            if full && before > from {
                cuts.push(before);
                (records, from) = (0, before);
            }
            records += 1;
            before = end;
        }
        if before > from {
            cuts.push(before);
        }
        cuts
    }

    fn derive_actor(&self, deps: &[ChangeHash]) -> ActorId {
        let mut hasher = ActorHasher::new(self.author.kind, &self.author.name, &self.author.origin, deps);
        for at in 0..self.ops.len() {
            let (name, value_code, value, preds) = self.op(at);
            hasher.op(name, value_code, value, preds.iter().copied());
        }
        hasher.finish()
    }

    fn op(&self, at: usize) -> (&str, u8, &[u8], &[(u32, ActorId)]) {
        let before = at.checked_sub(1).and_then(|at| self.ops.get(at));
        let (name, value, preds) = before.map_or((0, 0, 0), |op| (op.name_end, op.value_end, op.preds_end));
        let op = self.ops.get(at).expect("positions of ops come from this plan");
        (
            self.names.get(name..op.name_end).unwrap_or_default(),
            op.value_code,
            self.values.get(value..op.value_end).unwrap_or_default(),
            self.preds.get(preds as usize..op.preds_end as usize).unwrap_or_default(),
        )
    }
}

fn draft_op<'a>(
    name: &'a str,
    (_, value_code, value, preds): (&str, u8, &'a [u8], &'a [(u32, ActorId)]),
) -> DraftOp<'a> {
    DraftOp { name, place: None, value_code, value, preds }
}

/// The name with the author's id in the place that was left blank for it.
fn own_name<'n>(name: &'n str, own: &str) -> std::borrow::Cow<'n, str> {
    if name.contains(layout::OWN_ACTOR) { name.replace(layout::OWN_ACTOR, own).into() } else { name.into() }
}
