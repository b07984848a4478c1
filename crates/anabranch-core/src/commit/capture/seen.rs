//! Keys that a capture has met and that its base does not have: a first capture meets all of them.

use hashbrown::HashTable;

use crate::layout::hash_key;

/// Encoded keys, each once, in one arena.
#[derive(Default)]
pub(super) struct SeenKeys {
    bytes: String,
    /// Where each key lies.
    index: HashTable<(usize, usize)>,
}

impl SeenKeys {
    /// Takes a key; `false` if it was there.
    pub(super) fn insert(&mut self, encoded: &str) -> bool {
        let (bytes, own) = (&self.bytes, hash_key(encoded));
        if self.index.find(own, |at| key(bytes, *at) == encoded).is_some() {
            return false;
        }
        let at = (bytes.len(), bytes.len() + encoded.len());
        self.bytes.push_str(encoded);
        let bytes = &self.bytes;
        self.index.insert_unique(own, at, |at| hash_key(key(bytes, *at)));
        true
    }
}

fn key(bytes: &str, (from, to): (usize, usize)) -> &str {
    bytes.get(from..to).unwrap_or_default()
}
