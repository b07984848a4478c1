//! The keys under which records are shown: where a key generator made one key twice, one record keeps it and the
//! others get negative integers (FORMAT.md, "Generated keys").

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::key::Key;
use crate::layout;
use crate::registers::Registers;

/// The records that are not shown under the key of their identity alone.
#[derive(Default)]
pub(crate) struct ShownKeys {
    /// Records whose identity names its creating actor and that keep their key, by encoded key.
    holders: BTreeMap<String, u32>,
    /// The negative key of every other, and the record by that key.
    rekeyed: BTreeMap<u32, Key>,
    by_rekeyed: BTreeMap<Key, u32>,
}

impl ShownKeys {
    pub(crate) fn of(registers: &Registers) -> Self {
        let mut shown = Self::default();
        let mut claims: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (record, slot) in registers.records().iter().enumerate() {
            if let Some((key, _)) = layout::split_generated(&slot.identity) {
                claims.entry(key).or_default().push(record as u32);
            }
        }
        let mut losers: BTreeSet<(&str, u32)> = BTreeSet::new();
        for (key, mut records) in claims {
            // The actor that follows the key in an identity breaks ties between equal counters.
            records.sort_by_key(|record| (registers.slot(*record).created, &registers.slot(*record).identity));
            let mut records = records.into_iter();
            if registers.find(key).is_none()
                && let Some(holder) = records.next()
            {
                shown.holders.insert(key.to_owned(), holder);
            }
            losers.extend(records.map(|record| (&*registers.slot(record).identity, record)));
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

    pub(crate) fn rekeyed(&self, record: u32) -> Option<&Key> {
        self.rekeyed.get(&record)
    }

    /// The records that lost their key to another, with the key that they have instead.
    pub(crate) fn all_rekeyed(&self) -> impl Iterator<Item = (u32, &Key)> {
        self.rekeyed.iter().map(|(record, key)| (*record, key))
    }

    /// The record that is shown under `key`, deleted ones included.
    pub(crate) fn find(&self, registers: &Registers, key: &Key) -> Option<u32> {
        let encoded = layout::encode_key(key);
        self.by_rekeyed
            .get(key)
            .copied()
            .or_else(|| registers.find(&encoded))
            .or_else(|| self.holders.get(&encoded).copied())
    }

    pub(crate) fn key_of(&self, registers: &Registers, record: u32) -> Option<Key> {
        let own = || layout::read_identity(&registers.slot(record).identity).map(|identity| identity.key);
        self.rekeyed(record).cloned().or_else(own)
    }
}

/// A negative integer that follows from the identity alone, far below what a generator or a person makes.
fn derived_key(identity: &str, attempt: u32) -> Key {
    let digest =
        Sha256::new().chain_update(b"anabranch key 1").chain_update(attempt.to_le_bytes()).chain_update(identity);
    let digest: [u8; 32] = digest.finalize().into();
    let bits = digest.iter().take(6).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    Key::Number(-((bits + 1) as f64))
}
