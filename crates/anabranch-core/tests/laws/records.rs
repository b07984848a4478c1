//! Stores as plain maps.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::testing::{raw_registers, read_name};
use anabranch_core::{Batch, Document, Key, KnownHeads, Value};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

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

/// Whatever is shown otherwise was touched, unless a policy or the key of another record did it; each record is told once.
pub(crate) fn touched_are_told(document: &Document, from: &KnownHeads, to: &KnownHeads) -> Result<(), TestCaseError> {
    let told = document.touched(from, to);
    let touched: BTreeSet<&Key> = told.iter().collect();
    prop_assert_eq!(touched.len(), told.len());
    let (before, after) = (document.at(from), document.at(to));
    // A schema that says nothing of a generator any more takes no key back that was given because of one.
    let is_generated = |name: &String| read_name(name).is_some_and(|name| name.creator.is_some());
    if before.schema() == after.schema() && !raw_registers(document).keys().any(is_generated) {
        for change in document.record_changes(from, to).changes {
            prop_assert!(touched.contains(&change.key), "{:?} is not told", change.key);
        }
    }
    Ok(())
}
