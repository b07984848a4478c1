//! Records that are captured together.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::lent::{RowFields, ValueRef};
use crate::schema::{FieldPath, FieldPolicy};
use crate::string::JsString;
use crate::testing::{any_js_string, any_key, any_record, any_value};

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

/// Fields of a row, as values.
type Fields = Vec<Option<Value>>;

/// Keys, and rows of as many fields as there may be.
fn any_rows() -> impl Strategy<Value = BTreeMap<Key, Fields>> {
    prop::collection::btree_map(any_key(), prop::collection::vec(prop::option::weighted(0.8, any_value()), 4), 0..60)
}

/// The same capture of rows, which are lent, and of the records that they are.
fn take_rows<'r>(
    names: &[JsString],
    rows: &'r BTreeMap<Key, Fields>,
    as_rows: bool,
) -> impl FnOnce(&mut Capture<'_>) -> Result<(), CaptureError> + use<'r> {
    let fields = RowFields::new(names.iter().rev().cloned()).expect("names are distinct");
    let named: Vec<JsString> = names.iter().rev().cloned().collect();
    move |capture| {
        if !as_rows {
            return rows.iter().try_for_each(|(key, values)| {
                let there = named.iter().zip(values).filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
                capture.record(key, &Value::Object(there.collect()), None)
            });
        }
        let lent = |(at, value): (usize, &'r Option<Value>)| {
            value.as_ref().map(|value| if at == 1 { ValueRef::Other(value) } else { ValueRef::from(value) })
        };
        let row = |(key, values): (&'r Key, &'r Fields)| -> (KeyRef<'r>, Vec<Option<ValueRef<'r>>>) {
            (key.into(), values.iter().take(named.len()).enumerate().map(lent).collect())
        };
        capture.rows(rows.iter().map(row), &fields)
    }
}

proptest! {
    #[test]
    fn rows_are_captured_as_the_records_that_they_are(
        names in prop::collection::btree_set(any_js_string(), 1..5),
        (before, after) in (any_rows(), any_rows()),
        (policy, is_lost) in (prop::sample::select(vec![FieldPolicy::default(), FieldPolicy::Text]), any::<bool>()),
    ) {
        let names: Vec<JsString> = names.into_iter().collect();
        let mut schema = StoreSchema::default();
        schema.fields.extend(names.first().map(|name| (FieldPath(vec![name.clone()]), policy)));
        let after: BTreeMap<Key, Fields> = before.clone().into_iter().step_by(2).chain(after).collect();
        let both = [true, false].map(|as_rows| {
            let mut document = Document::new();
            let mut capture = document.capture("desk", CaptureKind::First);
            capture.schema(&schema)?;
            take_rows(&names, &before, as_rows)(&mut capture)?;
            let prepared = capture.finish(true)?;
            let first = document.commit(prepared)?.changes;
            let next = outcome(&mut document, take_rows(&names, &after, as_rows))?;
            let earlier = document.history.known_heads().clone();
            let mut capture = document.capture("desk", CaptureKind::Lost { earlier });
            take_rows(&names, if is_lost { &before } else { &after }, as_rows)(&mut capture)?;
            let prepared = capture.finish(true)?;
            Ok::<_, CaptureError>((first, next, document.commit(prepared)?.changes))
        });
        let [rows, records] = both;
        prop_assert!(rows.is_ok());
        prop_assert_eq!(rows, records);
    }
}

#[test]
fn a_row_of_too_few_values_is_refused_and_says_so() {
    let document = Document::new();
    let mut capture = document.capture("desk", CaptureKind::First);
    let fields = RowFields::new(["a", "b"]).expect("two names");
    let refused = capture.row(&KeyRef::String("k"), &fields, &[Some(ValueRef::Null)]);
    assert_eq!(refused, Err(CaptureError::RowLength { values: 1, fields: 2 }));
}
