//! Whether a record is there: its life register against the edits that were concurrent with its deletion.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::View;
use crate::history::Ancestry;
use crate::registers::{Entry, LIFE, SequenceEdit, Slot};
use crate::scalar::Scalar;
use crate::schema::DeletePolicy;
use crate::sequence::OpId;

/// Deletions up to which each is asked what it knew. Tests of whole histories take more for many.
const ASKED: usize = if cfg!(feature = "testing") { 1 } else { 8 };

/// A record's life at the view's heads.
#[derive(Debug)]
pub(crate) enum Life<'p> {
    /// Nobody made this record.
    Never,
    /// It is there, and nobody deleted it.
    Present,
    /// It is deleted.
    Deleted(Deletion<'p>),
    /// It was deleted, and comes back because somebody edited it concurrently.
    Restored(Deletion<'p>),
}

/// Deletions that nothing overwrote, and what was written concurrently with all of them.
#[derive(Debug)]
pub(crate) struct Deletion<'p> {
    pub(crate) by: Vec<Entry<'p>>,
    pub(crate) survivors: Vec<Entry<'p>>,
}

impl Life<'_> {
    pub(crate) fn is_shown(&self) -> bool {
        matches!(self, Life::Present | Life::Restored(_))
    }
}

impl View<'_> {
    pub(crate) fn life<'p>(&self, slot: Slot<'p>) -> Life<'p> {
        let mut present = false;
        let mut by = Vec::new();
        for entry in slot.visible(LIFE, self.history) {
            match entry.scalar == Scalar::DELETED {
                true => by.push(entry),
                false => present = true,
            }
        }
        if by.is_empty() {
            return if present { Life::Present } else { Life::Never };
        }
        by.sort_by_key(|entry| std::cmp::Reverse(self.lamport(entry)));
        let survivors = self.survivors(slot, &by);
        let deletion = Deletion { by, survivors };
        if deletion.survivors.is_empty() || self.schema().deletes == DeletePolicy::DeleteWins {
            Life::Deleted(deletion)
        } else {
            Life::Restored(deletion)
        }
    }

    /// The visible values that no deletion knew.
    fn survivors<'p>(&self, slot: Slot<'p>, deletions: &[Entry<'p>]) -> Vec<Entry<'p>> {
        // A found record is told apart from the deleted one by its contents alone: that it was there is no edit.
        let says_nothing =
            |entry: &Entry<'_>| entry.path == LIFE && (entry.is_found(self.history) || entry.scalar == Scalar::DELETED);
        let seen = Seen::of(self, deletions);
        let known = |entry: &Entry<'_>| seen.knows(self, SequenceEdit { change: entry.change, counter: entry.counter });
        let by_path = OnceCell::new();
        let known_by_value = |entry: &Entry<'p>| {
            entry.is_found(self.history)
                && self.is_known_by_value(by_path.get_or_init(|| ByPath::of(slot)), entry, &known)
        };
        let survives = |entry: &Entry<'p>| {
            !says_nothing(entry) && !slot.is_hidden(entry, self.history) && !known(entry) && !known_by_value(entry)
        };
        let (own, mut survivors): (Vec<Entry<'p>>, Vec<Entry<'p>>) =
            slot.entries().filter(survives).partition(|entry| entry.sequence.is_some());
        let own: BTreeSet<OpId> = own.iter().filter_map(|entry| Some(entry.sequence?.id)).collect();
        let sequences =
            slot.entries().filter(|entry| !slot.is_hidden(entry, self.history)).chain(self.kept_alive(slot));
        for held in sequences.filter_map(|entry| entry.sequence) {
            let made = self.history.chain_of(held.change);
            // That it was made is an edit only if the one who deleted did not know it by its value either.
            let is_edit = |edit: &Entry<'_>| own.contains(&held.id) || self.history.chain_of(edit.change) != made;
            let edits = self.edits_of(held).filter(is_edit);
            survivors.extend(edits.filter(|edit| !known(edit)));
        }
        survivors
    }

    /// Whether a found value is what some deletion knew at this place: then its contents differ in nothing from it.
    fn is_known_by_value(&self, by_path: &ByPath<'_>, entry: &Entry<'_>, known: &dyn Fn(&Entry<'_>) -> bool) -> bool {
        let is_made = entry.sequence.is_none_or(|held| !held.is_edited(self.history));
        is_made && by_path.of_register(entry.path).any(|have| self.is_equal_value(have, entry) && known(have))
    }
}

/// The values of a record, those of each register beside each other.
struct ByPath<'p>(Vec<Entry<'p>>);

impl<'p> ByPath<'p> {
    fn of(slot: Slot<'p>) -> Self {
        let mut entries: Vec<Entry<'p>> = slot.entries().collect();
        entries.sort_by_key(|entry| entry.path);
        Self(entries)
    }

    fn of_register(&self, path: u32) -> impl Iterator<Item = &Entry<'p>> {
        let from = self.0.partition_point(|entry| entry.path < path);
        self.0.iter().skip(from).take_while(move |entry| entry.path == path)
    }
}

/// What was written before some deletions or in the commit of one of them.
enum Seen<'d, 'p> {
    /// Before a few, each of which is asked.
    ByFew(&'d [Entry<'p>]),
    /// Whoever sends changes decides how many there are, and how many values are held against them.
    ByMany {
        before: Ancestry,
        /// The last of them in each of their commits.
        in_commits: BTreeMap<u32, u32>,
    },
}

impl<'d, 'p> Seen<'d, 'p> {
    fn of(view: &View<'_>, deletions: &'d [Entry<'p>]) -> Self {
        if deletions.len() <= ASKED {
            return Seen::ByFew(deletions);
        }
        let mut in_commits = BTreeMap::new();
        for deletion in deletions {
            let last = in_commits.entry(view.history.chain_of(deletion.change)).or_default();
            *last = deletion.change.max(*last);
        }
        let firsts: Vec<u32> = deletions.iter().map(|deletion| view.history.chain(deletion.change).first).collect();
        Seen::ByMany { before: view.history.ancestry(&firsts), in_commits }
    }

    /// Whether some deletion knew an edit.
    fn knows(&self, view: &View<'_>, edit: SequenceEdit) -> bool {
        match self {
            Seen::ByFew(deletions) => {
                #[cfg(test)]
                crate::steps::count(deletions.len());
                deletions.iter().any(|deletion| view.is_before(edit, deletion))
            }
            Seen::ByMany { before, in_commits } => {
                let in_commit = in_commits.get(&view.history.chain_of(edit.change));
                before.contains(edit.change) || in_commit.is_some_and(|last| edit.change <= *last)
            }
        }
    }
}
