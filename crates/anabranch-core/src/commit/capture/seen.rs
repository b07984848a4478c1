//! Keys that a capture has met and that its base does not have: a first capture meets all of them.

use hashbrown::HashTable;

use crate::layout::hash_identity;

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
    pub(super) fn insert(&mut self, encoded: &str) -> bool {
        let own = hash_identity(encoded);
        let is_it = |(hash, at): &(u32, u32)| *hash == own && self.key(*at as usize) == Some(encoded);
        if self.index.find(spread(own), is_it).is_some() {
            return false;
        }
        let at = self.ends.len() as u32;
        self.bytes.push_str(encoded);
        self.ends.push(self.bytes.len());
        self.index.insert_unique(spread(own), (own, at), |(hash, _)| spread(*hash));
        true
    }

    fn key(&self, at: usize) -> Option<&str> {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.bytes.get(before.unwrap_or(0)..*self.ends.get(at)?)
    }
}

/// The table looks at the lowest and at the highest bits of a hash.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
