//! One record's registers, as they lie in a page.

use std::fmt;

use super::page::{Lendable, Page, StoredEntry};
use super::sequences::{Held, SequenceEdit, code_of};
use crate::change::ActorKind;
use crate::history::History;
use crate::layout;
use crate::lent::ValueRef;
use crate::scalar::Scalar;

/// A visible value of a register, and the op that set it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'p> {
    /// Position in [`super::Paths`].
    pub(crate) path: u32,
    pub(crate) counter: u32,
    /// Position of the change in [`History`].
    pub(crate) change: u32,
    /// The value, unless it is a sequence.
    pub(crate) scalar: Scalar<'p>,
    pub(crate) sequence: Option<&'p Held>,
}

impl<'p> Entry<'p> {
    /// A sequence as the value that the op which made it set.
    pub(crate) fn of_sequence(held: &'p Held) -> Self {
        let scalar = Scalar { code: code_of(held.sequence.kind()), bytes: &[] };
        Entry { path: held.path, counter: held.id.counter, change: held.change, scalar, sequence: Some(held) }
    }

    /// Whether both are one op.
    pub(crate) fn is_same_op(&self, other: &Entry<'_>) -> bool {
        (self.change, self.counter) == (other.change, other.counter)
    }

    /// The op that set it, or of a sequence the last that wrote it.
    pub(crate) fn last_edit(&self) -> SequenceEdit {
        match self.sequence {
            Some(held) => held.last_edit(),
            None => SequenceEdit { change: self.change, counter: self.counter },
        }
    }

    pub(crate) fn is_found(&self, history: &History) -> bool {
        history.chain(self.change).kind == ActorKind::Found
    }
}

/// A record: its identity and the visible values of its registers.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'p> {
    pub(super) page: &'p Page,
    pub(super) at: u32,
}

/// The visible values of a record's registers, without the ops that set them. Of sequences they say nothing.
#[derive(Clone, Copy)]
pub(crate) struct Scalars<'p> {
    page: &'p Page,
    entries: &'p [StoredEntry],
}

impl<'p> Scalars<'p> {
    /// Whether these are of such registers, in the order in which they lie.
    pub(crate) fn are_of(&self, paths: &[u32]) -> bool {
        self.entries.len() == paths.len() && self.entries.iter().zip(paths).all(|(entry, path)| entry.path == *path)
    }

    pub(crate) fn lendable(&self) -> Lendable {
        self.entries.iter().map(|entry| entry.value.lendable()).max().unwrap_or(Lendable::All)
    }

    /// The value at a position, if it can be lent; an absent field has none.
    #[inline(always)]
    pub(crate) fn lend(&self, at: usize) -> Option<ValueRef<'p>> {
        self.entries.get(at).and_then(|entry| self.page.lend(entry))
    }

    /// All of them with their registers' paths.
    pub(crate) fn with_paths(self) -> impl Iterator<Item = (u32, Scalar<'p>)> {
        self.entries.iter().map(move |entry| (entry.path, self.page.scalar(entry)))
    }

    /// The value at a position.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<Scalar<'p>> {
        self.entries.get(at).map(|entry| self.page.scalar(entry))
    }
}

impl fmt::Debug for Scalars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| self.page.scalar(entry))).finish()
    }
}

impl<'p> Slot<'p> {
    pub(crate) fn identity(&self) -> &'p str {
        self.page.identity(self.at)
    }

    /// Whether it is the record that holds the schema.
    pub(crate) fn is_schema(&self) -> bool {
        self.page.is(self.at, layout::SCHEMA_IDENTITY.as_bytes())
    }

    /// The counter of the creating actor's first op, by which generated keys are given out; the largest there is while
    /// that actor's chain is not here. Of no meaning for other records.
    pub(crate) fn created(&self) -> u32 {
        self.page.created(self.at)
    }

    /// What automerge's `get_all` would show, several with one path where they are concurrent.
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'p>> + Clone + use<'p> {
        let page = self.page;
        page.entries(self.at).iter().map(move |stored| page.entry(stored))
    }

    /// The path of each of them.
    pub(crate) fn paths(&self) -> impl Iterator<Item = u32> + use<'p> {
        self.page.entries(self.at).iter().map(|stored| stored.path)
    }

    /// Its values alone.
    pub(crate) fn scalars(&self) -> Scalars<'p> {
        Scalars { page: self.page, entries: self.page.entries(self.at) }
    }

    /// Asks for the memory of all its values at once, which are about to be read one after the other.
    pub(crate) fn touch(&self) {
        self.page.touch(self.at);
    }

    /// Whether there is more of it than its entries, or less.
    pub(crate) fn has_hidden(&self, history: &History) -> bool {
        let is_hidden = |entry: Entry<'_>| self.is_hidden(&entry, history);
        let is_any_hidden = || match self.page.has_many_overwritten(self.at) {
            true => self.entries().any(is_hidden),
            false => self.page.overwritten(self.at).any(|gone| self.raw(gone.path).any(is_hidden)),
        };
        self.buried().next().is_some() || is_any_hidden()
    }

    /// What automerge's `get_all` shows of one register.
    pub(crate) fn raw(&self, path: u32) -> impl Iterator<Item = Entry<'p>> + use<'p> {
        let page = self.page;
        page.entries(self.at).iter().filter(move |stored| stored.path == path).map(move |stored| page.entry(stored))
    }

    /// Counter and change of the entry at a position, if it is one of this register.
    pub(crate) fn op_at(&self, path: u32, entry: u32) -> Option<(u32, u32)> {
        let entry = self.page.entries(self.at).get(entry as usize).filter(|entry| entry.path == path)?;
        Some((entry.counter, entry.change))
    }

    /// The value of a register, if all that it holds is one, and no sequence.
    pub(crate) fn agreed(&self, path: u32) -> Option<Entry<'p>> {
        let mut values = self.raw(path);
        let first = values.next().filter(|first| first.sequence.is_none())?;
        values.all(|value| value.sequence.is_none() && value.scalar == first.scalar).then_some(first)
    }

    /// The visible values of one register, those hidden by the class of found values left out.
    pub(crate) fn visible<'h>(&self, path: u32, history: &'h History) -> impl Iterator<Item = Entry<'p>> + use<'p, 'h> {
        let slot = *self;
        self.raw(path).filter(move |entry| !slot.is_hidden(entry, history))
    }

    /// Sequences that registers of this record held once, and that some op overwrote.
    pub(crate) fn buried(&self) -> impl Iterator<Item = &'p Held> + use<'p> {
        self.page.buried(self.at)
    }

    /// Whether a found value of this class was overwritten: the class is one op, so this one is overwritten too. A found
    /// sequence is of the class of the value that it was found as, and whoever edits it overwrites the others.
    pub(crate) fn is_hidden(&self, entry: &Entry<'_>, history: &History) -> bool {
        if !self.page.has_overwritten(self.at) || !entry.is_found(history) {
            return false;
        }
        let is_class = |scalar: Scalar<'_>| self.page.is_class_overwritten(self.at, entry.path, scalar);
        match entry.sequence {
            None => is_class(entry.scalar),
            Some(held) => {
                let mut bytes = Vec::new();
                let code = held.made_as(&mut bytes);
                !held.is_edited(history) && is_class(Scalar { code, bytes: &bytes })
            }
        }
    }
}
