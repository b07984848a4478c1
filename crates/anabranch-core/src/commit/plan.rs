//! A commit being planned: the registers that it sets, and their encoding as a chain of changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{ActorId, Draft, DraftOp, DraftPlace, encode};
use crate::commit::Author;
use crate::document::ChangeBytes;
use crate::heads::ChangeHash;
use crate::history::chain::{ActorHasher, Header};
use crate::layout;
use crate::limits;
use crate::registers::Slot;
use crate::schema::FieldPolicy;
use crate::value::{VALUE_DEPTH_MAX, Value};
use crate::view::View;

mod current;
mod sequences;
pub(crate) use sequences::Elements;
use sequences::PlannedPlace;

/// The registers that a commit sets, in flat arenas: an import has millions of them.
pub(crate) struct Plan {
    author: Author,
    names: String,
    values: Vec<u8>,
    preds: Vec<(u32, ActorId)>,
    ops: Vec<PlannedOp>,
    /// Where ops act that act inside sequences, in the order of the ops.
    places: Vec<PlannedPlace>,
    /// Where a change may end.
    ends: Vec<End>,
    /// The fields that are declared sequences, by suffix.
    sequences: BTreeMap<String, FieldPolicy>,
    /// Found sequences, each of which is a commit of its own, and how many ops came before it.
    found: Vec<(usize, Plan)>,
    /// What is too large of the record that is being planned.
    too_large: Option<RecordTooLarge>,
}

/// A position between ops at which a change may end.
struct End {
    at: u32,
    /// Whether a record ends there; if not, it is in the middle of a sequence.
    of_record: bool,
}

/// Leaves room for the author's id in the places that are blank while it is not derived yet.
const FIELD_NAME_BYTES_MAX: usize = limits::NAME_BYTES_MAX - 64;

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
    /// Fields, bytes, levels, or bytes of a field's name.
    pub what: &'static str,
    /// The limit.
    pub limit: u64,
}

impl Plan {
    pub(crate) fn new(author: Author) -> Self {
        Self {
            author,
            names: String::new(),
            values: Vec::new(),
            preds: Vec::new(),
            ops: Vec::new(),
            places: Vec::new(),
            ends: Vec::new(),
            sequences: BTreeMap::new(),
            found: Vec::new(),
            too_large: None,
        }
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
        if identity.len() + suffix.len() > FIELD_NAME_BYTES_MAX {
            self.too_large =
                Some(RecordTooLarge { what: "bytes in a field's name", limit: FIELD_NAME_BYTES_MAX as u64 });
        }
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
        self.push_op(value_code);
    }

    /// Ends an op whose name, value and predecessors were appended.
    fn push_op(&mut self, value_code: u8) {
        let (name_end, value_end, preds_end) = (self.names.len(), self.values.len(), self.preds.len() as u32);
        self.ops.push(PlannedOp { name_end, value_end, preds_end, value_code });
    }

    /// Notes how deep the value nests that a record is to have.
    pub(super) fn measure(&mut self, value: &Value) {
        if !value.nests_within(VALUE_DEPTH_MAX) {
            self.too_large = Some(RecordTooLarge { what: "levels", limit: VALUE_DEPTH_MAX as u64 });
        }
    }

    /// Ends a record; whether anything was set in it.
    pub(crate) fn end_record(&mut self) -> Result<bool, RecordTooLarge> {
        if let Some(too_large) = self.too_large.take() {
            return Err(too_large);
        }
        let from = self.ends.iter().rev().find(|end| end.of_record).map_or(0, |end| end.at);
        let to = self.ops.len() as u32;
        if to == from {
            return Ok(false);
        }
        let in_sequences = self.places.len() - self.places.partition_point(|place| place.op < from);
        if u64::from(to - from) - in_sequences as u64 > limits::OPS_MAX {
            return Err(RecordTooLarge { what: "fields", limit: limits::OPS_MAX });
        }
        let before = from.checked_sub(1).and_then(|last| self.ops.get(last as usize));
        let (names, values) = before.map_or((0, 0), |op| (op.name_end, op.value_end));
        if self.names.len() - names + self.values.len() - values > limits::RECORD_BYTES_MAX {
            return Err(RecordTooLarge { what: "bytes", limit: limits::RECORD_BYTES_MAX as u64 });
        }
        self.ends.push(End { at: to, of_record: true });
        Ok(true)
    }

    /// The sequences that were found.
    pub(crate) fn found(&self) -> impl Iterator<Item = &Plan> {
        self.found.iter().map(|(_, found)| found)
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
        self.places.truncate(self.places.partition_point(|place| (place.op as usize) < mark));
        self.ends.truncate(self.ends.partition_point(|end| end.at as usize <= mark));
        self.found.retain(|(before, _)| *before < mark);
    }

    /// Encodes the chain upon `deps` (at most [`limits::DEPS_MAX`]), whose largest op counter is `last_op`.
    pub(crate) fn encode(&self, deps: &[ChangeHash], last_op: u32) -> Vec<ChangeBytes> {
        let cuts = self.cut_into_changes();
        let header = Header {
            length: cuts.len() as u32,
            by: self.author.name.as_str().into(),
            origin: self.author.origin.clone(),
        };
        let actor = self.derive_actor(deps, last_op);
        let own = actor.to_string();
        let has_blanks = self.names.contains(layout::OWN_ACTOR);
        let mut chain: Vec<ChangeBytes> = Vec::with_capacity(cuts.len());
        let (mut from, mut start_op) = (0, u64::from(last_op) + 1);
        for to in cuts {
            let names: Vec<std::borrow::Cow<'_, str>> =
                (from..to).map(|at| own_name(self.op(at).0, &own, has_blanks)).collect();
            let mut places = self.places_from(from as u32, last_op + 1, actor);
            let ops: Vec<DraftOp<'_>> =
                names.iter().zip(from..to).map(|(name, at)| draft_op(name, places(at), self.op(at))).collect();
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
        for End { at, of_record } in &self.ends {
            let end = *at as usize;
            let full = records == limits::RECORDS_PER_CHANGE
                || (end - from) as u64 > limits::OPS_MAX
                || bytes_at(end) - bytes_at(from) > limits::CHANGE_BYTES_TARGET;
            if full && before > from {
                cuts.push(before);
                (records, from) = (0, before);
            }
            records += usize::from(*of_record);
            before = end;
        }
        if before > from {
            cuts.push(before);
        }
        cuts
    }

    fn derive_actor(&self, deps: &[ChangeHash], last_op: u32) -> ActorId {
        let mut places = self.places_from(0, last_op + 1, ActorHasher::OWN);
        let mut hasher = ActorHasher::new(self.author.kind, &self.author.name, &self.author.origin, deps);
        let mut from = 0;
        for to in self.cut_into_changes() {
            for at in from..to {
                let (name, value_code, value, preds) = self.op(at);
                hasher.op(name, value_code, value, preds.iter().copied());
                if let Some(place) = places(at) {
                    hasher.place(&place);
                }
            }
            hasher.end_change();
            from = to;
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
    place: Option<DraftPlace>,
    (_, value_code, value, preds): (&str, u8, &'a [u8], &'a [(u32, ActorId)]),
) -> DraftOp<'a> {
    DraftOp { name, place, value_code, value, preds }
}

/// The name with the author's id in the place that was left blank for it.
fn own_name<'n>(name: &'n str, own: &str, has_blanks: bool) -> std::borrow::Cow<'n, str> {
    if has_blanks && name.contains(layout::OWN_ACTOR) {
        name.replace(layout::OWN_ACTOR, own).into()
    } else {
        name.into()
    }
}
