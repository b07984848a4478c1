//! Damaged, filtered and hostile files.

use std::collections::BTreeMap;

use anabranch_core::json::{Json, Lexer};
use anabranch_core::{JsString, KeyPath, StoreSchema};
use anabranch_indexeddb::{Export, Format, ReadError, ReadExportError, ReadOptions, SnapshotVisitor, Want};
use proptest::prelude::*;

use crate::reading::{dexie_file, read, read_with};

const TODO: &str = include_str!("../data/dexie-todo-app.json");
const ALL_TYPES: &str = include_str!("../data/dexie-all-types.json");
const SKIPPED: &str = include_str!("../data/dexie-todo-app.skiptables.json");
const PLAYWRIGHT: &str = include_str!("../data/playwright-storage-state.json");
const PLAIN: &str = include_str!("../data/indexeddb-export-import-todo-app.json");
const PLAIN_DEMO: &str = include_str!("../data/indexeddb-export-import-demo.json");

fn message(text: &str) -> String {
    read(text.as_bytes()).map(|contents| format!("{contents:?}")).expect_err(text).to_string()
}

fn in_line(key_path: &str) -> StoreSchema {
    StoreSchema { key_path: Some(KeyPath::Single(key_path.into())), ..StoreSchema::default() }
}

fn given(stores: &[(&str, StoreSchema)]) -> ReadOptions {
    let schemas: BTreeMap<_, _> = stores.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    ReadOptions { schemas, database: Some("todo".into()) }
}

#[test]
fn a_byte_order_mark_and_white_space_are_no_damage() {
    assert_eq!(read(format!("\u{feff} \n{TODO}\r\n").as_bytes()).unwrap(), read(TODO.as_bytes()).unwrap());
}

#[test]
fn a_table_that_was_skipped_is_unknown_and_an_empty_one_is_empty() {
    let contents = read(SKIPPED.as_bytes()).unwrap();
    let names: Vec<&str> = contents.stores.iter().map(|store| store.name.as_str()).collect();
    assert_eq!(names, ["todos", "projects", "settings"]);
    assert_eq!((contents.store("todos").records.len(), contents.store("todos").complete), (0, Some(true)));
}

#[test]
fn a_filtered_table_is_incomplete() {
    let text = dexie_file("id", true, &[r#"{"id":1}"#]).replace("\"rowCount\":1", "\"rowCount\":3");
    assert_eq!(read(text.as_bytes()).unwrap().store("s").complete, Some(false));
    // The exporter's own slip, where nothing of the last chunk survived the filter.
    let text = text.replace(r#"{"id":1}]"#, r#"{"id":1},]"#);
    let contents = read(text.as_bytes()).unwrap();
    assert_eq!((contents.store("s").records.len(), contents.store("s").complete), (1, Some(false)));
}

#[test]
fn repeated_names_are_read_as_javascript_reads_them() {
    let text = dexie_file("id", true, &[r#"{"id":1,"d":7,"d":5,"id":2,"$types":{"d":"date"}}"#]);
    let contents = read(text.as_bytes()).unwrap();
    let expected = anabranch_core::json::read_value(br#"{"id":2,"d":{"$idb":"date","v":"1970-01-01T00:00:00.005Z"}}"#);
    assert_eq!(contents.store("s").records[0].1, expected.unwrap());
}

#[test]
fn what_is_missing_is_named_with_file_and_place() {
    let good = dexie_file("id", true, &[r#"{"id":1}"#]);
    let cases = [
        (r#""databaseVersion":1,"#, "", "databaseVersion"),
        (r#""databaseVersion":1,"#, r#""databaseVersion":0,"#, "databaseVersion"),
        (r#""databaseVersion":1,"#, r#""databaseVersion":"1","#, "databaseVersion"),
        (r#""databaseName":"d","#, "", "databaseName"),
        (r#","rowCount":1"#, "", "data.tables"),
        (r#""tableName":"s","#, "", "tableName"),
        (r#""tableName":"s""#, r#""tableName":"t""#, "data.tables"),
        (r#""inbound":true,"#, "", "inbound"),
        (r#","rows":[{"id":1}]"#, "", "rows"),
        (r#"{"tableName":"s","inbound":true,"rows":[{"id":1}]}"#, "", "rows of a table"),
        (r#"{"id":1}"#, "{}", "row 0"),
        (r#"{"id":1}"#, "[1]", "row 0"),
        (r#"{"id":1}"#, r#"{"id":null}"#, "row 0"),
        (r#"{"id":1}"#, r#"{"id":1,"$types":5}"#, "row 0"),
    ];
    for (from, to, what) in cases {
        assert!(good.contains(from), "{from}");
        let said = message(&good.replace(from, to));
        assert!(said.contains(what) && said.contains("byte "), "{from} → {to}: {said}");
    }
}

#[test]
fn files_of_other_kinds_are_told_apart() {
    for text in [
        "",
        "[]",
        "5",
        "{}",
        r#"{"a":1}"#,
        r#"{"formatName":"other"}"#,
        r#"{"formatName":"dexie","formatVersion":2}"#,
        "PK\u{3}\u{4}",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
    let format = |text: &str, options: &ReadOptions| read_with(text.as_bytes(), options).unwrap().0;
    assert_eq!(format(TODO, &ReadOptions::default()), Format::Dexie);
    assert_eq!(format(PLAYWRIGHT, &ReadOptions::default()), Format::Playwright);
    let said = message(r#"{"cookies":[],"origins":[]}"#);
    assert!(said.contains("indexedDB"), "{said}");
}

fn quoted(text: impl Into<JsString>) -> String {
    format!("\"{}\"", text.into().units().map(|unit| format!("\\u{unit:04x}")).collect::<String>())
}

/// The text of a tree, members in the order of their names.
fn sorted(json: &Json) -> String {
    match json {
        Json::Null => "null".into(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => quoted(text.clone()),
        Json::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            members.sort();
            let members = members.into_iter().map(|(name, value)| format!("{}:{value}", quoted(name)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

/// A file whose members somebody sorted, as `jq -S` does: everything comes behind what it explains.
#[test]
fn a_dexie_file_is_read_in_whatever_order_its_members_come() {
    let as_written = dexie_file("id", true, &[r#"{"id":1,"when":5,"$types":{"when":"date"}}"#, r#"{"id":2}"#]);
    let data_first = r#"{"data":{"data":[{"inbound":true,"rows":[{"$types":{"when":"date"},"id":1,"when":5},{"id":2}],"tableName":"s"}],"databaseName":"d","databaseVersion":1,"tables":[{"name":"s","rowCount":2,"schema":"id"}]},"formatName":"dexie","formatVersion":1}"#;
    let (format, contents) = read_with(data_first.as_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!((format, &contents), (Format::Dexie, &read(as_written.as_bytes()).unwrap()));
    assert_eq!(contents.store("s").complete, Some(true));
    for fixture in [TODO, SKIPPED, ALL_TYPES] {
        let sorted = sorted(&Lexer::new(fixture.as_bytes(), 99).value().unwrap());
        assert!(sorted.starts_with(&format!(r#"{{{}:{{{}:[{{"#, quoted("data"), quoted("data"))), "{sorted:.99}");
        let (format, contents) = read_with(sorted.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!((format, contents), (Format::Dexie, read(fixture.as_bytes()).unwrap()));
    }
    // What comes late still decides.
    let other = data_first.replace(r#""formatName":"dexie""#, r#""formatName":"other""#);
    assert!(message(&other).contains("not an export that can be read"));
    assert!(message(&data_first.replace(r#","tableName":"s""#, "")).contains("tableName or inbound is missing"));
    assert!(message(&data_first.replace(r#""databaseName":"d","#, "")).contains("data.databaseName is missing"));
    assert!(message(r#"{"data":{"data":[]}}"#).contains("not an export that can be read"));
    assert!(message(r#"{"data":{"data":[{"rows":[1,2"#).contains("byte 29"));
    for (member, again) in [
        ("data", data_first.replace(r#","formatName""#, r#","data":{},"formatName""#)),
        ("data.data", data_first.replace(r#","databaseName""#, r#","data":[],"databaseName""#)),
        ("rows", as_written.replace(r#""rows":["#, r#""rows":[],"rows":["#)),
    ] {
        assert!(message(&again).ends_with(&format!("{member} is there twice")), "{}", message(&again));
    }
    let twice = as_written.replace(r#"}]}}"#, r#","tableName":"t"}]}}"#);
    assert!(message(&twice).contains("tableName or inbound"));
}

#[test]
fn the_plain_format_needs_a_schema_and_has_no_keys_beside_values() {
    let stores = ["todos", "files", "projects", "settings"].map(|name| (name, in_line("id")));
    assert!(matches!(read(PLAIN.as_bytes()), Err(ReadExportError::SchemaNeeded { .. })));
    let beside = [&stores[..3], &[("settings", StoreSchema::default())]].concat();
    let refused = read_with(PLAIN.as_bytes(), &given(&beside));
    assert!(matches!(refused, Err(ReadExportError::KeysLost { ref store, .. }) if store == "settings"), "{refused:?}");
    let without = PLAIN.split(",\"settings\"").next().unwrap().to_owned() + "}";
    let (_, contents) = read_with(without.as_bytes(), &given(&stores)).unwrap();
    assert_eq!(contents.databases[0].0, "todo");
    assert_eq!(contents.store("projects").get("p1").type_name(), "object");
    // An object that looks like typed JSON is itself.
    let own = br#"{"todos":[{"id":"k","v":{"$idb":"undefined"}}]}"#;
    let (_, contents) = read_with(own, &given(&stores)).unwrap();
    let expected = anabranch_core::json::read_value(br#"{"id":"k","v":{"$$idb":"undefined"}}"#).unwrap();
    assert_eq!(*contents.store("todos").get("k"), expected);
    let demo = given(&[("notes", in_line("id")), ("empty", in_line("id")), ("settings", in_line("v"))]);
    let refused = read_with(PLAIN_DEMO.as_bytes(), &demo).map(|_| ()).expect_err("a record without a key");
    assert!(refused.to_string().contains("row 1"), "{refused}");
}

#[test]
fn a_playwright_file_is_read_whole() {
    let contents = read(PLAYWRIGHT.as_bytes()).unwrap();
    assert_eq!(contents.databases, [("demo".to_owned(), Some(3), vec!["inline".to_owned(), "out".to_owned()])]);
    let inline = contents.store("inline");
    assert!(inline.schema.auto_increment && inline.schema.indexes[0].unique && inline.schema.indexes[1].multi_entry);
    assert_eq!(inline.schema.indexes[0].key_path, KeyPath::Compound(vec!["a".into(), "b".into()]));
    let expected = br#"{"a":1,"b":"x","t":["p","q"],"d":{"$idb":"date","v":"1970-01-01T00:00:00.005Z"},"big":{"$idb":"bigint","v":"5"},
        "n":null,"u":{"$idb":"undefined"},"nan":{"$idb":"number","v":"NaN"},"nz":{"$idb":"number","v":"-0"},
        "re":{"$idb":"regexp","source":"x","flags":"gi"},"err":{"$idb":"error","name":"Error","message":"e"},
        "map":{"$idb":"map","v":[[1,2]]},"u8":{"$idb":"view","kind":"Uint8Array","v":"AQID"},"plain":{"z":1},"id":1}"#;
    assert_eq!(inline.records[0].1, anabranch_core::json::read_value(expected).unwrap());
    let keys: Vec<String> =
        contents.store("out").records.iter().map(|(key, _)| anabranch_core::json::key_to_string(key)).collect();
    assert_eq!(keys[2], r#"["k",1,{"$idb":"date","v":"1970-01-01T00:00:00.007Z"}]"#);
}

#[test]
fn playwright_values_may_be_shared_cyclic_and_invalid_dates() {
    let file = |value: &str| {
        format!(
            r#"{{"cookies":[],"origins":[{{"origin":"o","indexedDB":[{{"name":"d","version":1,"stores":[{{"name":"s","autoIncrement":false,"records":[{{"key":"k","valueEncoded":{value}}}],"indexes":[]}}]}}]}}]}}"#
        )
    };
    let cases = [
        (r#"{"o":[{"k":"d","v":{"d":null}}],"id":1}"#, r#"{"d":{"$idb":"date","v":null}}"#),
        (
            r#"{"o":[{"k":"me","v":{"ref":1}}],"id":1}"#,
            r#"{"$idb":"graph","v":{"$idb":"ref","id":0},"defs":[{"me":{"$idb":"ref","id":0}}]}"#,
        ),
        (
            r#"{"o":[{"k":"a","v":{"a":[],"id":2}},{"k":"b","v":{"ref":2}}],"id":1}"#,
            r#"{"$idb":"graph","v":{"a":{"$idb":"ref","id":0},"b":{"$idb":"ref","id":0}},"defs":[[]]}"#,
        ),
        (r#"{"se":[{"v":"Infinity"}],"id":1}"#, r#"{"$idb":"set","v":[{"$idb":"number","v":"Infinity"}]}"#),
    ];
    for (value, expected) in cases {
        let contents = read(file(value).as_bytes()).unwrap();
        assert_eq!(
            *contents.store("s").get("k"),
            anabranch_core::json::read_value(expected.as_bytes()).unwrap(),
            "{value}"
        );
    }
    for value in [r#"{"ref":7}"#, r#"{"x":1}"#, "[]", r#"{"v":"none"}"#, r#"{"ta":{"b":"%","k":"ui8"}}"#] {
        assert!(message(&file(value)).contains("store \"s\", row 0"), "{value}");
    }
}

/// A file that ends anywhere but at its end is an error that names the file and a byte, never half a database.
#[test]
fn a_file_that_is_cut_off_anywhere_is_an_error_with_its_place() {
    let options = given(&[("todos", in_line("id")), ("files", in_line("id")), ("projects", in_line("id"))]);
    let plain = PLAIN.split(",\"settings\"").next().unwrap().to_owned() + "}";
    let playwright: String = PLAYWRIGHT.lines().map(str::trim_start).collect();
    for text in [TODO, &plain, &playwright] {
        let text = text.trim_end().as_bytes();
        assert!(read_with(text, &options).is_ok());
        for end in 0..text.len() {
            let said = read_with(&text[..end], &options).expect_err("a part of a file").to_string();
            assert!(said.contains("/") && (said.contains("byte ") || end < 16), "{end}: {said}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_are_read_or_refused(which in 0usize..3, edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..4)) {
        let mut bytes = [TODO, PLAYWRIGHT, PLAIN][which].as_bytes().to_vec();
        for (place, byte, kind) in edits {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"{}[]\",:0-\\#~."[byte as usize % 13]),
            }
        }
        let options = given(&[("todos", in_line("id")), ("files", in_line("id")), ("projects", in_line("id")), ("settings", in_line("id"))]);
        drop(read_with(&bytes, &options));
    }
}

#[test]
fn one_row_takes_no_more_memory_than_a_record_may() {
    for part in ["0,", "{},"] {
        let row = format!("{{\"id\":1,\"v\":[{}0]}}", part.repeat(9_000_000));
        let refused = message(&dexie_file("id", true, &[&row]));
        assert!(refused.contains("a value of more than 8388608 parts"), "{refused}");
    }
    // What is nothing to us is passed over, whatever its size.
    let beside = format!(r#"{{"formatName":"dexie","beside":[{}0],"#, "0,".repeat(9_000_000));
    let text = dexie_file("id", true, &[r#"{"id":1}"#]).replace(r#"{"formatName":"dexie","#, &beside);
    assert_eq!(read(text.as_bytes()).unwrap().store("s").records.len(), 1);
}

#[test]
fn hostile_sizes_are_refused_or_cost_what_they_weigh() {
    let deep = dexie_file("id", true, &[&format!("{{\"id\":1,\"v\":{}", "[".repeat(1_000_000))]);
    assert!(message(&deep).contains("levels"));
    let number = dexie_file("id", true, &[&format!("{{\"id\":1,\"v\":{}}}", "9".repeat(1_000_000))]);
    assert!(read(number.as_bytes()).is_ok());
    let exponent = dexie_file("id", true, &[r#"{"id":1,"v":1e99999999999999999999,"w":-1e-99999999999999999999}"#]);
    assert!(read(exponent.as_bytes()).is_ok());
    let long = dexie_file("id", true, &[&format!("{{\"id\":1,\"v\":\"{}\"}}", "x".repeat(4_000_000))]);
    assert!(read(long.as_bytes()).is_ok());
    let sparse =
        dexie_file("id", true, &[r#"{"id":1,"v":{"0":1,"length":4294967295},"$types":{"v":"arrayNonindexKeys"}}"#]);
    assert!(read(sparse.as_bytes()).is_ok());
    let length = dexie_file(
        "id",
        true,
        &[
            r#"{"id":1,"v":{"buffer":"","byteOffset":9007199254740991,"length":9007199254740991},"$types":{"v":"float64array2","v.buffer":"arraybuffer"}}"#,
        ],
    );
    assert!(message(&length).contains("float64array2"));
}

/// Counts what it is told and keeps nothing.
#[derive(Default)]
struct Watch {
    records: u64,
    told: Vec<(u64, u64)>,
}

impl SnapshotVisitor for Watch {
    type Error = &'static str;

    fn store(&mut self, name: &str, _schema: &StoreSchema, _rows: Option<u64>) -> Result<Want, Self::Error> {
        Ok(if name == "skip" { Want::Skip } else { Want::Records })
    }

    fn record(&mut self, _key: anabranch_core::Key, _value: anabranch_core::Value) -> Result<(), Self::Error> {
        self.records += 1;
        if self.records == 20_000 { Err("enough") } else { Ok(()) }
    }

    fn progress(&mut self, read: u64, total: u64) {
        self.told.push((read, total));
    }
}

#[test]
fn a_long_file_tells_how_far_it_is_and_stops_when_the_visitor_does() {
    let rows: Vec<String> = (0..30_000).map(|id| format!("{{\"id\":{id},\"text\":\"{}\"}}", "x".repeat(200))).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let text = dexie_file("id", true, &rows);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("long.json");
    std::fs::write(&path, &text).unwrap();
    let export = Export::open(&path, &ReadOptions::default()).unwrap();
    let mut watch = Watch::default();
    assert!(matches!(export.read(&mut watch), Err(ReadError::Visitor("enough"))));
    assert!(watch.told.len() >= 3 && watch.told.is_sorted(), "{:?}", watch.told);
    assert!(watch.told.iter().all(|(read, total)| *total == text.len() as u64 && read < total));
    std::fs::write(&path, text.replace("\"s\"", "\"skip\"")).unwrap();
    let mut watch = Watch::default();
    Export::open(&path, &ReadOptions::default()).unwrap().read(&mut watch).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(watch.records, 0);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Export::open("no/such/file.json", &ReadOptions::default()).expect_err("no file").to_string();
    assert!(error.contains("no/such/file.json"), "{error}");
}
