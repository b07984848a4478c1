//! Records that move to another page: where one splits, or is written anew without its waste.

use super::{Page, StoredEntry};
use crate::layout::{self, Hashes, hash_key};

impl Page {
    /// Writes the page anew if so much of its arenas is waste that it should be.
    pub(in crate::registers) fn shed_waste(&mut self) {
        if self.is_wasteful() {
            *self = self.only(|_| true);
        }
    }

    pub(super) fn is_wasteful(&self) -> bool {
        self.wasted_bytes > 64 * 1024 && self.wasted_bytes * 2 > self.values.len()
            || self.wasted_entries > 4096 && self.wasted_entries * 2 > self.entries.len()
    }

    /// Copies a record from another page, values and all.
    pub(in crate::registers) fn take(&mut self, from: &Page, at: u32) {
        let identity = from.identity(at);
        let new = self.insert(identity, Hashes::of_identity(identity.as_bytes()));
        let copy = |page: &mut Page, stored: &StoredEntry| {
            let value = match from.entry(stored).sequence {
                Some(held) => page.keep_sequence(held.moved_to(new)),
                None => page.values.copy(&from.values, &stored.value),
            };
            StoredEntry { value, ..*stored }
        };
        for stored in from.entries(at) {
            let stored = copy(self, stored);
            self.push(new, stored);
        }
        let overwritten: Vec<&StoredEntry> = from.overwritten(at).collect();
        for stored in overwritten.into_iter().rev() {
            let stored = copy(self, stored);
            self.note_overwritten(new, stored);
        }
        for held in from.buried(at) {
            let sequence = self.keep_sequence(held.moved_to(new));
            self.bury(new, &sequence);
        }
        self.note_created(new, from.created(at));
    }

    /// The records that `keep` names, by the hash of their key, in a page without waste.
    pub(in crate::registers) fn only(&self, keep: impl Fn(u64) -> bool) -> Page {
        let mut page = Page::default();
        page.take_all(self, keep);
        page
    }

    /// Copies the records that `keep` names from another page.
    pub(in crate::registers) fn take_all(&mut self, from: &Page, keep: impl Fn(u64) -> bool) {
        for at in 0..from.slots.len() as u32 {
            if keep(hash_key(layout::key_of_identity(from.identity(at)))) {
                self.take(from, at);
            }
        }
    }
}
