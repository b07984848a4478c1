//! What a format loses is unknown: capturing it again changes nothing.

use anabranch_core::testing::{any_key, any_record};
use anabranch_core::value::{GeometryKind, Graph, View, ViewBuffer, ViewKind};
use anabranch_core::{CaptureKind, Document, Index, Key, KeyPath, StoreSchema, StoreSnapshot, Value};
use anabranch_indexeddb::{DexieWriter, Format, Step, dexie_leaves_out, dexie_loses};
use proptest::prelude::*;

use crate::reading::read;

const FORMATS: [Format; 3] = [Format::Dexie, Format::Playwright, Format::Plain];

/// How many edits a replica seems to have made that held `was` and whose export reads as `now`.
fn edits(was: &[(Key, Value)], now: &[(Key, Value)], format: Format) -> usize {
    let mut document = Document::new();
    let schema = StoreSchema::default();
    let store = StoreSnapshot { name: "s".into(), schema: schema.clone(), complete: true, records: was.to_vec() };
    let captured = document.capture_store("device", CaptureKind::First, &store).unwrap();
    let baseline = document.known(&captured.own_heads).unwrap();
    let kind = CaptureKind::Next { baseline, left_out: Default::default() };
    let mut capture = document.capture("device", kind);
    capture.schema(&schema).unwrap();
    for (key, value) in now {
        capture.record(key, value, Some(&|value| format.loss(value))).unwrap();
    }
    let prepared = capture.finish(true).unwrap();
    document.commit(prepared).unwrap().receipt.rows
}

fn distinct(records: Vec<(Key, Value)>) -> Vec<(Key, Value)> {
    let mut records = records;
    records.sort_by(|(a, _), (b, _)| a.cmp(b));
    records.dedup_by(|(a, _), (b, _)| a == b);
    records
}

fn holds_bytes_elsewhere(value: &Value) -> bool {
    let mut found = false;
    value.each_blob(&mut |blob| found = found || blob.bytes.is_none());
    found
}

fn written(schema: &StoreSchema, records: &[(Key, Value)]) -> Vec<u8> {
    let stores = [("s".to_owned(), schema.clone(), records.len() as u64)];
    let mut writer = DexieWriter::new(Vec::new(), "d", 10, &stores).unwrap();
    writer.begin_store().unwrap();
    for (key, value) in records {
        writer.record(key, value).unwrap();
    }
    writer.finish().unwrap()
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("ANABRANCH_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_file_that_was_written_holds_nothing_new(records in proptest::collection::vec((any_key(), any_record()), 1..4)) {
        let records = distinct(records);
        let fits = |value: &Value| !holds_bytes_elsewhere(value) && dexie_leaves_out(value).is_none();
        let records: Vec<_> = records.into_iter().filter(|(_, value)| fits(value)).collect();
        let contents = read(&written(&StoreSchema::default(), &records)).unwrap();
        let store = contents.store("s");
        prop_assert_eq!(store.complete, Some(true));
        prop_assert_eq!(edits(&records, &store.records, Format::Dexie), 0, "{:?}", store.records);
    }

    #[test]
    fn what_the_format_knows_comes_back_whole(value in any_record()) {
        prop_assume!(!holds_bytes_elsewhere(&value) && dexie_leaves_out(&value).is_none());
        let records = [(Key::Number(1.0), value.clone())];
        let contents = read(&written(&StoreSchema::default(), &records)).unwrap();
        let read = &contents.store("s").records[0].1;
        prop_assert_eq!(Format::Dexie.loss(read), Format::Dexie.loss(&value));
    }

    #[test]
    fn what_is_lost_is_told_and_nothing_else(value in any_record()) {
        prop_assume!(dexie_leaves_out(&value).is_none());
        let lost = dexie_loses(&value);
        prop_assert_eq!(lost.is_empty(), Format::Dexie.loss(&value) == value, "{:?}", lost);
    }

    #[test]
    fn what_a_format_gives_back_is_unknown(records in proptest::collection::vec((any_key(), any_record()), 1..4)) {
        let records = distinct(records);
        for format in FORMATS {
            let lossy: Vec<_> = records.iter().map(|(key, value)| (key.clone(), format.loss(value))).collect();
            prop_assert_eq!(edits(&records, &lossy, format), 0, "{:?}: {:?}", format, lossy);
        }
    }

    #[test]
    fn a_format_loses_nothing_the_second_time(value in any_record()) {
        for format in FORMATS {
            let once = format.loss(&value);
            prop_assert_eq!(format.loss(&once), once, "{:?}", format);
        }
    }
}

#[test]
fn a_loss_is_told_with_its_place() {
    let error = || Value::Error { name: "Error".into(), message: "m".into(), cause: None };
    let value = Value::object([
        ("log", Value::Array(vec![Value::from(1.0), error()])),
        ("map", Value::Map(vec![(Value::from("k"), Value::object([("zero", Value::from(-0.0))]))])),
        ("ok", Value::from(0.0)),
    ]);
    let told: Vec<_> = dexie_loses(&value).into_iter().map(|lost| (lost.path, lost.what.to_string())).collect();
    let name = |name: &str| Step::Name(name.into());
    let expected = [
        (vec![name("log"), Step::Position(1)], "an Error comes back as an empty object".to_owned()),
        (vec![name("map"), Step::Position(0), name("zero")], "-0 comes back as 0".to_owned()),
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_edit_beside_what_is_lost_is_an_edit() {
    let record = |n: f64, lost: Value| Value::object([("n", Value::from(n)), ("lost", lost)]);
    let error = Value::Error { name: "Error".into(), message: "m".into(), cause: None };
    let was = [(Key::Number(1.0), record(1.0, error))];
    for format in FORMATS {
        let Value::Object(lossy) = format.loss(&was[0].1) else { panic!("an object stays one") };
        let now = [(Key::Number(1.0), record(2.0, lossy.get("lost").unwrap().clone()))];
        assert_eq!(edits(&was, &now, format), 1, "{format:?}");
        let now = [(Key::Number(1.0), record(1.0, Value::from("new")))];
        assert_eq!(edits(&was, &now, format), 1, "{format:?}");
    }
}

/// The losses that were measured with the real exporters, one by one.
#[test]
fn each_format_loses_what_it_was_seen_to_lose() {
    let object =
        |properties: &[(&'static str, f64)]| Value::object(properties.iter().map(|(name, n)| (*name, Value::from(*n))));
    let view = |kind, bytes: &[u8]| Value::View(View { kind, buffer: ViewBuffer::Whole(bytes.to_vec()) });
    let date = Value::Date(Some(5));
    let empty = || Value::object([]);
    let cases = [
        (Format::Dexie, Value::from(-0.0), Value::from(0.0)),
        (Format::Dexie, Value::BooleanObject(false), Value::BooleanObject(true)),
        (Format::Dexie, Value::NumberObject(f64::NAN), Value::NumberObject(0.0)),
        (Format::Dexie, Value::DomException { name: "AbortError".into(), message: "".into() }, empty()),
        (Format::Dexie, Value::CryptoKey { fingerprint: "known".into() }, empty()),
        (
            Format::Dexie,
            Value::RegExp { source: "x".into(), flags: "dgsv".into() },
            Value::RegExp { source: "x".into(), flags: "g".into() },
        ),
        (Format::Dexie, view(ViewKind::Float16, &[0, 0x3c, 0, 0x80]), object(&[("0", 1.0), ("1", 0.0)])),
        (Format::Dexie, Value::object([("__proto__", Value::from(1.0))]), empty()),
        (
            Format::Dexie,
            Value::Geometry { kind: GeometryKind::Point, numbers: vec![1.0, 2.0, 0.0, f64::NAN] },
            Value::object([
                ("x", Value::from(1.0)),
                ("y", Value::from(2.0)),
                ("z", Value::from(0.0)),
                ("w", Value::Null),
            ]),
        ),
        (
            Format::Playwright,
            Value::object([("a", Value::from(-0.0)), ("d", date.clone())]),
            Value::object([("a", Value::from(-0.0)), ("d", date.clone())]),
        ),
        (Format::Playwright, Value::object([("a", Value::from(f64::NAN))]), Value::object([("a", Value::Null)])),
        (Format::Playwright, Value::array_buffer(vec![1]), empty()),
        (Format::Playwright, Value::BooleanObject(true), empty()),
        (
            Format::Playwright,
            Value::DomException { name: "n".into(), message: "m".into() },
            Value::Error { name: "n".into(), message: "m".into(), cause: None },
        ),
        (Format::Plain, date, Value::from("1970-01-01T00:00:00.005Z")),
        (Format::Plain, Value::from(f64::INFINITY), Value::Null),
        (Format::Plain, Value::Set(vec![Value::from(1.0)]), empty()),
        (Format::Plain, view(ViewKind::Uint8, &[7, 8]), object(&[("0", 7.0), ("1", 8.0)])),
        (Format::Plain, Value::object([("u", Value::Undefined)]), empty()),
        (Format::Plain, Value::Array(vec![Value::Undefined]), Value::Array(vec![Value::Null])),
    ];
    for (format, value, expected) in cases {
        assert_eq!(format.loss(&value), expected, "{format:?}: {value:?}");
    }
}

#[test]
fn a_dexie_file_keeps_of_a_schema_what_its_text_can_say() {
    let index = |name: &str, path: &str, unique| Index {
        name: name.into(),
        key_path: KeyPath::Single(path.into()),
        unique,
        multi_entry: false,
    };
    let schema = StoreSchema {
        key_path: Some(KeyPath::Compound(vec!["a".into(), "b.c".into()])),
        indexes: vec![index("by name", "name", false), index("unique name", "name", true), index("whole", "", false)],
        ..StoreSchema::default()
    };
    let contents = read(&written(&schema, &[])).unwrap();
    let expected = StoreSchema { indexes: vec![index("name", "name", true)], ..schema.clone() };
    assert_eq!(contents.store("s").schema, expected);
    assert_eq!(Format::Dexie.schema_loss(&schema), expected);
    assert_eq!(Format::Playwright.schema_loss(&schema), schema);
    let own_key = StoreSchema { key_path: Some(KeyPath::Single(String::new())), ..StoreSchema::default() };
    let records = [(Key::String("k".into()), Value::from("k"))];
    let contents = read(&written(&own_key, &records)).unwrap();
    assert_eq!(contents.store("s").schema, Format::Dexie.schema_loss(&own_key));
    assert_eq!(contents.store("s").records, records);
}

/// Hostile graphs and arrays that would not end are left as they are.
#[test]
fn losses_end_whatever_the_value() {
    let double = |id| Value::Array(vec![Value::Ref(id), Value::Ref(id)]);
    let defs: Vec<Value> = (1..64).map(double).chain([Value::Null]).collect();
    let laughs = Value::Graph(Box::new(Graph { root: Value::Ref(0), defs }));
    let chain: Vec<Value> = (1..100_000).map(|id| Value::Array(vec![Value::Ref(id)])).collect();
    let chain = Value::Graph(Box::new(Graph { root: Value::Ref(0), defs: chain }));
    let circle = Value::Graph(Box::new(Graph { root: Value::Ref(0), defs: vec![Value::Ref(0)] }));
    let holes = Value::from(anabranch_core::value::SparseArray {
        length: u32::MAX,
        items: Vec::new(),
        properties: Default::default(),
    });
    for value in [laughs, chain, circle, holes] {
        for format in FORMATS {
            format.loss(&value);
        }
        dexie_leaves_out(&value);
    }
}
