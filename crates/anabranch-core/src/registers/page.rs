//! A page of the register index: some records with all that is visible of them, in flat arenas.
//!
//! A page owns the bytes of its values, so that reading needs no history, and a record costs no allocation of its own.

use std::collections::BTreeMap;

use hashbrown::HashTable;

use super::Expected;
use super::arena::Arena;
use super::sequences::Held;
use super::slot::{Entry, Slot};
use crate::change::code;
use crate::history::History;
use crate::layout::{self, hash_identity, hash_key};
use crate::scalar::Scalar;
use crate::sequence::OpId;

/// A visible value as it is stored: its bytes lie in the page's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredEntry {
    pub(super) path: u32,
    pub(super) counter: u32,
    pub(super) change: u32,
    /// Bytes << 4 | type code.
    pub(super) length_code: u32,
    /// Where the bytes lie; the position of a sequence.
    pub(super) at: u64,
}

impl StoredEntry {
    fn bytes(&self) -> usize {
        (self.length_code >> 4) as usize
    }

    /// The type code.
    pub(super) fn code(&self) -> u8 {
        (self.length_code & 15) as u8
    }
}

/// A record as it is stored: runs of the page's arenas. In a cache line of its own, for most look-ups wait for it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(super) struct StoredSlot {
    pub(super) identity_at: u64,
    pub(super) identity_bytes: u32,
    /// Of its identity: most others are told apart by it, without a look at where those lie.
    pub(super) hash: u32,
    pub(super) entries_at: u32,
    pub(super) entries: u32,
    pub(super) created: u32,
    /// The last of its found values that were overwritten, or `NONE`.
    gone: u32,
    /// Its identity once more, if it is so short: what it is told by needs not be waited for.
    short: [u8; SHORT_IDENTITY_BYTES],
}

/// What room there is in a cache line. Enough for numbers, dates and strings of 22 letters.
const SHORT_IDENTITY_BYTES: usize = 24;

const NONE: u32 = u32::MAX;

/// A found value that was overwritten, and the one of its record before it, or `NONE`.
#[derive(Clone, Copy)]
struct Gone {
    entry: StoredEntry,
    before: u32,
}

/// Some records of a store.
#[derive(Clone, Default)]
pub(crate) struct Page {
    /// Positions of records, by the hash of their key; records of one key lie in one page.
    index: HashTable<u32>,
    pub(super) slots: Vec<StoredSlot>,
    pub(super) identities: String,
    pub(super) entries: Vec<StoredEntry>,
    pub(super) values: Arena,
    /// One of every class of found values that was overwritten: further ones of the class are not shown.
    gone: Vec<Gone>,
    /// Every sequence that a register holds or held, and where each lies by the op that made it.
    pub(super) sequences: Vec<Held>,
    pub(super) by_object: BTreeMap<OpId, u32>,
    /// Sequences that were overwritten, by record: edits that nobody saw who overwrote them keep them alive.
    buried: BTreeMap<u32, Vec<u32>>,
    /// Bytes of values that nothing shows any more, and entries that were moved away from.
    wasted_bytes: usize,
    wasted_entries: usize,
}

impl Page {
    /// An empty page with room for what is expected.
    pub(super) fn with_room_for(coming: &Expected) -> Self {
        Self {
            index: HashTable::with_capacity(coming.records),
            slots: Vec::with_capacity(coming.records),
            identities: String::with_capacity(coming.identity_bytes),
            entries: Vec::with_capacity(coming.ops),
            values: Arena::from(Vec::with_capacity(coming.value_bytes)),
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
            + self.index.capacity() * 5
            + self.sequences.iter().map(|held| held.sequence.resident_bytes() + size_of::<Held>()).sum::<usize>()
            + self.gone.capacity() * size_of::<Gone>()
    }

    /// Bytes of its values, by which large pages are split.
    pub(super) fn value_bytes(&self) -> usize {
        self.values.len() - self.wasted_bytes
    }

    pub(super) fn slot(&self, at: u32) -> Slot<'_> {
        Slot { page: self, at }
    }

    /// All records.
    pub(super) fn all_slots(&self) -> impl Iterator<Item = Slot<'_>> {
        (0..self.slots.len() as u32).map(|at| self.slot(at))
    }

    fn stored(&self, at: u32) -> &StoredSlot {
        self.slots.get(at as usize).expect("positions of records come from this page")
    }

    pub(super) fn identity(&self, at: u32) -> &str {
        let slot = self.stored(at);
        let from = slot.identity_at as usize;
        self.identities.get(from..from + slot.identity_bytes as usize).expect("identities lie in their page")
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
        let gone = |at: u32| self.gone.get(at as usize);
        std::iter::successors(gone(self.stored(at).gone), move |last| gone(last.before)).map(|gone| &gone.entry)
    }

    /// The same of all records.
    pub(super) fn all_overwritten(&self) -> impl Iterator<Item = &StoredEntry> {
        self.gone.iter().map(|gone| &gone.entry)
    }

    pub(super) fn entry(&self, stored: &StoredEntry) -> Entry<'_> {
        if code::is_sequence(stored.code()) {
            return Entry::of_sequence(self.sequences.get(stored.at as usize).expect("sequences lie in their page"));
        }
        let scalar = self.scalar(stored);
        Entry { path: stored.path, counter: stored.counter, change: stored.change, scalar, sequence: None }
    }

    /// A value that is no sequence.
    #[inline]
    pub(super) fn scalar(&self, stored: &StoredEntry) -> Scalar<'_> {
        let bytes = self.values.get(stored.at, stored.bytes()).expect("values lie in their page");
        Scalar { code: stored.code(), bytes }
    }

    /// Loads a byte of every line of a record's values, as far as they lie in one run.
    pub(super) fn touch(&self, at: u32) {
        let ([first, ..], [.., last]) = (self.entries(at), self.entries(at)) else { return };
        let bytes = (last.at + last.bytes() as u64).saturating_sub(first.at).min(512);
        let run = self.values.get(first.at, bytes as usize).unwrap_or_default();
        let touched = run.iter().step_by(64).fold(0u8, |all, byte| all ^ byte);
        std::hint::black_box(touched);
    }

    /// Keeps a sequence that was made just now, and tells where it lies.
    pub(super) fn keep_sequence(&mut self, held: Held) -> u64 {
        let at = self.sequences.len() as u32;
        self.by_object.insert(held.id, at);
        self.sequences.push(held);
        u64::from(at)
    }

    /// The sequence that an op made.
    pub(super) fn sequence(&self, object: OpId) -> Option<&Held> {
        self.by_object.get(&object).and_then(|at| self.sequences.get(*at as usize))
    }

    pub(super) fn sequence_mut(&mut self, object: OpId) -> Option<&mut Held> {
        self.by_object.get(&object).and_then(|at| self.sequences.get_mut(*at as usize))
    }

    /// Remembers the class of a found sequence that was overwritten or edited.
    pub(super) fn note_class_overwritten(&mut self, object: OpId, history: &History) {
        let Some(held) = self.sequence(object).filter(|held| held.is_found(history)) else { return };
        let mut bytes = Vec::new();
        let code = held.made_as(&mut bytes);
        let (record, path, counter, change) = (held.record, held.path, held.id.counter, held.change);
        let length_code = (bytes.len() as u32) << 4 | u32::from(code);
        let at = self.keep(&bytes);
        self.note_overwritten(record, StoredEntry { path, counter, change, length_code, at });
    }

    /// The sequences of a record, by the ops that made them.
    pub(super) fn objects_of(&self, at: u32) -> impl Iterator<Item = OpId> {
        let own = self.entries(at).iter().filter_map(|stored| self.entry(stored).sequence);
        own.chain(self.buried(at)).map(|held| held.id)
    }

    /// Remembers that a register no longer holds a sequence.
    pub(super) fn bury(&mut self, at: u32, sequence: u64) {
        self.buried.entry(at).or_default().push(sequence as u32);
    }

    pub(super) fn buried(&self, at: u32) -> impl Iterator<Item = &Held> {
        let own = if self.buried.is_empty() { None } else { self.buried.get(&at) };
        own.into_iter().flatten().filter_map(|at| self.sequences.get(*at as usize))
    }

    /// The record with this identity, which has the hash `own`, while that of its key is `key_hash`.
    pub(super) fn find(&self, identity: &[u8], key_hash: u64, own: u32) -> Option<u32> {
        self.index.find(spread(key_hash), |at| self.stored(*at).hash == own && self.is(*at, identity)).copied()
    }

    /// A record with these hashes: nearly always the one with that identity.
    pub(super) fn find_alike(&self, key_hash: u64, own: u32) -> Option<u32> {
        self.index.find(spread(key_hash), |at| self.stored(*at).hash == own).copied()
    }

    /// Whether the record at a position, if there is one, has this identity.
    pub(super) fn is(&self, at: u32, identity: &[u8]) -> bool {
        self.slots.get(at as usize).is_some_and(|slot| {
            let (from, bytes) = (slot.identity_at as usize, slot.identity_bytes as usize);
            let own = slot.short.get(..bytes).or_else(|| self.identities.as_bytes().get(from..from + bytes));
            own == Some(identity)
        })
    }

    /// The records with this encoded key, in no order.
    pub(super) fn claimants(&self, key: &str, hash: u64) -> impl Iterator<Item = u32> {
        let is_its = move |at: &u32| self.is(*at, key.as_bytes()) || layout::key_of_identity(self.identity(*at)) == key;
        self.index.iter_hash(spread(hash)).copied().filter(is_its)
    }

    pub(super) fn insert(&mut self, identity: &str, hash: u64) -> u32 {
        let at = self.add_slot(identity);
        let (slots, identities) = (&self.slots, &self.identities);
        self.index.insert_unique(spread(hash), at, |at| rehash(slots, identities, *at));
        at
    }

    /// Adds a record that the index does not know yet.
    pub(super) fn add_slot(&mut self, identity: &str) -> u32 {
        let at = self.slots.len() as u32;
        let mut short = [0; SHORT_IDENTITY_BYTES];
        if let Some(short) = short.get_mut(..identity.len()) {
            short.copy_from_slice(identity.as_bytes());
        }
        self.slots.push(StoredSlot {
            identity_at: self.identities.len() as u64,
            identity_bytes: identity.len() as u32,
            entries_at: self.entries.len() as u32,
            entries: 0,
            created: u32::MAX,
            hash: hash_identity(identity),
            gone: NONE,
            short,
        });
        self.identities.push_str(identity);
        at
    }

    /// Builds the index of a page whose arenas were filled from elsewhere.
    pub(super) fn build_index(&mut self) {
        let (slots, identities) = (&self.slots, &self.identities);
        let mut index = HashTable::with_capacity(slots.len());
        for at in 0..slots.len() as u32 {
            index.insert_unique(rehash(slots, identities, at), at, |at| rehash(slots, identities, *at));
        }
        self.index = index;
    }

    pub(super) fn note_created(&mut self, at: u32, counter: u32) -> bool {
        let Some(slot) = self.slots.get_mut(at as usize).filter(|slot| counter < slot.created) else { return false };
        slot.created = counter;
        true
    }

    /// Keeps the bytes of a value and tells where they lie.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> u64 {
        self.values.keep(bytes)
    }

    /// Puts `new` in the place of the entry at `index` of a record.
    pub(super) fn replace(&mut self, at: u32, index: usize, new: StoredEntry) {
        let from = self.stored(at).entries_at as usize;
        if let Some(have) = self.entries.get_mut(from + index) {
            self.wasted_bytes += have.bytes();
            *have = new;
        }
    }

    /// Takes an entry out of a record, whose last takes its place.
    pub(super) fn remove(&mut self, at: u32, index: usize) {
        let slot = *self.stored(at);
        let (from, end) = (slot.entries_at as usize, (slot.entries_at + slot.entries) as usize);
        if let Some(run) = self.entries.get_mut(from + index..end) {
            self.wasted_bytes += run.first().map_or(0, StoredEntry::bytes);
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
        // Its bytes stay: the class is told by them.
        let last = self.gone.len() as u32;
        if let Some(slot) = self.slots.get_mut(at as usize) {
            self.gone.push(Gone { entry: gone, before: std::mem::replace(&mut slot.gone, last) });
        }
    }

    /// Writes the page anew if so much of its arenas is waste that it should be.
    pub(super) fn shed_waste(&mut self) {
        if self.is_wasteful() {
            *self = self.only(|_| true);
        }
    }

    fn is_wasteful(&self) -> bool {
        self.wasted_bytes > 64 * 1024 && self.wasted_bytes * 2 > self.values.len()
            || self.wasted_entries > 4096 && self.wasted_entries * 2 > self.entries.len()
    }

    /// Copies a record from another page, values and all.
    pub(super) fn take(&mut self, from: &Page, at: u32) {
        let identity = from.identity(at);
        let new = self.insert(identity, hash_key(layout::key_of_identity(identity)));
        let copy = |page: &mut Page, stored: &StoredEntry| {
            let entry = from.entry(stored);
            let at = match entry.sequence {
                Some(held) => page.keep_sequence(held.moved_to(new)),
                None => page.keep(entry.scalar.bytes),
            };
            StoredEntry { at, ..*stored }
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
            self.bury(new, sequence);
        }
        self.note_created(new, from.created(at));
    }

    /// The records that `keep` names, by the hash of their key, in a page without waste.
    pub(super) fn only(&self, keep: impl Fn(u64) -> bool) -> Page {
        let mut page = Page::default();
        page.take_all(self, keep);
        page
    }

    /// Copies the records that `keep` names from another page.
    pub(super) fn take_all(&mut self, from: &Page, keep: impl Fn(u64) -> bool) {
        for at in 0..from.slots.len() as u32 {
            if keep(hash_key(layout::key_of_identity(from.identity(at)))) {
                self.take(from, at);
            }
        }
    }

    /// The encoded keys of all records.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        (0..self.slots.len() as u32).map(|at| layout::key_of_identity(self.identity(at)))
    }
}

fn rehash(slots: &[StoredSlot], identities: &str, at: u32) -> u64 {
    let identity = slots.get(at as usize).and_then(|slot| {
        let from = slot.identity_at as usize;
        identities.get(from..from + slot.identity_bytes as usize)
    });
    spread(hash_key(layout::key_of_identity(identity.unwrap_or_default())))
}

/// The records of a page share the first bits of their hashes, by which the table tells records apart: so they are mixed.
fn spread(hash: u64) -> u64 {
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests;
