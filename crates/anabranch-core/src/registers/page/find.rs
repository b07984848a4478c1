//! Finding the records of a page, by the hash of their key.

use super::index::Index;
use super::stored::IdentityRun;
use super::{NONE, Page, SHORT_IDENTITY_BYTES, StoredSlot};
use crate::layout::{self, Hashes};

impl Page {
    /// The record with this identity, which has these hashes.
    pub(in crate::registers) fn find(&self, identity: &[u8], hashes: Hashes) -> Option<u32> {
        self.index.alike(hashes).find(|at| self.is(*at, identity))
    }

    /// A record with these hashes: nearly always the one with that identity.
    #[inline]
    pub(in crate::registers) fn find_alike(&self, hashes: Hashes) -> Option<u32> {
        self.index.alike(hashes).next()
    }

    /// A word of the line of the index at which a search begins.
    pub(in crate::registers) fn index_line(&self, key_hash: u64) -> usize {
        self.index.line(key_hash)
    }

    /// Whether the record at a position, if there is one, has this identity.
    pub(in crate::registers) fn is(&self, at: u32, identity: &[u8]) -> bool {
        self.slots.get(at as usize).is_some_and(|slot| {
            let short = slot.short.get(..slot.identity.bytes());
            let own = short.or_else(|| self.identities.as_bytes().get(slot.identity.range()));
            own == Some(identity)
        })
    }

    /// The records with this encoded key, in no order.
    pub(in crate::registers) fn claimants(&self, key: &str, hash: u64) -> impl Iterator<Item = u32> {
        let is_its = move |at: &u32| {
            #[cfg(test)]
            crate::steps::count(1);
            self.is(*at, key.as_bytes()) || layout::key_of_identity(self.identity(*at)) == key
        };
        self.index.of_key(hash).filter(is_its)
    }

    /// The most lines of the index that a search for one of the records looks at.
    #[cfg(test)]
    pub(in crate::registers) fn longest_search(&self) -> usize {
        self.keys().map(|key| self.index.lines_searched(layout::hash_key(key))).max().unwrap_or(0)
    }

    /// Adds a record with this identity, which has these hashes.
    pub(in crate::registers) fn insert(&mut self, identity: &str, hashes: Hashes) -> u32 {
        let at = self.add_slot(identity);
        let (slots, identities) = (&self.slots, &self.identities);
        self.index.insert(hashes, at, |at| hashes_at(slots, identities, at));
        at
    }

    /// Adds a record that the index does not know yet.
    pub(in crate::registers) fn add_slot(&mut self, identity: &str) -> u32 {
        let at = self.slots.len() as u32;
        self.slots.push(StoredSlot {
            identity: IdentityRun::of(self.identities.len(), identity.len()),
            entries_at: self.entries.len() as u32,
            entries: 0,
            created: u32::MAX,
            overwritten: NONE,
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
        let hashes_at = |at| hashes_at(slots, identities, at);
        self.index = Index::with_capacity(slots.len());
        for (at, slot) in (0..).zip(slots) {
            self.index.insert(hashes_at(at), at, hashes_at);
            self.overwritten.index(at, slot.overwritten, &self.values);
        }
    }
}

/// The hashes of a record, made from its identity.
fn hashes_at(slots: &[StoredSlot], identities: &str, at: u32) -> Hashes {
    let identity = slots.get(at as usize).and_then(|slot| identities.get(slot.identity.range()));
    Hashes::of_identity(identity.unwrap_or_default().as_bytes())
}
