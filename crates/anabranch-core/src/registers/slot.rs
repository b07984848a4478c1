//! One record's registers, as they lie in a page.

use super::page::Page;
use crate::change::ActorKind;
use crate::history::History;
use crate::scalar::Scalar;

/// A visible value of a register, and the op that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'p> {
    /// Position in [`super::Paths`].
    pub(crate) path: u32,
    pub(crate) counter: u32,
    /// Position of the change in [`History`].
    pub(crate) change: u32,
    pub(crate) scalar: Scalar<'p>,
}

impl Entry<'_> {
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

impl<'p> Slot<'p> {
    pub(crate) fn identity(&self) -> &'p str {
        self.page.identity(self.at)
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

    /// What automerge's `get_all` shows of one register.
    pub(crate) fn raw(&self, path: u32) -> impl Iterator<Item = Entry<'p>> + use<'p> {
        let page = self.page;
        page.entries(self.at).iter().filter(move |stored| stored.path == path).map(move |stored| page.entry(stored))
    }

    /// The visible values of one register, those hidden by the class of found values left out.
    pub(crate) fn visible<'h>(&self, path: u32, history: &'h History) -> impl Iterator<Item = Entry<'p>> + use<'p, 'h> {
        let slot = *self;
        self.raw(path).filter(move |entry| !slot.is_hidden(entry, history))
    }

    /// Whether a found value of this class was overwritten: the class is one op, so this one is overwritten too.
    pub(crate) fn is_hidden(&self, entry: &Entry<'_>, history: &History) -> bool {
        let overwritten = self.page.overwritten(self.at);
        let is_class = |gone: &Entry<'_>| gone.path == entry.path && gone.scalar == entry.scalar;
        !overwritten.is_empty()
            && entry.is_found(history)
            && overwritten.iter().any(|gone| is_class(&self.page.entry(gone)))
    }
}
