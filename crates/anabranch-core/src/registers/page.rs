//! A page of the register index: some records with all that is visible of them, in flat arenas.
//!
//! A page owns the bytes of its values, so that reading needs no history, and a record costs no allocation of its own.

use std::collections::BTreeMap;

use super::Expected;
use super::sequences::Held;
use super::slot::{Entry, Slot};
use crate::change::code;
use crate::layout;
use crate::lent::ValueRef;
use crate::scalar::Scalar;
use crate::sequence::OpId;

mod find;
mod index;
mod moving;
mod objects;
mod overwritten;
mod stored;
mod values;

use index::Index;
use overwritten::Overwritten;
use stored::{NONE, SHORT_IDENTITY_BYTES};
pub(super) use stored::{StoredEntry, StoredSlot};
pub(crate) use values::Lendable;
pub(super) use values::{Keep, Runs, StoredValue, Values};

/// Some records of a store. What looking up and setting read lies in front, in as few cache lines as there can be: where there
/// are many pages, each is written seldom.
#[derive(Clone, Default)]
#[repr(C, align(64))]
pub(crate) struct Page {
    /// Positions of records, by the hash of their key; records of one key lie in one page.
    index: Index,
    pub(super) slots: Vec<StoredSlot>,
    /// Bytes of values that nothing shows any more.
    wasted_bytes: usize,
    pub(super) entries: Vec<StoredEntry>,
    overwritten: Overwritten,
    /// Entries that were moved away from.
    wasted_entries: usize,
    pub(super) values: Values,
    pub(super) identities: String,
    /// Every sequence that a register holds or held, and where each lies by the op that made it.
    pub(super) sequences: Vec<Held>,
    pub(super) by_object: BTreeMap<OpId, u32>,
    /// Sequences that were overwritten, by record: edits that nobody saw who overwrote them keep them alive.
    buried: BTreeMap<u32, Vec<u32>>,
}

impl Page {
    /// An empty page with room for what is expected.
    pub(super) fn with_room_for(coming: &Expected) -> Self {
        Self {
            index: Index::with_capacity(coming.records),
            slots: Vec::with_capacity(coming.records),
            identities: String::with_capacity(coming.identity_bytes),
            entries: Vec::with_capacity(coming.ops),
            values: Values::with_capacity(coming.text_bytes),
            overwritten: Overwritten::with_room(),
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes that the page occupies in memory, about.
    pub(super) fn resident_bytes(&self) -> usize {
        self.values.capacity()
            + self.identities.capacity()
            + self.entries.capacity() * size_of::<StoredEntry>()
            + self.slots.capacity() * size_of::<StoredSlot>()
            + self.index.resident_bytes()
            + self.sequences.iter().map(|held| held.sequence.resident_bytes() + size_of::<Held>()).sum::<usize>()
            + self.overwritten.resident_bytes()
    }

    /// Bytes of its values that do not lie in entries, by which large pages are split.
    pub(super) fn value_bytes(&self) -> usize {
        self.values.len() - self.wasted_bytes
    }

    pub(super) fn slot(&self, at: u32) -> Slot<'_> {
        Slot { page: self, at }
    }

    fn stored(&self, at: u32) -> &StoredSlot {
        self.slots.get(at as usize).expect("positions of records come from this page")
    }

    pub(super) fn identity(&self, at: u32) -> &str {
        self.identities.get(self.stored(at).identity.range()).expect("identities lie in their page")
    }

    pub(super) fn created(&self, at: u32) -> u32 {
        self.stored(at).created
    }

    pub(super) fn entries(&self, at: u32) -> &[StoredEntry] {
        let slot = self.stored(at);
        let from = slot.entries_at as usize;
        self.entries.get(from..from + slot.entries as usize).expect("entries lie in their page")
    }

    /// One of every class of found values of a record that was overwritten, the last first.
    pub(super) fn overwritten(&self, at: u32) -> impl Iterator<Item = &StoredEntry> + Clone {
        self.overwritten.of_record(self.stored(at).overwritten)
    }

    /// All entries, with those of found values that were overwritten.
    pub(super) fn all_entries(&self) -> impl Iterator<Item = &StoredEntry> {
        self.entries.iter().chain(self.overwritten.iter())
    }

    /// The same to be changed, and the sequences that are among them.
    pub(super) fn entries_mut(&mut self) -> (impl Iterator<Item = &mut StoredEntry>, &[Held]) {
        let Page { entries, overwritten, sequences, .. } = self;
        (entries.iter_mut().chain(overwritten.iter_mut()), sequences)
    }

    pub(super) fn entry<'p>(&'p self, stored: &'p StoredEntry) -> Entry<'p> {
        if code::is_sequence(stored.value.code()) {
            let held = self.sequences.get(stored.value.at() as usize);
            return Entry::of_sequence(held.expect("sequences lie in their page"));
        }
        let scalar = self.scalar(stored);
        Entry { path: stored.path, counter: stored.counter, change: stored.change, scalar, sequence: None }
    }

    /// A value that is no sequence.
    #[inline]
    pub(super) fn scalar<'p>(&'p self, stored: &'p StoredEntry) -> Scalar<'p> {
        self.values.scalar(&stored.value)
    }

    /// A value that can be lent; an absent field has none.
    #[inline(always)]
    pub(super) fn lend<'p>(&'p self, stored: &'p StoredEntry) -> Option<ValueRef<'p>> {
        self.values.lend(&stored.value)
    }

    /// A word of every line of the page itself that looking up and setting read.
    pub(super) fn own_lines(&self) -> usize {
        self.index.len() ^ self.entries.len() ^ self.values.len()
    }

    /// A word of every line to whose end something is added where a value is overwritten.
    pub(super) fn last_lines(&self) -> usize {
        self.overwritten.last_line() ^ self.values.last_line_of_texts()
    }

    /// A word of a record's slot.
    pub(super) fn slot_line(&self, at: u32) -> usize {
        self.stored(at).entries_at as usize
    }

    /// A word of every line of a record's entries, of many the first: two entries are shorter than a line, three longer.
    pub(super) fn entry_lines(&self, at: u32) -> usize {
        let entries = self.entries(at);
        let word = |nth: usize| entries.get(nth).map_or(0, |entry| entry.path as usize);
        word(0) ^ word(2) ^ word(4) ^ word(6) ^ word(7)
    }

    /// Loads a byte of every line of a record's texts, as far as they lie in one run.
    pub(super) fn touch(&self, at: u32) {
        self.values.touch(self.entries(at).iter().map(|entry| &entry.value));
    }

    pub(super) fn note_created(&mut self, at: u32, counter: u32) -> bool {
        let Some(slot) = self.slots.get_mut(at as usize).filter(|slot| counter < slot.created) else { return false };
        slot.created = counter;
        true
    }

    /// Puts `new` in the place of the entry at `index` of a record.
    pub(super) fn replace(&mut self, at: u32, index: usize, new: StoredEntry) {
        let from = self.stored(at).entries_at as usize;
        if let Some(have) = self.entries.get_mut(from + index) {
            self.wasted_bytes += have.value.bytes_elsewhere();
            *have = new;
        }
    }

    /// Takes an entry out of a record, whose last takes its place.
    pub(super) fn remove(&mut self, at: u32, index: usize) {
        let slot = *self.stored(at);
        let (from, end) = (slot.entries_at as usize, (slot.entries_at + slot.entries) as usize);
        if let Some(run) = self.entries.get_mut(from + index..end) {
            self.wasted_bytes += run.first().map_or(0, |gone| gone.value.bytes_elsewhere());
            let last = run.len() - 1;
            run.swap(0, last);
            self.wasted_entries += 1;
        }
        if let Some(slot) = self.slots.get_mut(at as usize) {
            slot.entries -= 1;
        }
    }

    /// Adds entries to a record that has none.
    pub(super) fn push_all(&mut self, at: u32, new: &[StoredEntry]) {
        let Some(slot) = self.slots.get_mut(at as usize) else { return };
        debug_assert_eq!(slot.entries, 0);
        (slot.entries_at, slot.entries) = (self.entries.len() as u32, new.len() as u32);
        self.entries.extend_from_slice(new);
    }

    /// Adds an entry to a record, whose run moves to the end of the arena unless it lies there.
    pub(super) fn push(&mut self, at: u32, new: StoredEntry) {
        let slot = *self.stored(at);
        let end = (slot.entries_at + slot.entries) as usize;
        let mut from = slot.entries_at;
        if end != self.entries.len() {
            from = self.entries.len() as u32;
            self.entries.extend_from_within(slot.entries_at as usize..end);
            self.wasted_entries += slot.entries as usize;
        }
        self.entries.push(new);
        if let Some(slot) = self.slots.get_mut(at as usize) {
            (slot.entries_at, slot.entries) = (from, slot.entries + 1);
        }
    }

    /// Remembers the class of a found value that was overwritten.
    pub(super) fn note_overwritten(&mut self, at: u32, gone: StoredEntry) {
        let last = self.add_overwritten(at, gone);
        self.overwritten.index(at, last, &self.values);
    }

    /// The same of one that the index does not know yet, as its value is not here; its position.
    pub(super) fn add_overwritten(&mut self, at: u32, gone: StoredEntry) -> u32 {
        // Its bytes stay: the class is told by them.
        let slot = self.slots.get_mut(at as usize).expect("positions of records come from this page");
        slot.overwritten = self.overwritten.push(gone, slot.overwritten);
        slot.overwritten
    }

    /// Whether a found value of this register that held this was overwritten.
    pub(super) fn is_class_overwritten(&self, at: u32, path: u32, scalar: Scalar<'_>) -> bool {
        self.overwritten.contains((at, self.stored(at).overwritten), (path, scalar), &self.values)
    }

    /// Whether found values of a record were overwritten.
    pub(super) fn has_overwritten(&self, at: u32) -> bool {
        self.stored(at).overwritten != NONE
    }

    /// Whether they are so many that they are better asked for than read.
    pub(super) fn has_many_overwritten(&self, at: u32) -> bool {
        self.overwritten.are_many(self.stored(at).overwritten)
    }

    /// The encoded keys of all records.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        (0..self.slots.len() as u32).map(|at| layout::key_of_identity(self.identity(at)))
    }
}

#[cfg(test)]
mod tests;
