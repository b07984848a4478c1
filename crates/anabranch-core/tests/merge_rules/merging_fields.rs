//! Merging fields into a record says what putting the record with these fields says, to the byte.

use anabranch_core::testing::{any_value, few_records};
use anabranch_core::{
    Author, CaptureKind, DeletePolicy, Document, Edit, FieldPath, FieldPolicy, JsString, Key, KeyPath, StoreSchema,
    StoreSnapshot, Value,
};
use proptest::prelude::*;

use crate::common::desk::Desk;

/// Policies that fields are declared with.
const POLICIES: [FieldPolicy; 6] = [
    FieldPolicy::Counter,
    FieldPolicy::Set,
    FieldPolicy::Text,
    FieldPolicy::List,
    FieldPolicy::Max,
    FieldPolicy::PeopleOverPipelines,
];

/// A field among those that [`few_records`] has.
fn field() -> impl Strategy<Value = FieldPath> {
    let name = || proptest::sample::select(&["x", "y", "n", "s"][..]).prop_map(JsString::from);
    prop::collection::vec(name(), 1..3).prop_map(FieldPath)
}

/// What the replicas hold: mostly records without objects inside, which is what most stores hold.
fn records() -> impl Strategy<Value = [Value; 3]> {
    let leaf = prop_oneof![3 => (0i32..2).prop_map(|number| Value::Number(f64::from(number))), 1 => any_value()];
    let properties = prop::collection::btree_map(proptest::sample::select(&["x", "y", "s"][..]), leaf, 0..4);
    let is_object = |value: &Value| matches!(value, Value::Object(_));
    let flat = properties.prop_map(move |properties| {
        let leaves = properties.into_iter().filter(|(_, leaf)| !is_object(leaf));
        Value::Object(leaves.map(|(name, leaf)| (JsString::from(name), leaf)).collect())
    });
    let flat = flat.boxed();
    prop_oneof![3 => [flat.clone(), flat.clone(), flat], 1 => [few_records(), few_records(), few_records()]]
}

/// One value for each field, of which none lies inside another, or whatever comes.
fn fields() -> impl Strategy<Value = Vec<(FieldPath, Value)>> {
    let name = proptest::sample::select(&["x", "y", "s"][..]).prop_map(|name| FieldPath(vec![name.into()]));
    let leaf = prop_oneof![4 => (0i32..3).prop_map(|number| Value::Number(f64::from(number))), 1 => any_value()];
    let set = prop_oneof![
        3 => prop::collection::btree_map(name, leaf, 1..4),
        1 => prop::collection::btree_map(field(), prop_oneof![few_records(), any_value()], 1..4),
    ];
    set.prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle()
}

fn schema() -> impl Strategy<Value = StoreSchema> {
    let policy = proptest::sample::select(&POLICIES[..]);
    let fields = prop_oneof![2 => Just(Default::default()), 1 => prop::collection::btree_map(field(), policy, 0..3)];
    (fields, any::<bool>()).prop_map(|(fields, is_keyed)| StoreSchema {
        key_path: is_keyed.then(|| KeyPath::Single("n".into())),
        deletes: DeletePolicy::EditWins,
        fields,
        ..StoreSchema::default()
    })
}

/// What two replicas that found other records under one key have, one of them having written since.
fn document(schema: &StoreSchema, [found, other, written]: [&Value; 3]) -> Document {
    let mut document = Document::new();
    let snapshot = |value: &Value| {
        let mut value = value.clone();
        if let Some(path) = &schema.key_path {
            path.inject(&mut value, &Key::Number(1.0));
        }
        let is_record = schema.key_path.as_ref().is_none_or(|path| path.extract(&value) == Ok(Key::Number(1.0)));
        let records = is_record.then_some((Key::Number(1.0), value)).into_iter().collect();
        StoreSnapshot { name: "s".into(), schema: schema.clone(), complete: true, records }
    };
    let first = document.capture_store("a", CaptureKind::First, &snapshot(found)).unwrap();
    document.capture_store("b", CaptureKind::First, &snapshot(other)).unwrap();
    let baseline = document.known(&first.own_heads).unwrap();
    let next = CaptureKind::Next { baseline, left_out: Default::default() };
    document.capture_store("a", next, &snapshot(written)).unwrap();
    document
}

fn place(value: &mut Value, path: &[JsString], leaf: &Value) {
    let [name, rest @ ..] = path else {
        *value = leaf.clone();
        return;
    };
    if !matches!(value, Value::Object(_)) {
        *value = Value::object([]);
    }
    if let Value::Object(object) = value {
        place(object.entry_or_object(name.clone()), rest, leaf);
    }
}

proptest! {
    #[test]
    fn a_merge_of_fields_is_a_put_of_the_record_with_them(
        schema in schema(),
        records in records(),
        set in fields(),
    ) {
        let document = document(&schema, records.each_ref());
        let (base, key) = (document.known(&document.heads()).unwrap(), Key::Number(1.0));
        let author = Author::run("r", "pipe");
        let merge = Edit::Merge { key: key.clone(), set: set.clone(), unset: Vec::new() };
        let merged = document.clone().change_at(&base, &[merge], &author).unwrap();
        let Some(mut value) = document.view().get(&key) else {
            prop_assert_eq!((merged.receipt.refused, merged.changes), (1, Vec::new()));
            return Ok(());
        };
        let is_inside = |(a, _): &(FieldPath, Value), (b, _): &(FieldPath, Value)| a != b && a.0.starts_with(&b.0);
        let is_nested = set.iter().any(|a| set.iter().any(|b| is_inside(a, b)));
        if is_nested {
            prop_assert_eq!(merged.receipt.refused, 1);
            return Ok(());
        }
        set.iter().for_each(|(path, leaf)| place(&mut value, &path.0, leaf));
        if schema.key_path.as_ref().is_some_and(|path| path.extract(&value).as_ref() != Ok(&key)) {
            prop_assert_eq!(merged.receipt.refused, 1);
            return Ok(());
        }
        let put = Edit::Put { key: Some(key), value };
        let put = document.clone().change_at(&base, &[put], &author).unwrap();
        prop_assert_eq!(&merged.changes, &put.changes);
        prop_assert_eq!(merged.receipt.refused, put.receipt.refused);
    }
}

#[test]
fn a_merge_of_a_value_that_lost_ends_the_conflict() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#)]);
    desk.offer("b");
    desk.capture("a", &[("1", r#"{"x":2}"#)]);
    desk.capture("b", &[("1", r#"{"x":3}"#)]);
    let lost = if desk.show("1").as_deref() == Some(r#"{"x":2}"#) { 3 } else { 2 };
    assert_eq!(desk.conflicts().len(), 1);
    for x in [lost, 4] {
        let mut desk = desk.clone();
        let base = desk.heads();
        desk.run("r", &base, &[&format!(r#"{{"op":"merge","key":1,"set":{{"x":{x}}}}}"#)]);
        desk.shows(&[("1", &format!(r#"{{"x":{x}}}"#))]);
        desk.lists(&[]);
    }
}
