//! Large keys, names and records: taken up to a named limit, refused above it, and nothing else of the run harmed.

use anabranch_core::{Author, Commit, Document, Edit, Key, Value, limits};

fn put(document: &mut Document, key: Key, value: Value) -> Commit {
    let base = document.known(&document.heads()).unwrap();
    document.change_at(&base, &[Edit::Put { key: Some(key), value }], &Author::person("desk")).unwrap()
}

fn text(length: usize) -> String {
    "k".repeat(length)
}

/// Why the only row was refused.
fn reason(commit: &Commit) -> String {
    assert_eq!((commit.receipt.refused, commit.changes.len()), (1, 0));
    commit.receipt.details[0].refusal.as_ref().unwrap().to_string()
}

#[test]
fn a_key_of_a_megabyte_is_a_key_like_any_other() {
    let key = Key::String(text(1_000_000).as_str().into());
    let mut document = Document::new();
    put(&mut document, key.clone(), Value::object([("x", Value::from("1"))]));
    put(&mut document, key.clone(), Value::object([("x", Value::from("2"))]));
    let mut other = Document::new();
    let outcome = other.apply(document.change_bytes().map(|change| change.bytes));
    assert_eq!((outcome.applied.len(), outcome.refused), (2, vec![]));
    assert_eq!(other.view().get(&key), Some(Value::object([("x", Value::from("2"))])));
}

#[test]
fn a_key_above_its_limit_is_refused_by_name() {
    let mut document = Document::new();
    // Its kind before it and its end behind it.
    let longest = limits::KEY_BYTES_MAX - 2;
    let commit = put(&mut document, Key::String(text(longest).as_str().into()), Value::Null);
    assert_eq!(commit.receipt.applied, 1);
    let commit = put(&mut document, Key::String(text(longest + 1).as_str().into()), Value::Null);
    assert_eq!(reason(&commit), "a record of over 2097152 key bytes is refused");
}

#[test]
fn a_field_name_above_its_limit_is_refused_by_name() {
    let mut document = Document::new();
    let record = |length: usize| Value::object([(text(length).as_str(), Value::Null)]);
    // The key goes before it, and a dot.
    let longest = limits::NAME_BYTES_MAX - 64 - anabranch_core::testing::creation_key(&Key::Number(1.0)).len() - 1;
    assert_eq!(put(&mut document, Key::Number(1.0), record(longest)).receipt.applied, 1);
    let commit = put(&mut document, Key::Number(1.0), record(longest + 1));
    assert_eq!(reason(&commit), "a record of over 4194240 bytes in a field's name is refused");
}

#[test]
fn a_record_of_sixty_four_megabytes_is_refused_by_name() {
    let mut document = Document::new();
    let commit = put(&mut document, Key::Number(1.0), Value::from(text(limits::RECORD_BYTES_MAX).as_str()));
    assert_eq!(reason(&commit), "a record of over 67108864 bytes is refused");
    assert_eq!(document.change_count(), 0);
}
