//! Records that are captured together.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::testing::{any_key, any_record};

/// What came of a capture: the bytes of its changes, or why there are none.
type Outcome = Result<Vec<ChangeBytes>, CaptureError>;

fn outcome(document: &mut Document, take: impl FnOnce(&mut Capture<'_>) -> Result<(), CaptureError>) -> Outcome {
    let baseline = document.history.known_heads().clone();
    let mut capture = document.capture("desk", CaptureKind::Next { baseline, left_out: BTreeSet::new() });
    take(&mut capture)?;
    let prepared = capture.finish(true)?;
    Ok(document.commit(prepared)?.changes)
}

proptest! {
    #[test]
    fn records_are_taken_together_as_one_by_one(
        before in prop::collection::btree_map(any_key(), any_record(), 0..100),
        after in prop::collection::btree_map(any_key(), any_record(), 0..100),
        again in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut document = Document::new();
        let (schema, records) = (StoreSchema::default(), before.clone().into_iter().collect());
        let store = StoreSnapshot { name: "notes".into(), schema, records, complete: true };
        document.capture_store("desk", CaptureKind::First, &store).expect("a first capture of these records");
        // Some stay as they are, some are changed, some go, some come; perhaps one comes twice.
        let kept = before.into_iter().enumerate().filter(|(at, _)| at % 3 > 0).map(|(_, record)| record);
        let records: BTreeMap<Key, Value> = kept.chain(after).collect();
        let mut records: Vec<(&Key, &Value)> = records.iter().collect();
        let twice = again.filter(|_| !records.is_empty()).and_then(|again| records.get(again.index(records.len())).copied());
        records.extend(twice);
        let mut other = document.clone();
        let together = outcome(&mut document, |capture| capture.records(records.iter().copied(), None));
        let one_by_one =
            outcome(&mut other, |capture| records.iter().try_for_each(|(key, value)| capture.record(key, value, None)));
        prop_assert_eq!(together.is_err(), twice.is_some());
        prop_assert_eq!(together, one_by_one);
    }
}
