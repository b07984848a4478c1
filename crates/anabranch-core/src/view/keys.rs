//! The keys under which records are shown: where a key generator made one key twice, one record keeps it and the
//! others get negative integers (FORMAT.md, "Generated keys").

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::key::Key;
use crate::layout::{self, EncodedKey};
use crate::lent::KeyRef;
use crate::registers::{RecordId, RegistersAt};

/// The records that are shown under another key than that of their identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownKeys {
    rekeyed: BTreeMap<RecordId, Key>,
    by_rekeyed: BTreeMap<Key, RecordId>,
}

impl ShownKeys {
    pub(crate) fn of(registers: &RegistersAt<'_>) -> Self {
        let mut shown = Self::default();
        let mut losers: BTreeSet<(&str, RecordId)> = BTreeSet::new();
        for key in registers.contested() {
            let key = EncodedKey::of(key);
            let holder = holder(registers, key);
            let others = registers.claimants(key).filter(|record| Some(*record) != holder);
            losers.extend(others.map(|record| (registers.slot(record).identity(), record)));
        }
        for (identity, record) in losers {
            let key = (0u32..)
                .map(|attempt| derived_key(identity, attempt))
                .find(|key| registers.find(&layout::encode_key(key)).is_none() && !shown.by_rekeyed.contains_key(key));
            if let Some(key) = key {
                shown.by_rekeyed.insert(key.clone(), record);
                shown.rekeyed.insert(record, key);
            }
        }
        shown
    }

    pub(crate) fn rekeyed(&self, record: RecordId) -> Option<&Key> {
        if self.are_moved() { self.rekeyed.get(&record) } else { None }
    }

    /// Whether any record is shown under another key than that of its identity.
    pub(crate) fn are_moved(&self) -> bool {
        !self.rekeyed.is_empty()
    }

    /// The records that lost their key to another, with the key that they have instead.
    pub(crate) fn all_rekeyed(&self) -> impl Iterator<Item = (RecordId, &Key)> {
        self.rekeyed.iter().map(|(record, key)| (*record, key))
    }

    /// The record that is shown under `key`, deleted ones included.
    pub(crate) fn find(&self, registers: &RegistersAt<'_>, key: &Key) -> Option<RecordId> {
        self.find_encoded(registers, &key.into(), EncodedKey::of(&layout::encode_key(key)))
    }

    /// The same for a key whose encoding is at hand.
    pub(crate) fn find_encoded(
        &self,
        registers: &RegistersAt<'_>,
        key: &KeyRef<'_>,
        encoded: EncodedKey<'_>,
    ) -> Option<RecordId> {
        let rekeyed = if self.are_moved() { self.by_rekeyed.get(&key.to_key()).copied() } else { None };
        rekeyed.or_else(|| holder(registers, encoded))
    }

    pub(crate) fn key_of(&self, registers: &RegistersAt<'_>, record: RecordId) -> Option<Key> {
        let own = || layout::read_identity(registers.slot(record).identity()).map(|identity| identity.key);
        self.rekeyed(record).cloned().or_else(own)
    }
}

/// The record that keeps an encoded key: the one found or put under it, else the one made first. The actor that follows
/// the key in an identity breaks ties between equal counters.
fn holder(registers: &RegistersAt<'_>, key: EncodedKey<'_>) -> Option<RecordId> {
    let rank = |record: &RecordId| {
        let slot = registers.slot(*record);
        (slot.identity().len() > key.text.len(), slot.created(), slot.identity())
    };
    let mut claimants = registers.claimants(key);
    let first = claimants.next()?;
    // Nearly always it is alone.
    let Some(second) = claimants.next() else { return Some(first) };
    [first, second].into_iter().chain(claimants).min_by(|a, b| rank(a).cmp(&rank(b)))
}

/// A negative integer that follows from the identity alone, far below what a generator or a person makes.
fn derived_key(identity: &str, attempt: u32) -> Key {
    let digest =
        Sha256::new().chain_update(b"anabranch key 1").chain_update(attempt.to_le_bytes()).chain_update(identity);
    let digest: [u8; 32] = digest.finalize().into();
    let bits = digest.iter().take(6).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    Key::Number(-((bits + 1) as f64))
}
