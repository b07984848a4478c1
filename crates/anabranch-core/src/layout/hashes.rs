//! The hashes by which records and names are found.
//!
//! Whoever sends changes chooses names. Of a fast hash that is no cipher anybody makes as many texts as he likes that share
//! all its bits, and each would be compared with all before it. Of SipHash (Aumasson and Bernstein, 2012) nobody is known to make
//! them, not even under a key that everybody knows, as ours: nothing here may draw a secret one, for what is saved lies by these
//! hashes.

use std::hash::BuildHasherDefault;

use siphasher::sip::SipHasher13;

use super::key_length_of_identity;

/// Hashes names in tables of what others named.
pub(crate) type NameHash = BuildHasherDefault<SipHasher13>;

/// Both hashes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hashes {
    /// Of its key ([`hash_key`]).
    pub(crate) key: u64,
    /// Of its identity ([`hash_identity`]); where that is nothing but the key, the lower half of the other.
    pub(crate) own: u32,
}

impl Hashes {
    pub(crate) fn of_identity(identity: &[u8]) -> Self {
        let key_bytes = key_length_of_identity(identity);
        let key = hash_key(identity.get(..key_bytes).unwrap_or_default());
        Self { key, own: if key_bytes == identity.len() { key as u32 } else { hash_identity(identity) } }
    }
}

/// An encoded key, and its hash ([`hash_key`]), which takes longer than most of what is done with it.
#[derive(Clone, Copy)]
pub(crate) struct EncodedKey<'k> {
    pub(crate) text: &'k str,
    pub(crate) hash: u64,
}

impl<'k> EncodedKey<'k> {
    pub(crate) fn of(text: &'k str) -> Self {
        Self { text, hash: hash_key(text) }
    }

    /// The hashes of the record whose identity is nothing but this key.
    pub(crate) fn hashes(self) -> Hashes {
        Hashes { key: self.hash, own: self.hash as u32 }
    }
}

/// The hash of an encoded key, which places its records in pages.
pub(crate) fn hash_key(key: impl AsRef<[u8]>) -> u64 {
    SipHasher13::new().hash(key.as_ref())
}

/// The hash by which history remembers which change touched which record; two records may share one.
pub(crate) fn hash_identity(identity: impl AsRef<[u8]>) -> u32 {
    hash_key(identity) as u32
}
