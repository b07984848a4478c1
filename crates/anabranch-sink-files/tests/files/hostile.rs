//! Records and names that have broken writers of files before.

use std::collections::BTreeSet;
use std::io;

use anabranch_core::{Document, JsString, Key, Value};
use anabranch_sink::columns::{Kind, STRUCT_FIELDS_MAX};
use anabranch_sink::{TableName, deliver};
use anabranch_sink_files::{Destination, FileSink, Format, LocalDirectory, Mode, Revision};

use crate::fidelity::in_every_format;
use crate::shelf::Shelf;
use crate::stores::{FORMATS, MODES, Place, document, key, put, table};

/// Delivers the first half, then all, in every format; what is read back is the records.
fn survive(records: impl IntoIterator<Item = Value>) {
    let records: Vec<(Key, Value)> =
        records.into_iter().enumerate().map(|(at, value)| (key(at as i32), value)).collect();
    let (first, second) = records.split_at(records.len().div_ceil(2));
    in_every_format(first, second, &BTreeSet::from([1]));
}

fn object<V: Into<Value>>(properties: impl IntoIterator<Item = (String, V)>) -> Value {
    Value::Object(properties.into_iter().map(|(name, value)| (JsString::from(name.as_str()), value.into())).collect())
}

fn field(value: impl Into<Value>) -> Value {
    Value::object([("f", value.into())])
}

#[test]
fn ten_thousand_columns_are_one_of_typed_json() {
    let wide = |count: usize| object((0..count).map(|at| (format!("c{at}"), at as f64)));
    survive([wide(STRUCT_FIELDS_MAX), wide(STRUCT_FIELDS_MAX + 1), wide(10_000)]);
    survive([wide(600), wide(3), field(wide(600)), "no object".into()]);
    survive((0..40).map(|from| object((from * 20..from * 20 + 20).map(|at| (format!("sparse{at}"), "x")))));
}

#[test]
fn mixed_kinds_are_typed_json() {
    let kinds = || {
        let list = |items: &[Value]| Value::Array(items.to_vec());
        [
            Value::Null,
            Value::Undefined,
            true.into(),
            1.0.into(),
            0.5.into(),
            "1".into(),
            Value::Date(Some(0)),
            Value::array_buffer(vec![0, 255]),
            list(&[]),
            list(&[1.0.into()]),
            list(&["a".into(), Value::Null, Value::Undefined]),
            list(&[list(&[]), list(&[1.0.into()])]),
            Value::object([]),
            Value::object([("a", 1.0.into())]),
            Value::object([("a", Value::object([("b", Value::Null)]))]),
        ]
    };
    for first in kinds() {
        survive(kinds().into_iter().flat_map(|second| [field(first.clone()), field(second.clone()), second]));
    }
}

#[test]
fn numbers_are_exact_or_tagged() {
    let max = 9_007_199_254_740_991.0;
    survive([0.0, max, -max].map(field));
    survive([max + 1.0, -max - 1.0, 1e300, 5e-324].map(field));
    survive([-0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(field));
    let place = Place::new(Format::Parquet, Mode::Current);
    let records =
        [("int", max), ("double", max + 1.0), ("negative_zero", -0.0)].map(|(name, number)| (name, number.into()));
    place.deliver(&[(table("s"), &document([(key(1), Value::object(records))]))]).expect("it is delivered");
    let kinds: Vec<Kind> = place.table(&table("s")).columns.fields.into_iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [Kind::Double, Kind::Int, Kind::Double], "in the order of their names");
}

#[test]
fn the_first_and_the_last_date_there_is_are_timestamps() {
    let ends = [-8_640_000_000_000_000, 8_640_000_000_000_000, -1, 253_402_300_800_000];
    survive(ends.map(|ms| field(Value::Date(Some(ms)))).into_iter().chain([field(Value::Date(None))]));
}

#[test]
fn lone_surrogates_are_dead_letters_or_tagged() {
    let lone = || Value::String(JsString::from_utf16(&[0x61, 0xd800]));
    let named = Value::Object([(JsString::from_utf16(&[0xdc00]), Value::from(1.0))].into_iter().collect());
    let list = Value::Array(vec!["a".into(), lone(), "b".into()]);
    let deep = Value::object([("in", Value::object([("side", lone())]))]);
    survive([field("text"), field(lone()), named, Value::object([("list", list)]), deep, lone()]);
}

#[test]
fn names_of_columns_are_clear_of_ours_and_of_each_other() {
    let names = [
        "_key",
        "__key",
        "_keys",
        "key",
        "_value",
        "__value",
        "_heads",
        "__heads",
        "_op",
        "__op",
        "_origin",
        "_",
        "__",
        "",
        "a.b",
        "a\\.b",
        "a",
        "A",
        "_KEY",
        "\"",
        ",",
        "\n",
        "\r\n",
        "=1+1",
        "+x",
        "-x",
        "@x",
        "\t",
        "\u{0}",
        "ü",
        "\u{feff}x",
    ];
    let texts = names.map(|name| (name.to_owned(), name));
    survive([object(texts.clone()), field(object(texts)), Value::object([("a", Value::object([("b", 1.0.into())]))])]);
}

#[test]
fn what_nests_deepest_is_read_back_with_its_manifest() {
    let nested =
        |levels: usize, inside: &dyn Fn(Value) -> Value| (1..levels).fold(field(1.0), |value, _| inside(value));
    let objects = nested(64, &|value| field(value));
    let lists = nested(32, &|value| field(Value::Array(vec![value])));
    survive([objects.clone(), objects]);
    survive([lists.clone(), lists]);
}

const NAMES: [&str; 22] = [
    "",
    ".",
    "..",
    "...",
    "/",
    "\\",
    "a/b",
    "../../etc",
    "\u{0}",
    "_",
    "-",
    "%",
    "%2F",
    "%5F",
    "a",
    "A",
    "a__conflicts",
    "A__CONFLICTS",
    "a__dead_letters",
    "Ü 1",
    "con",
    "\u{202e}x",
];

fn named_stores() -> Vec<(TableName, Document)> {
    let long = ["x".repeat(300), "x".repeat(301), "ü".repeat(300), "ü".repeat(299) + "x"];
    let names: Vec<String> = NAMES.map(str::to_owned).into_iter().chain(long).collect();
    let database = |at: usize| names.get(at % 5).cloned().unwrap_or_default();
    let stores = names.iter().enumerate().map(|(at, store)| {
        let name = TableName { database: database(at), store: store.clone() };
        (name, document([(key(1), field(at as f64)), (key(2), field(Value::Date(None)))]))
    });
    stores.collect()
}

fn lent(stores: &[(TableName, Document)]) -> Vec<(TableName, &Document)> {
    stores.iter().map(|(name, document)| (name.clone(), document)).collect()
}

/// As some file systems do.
struct IgnoresCase(Shelf);

impl Destination for IgnoresCase {
    fn name(&self) -> String {
        self.0.name()
    }
    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>> {
        self.0.read(&path.to_ascii_lowercase())
    }
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.write(&path.to_ascii_lowercase(), bytes)
    }
    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision> {
        self.0.replace(&path.to_ascii_lowercase(), bytes, was)
    }
    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        self.0.list(&directory.to_ascii_lowercase())
    }
    fn remove(&mut self, path: &str) -> io::Result<()> {
        self.0.remove(&path.to_ascii_lowercase())
    }
}

#[test]
fn every_store_keeps_its_own_files_whatever_its_name() {
    let mut stores = named_stores();
    for (format, mode) in FORMATS.into_iter().flat_map(|format| MODES.map(|mode| (format, mode))) {
        let place = Place::new(format, mode);
        for round in 0..3 {
            let mut sink = FileSink::new(IgnoresCase(place.shelf.clone()), place.options());
            deliver(&mut sink, &lent(&stores)).expect("it is delivered");
            let named: BTreeSet<String> = sink
                .manifest()
                .tables
                .iter()
                .flat_map(|table| table.all_files().map(|file| file.to_ascii_lowercase()))
                .collect();
            assert_eq!(place.files().into_iter().collect::<BTreeSet<_>>(), named, "{format:?} {mode:?}");
            // One store after the other moves on.
            let (name, document) = &mut stores[round];
            put(document, "later", [(key(3), field(name.store.as_str()))]);
        }
    }
}

#[test]
fn names_stay_inside_a_directory_and_within_its_limits() {
    let around = tempfile::TempDir::new().expect("a temporary directory");
    let place = Place::new(Format::Parquet, Mode::Current);
    let stores = named_stores();
    let mut sink = FileSink::new(LocalDirectory::new(around.path().join("inside")), place.options());
    deliver(&mut sink, &lent(&stores)).expect("the file system takes the names");
    let outside: Vec<_> = std::fs::read_dir(around.path()).expect("it is read").collect();
    assert_eq!(outside.len(), 1);
    for table in &sink.manifest().tables {
        for file in table.all_files() {
            assert!(file.split('/').all(|part| !part.is_empty() && !part.bytes().all(|byte| byte == b'.')), "{file}");
            assert!(around.path().join("inside").join(file).is_file(), "{file}");
        }
    }
    assert_eq!(sink.manifest().tables.len(), stores.len());
}
