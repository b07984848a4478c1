//! Contracts: what becomes of values for which a table has no column.

use std::collections::BTreeMap;

use anabranch_core::json::value_to_string;
use anabranch_core::{Document, Edit, Value};
use anabranch_sink::columns::{Contract, Kind, MisfitReason};
use anabranch_sink::{DeliverError, deliver};
use anabranch_sink_files::{FileSink, Format, Mode, Options, SinkError};

use crate::read::record;
use crate::stores::{FORMATS, MODES, Place, document, edit, key, put, table};

/// Two records that make the columns `n` (integers) and `tags` (lists of text).
fn fitting() -> Document {
    let record = |n: f64| Value::object([("n", Value::from(n)), ("tags", Value::Array(vec!["a".into()]))]);
    document([(key(1), record(1.0)), (key(2), record(2.0))])
}

/// Then one of another kind in both, with a property for which there is no column, and one that fits.
fn with_misfits() -> Document {
    let mut document = fitting();
    let tags = Value::Array(vec!["b".into(), Value::from(7.0)]);
    let odd = Value::object([("n", "three".into()), ("tags", tags), ("more", Value::from(true))]);
    put(&mut document, "second", [(key(3), odd), (key(4), Value::object([("n", Value::from(4.0))]))]);
    document
}

/// Delivers what fits, and then what does not.
fn deliver_both(format: Format, mode: Mode, contract: Contract) -> (Place, Result<(), DeliverError<SinkError>>) {
    let place = Place { contract: Some(contract), ..Place::new(format, mode) };
    place.deliver(&[(table("s"), &fitting())]).expect("the first records make the columns");
    let outcome = place.deliver(&[(table("s"), &with_misfits())]).map(drop);
    (place, outcome)
}

/// The records in the newest file, as typed JSON by key.
fn newest(place: &Place) -> BTreeMap<String, String> {
    let is = place.table(&table("s"));
    let rows = place.rows(is.files.last().expect("there are rows"));
    let of = |row| {
        record(&row, place.format, place.mode, &is.columns).map_or("nothing".into(), |value| value_to_string(&value))
    };
    rows.into_iter().map(|row| (row.text("_key").expect("every row has a key").to_owned(), of(row))).collect()
}

/// The dead letters: field, value and reason.
fn letters(place: &Place) -> Vec<String> {
    let files = place.table(&table("s")).dead_letters;
    let text = |value: &Value| match (place.format, value) {
        (Format::Jsonl, value) => value_to_string(value),
        (_, Value::String(text)) => text.to_string_lossy().into_owned(),
        (_, other) => panic!("a dead letter holds {other:?}"),
    };
    let rows = files.iter().flat_map(|file| place.rows(file));
    rows.map(|row| {
        format!("{} {} {}", row.text("_key").unwrap_or_default(), text(&row.cells["field"]), text(&row.cells["value"]))
    })
    .collect()
}

const LETTERS: [&str; 3] = [r#"3 ["more"] true"#, r#"3 ["n"] "three""#, r#"3 ["tags",1] 7"#];

fn sorted(mut letters: Vec<String>) -> Vec<String> {
    letters.sort();
    letters
}

#[test]
fn evolve_widens_columns_and_lets_everything_in() {
    for (format, mode) in FORMATS.into_iter().flat_map(|format| MODES.map(|mode| (format, mode))) {
        let (place, outcome) = deliver_both(format, mode, Contract::Evolve);
        outcome.expect("everything is let in");
        assert_eq!(letters(&place), [""; 0]);
        let columns = place.table(&table("s")).columns;
        let kinds: Vec<(&str, &Kind)> = columns.fields.iter().map(|column| (&*column.name, &column.kind)).collect();
        assert_eq!(kinds, [("n", &Kind::Json), ("tags", &Kind::Json), ("more", &Kind::Bool)]);
    }
}

#[test]
fn freeze_stops_at_the_record_and_changes_nothing() {
    for (format, mode) in FORMATS.into_iter().flat_map(|format| MODES.map(|mode| (format, mode))) {
        let (place, outcome) = deliver_both(format, mode, Contract::Freeze);
        let before = Place { contract: Some(Contract::Freeze), ..Place::new(format, mode) };
        before.deliver(&[(table("s"), &fitting())]).expect("the first records make the columns");
        let Err(DeliverError::Sink(SinkError::Contract { table: name, key, source })) = outcome else {
            panic!("it froze nothing: {outcome:?}");
        };
        assert_eq!((name, key.as_str()), (table("s"), "3"));
        assert_eq!((source.path.as_str(), source.reason), ("more", MisfitReason::NoColumn));
        assert_eq!(place.manifest(), before.manifest());
    }
}

#[test]
fn discard_value_keeps_the_row_without_what_does_not_fit() {
    for (format, mode) in FORMATS.into_iter().flat_map(|format| MODES.map(|mode| (format, mode))) {
        let (place, outcome) = deliver_both(format, mode, Contract::DiscardValue);
        outcome.expect("values are discarded");
        assert_eq!(sorted(letters(&place)), LETTERS);
        let rows = newest(&place);
        assert_eq!(rows.get("3").map(String::as_str), Some(r#"{"tags":["b",null]}"#), "{format:?}");
        assert_eq!(rows.get("4").map(String::as_str), Some(r#"{"n":4}"#));
    }
}

#[test]
fn discard_row_keeps_the_row_out() {
    for (format, mode) in FORMATS.into_iter().flat_map(|format| MODES.map(|mode| (format, mode))) {
        let (place, outcome) = deliver_both(format, mode, Contract::DiscardRow);
        outcome.expect("rows are discarded");
        assert_eq!(sorted(letters(&place)), LETTERS);
        let rows = newest(&place);
        assert!(!rows.contains_key("3") && rows.contains_key("4"), "{format:?}: {rows:?}");
    }
}

#[test]
fn a_contract_is_remembered_and_may_be_given_to_one_table() {
    let place = Place::new(Format::Parquet, Mode::Current);
    let stores = [(table("free"), fitting()), (table("frozen"), fitting())];
    let options = Options { contracts: [(table("frozen"), Contract::Freeze)].into(), ..place.options() };
    let first = stores.each_ref().map(|(name, document)| (name.clone(), document));
    deliver(&mut FileSink::new(place.shelf.clone(), options), &first).expect("the first records make the columns");
    let later = with_misfits();
    place.deliver(&[(table("free"), &later)]).expect("this table may evolve");
    let outcome = place.deliver(&[(table("frozen"), &later)]);
    let Err(DeliverError::Sink(SinkError::Contract { source, .. })) = outcome else { panic!("{outcome:?}") };
    assert_eq!((source.path.as_str(), source.reason), ("more", MisfitReason::NoColumn));
}

#[test]
fn what_a_contract_keeps_out_is_not_told_as_what_was_before() {
    let place = Place { contract: Some(Contract::DiscardValue), ..Place::new(Format::Jsonl, Mode::Changes) };
    let mut document = fitting();
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    put(&mut document, "second", [(key(1), Value::object([("n", "odd".into())]))]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    edit(&mut document, "third", &[Edit::Delete { key: key(1) }]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    let is = place.table(&table("s"));
    let befores: Vec<String> = is
        .files
        .iter()
        .flat_map(|file| place.rows(file))
        .filter(|row| row.text("_key") == Some("1"))
        .map(|row| value_to_string(&row.cells["before"]))
        .collect();
    assert_eq!(befores, ["null", r#"{"n":1,"tags":["a"]}"#, "{}"]);
}
