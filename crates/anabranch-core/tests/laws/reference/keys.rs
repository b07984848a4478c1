//! The keys under which records are shown, worked out slowly.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::Key;
use sha2::{Digest, Sha256};

use super::Op;

/// The key under which each record is shown.
pub(super) fn keys(by_record: &BTreeMap<String, Vec<&Op>>) -> BTreeMap<String, Key> {
    let mut keys: BTreeMap<String, Key> = BTreeMap::new();
    let mut claims: BTreeMap<Key, Vec<(u64, String)>> = BTreeMap::new();
    for (identity, ops) in by_record {
        let name = &ops[0].name;
        let key = name.key.clone().unwrap();
        match &name.creator {
            None => drop(keys.insert(identity.clone(), key)),
            Some(creator) => {
                let own = ops.iter().filter(|op| op.id.1.to_hex_string() == *creator).map(|op| op.id.0);
                claims.entry(key).or_default().push((own.min().unwrap_or(u64::MAX), identity.clone()));
            }
        }
    }
    let mut losers = BTreeSet::new();
    for (key, mut records) in claims {
        records.sort();
        let is_free = !keys.values().any(|taken| *taken == key);
        let first = if is_free {
            keys.insert(records[0].1.clone(), key);
            1
        } else {
            0
        };
        losers.extend(records.into_iter().skip(first).map(|(_, identity)| identity));
    }
    let plain: BTreeSet<Key> = by_record
        .values()
        .filter(|ops| ops[0].name.creator.is_none())
        .filter_map(|ops| ops[0].name.key.clone())
        .collect();
    let mut given: BTreeSet<Key> = BTreeSet::new();
    for identity in losers {
        let key = (0u32..)
            .map(|attempt| negative_key(&identity, attempt))
            .find(|key| !plain.contains(key) && !given.contains(key))
            .unwrap();
        given.insert(key.clone());
        keys.insert(identity, key);
    }
    keys
}

/// FORMAT.md, "Generated keys".
fn negative_key(identity: &str, attempt: u32) -> Key {
    let digest = Sha256::new()
        .chain_update(b"anabranch key 1")
        .chain_update(attempt.to_le_bytes())
        .chain_update(identity)
        .finalize();
    let mut bits = [0u8; 8];
    bits[2..].copy_from_slice(&digest[..6]);
    Key::Number(-((u64::from_be_bytes(bits) + 1) as f64))
}
