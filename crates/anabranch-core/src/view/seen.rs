//! What many ops saw of a record. Whoever sends changes decides how many ops there are, and how many values are held against
//! them.

use std::collections::BTreeMap;

use super::View;
use crate::history::Ancestry;
use crate::registers::{Entry, SequenceEdit, Slot};

/// Ops up to which each is asked what it saw. Tests of whole histories take more for many.
const ASKED: usize = if cfg!(feature = "testing") { 1 } else { 8 };

/// The values of a record, those of each register beside each other.
pub(super) struct ByPath<'p>(Vec<Entry<'p>>);

impl<'p> ByPath<'p> {
    pub(super) fn of(slot: Slot<'p>) -> Self {
        let mut entries: Vec<Entry<'p>> = slot.entries().collect();
        entries.sort_by_key(|entry| entry.path);
        Self(entries)
    }

    pub(super) fn of_register(&self, path: u32) -> &[Entry<'p>] {
        let (from, to) =
            (self.0.partition_point(|entry| entry.path < path), self.0.partition_point(|entry| entry.path <= path));
        self.0.get(from..to).unwrap_or_default()
    }
}

/// What was written before some ops, or in the commit of one of them.
pub(super) enum Seen<'d, 'p> {
    /// Before a few, each of which is asked.
    ByFew(&'d [Entry<'p>]),
    /// Before many: what that is, is found out once.
    ByMany {
        before: Ancestry,
        /// The last of them in each of their commits.
        in_commits: BTreeMap<u32, u32>,
    },
}

impl<'d, 'p> Seen<'d, 'p> {
    pub(super) fn of(view: &View<'_>, ops: &'d [Entry<'p>]) -> Self {
        if ops.len() <= ASKED {
            return Seen::ByFew(ops);
        }
        let mut in_commits = BTreeMap::new();
        for op in ops {
            let last = in_commits.entry(view.history.chain_of(op.change)).or_default();
            *last = op.change.max(*last);
        }
        let firsts: Vec<u32> = ops.iter().map(|op| view.history.chain(op.change).first).collect();
        Seen::ByMany { before: view.history.ancestry(&firsts), in_commits }
    }

    /// Whether an edit is among it.
    pub(super) fn has(&self, view: &View<'_>, edit: SequenceEdit) -> bool {
        match self {
            Seen::ByFew(ops) => ops.iter().any(|op| view.is_before(edit, op)),
            Seen::ByMany { before, in_commits } => {
                let in_commit = in_commits.get(&view.history.chain_of(edit.change));
                before.contains(edit.change) || in_commit.is_some_and(|last| edit.change <= *last)
            }
        }
    }
}
