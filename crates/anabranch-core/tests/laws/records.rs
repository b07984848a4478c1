//! Stores as plain maps.

use std::collections::BTreeMap;

use anabranch_core::{Batch, Document, Key, KnownHeads, Value};
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;

pub(crate) type Map = BTreeMap<Key, Value>;

pub(crate) fn of(document: &Document) -> Map {
    document.view().records().map(|record| (record.key, record.value)).collect()
}

pub(crate) fn at(document: &Document, heads: &KnownHeads) -> Map {
    document.at(heads).records().map(|record| (record.key, record.value)).collect()
}

/// Applies record changes to a map that must be what they change.
pub(crate) fn replay(map: &mut Map, batch: &Batch) -> Result<(), TestCaseError> {
    for change in &batch.changes {
        prop_assert_eq!(map.get(&change.key), change.before.as_ref(), "before {:?}", &change.key);
        match &change.after {
            Some(after) => drop(map.insert(change.key.clone(), after.clone())),
            None => drop(map.remove(&change.key)),
        }
    }
    Ok(())
}
