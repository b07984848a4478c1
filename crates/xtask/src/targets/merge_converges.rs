//! Histories from bytes: three replicas in two directories, which end alike in every order.

use std::collections::BTreeMap;

use anabranch_core::testing::{raw_registers, raw_sequences};
use anabranch_core::{CaptureKind, Document, FieldPath, FieldPolicy, Heads, Key, StoreSchema, StoreSnapshot, Value};

const REPLICAS: usize = 3;
const DIRECTORIES: usize = 2;
/// Fields that merge letter by letter and element by element.
const TEXT: &str = "z";
const LIST: &str = "w";

#[derive(Clone, Default)]
struct Replica {
    records: BTreeMap<Key, Value>,
    baseline: Option<Heads>,
}

/// Each pair of bytes is a step; then all directories are merged, in both orders.
pub fn merge_converges(bytes: &[u8]) {
    let mut replicas = vec![Replica::default(); REPLICAS];
    let mut directories = vec![Document::new(); DIRECTORIES];
    for (step, argument) in bytes.as_chunks::<2>().0.iter().map(|[step, argument]| (*step, *argument)) {
        let at = usize::from(step >> 4) % REPLICAS;
        let home = at % DIRECTORIES;
        let (Some(replica), Some(directory)) = (replicas.get_mut(at), directories.get_mut(home)) else { return };
        let key = Key::Number(f64::from(argument & 3));
        match step & 15 {
            0..=6 => replica.set(key, argument >> 2),
            7 | 8 => drop(replica.records.remove(&key)),
            9..=12 => replica.capture(&format!("replica {at}"), directory),
            13 => {
                replica.records = directory.view().records().map(|record| (record.key, record.value)).collect();
                replica.baseline = Some(directory.heads());
            }
            _ => {
                let changes: Vec<_> = directory.change_bytes().map(|change| change.bytes).collect();
                if let Some(other) = directories.get_mut(1 - home) {
                    other.apply(changes);
                }
            }
        }
    }
    let merge = |order: &mut dyn Iterator<Item = &Document>| {
        let mut merged = Document::new();
        for document in order {
            let outcome = merged.apply(document.change_bytes().map(|change| change.bytes));
            assert_eq!((outcome.refused, outcome.waiting), (Vec::new(), 0), "an honest directory is whole");
        }
        merged
    };
    let (one, other) = (merge(&mut directories.iter()), merge(&mut directories.iter().rev()));
    assert_eq!(one.heads(), other.heads());
    assert_eq!(raw_registers(&one), raw_registers(&other));
    assert_eq!(raw_sequences(&one), raw_sequences(&other));
    assert!(one.view().records().eq(other.view().records()));
}

impl Replica {
    /// Sets one of two fields to one of a few values, an object among them, or edits the text or the list.
    fn set(&mut self, key: Key, argument: u8) {
        let record = self.records.entry(key).or_insert_with(|| Value::object([]));
        let Value::Object(record) = record else { return };
        let (name, edit) = (["x", "y", TEXT, LIST].into_iter().nth(usize::from(argument & 3)), argument >> 2);
        let Some(name) = name else { return };
        let value = match (name, record.get(name)) {
            (TEXT, Some(Value::String(text))) => edited_text(text.as_str().unwrap_or_default(), edit),
            (TEXT, _) => edited_text("", edit),
            (LIST, Some(Value::Array(list))) => edited_list(list, edit),
            (LIST, _) => edited_list(&[], edit),
            _ => match edit {
                0 => Value::object([]),
                1 => Value::object([("in", Value::Number(1.0))]),
                2 => Value::Array(vec![Value::Number(2.0)]),
                number => Value::Number(f64::from(number)),
            },
        };
        record.insert(name.into(), value);
    }

    fn capture(&mut self, name: &str, directory: &mut Document) {
        let kind = match &self.baseline {
            None => CaptureKind::First,
            Some(heads) => CaptureKind::Next {
                baseline: directory.known(heads).expect("the directory made this baseline"),
                left_out: Default::default(),
            },
        };
        let records = self.records.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let fields = [(TEXT, FieldPolicy::Text), (LIST, FieldPolicy::List)];
        let fields = fields.map(|(name, policy)| (FieldPath(vec![name.into()]), policy)).into();
        let schema = StoreSchema { fields, ..StoreSchema::default() };
        let snapshot = StoreSnapshot { name: "s".into(), schema, complete: true, records };
        let commit = directory.capture_store(name, kind, &snapshot).expect("honest captures are taken");
        self.baseline = Some(commit.own_heads);
    }
}

/// A text with one letter more, or less, somewhere.
fn edited_text(text: &str, edit: u8) -> Value {
    let mut letters: Vec<char> = text.chars().collect();
    let at = usize::from(edit >> 1).min(letters.len());
    match edit & 1 == 1 && at < letters.len() {
        true => drop(letters.remove(at)),
        false => letters.insert(at, char::from(b'a' + edit)),
    }
    Value::String(letters.into_iter().collect::<String>().as_str().into())
}

/// A list with one element more, less or other, somewhere.
fn edited_list(list: &[Value], edit: u8) -> Value {
    let mut list = list.to_vec();
    let at = usize::from(edit >> 2).min(list.len());
    let value = Value::Number(f64::from(edit));
    match (edit & 3, list.get_mut(at)) {
        (3, Some(_)) => drop(list.remove(at)),
        (2, Some(element)) => *element = value,
        _ => list.insert(at, value),
    }
    Value::Array(list)
}
