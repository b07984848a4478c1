//! Files to the letter of the interface.

use anabranch_core::json::read_value;
use anabranch_core::{Author, Edit, Key, Value};
use anabranch_sink_files::{Format, Mode};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::stores::{Place, document, edit, key, put, table};

fn value(json: &str) -> Value {
    read_value(json.as_bytes()).unwrap()
}

/// One value of each kind that a column may hold.
const EVERY_KIND: &str = r#"{"_heads":"h","_key":1,"_valued":true,"a":"","b":"x,\"y\"","c":-7,"d":0.5,"e":false,
    "f":{"$idb":"date","v":"2026-11-21T10:00:00.000Z"},"g":{"$idb":"arraybuffer","v":"AAEC"},"h":{"i":1,"j.k":{"l":"=1+1"}},
    "m":[1,2],"n":[1,"a"],"o":{"$idb":"bigint","v":"5"},"p":{"$idb":"set","v":[1]},"q":null,"r":[{"s":1}]}"#;

fn schema(place: &Place, file: &str) -> Vec<String> {
    let temporary = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut &temporary, &place.read(file)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(temporary).unwrap();
    reader.schema().fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect()
}

#[test]
fn parquet_types_are_those_of_the_interface() {
    let place = Place::new(Format::Parquet, Mode::Changes);
    let document = document([(key(1), value(EVERY_KIND)), (key(2), "no object".into())]);
    place.deliver(&[(table("s"), &document)]).unwrap();
    let is = place.table(&table("s"));
    let expected = [
        "_key: Utf8",
        "_op: Utf8",
        "_origin: Utf8",
        "__heads: Utf8",
        "__key: Int64",
        "__valued: Boolean",
        "a: Utf8",
        "b: Utf8",
        "c: Int64",
        "d: Float64",
        "e: Boolean",
        "f: Timestamp(ms, \"UTC\")",
        "g: Binary",
        "h: Struct(\"i\": Int64, \"j.k\": Struct(\"l\": Utf8))",
        "m: List(Int64)",
        "n: Utf8",
        "o: Utf8",
        "p: Utf8",
        "q: Utf8",
        "r: List(Struct(\"s\": Int64))",
        "_value: Utf8",
        "_heads: Utf8",
    ];
    assert_eq!(schema(&place, &is.files[0]), expected);
    let conflicts = ["_key: Utf8", "field: Utf8", "kind: Utf8", "shown: Utf8", "others: Utf8", "policy: Utf8"];
    assert_eq!(schema(&place, &is.conflicts[0]), conflicts);
}

#[test]
fn csv_is_for_machines() {
    let place = Place::new(Format::Csv, Mode::Current);
    let record = value(EVERY_KIND);
    place
        .deliver(&[(
            table("s"),
            &document([(key(1), record), (Key::String("o'k".into()), Value::object([("a", "-1".into())]))]),
        )])
        .unwrap();
    let text = String::from_utf8(place.read(&place.table(&table("s")).files[0])).unwrap();
    let expected = [
        r#"_key,__heads,__key,__valued,a,b,c,d,e,f,g,h.i,h.j\.k.l,m,n,o,p,q,r"#,
        r#"1,h,1,true,"","x,""y""",-7,0.5,false,2026-11-21T10:00:00.000Z,"{""$idb"":""arraybuffer"",""v"":""AAEC""}",1,=1+1,"[1,2]","[1,""a""]","{""$idb"":""bigint"",""v"":""5""}","{""$idb"":""set"",""v"":[1]}",,"[{""s"":1}]""#,
        r#""""o'k""",,,,-1,,,,,,,,,,,,,,"#,
    ];
    assert_eq!(text.split_terminator("\r\n").collect::<Vec<_>>(), expected);
}

#[test]
fn lines_are_records_or_record_changes_that_are_a_debezium_envelope() {
    let [current, changes] = [Mode::Current, Mode::Changes].map(|mode| Place::new(Format::Jsonl, mode));
    let mut document = document([(key(1), value(r#"{"n":1}"#)), (key(2), value("2"))]);
    changes.deliver(&[(table("s"), &document)]).unwrap();
    put(&mut document, "second", [(key(1), value(r#"{"n":{"$idb":"bigint","v":"1"}}"#))]);
    let base = document.known(&document.heads()).unwrap();
    document.change_at(&base, &[Edit::Delete { key: key(2) }], &Author::run("r1", "job")).unwrap();
    changes.deliver(&[(table("s"), &document)]).unwrap();
    current.deliver(&[(table("s"), &document)]).unwrap();

    let text = |place: &Place| {
        let is = place.table(&table("s"));
        let text = String::from_utf8(place.read(is.files.last().unwrap())).unwrap();
        text.replace(&document.heads().to_string(), "HEADS")
    };
    assert_eq!(text(&current), "{\"key\":1,\"value\":{\"n\":{\"$idb\":\"bigint\",\"v\":\"1\"}}}\n");
    let source = r#""source":{"connector":"anabranch","db":"shop","table":"s","snapshot":"false"},"ts_ms":null,"transaction":null"#;
    let expected = [
        r#"{"store":"s","key":1,"op":"u","before":{"n":1},"after":{"n":{"$idb":"bigint","v":"1"}},"origin":"person","heads":["HEADS"],SOURCE}"#,
        r#"{"store":"s","key":2,"op":"d","before":2,"after":null,"origin":"job","heads":["HEADS"],SOURCE}"#,
    ];
    assert_eq!(text(&changes).lines().collect::<Vec<_>>(), expected.map(|line| line.replace("SOURCE", source)));
}

#[test]
fn a_conflict_is_a_line_and_a_row() {
    let mut document = document([(key(1), value(r#"{"n":1}"#))]);
    let base = document.known(&document.heads()).unwrap();
    edit(&mut document, "second", &[Edit::Put { key: Some(key(1)), value: value(r#"{"n":2}"#) }]);
    let late = Edit::Put { key: Some(key(1)), value: value(r#"{"n":3}"#) };
    document.change_at(&base, &[late], &Author::run("r1", "job")).unwrap();
    for format in crate::stores::FORMATS {
        let place = Place::new(format, Mode::Current);
        place.deliver(&[(table("s"), &document)]).unwrap();
        let rows = place.rows(&place.table(&table("s")).conflicts[0]);
        assert_eq!(rows.len(), 1, "{format:?}");
        let typed = |name: &str| match (format, &rows[0].cells[name]) {
            (Format::Jsonl, cell) => cell.clone(),
            (_, Value::String(text)) => value(text.as_str().unwrap()),
            (_, other) => panic!("{name} is {other:?}"),
        };
        assert_eq!(rows[0].text("_key"), Some("1"));
        assert_eq!(typed("field"), Value::Array(vec!["n".into()]));
        assert_eq!((rows[0].text("kind"), rows[0].text("policy")), (Some("value"), Some("last_writer")));
        let Value::Array(others) = typed("others") else { panic!("others are a list") };
        let Value::Object(other) = &others[0] else { panic!("another is an object") };
        let mut both = [typed("shown"), other.get("value").unwrap().clone()].map(|value| format!("{value:?}"));
        both.sort();
        assert_eq!(both, [value("2"), value("3")].map(|value| format!("{value:?}")), "{format:?}");
        assert!(other.get("replica").is_some() && other.get("change").is_some());
    }
}
