//! A commit being planned: the registers that it sets, and their encoding as a chain of changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::change::ActorId;
use crate::commit::Author;
use crate::limits;
use crate::registers::Slot;
use crate::schema::FieldPolicy;
use crate::string::JsString;
use crate::value::{VALUE_DEPTH_MAX, Value};
use crate::view::View;

mod current;
mod encode;
mod names;
mod rows;
mod sequences;
mod wide;
pub(crate) use encode::OwnChain;
use names::Names;
use rows::RowNames;
pub(crate) use sequences::Elements;
use sequences::PlannedPlace;
use wide::Wide;

/// The registers that a commit sets, in flat arenas: an import has millions of them.
pub(crate) struct Plan {
    author: Author,
    names: Names,
    /// Those of the fields of the rows that are being planned.
    row_names: Option<RowNames>,
    values: Vec<u8>,
    preds: Vec<(u32, ActorId)>,
    /// How many predecessors ops have, by position: those of an import have none.
    pred_counts: Vec<(u32, u32)>,
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
    /// The record that is being planned, if it is a wide one.
    wide: Wide,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("author", &self.author).field("ops", &self.ops.len()).finish_non_exhaustive()
    }
}

/// A position between ops at which a change may end.
struct End {
    at: u32,
    /// Bytes of all names and values up to here.
    bytes: usize,
    /// Whether a record ends there; if not, it is in the middle of a sequence.
    of_record: bool,
}

/// Leaves room for the author's id in the places that are blank while it is not derived yet.
const FIELD_NAME_BYTES_MAX: usize = limits::NAME_BYTES_MAX - 64;

/// As small as can be: an import has millions of them.
struct PlannedOp {
    /// Position of its name's suffix, or [`NO_NAME`]. The identity is the one at whose ops this one lies.
    suffix: u32,
    value_bytes: u32,
    value_code: u8,
}

/// What acts inside a sequence sets no register.
const NO_NAME: u32 = u32::MAX;

/// A record that is too large for one change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of over {limit} {what} is refused")]
pub struct RecordTooLarge {
    /// Fields, bytes, levels, or bytes of a field's name.
    pub what: &'static str,
    /// The limit.
    pub limit: u64,
}

impl RecordTooLarge {
    fn of_name() -> Self {
        Self { what: "bytes in a field's name", limit: FIELD_NAME_BYTES_MAX as u64 }
    }
}

impl Plan {
    pub(crate) fn new(author: Author) -> Self {
        Self {
            author,
            names: Names::default(),
            row_names: None,
            values: Vec::new(),
            preds: Vec::new(),
            pred_counts: Vec::new(),
            ops: Vec::new(),
            places: Vec::new(),
            ends: Vec::new(),
            sequences: BTreeMap::new(),
            found: Vec::new(),
            too_large: None,
            wide: Wide::default(),
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
            self.too_large = Some(RecordTooLarge::of_name());
        }
        let named = self.names.name(self.ops.len() as u32, identity, suffix);
        let (values_at, from) = (self.values.len(), self.preds.len());
        let value_code = write(&mut self.values);
        if let Some(slot) = slot
            && let Some(path) = view.paths().find(suffix)
        {
            let Self { wide, preds, .. } = self;
            let actor = |(counter, change): (u32, u32)| (counter, view.history.actor(change));
            match wide.turn_to(view, slot) {
                true => preds.extend(wide.entries_of(path).filter_map(|at| slot.op_at(path, at)).map(actor)),
                false => preds.extend(slot.raw(path).map(|entry| actor((entry.counter, entry.change)))),
            }
            if let Some(own) = self.preds.get_mut(from..) {
                own.sort_unstable();
            }
        }
        self.push_op(named, value_code, (values_at, from));
    }

    /// Whether a register of a record holds anything.
    pub(super) fn holds_any(&mut self, view: &View<'_>, slot: Slot<'_>, path: u32) -> bool {
        match self.wide.turn_to(view, slot) {
            true => self.wide.entries_of(path).next().is_some(),
            false => slot.raw(path).next().is_some(),
        }
    }

    /// The registers of the parts of a field that are not removed, each once.
    pub(super) fn parts_of(&mut self, view: &View<'_>, slot: Slot<'_>, field: u32) -> BTreeSet<u32> {
        match self.wide.turn_to(view, slot) {
            true => self.wide.parts_of(field).collect(),
            false => wide::parts(view, slot).filter(|(own, _)| *own == field).map(|(_, part)| part).collect(),
        }
    }

    /// Sets a field of a record that is new and was named last; `false` if that takes more than a look at the field before.
    pub(crate) fn set_next_field(&mut self, field: &JsString, write: impl FnOnce(&mut Vec<u8>) -> u8) -> bool {
        if self.has_sequences() {
            return false;
        }
        let Some(named) = self.names.next_field(field, FIELD_NAME_BYTES_MAX) else { return false };
        let at = (self.values.len(), self.preds.len());
        let value_code = write(&mut self.values);
        self.push_op(named, value_code, at);
        true
    }

    /// Remembers that the register which was set last is that of a field which lies in no other.
    pub(crate) fn note_field(&mut self, field: &JsString) {
        if !self.has_sequences() {
            self.names.note_field(field);
        }
    }

    /// Whether some fields are declared sequences.
    pub(crate) fn has_sequences(&self) -> bool {
        !self.sequences.is_empty()
    }

    /// Ends an op whose value and predecessors were appended from these positions on.
    fn push_op(&mut self, suffix: u32, value_code: u8, (values_at, preds_at): (usize, usize)) {
        let value_bytes = (self.values.len() - values_at) as u32;
        if self.preds.len() > preds_at {
            self.pred_counts.push((self.ops.len() as u32, (self.preds.len() - preds_at) as u32));
        }
        self.ops.push(PlannedOp { suffix, value_bytes, value_code });
    }

    /// Notes that a change may end here.
    fn push_end(&mut self, of_record: bool) {
        let bytes = self.names.bytes() + self.values.len();
        self.ends.push(End { at: self.ops.len() as u32, bytes, of_record });
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
        let before = self.ends.iter().rev().find(|end| end.of_record);
        let (from, bytes_before) = before.map_or((0, 0), |end| (end.at, end.bytes));
        let to = self.ops.len() as u32;
        if to == from {
            return Ok(false);
        }
        let in_sequences = self.places.len() - self.places.partition_point(|place| place.op < from);
        if u64::from(to - from) - in_sequences as u64 > limits::OPS_MAX {
            return Err(RecordTooLarge { what: "fields", limit: limits::OPS_MAX });
        }
        self.push_end(true);
        if self.names.bytes() + self.values.len() - bytes_before > limits::RECORD_BYTES_MAX {
            self.ends.pop();
            return Err(RecordTooLarge { what: "bytes", limit: limits::RECORD_BYTES_MAX as u64 });
        }
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
        let values: usize = self.ops.drain(mark..).map(|op| op.value_bytes as usize).sum();
        let first = self.pred_counts.partition_point(|(op, _)| (*op as usize) < mark);
        let preds: usize = self.pred_counts.drain(first..).map(|(_, count)| count as usize).sum();
        self.values.truncate(self.values.len() - values);
        self.preds.truncate(self.preds.len() - preds);
        self.places.truncate(self.places.partition_point(|place| (place.op as usize) < mark));
        self.ends.truncate(self.ends.partition_point(|end| end.at as usize <= mark));
        self.found.retain(|(before, _)| *before < mark);
        let bytes = self.ends.last().map_or(0, |end| end.bytes).saturating_sub(self.values.len());
        self.names.roll_back(mark as u32, bytes);
    }
}
