//! The records of a page, by the hash of their key.

use hashbrown::HashTable;

use super::{NONE, Page, SHORT_IDENTITY_BYTES, StoredSlot};
use crate::layout::{self, hashes_of_identity, spread};

/// A record as the index holds it: it is told from others without a look at where it lies.
#[derive(Clone, Copy)]
pub(super) struct Indexed {
    /// The hash of its identity.
    own: u32,
    at: u32,
}

impl Page {
    /// The record with this identity, which has the hash `own`, while that of its key is `key_hash`.
    pub(in crate::registers) fn find(&self, identity: &[u8], key_hash: u64, own: u32) -> Option<u32> {
        let is_it = |record: &Indexed| record.own == own && self.is(record.at, identity);
        self.index.find(spread(key_hash), is_it).map(|record| record.at)
    }

    /// A record with these hashes: nearly always the one with that identity.
    pub(in crate::registers) fn find_alike(&self, key_hash: u64, own: u32) -> Option<u32> {
        self.index.find(spread(key_hash), |record| record.own == own).map(|record| record.at)
    }

    /// Whether the record at a position, if there is one, has this identity.
    pub(in crate::registers) fn is(&self, at: u32, identity: &[u8]) -> bool {
        self.slots.get(at as usize).is_some_and(|slot| {
            let (from, bytes) = (slot.identity_at as usize, slot.identity_bytes as usize);
            let own = slot.short.get(..bytes).or_else(|| self.identities.as_bytes().get(from..from + bytes));
            own == Some(identity)
        })
    }

    /// The records with this encoded key, in no order.
    pub(in crate::registers) fn claimants(&self, key: &str, hash: u64) -> impl Iterator<Item = u32> {
        let is_its = move |at: &u32| self.is(*at, key.as_bytes()) || layout::key_of_identity(self.identity(*at)) == key;
        self.index.iter_hash(spread(hash)).map(|record| record.at).filter(is_its)
    }

    /// Adds a record with this identity, which has the hash `own`, while that of its key is `key_hash`.
    pub(in crate::registers) fn insert(&mut self, identity: &str, key_hash: u64, own: u32) -> u32 {
        let at = self.add_slot(identity);
        let (slots, identities) = (&self.slots, &self.identities);
        let rehash = |record: &Indexed| spread(hashes_at(slots, identities, record.at).0);
        self.index.insert_unique(spread(key_hash), Indexed { own, at }, rehash);
        at
    }

    /// Adds a record that the index does not know yet.
    pub(in crate::registers) fn add_slot(&mut self, identity: &str) -> u32 {
        let at = self.slots.len() as u32;
        self.slots.push(StoredSlot {
            identity_at: self.identities.len() as u64,
            identity_bytes: identity.len() as u32,
            entries_at: self.entries.len() as u32,
            entries: 0,
            created: u32::MAX,
            gone: NONE,
            short: [0; SHORT_IDENTITY_BYTES],
        });
        // Written where it lies: to move what was written a moment ago would wait for all that was written before it.
        let short = self.slots.last_mut().and_then(|slot| slot.short.get_mut(..identity.len()));
        short.into_iter().for_each(|short| short.copy_from_slice(identity.as_bytes()));
        self.identities.push_str(identity);
        at
    }

    /// Builds the index of a page whose arenas were filled from elsewhere.
    pub(in crate::registers) fn build_index(&mut self) {
        let (slots, identities) = (&self.slots, &self.identities);
        let mut index = HashTable::with_capacity(slots.len());
        for at in 0..slots.len() as u32 {
            let (key_hash, own) = hashes_at(slots, identities, at);
            let rehash = |record: &Indexed| spread(hashes_at(slots, identities, record.at).0);
            index.insert_unique(spread(key_hash), Indexed { own, at }, rehash);
        }
        self.index = index;
    }
}

/// The hash of a record's key, and of its identity.
fn hashes_at(slots: &[StoredSlot], identities: &str, at: u32) -> (u64, u32) {
    let identity = slots.get(at as usize).and_then(|slot| {
        let from = slot.identity_at as usize;
        identities.get(from..from + slot.identity_bytes as usize)
    });
    hashes_of_identity(identity.unwrap_or_default().as_bytes())
}
