//! Edits that can be told apart: whatever one replica writes holds something that nobody else ever writes, so that it can be
//! looked for in what others show and list.

use anabranch_core::{Key, Object, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::records::Map;

mod traces;

pub(crate) use traces::{Found, How, look_for, look_for_written};

/// Something that a replica does to its records.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Set { which: Index, field: usize },
    Unset { which: Index, field: usize },
    Text { which: Index, at: Index, gone: usize },
    List { which: Index, at: Index, gone: usize },
    Make { key: usize },
    Delete { which: Index },
}

/// Leaves and a path below one of them.
const FIELDS: &[&[&str]] = &[&["x"], &["y"], &["o"], &["o", "p"], &["o", "q"], &[TEXT], &[LIST]];
const PLAIN_FIELDS: usize = 5;
pub(crate) const TEXT: &str = "t";
pub(crate) const LIST: &str = "l";
/// Keys that several replicas may come upon by themselves.
const NEW_KEYS: usize = 4;

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let index = any::<Index>;
    let act = prop_oneof![
        5 => (index(), 0..PLAIN_FIELDS).prop_map(|(which, field)| Act::Set { which, field }),
        3 => (index(), 0..FIELDS.len()).prop_map(|(which, field)| Act::Unset { which, field }),
        4 => (index(), index(), 0usize..3).prop_map(|(which, at, gone)| Act::Text { which, at, gone }),
        4 => (index(), index(), 0usize..3).prop_map(|(which, at, gone)| Act::List { which, at, gone }),
        2 => (0..NEW_KEYS).prop_map(|key| Act::Make { key }),
        2 => index().prop_map(|which| Act::Delete { which }),
    ];
    vec(act, 0..8)
}

/// Who writes, and how often they did.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    pub(crate) name: String,
    number: u32,
    written: u32,
}

impl Writer {
    pub(crate) fn new(number: u32) -> Self {
        Self { name: format!("writer {number}"), number, written: 0 }
    }

    fn next(&mut self) -> u32 {
        self.written += 1;
        self.number * 1000 + self.written
    }

    /// A value that nobody else writes.
    fn token(&mut self) -> Value {
        Value::from(format!("token {}", self.next()).as_str())
    }

    /// A character that nobody else writes.
    fn char(&mut self) -> char {
        char::from_u32(0x4E00 + self.next()).unwrap()
    }

    fn record(&mut self) -> Value {
        let items = Value::Array((0..3).map(|_| self.token()).collect());
        let text: String = (0..5).map(|_| self.char()).collect();
        let inner = Value::object([("p", self.token()), ("q", self.token())]);
        Value::object([
            ("x", self.token()),
            ("y", self.token()),
            ("o", inner),
            (TEXT, Value::from(&*text)),
            (LIST, items),
        ])
    }

    /// Some records to begin with.
    pub(crate) fn records(&mut self) -> Map {
        (0..4).map(|nth| (Key::String(format!("old {nth}").as_str().into()), self.record())).collect()
    }

    pub(crate) fn act(&mut self, records: &mut Map, act: &Act) {
        if let Act::Make { key } = act {
            records.insert(Key::String(format!("new {key}").as_str().into()), self.record());
            return;
        }
        let keys: Vec<Key> = records.keys().cloned().collect();
        let (Act::Set { which, .. }
        | Act::Unset { which, .. }
        | Act::Text { which, .. }
        | Act::List { which, .. }
        | Act::Delete { which }) = act
        else {
            return;
        };
        if keys.is_empty() {
            return;
        }
        let key = which.get(&keys);
        let Some(Value::Object(record)) = records.get_mut(key) else { return };
        match act {
            Act::Set { field, .. } => set(record, FIELDS[*field], Some(self.token())),
            Act::Unset { field, .. } => set(record, FIELDS[*field], None),
            Act::Text { at, gone, .. } => {
                let mut chars: Vec<char> = match record.get(TEXT) {
                    Some(Value::String(text)) => text.as_str().unwrap().chars().collect(),
                    _ => Vec::new(),
                };
                let from = at.index(chars.len() + 1);
                chars.splice(from..(from + gone).min(chars.len()), [self.char()]);
                record.insert(TEXT.into(), Value::from(&*chars.into_iter().collect::<String>()));
            }
            Act::List { at, gone, .. } => {
                let mut items = match record.get(LIST) {
                    Some(Value::Array(items)) => items.clone(),
                    _ => Vec::new(),
                };
                let from = at.index(items.len() + 1);
                items.splice(from..(from + gone).min(items.len()), [self.token()]);
                record.insert(LIST.into(), Value::Array(items));
            }
            _ => drop(records.remove(key)),
        }
    }
}

fn set(object: &mut Object, path: &[&str], value: Option<Value>) {
    let [name, below @ ..] = path else { return };
    let name = (*name).into();
    if below.is_empty() {
        match value {
            Some(value) => drop(object.insert(name, value)),
            None => drop(object.remove(&name)),
        }
        return;
    }
    let mut inner = match (object.remove(&name), &value) {
        (Some(Value::Object(inner)), _) => inner,
        (leaf, None) => return leaf.into_iter().for_each(|leaf| drop(object.insert(name.clone(), leaf))),
        (_, Some(_)) => Object::default(),
    };
    set(&mut inner, below, value);
    object.insert(name, Value::Object(inner));
}
