//! From a row's JSON and its types to the value.

use std::collections::BTreeMap;

use anabranch_core::json::Json;
use anabranch_core::value::{File, SparseArray, VALUE_DEPTH_MAX, ViewBuffer, ViewKind};
use anabranch_core::{JsString, Object, Value};

use super::leaves;
use super::path::Path;
use super::types::{Types, unreadable};
use crate::graph;
use crate::parts;
use crate::visit::ReadRowError;

type Revived<T> = Result<T, ReadRowError>;

/// Turns an encapsulated row into the value that it stands for; `wrapping` are the levels around the record's value.
pub(super) fn revive(mut row: Json, wrapping: usize) -> Revived<Value> {
    let (root, types, is_wrapped) = match row.take("$types") {
        None => (row, Types::default(), false),
        Some(Json::Bool(true)) => (row.take("$").ok_or(ReadRowError::Shape)?, Types::default(), true),
        Some(types) => match (types.get("$"), row.get("$")) {
            (Some(inner @ Json::Object(_)), Some(_)) => {
                let root = row.take("$").ok_or(ReadRowError::Shape)?;
                let types = Types::read(inner, &root)?;
                (root, types, true)
            }
            _ => {
                let types = Types::read(&types, &row)?;
                (row, types, false)
            }
        },
    };
    check_unambiguous(&root, &types)?;
    let reviver =
        Reviver { types, is_wrapped, depth_max: VALUE_DEPTH_MAX + wrapping, shared: BTreeMap::new(), buffers: 0 };
    reviver.root(root)
}

/// The empty name adds nothing to a path: below such a property of the root, a path may lead to two places.
fn check_unambiguous(root: &Json, types: &Types) -> Revived<()> {
    let Some(inner @ (Json::Object(_) | Json::Array(_))) = root.get("").filter(|_| !types.is_empty()) else {
        return Ok(());
    };
    let both = |path: &&Path| !path.is_root() && path.find(inner).is_some() && path.find(root).is_some();
    match types.paths().find(both) {
        Some(path) => Err(unreadable(path, "a path that leads to two places")),
        None => Ok(()),
    }
}

struct Reviver {
    types: Types,
    /// Whether the root is in a wrapper of its own, and may then be of any type.
    is_wrapped: bool,
    depth_max: usize,
    /// The shared objects that were met.
    shared: BTreeMap<u32, Value>,
    /// How many buffers views brought with them.
    buffers: u64,
}

impl Reviver {
    fn root(mut self, root: Json) -> Revived<Value> {
        let root = self.value(root, &mut Path::default(), 0)?;
        if !self.types.has_references() {
            return Ok(root);
        }
        let met: Option<Vec<Value>> = (0..self.types.shared()).map(|id| self.shared.remove(&id)).collect();
        let defs = met.ok_or_else(|| unreadable(&Path::default(), "# (it leads to nothing)"))?;
        Ok(graph::canonical(root, defs))
    }

    fn value(&mut self, json: Json, path: &mut Path, depth: usize) -> Revived<Value> {
        // At the root of an unwrapped row a tag is that of the property with the empty name.
        let is_tagged = !path.is_root() || (depth == 0) == self.is_wrapped;
        let tag = self.types.tag(path).filter(|_| is_tagged).cloned().unwrap_or_default();
        let special = tag.special.as_ref().and_then(JsString::as_str);
        let holds_values =
            matches!(special, None | Some("map" | "set")) && matches!(json, Json::Array(_) | Json::Object(_));
        if holds_values && depth >= self.depth_max {
            return Err(ReadRowError::TooDeep);
        }
        let value = match special {
            Some("#") => return self.reference(&json, path),
            Some(special) => self.special(special, json, path, depth)?,
            None => self.plain(json, tag.is_array, path, depth)?,
        };
        match self.types.target(path).filter(|_| !path.is_root() || depth == 0) {
            Some(id) => {
                self.shared.insert(id, value);
                Ok(Value::Ref(id))
            }
            None => Ok(value),
        }
    }

    /// A reference to itself is what the exporter makes of a `CryptoKey`.
    fn reference(&mut self, json: &Json, path: &Path) -> Revived<Value> {
        let target = Path::of_reference(json).ok_or_else(|| unreadable(path, "#"))?;
        let id = self.types.target(&target).ok_or_else(|| unreadable(path, "#"))?;
        if target == *path {
            self.shared.insert(id, leaves::unknown_key());
        }
        Ok(Value::Ref(id))
    }

    fn plain(&mut self, json: Json, is_array: bool, path: &mut Path, depth: usize) -> Revived<Value> {
        Ok(match json {
            Json::Null => Value::Null,
            Json::Bool(bool) => Value::Bool(bool),
            Json::Number(number) => Value::Number(number),
            Json::String(text) => Value::String(text),
            Json::Array(items) => self.array(items, path, depth)?,
            Json::Object(members) if is_array => self.array_with_properties(members, path, depth)?,
            Json::Object(members) => {
                let mut object = Vec::with_capacity(members.len());
                for (name, value) in members {
                    let value = self.below(&name, value, path, depth)?;
                    object.push((name, value));
                }
                Value::Object(object.into_iter().collect())
            }
        })
    }

    fn below(&mut self, name: &JsString, json: Json, path: &mut Path, depth: usize) -> Revived<Value> {
        if self.types.is_empty() {
            return self.value(json, path, depth + 1);
        }
        let length = path.down(name);
        let value = self.value(json, path, depth + 1);
        path.up(length);
        value
    }

    fn array(&mut self, items: Vec<Json>, path: &mut Path, depth: usize) -> Revived<Value> {
        let length = items.len();
        if self.types.is_empty() {
            let items = items.into_iter().map(|item| self.value(item, path, depth + 1));
            return items.collect::<Revived<_>>().map(Value::Array);
        }
        let mut revived = Vec::with_capacity(length);
        for (position, item) in (0u32..).zip(items) {
            let name = JsString::from(position.to_string());
            if !self.is_hole(&name, path) {
                revived.push((position, self.below(&name, item, path, depth)?));
            }
        }
        Ok(array_of(length as u32, revived, Object::default()))
    }

    fn is_hole(&self, name: &JsString, path: &mut Path) -> bool {
        let length = path.down(name);
        let is_hole = self.types.tag(path).is_some_and(|tag| tag.is_hole);
        path.up(length);
        is_hole
    }

    fn array_with_properties(
        &mut self,
        members: Vec<(JsString, Json)>,
        path: &mut Path,
        depth: usize,
    ) -> Revived<Value> {
        let (mut length, mut items, mut properties) = (None, BTreeMap::new(), Vec::new());
        for (name, json) in members {
            if name == *"length" {
                length = json.as_u64().and_then(|length| u32::try_from(length).ok());
                continue;
            }
            if self.is_hole(&name, path) {
                continue;
            }
            let value = self.below(&name, json, path, depth)?;
            match position(&name) {
                Some(position) => drop(items.insert(position, value)),
                None => properties.push((name, value)),
            }
        }
        let length = length.filter(|length| items.last_key_value().is_none_or(|(last, _)| last < length));
        let length = length.ok_or_else(|| unreadable(path, "arrayNonindexKeys"))?;
        Ok(array_of(length, items.into_iter().collect(), properties.into_iter().collect()))
    }

    fn special(&mut self, tag: &str, json: Json, path: &mut Path, depth: usize) -> Revived<Value> {
        let value = match tag {
            "map" => self.map(json, path, depth)?,
            "set" => self.list(json, path, depth)?.map(Value::Set),
            "filelist" => self.list(json, path, depth)?.and_then(files).map(Value::FileList),
            "dataview" => self.view_with_bytes(ViewKind::DataView, &json),
            _ => match tag.strip_suffix('2').and_then(leaves::view_kind) {
                Some(kind) => self.view(kind, json, path, depth)?,
                None => match leaves::view_kind(tag) {
                    Some(kind) => self.view_with_bytes(kind, &json),
                    None => leaves::read(tag, &json),
                },
            },
        };
        value.ok_or_else(|| unreadable(path, tag))
    }

    fn list(&mut self, json: Json, path: &mut Path, depth: usize) -> Revived<Option<Vec<Value>>> {
        let Json::Array(items) = json else { return Ok(None) };
        let named = items.into_iter().enumerate();
        named.map(|(at, item)| self.below(&at.to_string().into(), item, path, depth)).collect::<Revived<_>>().map(Some)
    }

    /// Entries are pairs; the pair itself is no level of nesting.
    fn map(&mut self, json: Json, path: &mut Path, depth: usize) -> Revived<Option<Value>> {
        let Json::Array(entries) = json else { return Ok(None) };
        let mut map = Vec::with_capacity(entries.len());
        for (at, entry) in entries.into_iter().enumerate() {
            let Json::Array(pair) = entry else { return Ok(None) };
            let Ok([key, value]) = <[Json; 2]>::try_from(pair) else { return Ok(None) };
            let length = path.down(&at.to_string().into());
            map.push((self.below(&"0".into(), key, path, depth)?, self.below(&"1".into(), value, path, depth)?));
            path.up(length);
        }
        Ok(Some(Value::Map(map)))
    }

    /// A typed array beside its buffer, which has a path of its own.
    fn view(&mut self, kind: ViewKind, mut json: Json, path: &mut Path, depth: usize) -> Revived<Option<Value>> {
        let member = |name| json.get(name).and_then(Json::as_u64);
        let (Some(offset), Some(length)) = (member("byteOffset"), member("length")) else { return Ok(None) };
        let Some(buffer) = json.take("buffer") else { return Ok(None) };
        let buffer = match self.below(&"buffer".into(), buffer, path, depth)? {
            buffer @ (Value::ArrayBuffer(_) | Value::Ref(_)) => buffer,
            _ => return Ok(None),
        };
        Ok(Some(parts::view(kind, buffer, offset, Some(length))).filter(fits))
    }

    /// A view that brings its buffer with it, or names that of an earlier one by its position.
    fn view_with_bytes(&mut self, kind: ViewKind, json: &Json) -> Option<Value> {
        let offset = json.get("byteOffset")?.as_u64()?;
        let length = json.get(if kind == ViewKind::DataView { "byteLength" } else { "length" })?.as_u64()?;
        let buffer = match json.get("encoded") {
            Some(encoded) => {
                let bytes = Value::array_buffer(encoded.as_str().and_then(leaves::bytes)?);
                self.buffers += 1;
                match self.types.buffer(self.buffers - 1) {
                    Some(id) => {
                        self.shared.insert(id, bytes);
                        Value::Ref(id)
                    }
                    None => bytes,
                }
            }
            None => Value::Ref(self.types.buffer(json.get("index")?.as_u64()?)?),
        };
        Some(parts::view(kind, buffer, offset, Some(length))).filter(fits)
    }
}

/// Whether a view stays inside the buffer that it brings with it.
fn fits(value: &Value) -> bool {
    match value {
        Value::View(view) => match &view.buffer {
            ViewBuffer::Part { buffer, .. } => matches!(**buffer, Value::Ref(_)) || view.viewed_bytes().is_some(),
            ViewBuffer::Whole(_) => true,
        },
        _ => true,
    }
}

fn array_of(length: u32, items: Vec<(u32, Value)>, properties: Object) -> Value {
    if properties.is_empty() && items.len() == length as usize {
        return Value::Array(items.into_iter().map(|(_, item)| item).collect());
    }
    Value::from(SparseArray { length, items, properties })
}

fn files(list: Vec<Value>) -> Option<Vec<File>> {
    list.into_iter().map(|file| if let Value::File(file) = file { Some(*file) } else { None }).collect()
}

/// The array position that a property name is, if it is one.
pub(super) fn position(name: &JsString) -> Option<u32> {
    let text = name.as_str()?;
    let position: u32 = text.parse().ok()?;
    (position < u32::MAX && position.to_string() == text).then_some(position)
}
