//! Stores as plain maps.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::json::{value_to_string, write_lent_value};
use anabranch_core::testing::{raw_registers, read_name};
use anabranch_core::{Batch, Document, Key, KnownHeads, RecordRef, Value, View};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

pub(crate) type Map = BTreeMap<Key, Value>;

pub(crate) fn of(document: &Document) -> Map {
    of_view(&document.view())
}

pub(crate) fn at(document: &Document, heads: &KnownHeads) -> Map {
    of_view(&document.at(heads))
}

/// The records of a view, however they are read.
fn of_view(view: &View<'_>) -> Map {
    let records: Map = view.records().map(|record| (record.key, record.value)).collect();
    let lent: Map = view.scan().map(lent_pair).collect();
    assert_eq!(lent, records, "what is lent is what is shown");
    assert!(view.lend_records().map(|record| record.key().to_key()).eq(records.keys().cloned()), "in key order");
    records
}

fn lent_pair(record: RecordRef<'_>) -> (Key, Value) {
    let (key, value, mut json) = (record.key().to_key(), record.value().to_value(), Vec::new());
    write_lent_value(record.value(), &mut json);
    assert_eq!(String::from_utf8(json).unwrap(), value_to_string(&value));
    (key, value)
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
