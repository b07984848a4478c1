//! What a capture has met: records of its base, and keys that its base does not have. A first capture meets but these.

use hashbrown::{HashMap, HashTable};

use crate::layout::EncodedKey;
use crate::registers::RecordId;

/// Records of the base, a bit each.
#[derive(Default)]
pub(super) struct SeenRecords {
    pages: HashMap<u32, Vec<u64>, foldhash::fast::FixedState>,
}

impl SeenRecords {
    /// Takes a record; `false` if it was there.
    pub(super) fn insert(&mut self, record: RecordId) -> bool {
        let (page, word, bit) = place(record);
        let words = self.pages.entry(page).or_default();
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        let Some(word) = words.get_mut(word) else { return false };
        let was = *word;
        *word |= bit;
        was & bit == 0
    }

    pub(super) fn contains(&self, record: RecordId) -> bool {
        let (page, word, bit) = place(record);
        self.pages.get(&page).and_then(|words| words.get(word)).is_some_and(|word| word & bit != 0)
    }
}

fn place(record: RecordId) -> (u32, usize, u64) {
    let (page, at) = record.place();
    (page, at as usize / 64, 1 << (at % 64))
}

/// Encoded keys, each once, in one arena.
#[derive(Default)]
pub(super) struct SeenKeys {
    bytes: String,
    /// Where each key ends.
    ends: Vec<usize>,
    /// Positions of keys, with the hash of each: no key is hashed again when the table grows.
    index: HashTable<(u32, u32)>,
}

impl SeenKeys {
    /// Takes a key; `false` if it was there.
    pub(super) fn insert(&mut self, EncodedKey { text, hash }: EncodedKey<'_>) -> bool {
        let own = hash as u32;
        let is_it = |(hash, at): &(u32, u32)| *hash == own && self.key(*at as usize) == Some(text);
        if self.index.find(spread(own), is_it).is_some() {
            return false;
        }
        let at = self.ends.len() as u32;
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        self.index.insert_unique(spread(own), (own, at), |(hash, _)| spread(*hash));
        true
    }

    fn key(&self, at: usize) -> Option<&str> {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.bytes.get(before.unwrap_or(0)..*self.ends.get(at)?)
    }
}

/// Half a hash for a table, which looks at its lowest and its highest bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_taken_once() {
        let mut seen = SeenKeys::default();
        let keys: Vec<String> = (0..5_000).map(|at| format!("3{}{at}\0", "k".repeat(at % 7))).collect();
        assert!(keys.iter().all(|key| seen.insert(EncodedKey::of(key))));
        assert!(!keys.iter().any(|key| seen.insert(EncodedKey::of(key))));
        assert!(seen.insert(EncodedKey::of("")) && !seen.insert(EncodedKey::of("")));
    }

    #[test]
    fn every_record_is_taken_once() {
        let mut seen = SeenRecords::default();
        let records =
            || [0, 7, 1 << 31].into_iter().flat_map(|page| (0..200).map(move |at| RecordId::in_page(page, at)));
        let (even, odd) = (records().step_by(2), records().skip(1).step_by(2));
        assert!(even.clone().all(|record| !seen.contains(record) && seen.insert(record)));
        assert!(!even.clone().any(|record| !seen.contains(record) || seen.insert(record)));
        assert!(!odd.clone().any(|record| seen.contains(record)));
    }
}
