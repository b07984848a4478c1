//! dexie-export-import 4.4: what its exporter makes of values.

use std::collections::BTreeMap;

use anabranch_core::value::{Graph, SparseArray, View, ViewBuffer, ViewKind};
use anabranch_core::{Index, KeyPath, StoreSchema, Value};

use super::{elements, geometry, plain, viewed};
use crate::graph;
use crate::parts::{rebuild, view};

pub(crate) fn dexie(value: &Value) -> Value {
    match value {
        Value::Graph(shared) => {
            let Graph { root, defs } = with_data_views_apart(shared);
            let lossy_defs = defs.iter().map(|def| lossy(def.clone(), &defs)).collect();
            graph::canonical(lossy(root, &defs), lossy_defs)
        }
        value => lossy(value.clone(), &[]),
    }
}

fn lossy(value: Value, defs: &[Value]) -> Value {
    match value {
        Value::Number(number) => Value::Number(number + 0.0),
        Value::NumberObject(number) => Value::NumberObject(if number.is_finite() { number + 0.0 } else { 0.0 }),
        Value::BooleanObject(_) => Value::BooleanObject(true),
        Value::Error { .. } | Value::DomException { .. } => Value::object([]),
        // A key that can be exported is written as a reference to itself, and read as a key unknown; another as `{}`.
        Value::CryptoKey { fingerprint } if fingerprint.is_empty() => Value::CryptoKey { fingerprint },
        Value::CryptoKey { .. } => Value::object([]),
        Value::Geometry { kind, numbers } => plain(&geometry::to_json(kind, &numbers)),
        Value::RegExp { source, flags } => {
            Value::RegExp { source, flags: flags.chars().filter(|flag| !"dsv".contains(*flag)).collect() }
        }
        Value::View(own) if matches!(own.kind, ViewKind::BigInt64 | ViewKind::BigUint64 | ViewKind::Float16) => {
            lossy(elements::to_object(own.kind, viewed(&own, defs)), defs)
        }
        Value::View(own) => fixed_view(own, defs),
        Value::ArrayBuffer(buffer) => Value::array_buffer(buffer.bytes),
        Value::ImageData(mut image) => {
            (image.color_space, image.format) = (None, None);
            Value::ImageData(image)
        }
        Value::SparseArray(array) => sparse(*array, defs),
        Value::Object(object) => {
            let kept = object.into_iter().filter(|(name, _)| *name != *"__proto__");
            Value::Object(kept.map(|(name, value)| (name, lossy(value, defs))).collect())
        }
        Value::Graph(shared) => dexie(&Value::Graph(shared)),
        other => rebuild(other, &mut |part| lossy(part, defs)),
    }
}

/// Buffers come back with a fixed length, and so do the views on them.
fn fixed_view(own: View, defs: &[Value]) -> Value {
    let elements = viewed(&own, defs).len() as u64 / own.kind.element_bytes();
    match own.buffer {
        ViewBuffer::Part { buffer, offset, length } => {
            let buffer = lossy(*buffer, defs);
            view(own.kind, buffer, offset, Some(length.unwrap_or(elements)))
        }
        whole => Value::View(View { kind: own.kind, buffer: whole }),
    }
}

fn sparse(mut array: SparseArray, defs: &[Value]) -> Value {
    array.properties.remove(&"__proto__".into());
    if array.properties.is_empty() && array.items.len() == array.length as usize {
        return Value::Array(array.items.into_iter().map(|(_, item)| lossy(item, defs)).collect());
    }
    rebuild(array.into(), &mut |part| lossy(part, defs))
}

/// `DataView`s share buffers among themselves only: what they view is a buffer of their own.
fn with_data_views_apart(shared: &Graph) -> Graph {
    let mut apart = Apart { count: shared.defs.len() as u32, copies: BTreeMap::new() };
    let root = apart.split(shared.root.clone());
    let mut defs: Vec<Value> = shared.defs.iter().map(|def| apart.split(def.clone())).collect();
    defs.extend(apart.copies.keys().map(|id| shared.defs.get(*id as usize).cloned().unwrap_or(Value::Undefined)));
    // The copies were numbered as they were met; their places are by the number of what they copy.
    let places: BTreeMap<u32, u32> = apart.copies.values().copied().zip((shared.defs.len() as u32)..).collect();
    Graph { root: renumber(root, &places), defs: defs.into_iter().map(|def| renumber(def, &places)).collect() }
}

struct Apart {
    count: u32,
    copies: BTreeMap<u32, u32>,
}

impl Apart {
    fn split(&mut self, value: Value) -> Value {
        match value {
            Value::View(View { kind: ViewKind::DataView, buffer: ViewBuffer::Part { buffer, offset, length } }) => {
                let buffer = match *buffer {
                    Value::Ref(id) if id < self.count => {
                        let next = self.count + self.copies.len() as u32;
                        Value::Ref(*self.copies.entry(id).or_insert(next))
                    }
                    other => other,
                };
                let buffer = ViewBuffer::Part { buffer: Box::new(buffer), offset, length };
                Value::View(View { kind: ViewKind::DataView, buffer })
            }
            other => rebuild(other, &mut |part| self.split(part)),
        }
    }
}

fn renumber(value: Value, places: &BTreeMap<u32, u32>) -> Value {
    match value {
        Value::Ref(id) => Value::Ref(places.get(&id).copied().unwrap_or(id)),
        other => rebuild(other, &mut |part| renumber(part, places)),
    }
}

/// Indexes come back under the names of their key paths, each path once; a store whose key is its value comes back
/// with keys beside its values.
pub(crate) fn dexie_schema(schema: &StoreSchema) -> StoreSchema {
    let mut indexes: Vec<Index> = Vec::new();
    for index in &schema.indexes {
        let name = crate::dexie::path_text(&index.key_path);
        match indexes.iter_mut().find(|have| have.name == name) {
            // One of two on a path stays, and it keeps what either demands.
            Some(have) => have.unique |= index.unique,
            None if name.is_empty() => (),
            None => indexes.push(Index { name, ..index.clone() }),
        }
    }
    let key_path = schema.key_path.clone().filter(|path| *path != KeyPath::Single(String::new()));
    StoreSchema { key_path, indexes, ..schema.clone() }
}
