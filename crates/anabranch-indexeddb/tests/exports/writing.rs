//! Files that are written for dexie-export-import.

use anabranch_core::json::{read_value, value_to_string};
use anabranch_core::{Index, Key, KeyPath, StoreSchema, Value};
use anabranch_indexeddb::{DexieWriter, LeftOut, WriteExportError, dexie_leaves_out};

use crate::reading::{dexie_file, read};

const ALL_TYPES: &[u8] = include_bytes!("../data/dexie-all-types.json");

fn typed(json: &str) -> Value {
    read_value(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn written(schema: &StoreSchema, records: &[(Key, Value)]) -> String {
    let mut writer =
        DexieWriter::new(Vec::new(), "d", 10, &[("s".into(), schema.clone(), records.len() as u64)]).unwrap();
    writer.begin_store().unwrap();
    records.iter().for_each(|(key, value)| writer.record(key, value).unwrap());
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn in_line(key_path: &str) -> StoreSchema {
    StoreSchema { key_path: Some(KeyPath::Single(key_path.into())), ..StoreSchema::default() }
}

/// What the real exporter wrote is read, written by us, and read again: the same stores, schemas and records.
#[test]
fn a_file_written_again_holds_the_same() {
    let contents = read(ALL_TYPES).unwrap();
    let stores: Vec<_> = contents
        .stores
        .iter()
        .map(|store| (store.name.clone(), store.schema.clone(), store.records.len() as u64))
        .collect();
    let mut writer = DexieWriter::new(Vec::new(), "all types ✓", 7, &stores).unwrap();
    for store in &contents.stores {
        writer.begin_store().unwrap();
        store.records.iter().for_each(|(key, value)| writer.record(key, value).unwrap());
    }
    let again = read(&writer.finish().unwrap()).unwrap();
    assert_eq!(again.databases, contents.databases);
    for (again, store) in again.stores.iter().zip(&contents.stores) {
        assert_eq!((&again.schema, again.records.len()), (&store.schema, store.records.len()));
        for (again, record) in again.records.iter().zip(&store.records) {
            // What stands for a CryptoKey is no key that could be written: an offer leaves such records out.
            if dexie_leaves_out(&record.1) != Some(LeftOut::CryptoKey) {
                assert_eq!(again, record);
            }
        }
    }
}

/// The importer reads more than the exporter writes: what only the exporter loses is given whole.
#[test]
fn values_that_the_importer_knows_are_written_whole() {
    let cases = [
        r#"{"$idb":"number","v":"-0"}"#,
        r#"{"$idb":"Boolean","v":false}"#,
        r#"{"$idb":"Number","v":{"$idb":"number","v":"NaN"}}"#,
        r#"{"$idb":"regexp","source":"[\\p{L}--[a-z]]","flags":"dv"}"#,
        r#"{"$idb":"array","len":3,"i":{"1":5},"p":{"x":{"$idb":"undefined"}}}"#,
        r#"{"$idb":"map","v":[[{"$idb":"undefined"},{"$idb":"map","v":[]}]]}"#,
        r#"{"$idb16:d800":{"$idb":"utf16","v":"dfff"},"a.b~0":{"$idb":"date","v":null}}"#,
        "1e21",
    ];
    for case in cases {
        let records = [(Key::Number(1.0), typed(case))];
        let contents = read(written(&StoreSchema::default(), &records).as_bytes()).unwrap();
        let value = &contents.store("s").records[0].1;
        assert_eq!(*value, records[0].1, "{case} reads as {}", value_to_string(value));
    }
}

#[test]
fn rows_are_written_as_the_exporter_writes_them() {
    let record = |json: &str| (Key::Number(1.0), typed(json));
    let rows = |schema: &StoreSchema, json: &str| {
        let text = written(schema, &[record(json)]);
        text.split("\"rows\":[").nth(1).unwrap().trim_end_matches("]}]}}").to_owned()
    };
    assert_eq!(rows(&in_line("id"), r#"{"id":1}"#), r#"{"id":1}"#);
    assert_eq!(
        rows(&in_line("id"), r#"{"id":1,"b":2,"10":3,"9":[]}"#),
        r#"{"9":[],"10":3,"b":2,"id":1,"$types":{"9":"arrayNonindexKeys"}}"#
    );
    assert_eq!(rows(&in_line("id"), r#"{"id":1,"$types":5}"#), r#"{"$":{"$types":5,"id":1},"$types":true}"#);
    assert_eq!(rows(&StoreSchema::default(), "5"), r#"{"$":[1,5],"$types":{"$":{"":"arrayNonindexKeys"}}}"#);
    assert_eq!(
        rows(&in_line("length"), r#"[{"$idb":"undefined"}]"#),
        r#"{"$":[0],"$types":{"$":{"":"arrayNonindexKeys","0":"undef"}}}"#
    );
}

#[test]
fn schemas_are_written_as_dexie_writes_them() {
    let index = |path: &str, unique, multi_entry| Index {
        name: path.into(),
        key_path: KeyPath::Single(path.into()),
        unique,
        multi_entry,
    };
    let compound = Index {
        name: "[a+b]".into(),
        key_path: KeyPath::Compound(vec!["a".into(), "b".into()]),
        unique: true,
        multi_entry: false,
    };
    let indexes = vec![index("e.mail", true, false), index("tags", false, true), compound];
    let schema = StoreSchema { auto_increment: true, indexes, ..in_line("id") };
    let text = written(&schema, &[]);
    assert!(text.contains(r#""schema":"++id,&e.mail,*tags,&[a+b]""#), "{text}");
    assert_eq!(read(text.as_bytes()).unwrap().store("s").schema, schema);
    let beside = StoreSchema { auto_increment: true, ..StoreSchema::default() };
    assert!(written(&beside, &[]).contains(r#""schema":"++","#));
    assert_eq!(read(written(&beside, &[]).as_bytes()).unwrap().store("s").schema, beside);
    let own = written(&in_line(""), &[(Key::Number(5.0), Value::from(5.0))]);
    assert!(own.contains(r#""schema":"","#) && own.contains(r#""inbound":false"#), "{own}");
}

#[test]
fn what_the_importer_would_spoil_is_left_out() {
    let long = "x".repeat(10 * 1024 * 1024 + 1);
    let cases = [
        (r#"{"a":[{"$idb":"cryptokey","opaque":true,"fp":"f"}]}"#.to_owned(), Some(LeftOut::CryptoKey)),
        (r#"{"a":{"$idb":"filelist","files":[]}}"#.to_owned(), Some(LeftOut::FileList)),
        (r#"{"$types":1}"#.to_owned(), Some(LeftOut::ReservedName)),
        (r#"{"a":{"$types":1}}"#.to_owned(), None),
        (r#"{"a":{"incomplete":1}}"#.to_owned(), Some(LeftOut::ReservedName)),
        (r#"{"a":{"__proto__":1}}"#.to_owned(), Some(LeftOut::ReservedName)),
        (r#"{"a":{"":[]}}"#.to_owned(), Some(LeftOut::EmptyName)),
        (r#"{"a":{"":{"b":"c"}}}"#.to_owned(), None),
        (r#"{"a":{"$idb":"array","len":200000,"i":{},"p":{}}}"#.to_owned(), Some(LeftOut::Holes)),
        (format!(r#"{{"a":"{long}"}}"#), Some(LeftOut::TooLong)),
        (r#"{"$idb":"graph","v":{"a":{"$idb":"ref","id":0},"m":{"$idb":"map","v":[[1,{"$idb":"ref","id":0}]]}},"defs":[{}]}"#.to_owned(), Some(LeftOut::Shared)),
        (r#"{"$idb":"graph","v":{"a":{"$idb":"ref","id":0},"b":{"$idb":"ref","id":0}},"defs":[{}]}"#.to_owned(), None),
        (r#"{"$idb":"graph","v":{"a":{"$idb":"view","kind":"Uint8Array","buf":{"$idb":"ref","id":0},"off":0,"len":0},"b":{"$idb":"ref","id":0}},"defs":[{"$idb":"arraybuffer","v":""}]}"#.to_owned(), Some(LeftOut::Shared)),
        (r#"{"a":{"$idb":"error","name":"Error","message":"m"}}"#.to_owned(), None),
    ];
    for (json, expected) in cases {
        assert_eq!(dexie_leaves_out(&typed(&json)), expected, "{}", json.get(..80).unwrap_or(&json));
    }
}

#[test]
fn a_blob_whose_bytes_are_elsewhere_is_an_error() {
    let blob = typed(&format!(r#"{{"$idb":"blob","type":"","size":1,"sha256":"{}"}}"#, "ab".repeat(32)));
    let mut writer = DexieWriter::new(Vec::new(), "d", 10, &[("s".into(), StoreSchema::default(), 1)]).unwrap();
    writer.begin_store().unwrap();
    let failed = writer.record(&Key::Number(1.0), &blob);
    assert!(matches!(failed, Err(WriteExportError::BlobElsewhere { ref sha256 }) if *sha256 == "ab".repeat(32)));
}

#[test]
fn a_database_version_is_a_tenth_of_its_own() {
    for version in [1, 7, 10, 30, 123] {
        let bytes = DexieWriter::new(Vec::new(), "d", version, &[]).unwrap().finish().unwrap();
        assert_eq!(read(&bytes).unwrap().databases[0].1, Some(version));
    }
    assert_eq!(read(dexie_file("id", true, &[]).as_bytes()).unwrap().databases[0].1, Some(10));
}
