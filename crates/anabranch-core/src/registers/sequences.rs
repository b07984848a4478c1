//! The sequences that registers of a record hold or held.

use crate::change::{ActorKind, code};
use crate::history::History;
use crate::scalar::{self, Scalar};
use crate::sequence::{OpId, Sequence, SequenceKind};
use crate::value::Value;

/// A sequence, and what is known of its writing.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The op that made it.
    pub(crate) id: OpId,
    /// The change of that op.
    pub(crate) change: u32,
    /// The record in its page, and the register in that.
    pub(super) record: u32,
    pub(crate) path: u32,
    pub(crate) sequence: Sequence,
    /// Every change that wrote it, with its last op there; the commit that made it first.
    edits: Vec<SequenceEdit>,
    /// The last of them in Lamport order.
    last: SequenceEdit,
    /// How much of the content the commit that made it brought.
    made_with: u32,
}

/// That a change wrote a sequence, and its last op there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequenceEdit {
    pub(crate) change: u32,
    pub(crate) counter: u32,
}

impl Held {
    pub(super) fn new(kind: SequenceKind, id: OpId, change: u32, record: u32, path: u32) -> Self {
        let made = SequenceEdit { change, counter: id.counter };
        Self { id, change, record, path, sequence: Sequence::new(kind), edits: vec![made], last: made, made_with: 0 }
    }

    /// One that was saved.
    pub(super) fn saved(
        (id, change): (OpId, u32),
        (record, path): (u32, u32),
        sequence: Sequence,
        edits: Vec<SequenceEdit>,
        made_with: u32,
        history: &History,
    ) -> Self {
        let made = SequenceEdit { change, counter: id.counter };
        let lamport = |edit: &SequenceEdit| (edit.counter, history.actor(edit.change));
        let last = edits.iter().copied().max_by_key(lamport).unwrap_or(made);
        Self { id, change, record, path, sequence, edits, last, made_with }
    }

    /// How much of the content the commit that made it brought.
    pub(super) fn made_with(&self) -> u32 {
        self.made_with
    }

    /// The same sequence of a record that lies elsewhere.
    pub(super) fn moved_to(&self, record: u32) -> Self {
        Self { record, ..self.clone() }
    }

    /// Every change that wrote it, with its last op there.
    pub(crate) fn edits(&self) -> &[SequenceEdit] {
        &self.edits
    }

    /// The last write in Lamport order.
    pub(crate) fn last_edit(&self) -> SequenceEdit {
        self.last
    }

    /// Whether somebody wrote it after it was made.
    pub(crate) fn is_edited(&self, history: &History) -> bool {
        let made = history.chain_of(self.change);
        self.edits.last().is_some_and(|edit| history.chain_of(edit.change) != made)
    }

    /// Remembers that the op `counter` of a change was applied.
    pub(super) fn note_edit(&mut self, edit: SequenceEdit, history: &History) {
        match self.edits.last_mut() {
            Some(last) if last.change == edit.change => last.counter = edit.counter,
            _ => self.edits.push(edit),
        }
        let lamport = |edit: &SequenceEdit| (edit.counter, history.actor(edit.change));
        if lamport(&edit) > lamport(&self.last) {
            self.last = edit;
        }
        if history.chain_of(edit.change) == history.chain_of(self.change) {
            self.made_with = self.sequence.size();
        }
    }

    /// What shows.
    pub(crate) fn value(&self) -> Value {
        self.sequence.value()
    }

    /// The leaf that says the same as the sequence did when it was made.
    pub(crate) fn made_as(&self, out: &mut Vec<u8>) -> u8 {
        scalar::write_value(&self.sequence.inserted(self.made_with), out)
    }

    pub(crate) fn is_found(&self, history: &History) -> bool {
        history.chain(self.change).kind == ActorKind::Found
    }
}

/// The type code of an op that makes a sequence of this kind.
pub(super) fn code_of(kind: SequenceKind) -> u8 {
    match kind {
        SequenceKind::Text => code::TEXT,
        SequenceKind::List => code::LIST,
    }
}

/// The kind of sequence that an op with this type code makes.
pub(super) fn kind_of(scalar: Scalar<'_>) -> Option<SequenceKind> {
    match scalar.code {
        code::TEXT => Some(SequenceKind::Text),
        code::LIST => Some(SequenceKind::List),
        _ => None,
    }
}
