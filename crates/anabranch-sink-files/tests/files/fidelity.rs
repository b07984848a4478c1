//! What files hold is the records: what columns cannot hold is a dead letter with its reason, and nothing vanishes.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::json::{date_to_iso, key_to_string, read_value, value_to_string};
use anabranch_core::testing::{any_key, any_record};
use anabranch_core::{Document, Edit, Key, Object, Value};
use anabranch_sink::columns::{Columns, Kind, bytes_of};
use anabranch_sink_files::{Format, ManifestTable, Mode};
use proptest::prelude::*;

use crate::read::{Row, record};
use crate::stores::{FORMATS, MODES, Place, document, edit, put, table};

/// A value as a column of this kind holds it; `None` is nothing: absent and null are one.
fn held(value: &Value, kind: &Kind, format: Format) -> Option<Value> {
    match (format, kind, value) {
        (_, _, Value::Null) => None,
        (Format::Parquet, Kind::Json, value) => Some(value.clone()),
        (Format::Parquet, _, Value::Undefined) | (Format::Csv, Kind::Struct(_), Value::Undefined) => None,
        (Format::Csv, Kind::Json, value) => Some(Value::from(cell_text(value).as_str())),
        (_, Kind::Struct(columns), Value::Object(object)) => {
            let property = |(name, value): (&anabranch_core::JsString, &Value)| {
                let column = columns.iter().find(|column| *name == *column.name);
                match column {
                    Some(column) => Some((name.clone(), held(value, &column.kind, format)?)),
                    None if matches!(value, Value::Null | Value::Undefined) => None,
                    None => panic!("the column {name:?} vanished"),
                }
            };
            let object: Object = object.iter().filter_map(property).collect();
            // Dotted columns do not tell an object of nothing from nothing.
            (format == Format::Parquet || !object.is_empty()).then_some(Value::Object(object))
        }
        (Format::Parquet, Kind::List(kind), Value::Array(items)) => {
            Some(Value::Array(items.iter().map(|item| held(item, kind, format).unwrap_or(Value::Null)).collect()))
        }
        (Format::Parquet, Kind::Binary, value) => {
            Some(Value::array_buffer(bytes_of(value).expect("bytes are in it").to_vec()))
        }
        (_, _, value) => Some(value.clone()),
    }
}

/// The text of a cell whose column holds several kinds.
fn cell_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.as_str().is_some() => text.as_str().unwrap_or_default().into(),
        Value::Date(Some(ms)) => date_to_iso(*ms),
        value => value_to_string(value),
    }
}

/// A record as these columns hold it.
fn held_record(value: &Value, format: Format, columns: &Columns) -> Option<Value> {
    let columns = columns.settled();
    match (value, &columns.root) {
        (value, _) if format == Format::Jsonl => Some(value.clone()),
        (Value::Object(_), _) if !columns.keeps_objects_whole => {
            let object = held(value, &Kind::Struct(columns.fields.clone()), format)?;
            (object != Value::object([])).then_some(object)
        }
        (value, Some(kind)) => held(value, kind, format),
        (Value::Undefined, None) => None,
        (value, None) => panic!("there is no column for {value:?}"),
    }
}

/// Takes out what lies at a path, and returns it.
fn take_out(value: &mut Value, path: &[Value]) -> Value {
    match (path, value) {
        ([], value) => std::mem::replace(value, Value::Null),
        ([Value::String(name)], Value::Object(object)) => object.remove(name).expect("the path is there"),
        ([Value::String(name), rest @ ..], Value::Object(object)) => {
            let mut inner = object.remove(name).expect("the path is there");
            let taken = take_out(&mut inner, rest);
            object.insert(name.clone(), inner);
            taken
        }
        ([Value::Number(at), rest @ ..], Value::Array(items)) => take_out(&mut items[*at as usize], rest),
        (path, value) => panic!("{path:?} leads nowhere in {value:?}"),
    }
}

/// A dead letter's path and value.
fn dead_letter(row: &Row, format: Format) -> (Vec<Value>, Value) {
    let parsed = |name: &str| match format {
        Format::Jsonl => row.cells[name].clone(),
        _ => read_value(row.text(name).expect("it is text").as_bytes()).expect("it is typed JSON"),
    };
    assert!(row.text("reason").is_some_and(|reason| !reason.is_empty()));
    let Value::Array(path) = parsed("field") else { panic!("a path is a list") };
    (path, parsed("value"))
}

/// Whether a format's columns cannot hold a value at this path, whatever they are.
fn is_beyond(format: Format, path: &[Value], value: &Value) -> bool {
    let is_lone = |value: &Value| matches!(value, Value::String(text) if text.as_str().is_none());
    let in_columns = is_lone(value) || *value == Value::Date(None);
    match format {
        Format::Jsonl => false,
        Format::Csv => path.last().is_some_and(is_lone),
        Format::Parquet => path.last().is_some_and(is_lone) || in_columns,
    }
}

/// Holds the newest files of a table against the records that they should hold, in their order.
fn check(place: &Place, expected: &[(Key, Option<Value>)], was: Option<&ManifestTable>) -> ManifestTable {
    let format = place.format;
    let is = place.table(&table("s"));
    let known = |files: &[String], file: &&String| !files.contains(file);
    let new = is.files.iter().find(|file| was.is_none_or(|was| known(&was.files, file))).expect("there are new rows");
    let rows = place.rows(new);
    let keys: Vec<&str> = rows.iter().map(|row| row.text("_key").expect("every row has a key")).collect();
    assert_eq!(keys, expected.iter().map(|(key, _)| key_to_string(key)).collect::<Vec<_>>());

    let mut letters: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for file in is.dead_letters.iter().filter(|file| was.is_none_or(|was| known(&was.dead_letters, file))) {
        for row in place.rows(file) {
            letters.entry(row.text("_key").expect("every letter has a key").into()).or_default().push(row);
        }
    }
    for ((key, value), row) in expected.iter().zip(&rows) {
        let mut rest = value.clone();
        for letter in letters.remove(&key_to_string(key)).unwrap_or_default() {
            let (path, value) = dead_letter(&letter, format);
            let taken = take_out(rest.as_mut().expect("a deletion has no letters"), &path);
            assert_eq!(taken, value, "the dead letter is what was there");
            assert!(is_beyond(format, &path, &value), "{format:?} could hold {value:?} at {path:?}");
        }
        let held = rest.as_ref().and_then(|value| held_record(value, format, &is.columns));
        let read = record(row, format, place.mode, &is.columns).filter(|_| rest.is_some());
        assert_eq!(read, held, "{format:?} {key:?} of {value:?} in {:?}", is.columns);
    }
    assert!(letters.is_empty(), "dead letters of no record: {letters:?}");
    is
}

fn shown(document: &Document) -> Vec<(Key, Option<Value>)> {
    document.view().records().map(|record| (record.key, Some(record.value))).collect()
}

/// Delivers records, then more and fewer of them.
fn deliver_twice(place: &Place, records: &[(Key, Value)], more: &[(Key, Value)], gone: &BTreeSet<usize>) {
    let mut document = document(records.iter().cloned());
    if document.heads().is_empty() {
        return;
    }
    let mut was: Option<ManifestTable> = None;
    for _ in 0..2 {
        let from = document.known(&was.as_ref().map(|was| was.heads.clone()).unwrap_or_default());
        let batch =
            document.record_changes(&from.expect("they are its own"), &document.known(&document.heads()).unwrap());
        let name = table("s");
        let delivered = place.deliver(&[(name, &document)]).expect("it is delivered");
        if !delivered.is_empty() {
            let expected = match place.mode {
                Mode::Current => shown(&document),
                Mode::Changes => batch.changes.into_iter().map(|change| (change.key, change.after)).collect(),
            };
            was = Some(check(place, &expected, was.as_ref()));
        }
        put(&mut document, "second", more.iter().cloned());
        let keys: Vec<Key> = document.view().records().map(|record| record.key).collect();
        let gone = keys.into_iter().enumerate().filter(|(at, _)| gone.contains(at));
        edit(&mut document, "third", &gone.map(|(_, key)| Edit::Delete { key }).collect::<Vec<_>>());
    }
}

/// Delivers them in every format and mode, and holds what is read back against the records.
pub(crate) fn in_every_format(records: &[(Key, Value)], more: &[(Key, Value)], gone: &BTreeSet<usize>) {
    for (format, mode) in FORMATS.into_iter().flat_map(|format| MODES.map(|mode| (format, mode))) {
        deliver_twice(&Place::new(format, mode), records, more, gone);
    }
}

/// Records of one key each: a run takes one row a key.
fn any_records() -> impl Strategy<Value = Vec<(Key, Value)>> {
    proptest::collection::vec((any_key(), any_record()), 1..6).prop_map(|records| {
        let mut keys = BTreeSet::new();
        records.into_iter().filter(|(key, _)| keys.insert(key.clone())).collect()
    })
}

/// Cases of twelve deliveries each, or what the environment says.
fn cases() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(128), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_files_and_dead_letters_hold_is_the_records(
        records in any_records(),
        more in any_records(),
        gone in proptest::collection::btree_set(0usize..6, 0..3),
    ) {
        in_every_format(&records, &more, &gone);
    }
}
