//! Whether a record is there: its life register against the edits that were concurrent with its deletion.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::View;
use super::seen::{ByPath, Seen};
use crate::registers::{Entry, LIFE, SequenceEdit, Slot};
use crate::scalar::Scalar;
use crate::schema::DeletePolicy;
use crate::sequence::OpId;

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
        let known = |entry: &Entry<'_>| seen.has(self, SequenceEdit { change: entry.change, counter: entry.counter });
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
        is_made && by_path.of_register(entry.path).iter().any(|have| self.is_equal_value(have, entry) && known(have))
    }
}
