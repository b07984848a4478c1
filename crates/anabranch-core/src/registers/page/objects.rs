//! The sequences of a page, by the ops that made them.

use super::{Keep, Page, StoredEntry, StoredValue};
use crate::history::History;
use crate::registers::sequences::{Held, code_of};
use crate::scalar::Scalar;
use crate::sequence::OpId;

impl Page {
    /// Keeps a sequence, and tells what its entry holds.
    pub(in crate::registers) fn keep_sequence(&mut self, held: Held) -> StoredValue {
        let at = self.sequences.len() as u32;
        let value = StoredValue::sequence(code_of(held.sequence.kind()), u64::from(at));
        self.by_object.insert(held.id, at);
        self.sequences.push(held);
        value
    }

    /// The sequence that an op made.
    pub(in crate::registers) fn sequence(&self, object: OpId) -> Option<&Held> {
        self.by_object.get(&object).and_then(|at| self.sequences.get(*at as usize))
    }

    pub(in crate::registers) fn sequence_mut(&mut self, object: OpId) -> Option<&mut Held> {
        self.by_object.get(&object).and_then(|at| self.sequences.get_mut(*at as usize))
    }

    /// Remembers the class of a found sequence that was overwritten or edited.
    pub(in crate::registers) fn note_class_overwritten(&mut self, object: OpId, history: &History) {
        let Some(held) = self.sequence(object).filter(|held| held.is_found(history)) else { return };
        let mut bytes = Vec::new();
        let code = held.made_as(&mut bytes);
        let (record, path, counter, change) = (held.record, held.path, held.id.counter, held.change);
        let value = self.values.keep(Scalar { code, bytes: &bytes });
        self.note_overwritten(record, StoredEntry { path, counter, change, value });
    }

    /// The sequences of a record, by the ops that made them.
    pub(in crate::registers) fn objects_of(&self, at: u32) -> impl Iterator<Item = OpId> {
        let own = self.entries(at).iter().filter_map(|stored| self.entry(stored).sequence);
        own.chain(self.buried(at)).map(|held| held.id)
    }

    /// Remembers that a register no longer holds a sequence.
    pub(in crate::registers) fn bury(&mut self, at: u32, sequence: &StoredValue) {
        self.buried.entry(at).or_default().push(sequence.at() as u32);
    }

    pub(in crate::registers) fn buried(&self, at: u32) -> impl Iterator<Item = &Held> {
        let own = if self.buried.is_empty() { None } else { self.buried.get(&at) };
        own.into_iter().flatten().filter_map(|at| self.sequences.get(*at as usize))
    }
}
