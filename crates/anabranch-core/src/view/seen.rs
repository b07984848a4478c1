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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::document::Document;
    use crate::{Author, Edit, Key, Value};

    /// Puts records with these keys in one commit: of more than a hundred, in several changes.
    fn put(document: &Document, by: &str, keys: std::ops::Range<u32>) -> Document {
        let put = |key| Edit::Put { key: Some(Key::Number(f64::from(key))), value: Value::object([("by", by.into())]) };
        let (mut after, edits) = (document.clone(), keys.map(put).collect::<Vec<Edit>>());
        let base = after.known(&after.heads()).unwrap();
        after.change_at(&base, &edits, &Author::person(by)).unwrap();
        after
    }

    #[test]
    fn what_many_ops_saw_is_what_any_of_them_saw() {
        let start = put(&Document::new(), "a", 0..250);
        let (mut left, right) = (put(&start, "b", 0..150), put(&start, "c", 100..250));
        left.apply(right.change_bytes().map(|change| change.bytes));
        let merged = put(&left, "d", 200..250);
        let view = merged.view();
        let entries: Vec<Entry<'_>> = view.registers.slots().flat_map(|(_, slot)| slot.entries()).collect();
        for first in 0..entries.len() / 2 {
            let ops: Vec<Entry<'_>> = entries.iter().skip(first).step_by(7).take(ASKED + 2).copied().collect();
            let seen = Seen::of(&view, &ops);
            assert!(matches!(seen, Seen::ByMany { .. }));
            for entry in &entries {
                let edit = entry.last_edit();
                assert_eq!(seen.has(&view, edit), ops.iter().any(|op| view.is_before(edit, op)), "{edit:?} {ops:?}");
            }
        }
    }
}
