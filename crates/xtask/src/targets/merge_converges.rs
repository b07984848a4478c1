//! Histories from bytes: three replicas in two directories, which end alike in every order.

use std::collections::BTreeMap;

use anabranch_core::testing::raw_registers;
use anabranch_core::{CaptureKind, Document, Heads, Key, StoreSchema, StoreSnapshot, Value};

const REPLICAS: usize = 3;
const DIRECTORIES: usize = 2;

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
    assert!(one.view().records().eq(other.view().records()));
}

impl Replica {
    /// Sets one of four fields to one of a few values, an object among them.
    fn set(&mut self, key: Key, argument: u8) {
        let name = ["x", "y", "z", "w"].into_iter().nth(usize::from(argument & 3)).unwrap_or("x");
        let value = match argument >> 2 {
            0 => Value::object([]),
            1 => Value::object([("in", Value::Number(1.0))]),
            2 => Value::Array(vec![Value::Number(2.0)]),
            number => Value::Number(f64::from(number)),
        };
        let record = self.records.entry(key).or_insert_with(|| Value::object([]));
        if let Value::Object(record) = record {
            record.insert(name.into(), value);
        }
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
        let snapshot = StoreSnapshot { name: "s".into(), schema: StoreSchema::default(), complete: true, records };
        let commit = directory.capture_store(name, kind, &snapshot).expect("honest captures are taken");
        self.baseline = Some(commit.own_heads);
    }
}
