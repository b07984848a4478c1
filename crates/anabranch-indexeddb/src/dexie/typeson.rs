//! Typeson: JSON with a map from paths to type tags beside it.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::json::Json;
use anabranch_core::value::{
    ArrayBuffer, BigInt, Blob, File, Graph, ImageData, SparseArray, VALUE_DEPTH_MAX, View, ViewBuffer, ViewKind,
};
use anabranch_core::{JsString, Key, Object, Value};
use base64::Engine;
use sha2::{Digest, Sha256};

use crate::visit::ReadRowError;

type Revived<T> = Result<T, ReadRowError>;

/// Turns an encapsulated row into the value that it stands for.
pub(super) fn revive(mut row: Json) -> Revived<Value> {
    let Some(types) = row.take("$types") else { return Types::default().revive_root(row) };
    match types {
        Json::Bool(true) => Types::default().revive_root(row.take("$").ok_or(ReadRowError::Shape)?),
        mut types @ Json::Object(_) => match types.take("$") {
            Some(inner @ Json::Object(_)) if row.get("$").is_some() => {
                Types::read(&inner)?.revive_root(row.take("$").ok_or(ReadRowError::Shape)?)
            }
            Some(other) => {
                let Json::Object(mut members) = types else { return Err(ReadRowError::Shape) };
                members.push(("$".into(), other));
                Types::read(&Json::Object(members))?.revive_root(row)
            }
            None => Types::read(&types)?.revive_root(row),
        },
        _ => Err(ReadRowError::Shape),
    }
}

/// A row `[key, value]` in which objects are shared: the value keeps the shared objects.
pub(super) fn split_graph_row(graph: Graph) -> Revived<(Key, Value)> {
    let Graph { root: Value::Array(pair), defs } = graph else { return Err(ReadRowError::Shape) };
    let [key, root] = <[Value; 2]>::try_from(pair).map_err(|_| ReadRowError::Shape)?;
    Ok((Key::from_value(&key)?, Value::Graph(Box::new(Graph { root, defs }))))
}

#[derive(Default)]
struct Types {
    tags: BTreeMap<String, Vec<String>>,
    /// Paths to which references point, and the shared objects found there so far.
    targets: BTreeMap<String, u32>,
    defs: BTreeMap<u32, Value>,
}

impl Types {
    fn read(types: &Json) -> Revived<Self> {
        let Json::Object(members) = types else { return Err(ReadRowError::Shape) };
        let mut tags = BTreeMap::new();
        for (path, tag) in members {
            let path = path.as_str().ok_or(ReadRowError::Shape)?.to_owned();
            let list = match tag {
                Json::Array(list) => list.iter().map(|tag| tag.as_str().map(str::to_owned)).collect::<Option<_>>(),
                tag => tag.as_str().map(|tag| vec![tag.to_owned()]),
            };
            tags.insert(path, list.ok_or(ReadRowError::Shape)?);
        }
        Ok(Self { tags, ..Self::default() })
    }

    fn revive_root(mut self, root: Json) -> Revived<Value> {
        let references: BTreeSet<&String> =
            self.tags.iter().filter(|(_, tags)| tags.iter().any(|tag| tag == "#")).map(|(path, _)| path).collect();
        let mut targets = BTreeSet::new();
        for path in references {
            let target = at(&root, path)
                .and_then(Json::as_str)
                .and_then(|text| text.strip_prefix('#'))
                .ok_or(ReadRowError::Shape)?;
            targets.insert(target.to_owned());
        }
        self.targets = targets.into_iter().zip(0..).collect();
        let root = self.value(root, &mut String::new(), 0)?;
        if self.targets.is_empty() {
            return Ok(root);
        }
        let defs: Vec<Value> =
            (0..self.targets.len() as u32).map(|id| self.defs.remove(&id).unwrap_or(Value::Undefined)).collect();
        Ok(inline_blobs(Graph { root, defs }))
    }

    fn value(&mut self, json: Json, path: &mut String, depth: usize) -> Revived<Value> {
        if depth > VALUE_DEPTH_MAX {
            return Err(ReadRowError::TooDeep);
        }
        let tags =
            if self.tags.is_empty() { Vec::new() } else { self.tags.get(path.as_str()).cloned().unwrap_or_default() };
        let special = tags.iter().find(|tag| *tag != "arrayNonindexKeys");
        let value = match special {
            Some(tag) => self.special(tag, json, path, depth)?,
            None => self.plain(json, tags.iter().any(|tag| tag == "arrayNonindexKeys"), path, depth)?,
        };
        match self.targets.get(path.as_str()) {
            Some(id) if special.is_none_or(|tag| tag != "#") => {
                self.defs.insert(*id, value);
                Ok(Value::Ref(*id))
            }
            _ => Ok(value),
        }
    }

    fn plain(&mut self, json: Json, is_array: bool, path: &mut String, depth: usize) -> Revived<Value> {
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

    fn below(&mut self, name: &JsString, json: Json, path: &mut String, depth: usize) -> Revived<Value> {
        let length = path.len();
        if !self.tags.is_empty() {
            if length > 0 {
                path.push('.');
            }
            escape(&name.to_string_lossy(), path);
        }
        let value = self.value(json, path, depth + 1);
        path.truncate(length);
        value
    }

    fn array(&mut self, items: Vec<Json>, path: &mut String, depth: usize) -> Revived<Value> {
        let length = items.len();
        let mut revived = Vec::with_capacity(length);
        for (position, item) in items.into_iter().enumerate() {
            let name = JsString::from(position.to_string());
            if !self.is_hole(&name, path) {
                revived.push((position as u32, self.below(&name, item, path, depth)?));
            }
        }
        if revived.len() == length {
            return Ok(Value::Array(revived.into_iter().map(|(_, item)| item).collect()));
        }
        Ok(Value::SparseArray(SparseArray { length: length as u32, items: revived, properties: Object::default() }))
    }

    fn is_hole(&self, name: &JsString, path: &str) -> bool {
        if self.tags.is_empty() {
            return false;
        }
        let mut own = path.to_owned();
        if !own.is_empty() {
            own.push('.');
        }
        escape(&name.to_string_lossy(), &mut own);
        self.tags.get(&own).is_some_and(|tags| tags.iter().any(|tag| tag == "sparseUndefined"))
    }

    fn array_with_properties(
        &mut self,
        members: Vec<(JsString, Json)>,
        path: &mut String,
        depth: usize,
    ) -> Revived<Value> {
        let (mut length, mut items, mut properties) = (0, Vec::new(), Vec::new());
        for (name, json) in members {
            if name == *"length" {
                length = json.as_u64().and_then(|length| u32::try_from(length).ok()).ok_or(ReadRowError::Shape)?;
                continue;
            }
            if self.is_hole(&name, path) {
                continue;
            }
            let value = self.below(&name, json, path, depth)?;
            match position(&name) {
                Some(position) => items.push((position, value)),
                None => properties.push((name, value)),
            }
        }
        items.sort_by_key(|(position, _)| *position);
        if items.last().is_some_and(|(last, _)| *last >= length) {
            return Err(ReadRowError::Shape);
        }
        if properties.is_empty() && items.len() == length as usize {
            return Ok(Value::Array(items.into_iter().map(|(_, item)| item).collect()));
        }
        Ok(Value::SparseArray(SparseArray { length, items, properties: properties.into_iter().collect() }))
    }

    fn list(&mut self, json: Json, path: &mut String, depth: usize) -> Revived<Option<Vec<Value>>> {
        let Json::Array(items) = json else { return Ok(None) };
        let mut list = Vec::with_capacity(items.len());
        for (position, item) in items.into_iter().enumerate() {
            list.push(self.below(&position.to_string().into(), item, path, depth)?);
        }
        Ok(Some(list))
    }

    fn special(&mut self, tag: &str, json: Json, path: &mut String, depth: usize) -> Revived<Value> {
        let number = json.as_number();
        let text = json.as_str();
        let value = match tag {
            "undef" | "sparseUndefined" => Some(Value::Undefined),
            "nan" => Some(Value::Number(f64::NAN)),
            "infinity" => Some(Value::Number(f64::INFINITY)),
            "negativeInfinity" => Some(Value::Number(f64::NEG_INFINITY)),
            "date" => match text {
                Some("NaN") => Some(Value::Date(None)),
                _ => {
                    number.filter(|ms| ms.fract() == 0.0 && ms.abs() <= 8.64e15).map(|ms| Value::Date(Some(ms as i64)))
                }
            },
            "bigint" => text.and_then(BigInt::from_decimal).map(Value::BigInt),
            "bigintObject" => text.and_then(BigInt::from_decimal).map(Value::BigIntObject),
            "BooleanObject" => json.as_bool().map(Value::BooleanObject),
            "NumberObject" => number.map(Value::NumberObject),
            "StringObject" => js_text(&json).map(Value::StringObject),
            "regexp" => regexp(&json),
            "arraybuffer" => text.and_then(bytes).map(Value::array_buffer),
            "map" => self.list(json, path, depth)?.and_then(entries).map(Value::Map),
            "set" => self.list(json, path, depth)?.map(Value::Set),
            "blob2" | "blob" => blob(&json).map(Value::Blob),
            "file" => file(&json).map(Value::File),
            "filelist" => self.list(json, path, depth)?.and_then(files).map(Value::FileList),
            "imagedata" => image(&json),
            "dataview" => view_of_encoded(ViewKind::DataView, &json),
            "#" => {
                let target = text.and_then(|text| text.strip_prefix('#'));
                target.and_then(|target| self.targets.get(target)).map(|id| Value::Ref(*id))
            }
            _ => match tag.strip_suffix('2').and_then(view_kind) {
                Some(kind) => self.view(kind, json, path, depth)?,
                None => view_kind(tag).and_then(|kind| view_of_encoded(kind, &json)),
            },
        };
        value.ok_or_else(|| ReadRowError::Tag { path: path.clone(), tag: tag.to_owned() })
    }

    /// A typed array; one that views the whole of a buffer of its own is held as bytes.
    fn view(&mut self, kind: ViewKind, mut json: Json, path: &mut String, depth: usize) -> Revived<Option<Value>> {
        let (Some(offset), Some(length)) =
            (json.get("byteOffset").and_then(Json::as_u64), json.get("length").and_then(Json::as_u64))
        else {
            return Ok(None);
        };
        let Some(buffer) = json.take("buffer") else { return Ok(None) };
        let buffer = match self.below(&"buffer".into(), buffer, path, depth)? {
            Value::String(text) => text.as_str().and_then(bytes).map(Value::array_buffer),
            buffer @ (Value::ArrayBuffer(_) | Value::Ref(_)) => Some(buffer),
            _ => None,
        };
        Ok(buffer.map(|buffer| whole_or_part(kind, buffer, offset, length)))
    }
}

fn whole_or_part(kind: ViewKind, buffer: Value, offset: u64, length: u64) -> Value {
    let buffer = match buffer {
        Value::ArrayBuffer(ArrayBuffer { bytes, max_byte_length: None })
            if offset == 0 && bytes.len() as u64 == length * kind.element_bytes() =>
        {
            ViewBuffer::Whole(bytes)
        }
        buffer => ViewBuffer::Part { buffer: Box::new(buffer), offset, length: Some(length) },
    };
    Value::View(View { kind, buffer })
}

fn view_of_encoded(kind: ViewKind, json: &Json) -> Option<Value> {
    let bytes = json.get("encoded")?.as_str().and_then(bytes)?;
    let offset = json.get("byteOffset")?.as_u64()?;
    let length = json.get(if kind == ViewKind::DataView { "byteLength" } else { "length" })?.as_u64()?;
    Some(whole_or_part(kind, Value::array_buffer(bytes), offset, length))
}

fn view_kind(tag: &str) -> Option<ViewKind> {
    ViewKind::ALL.iter().copied().find(|kind| kind.name().to_ascii_lowercase() == tag && *kind != ViewKind::DataView)
}

/// The JSON at a typeson path.
fn at<'j>(root: &'j Json, path: &str) -> Option<&'j Json> {
    if path.is_empty() {
        return Some(root);
    }
    path.split('.').try_fold(root, |at, segment| {
        let name = segment.replace("~1", ".").replace("~0", "~");
        match at {
            Json::Array(items) => items.get(name.parse::<usize>().ok()?),
            Json::Object(members) => {
                members.iter().rev().find(|(have, _)| have.to_string_lossy() == name).map(|(_, value)| value)
            }
            _ => None,
        }
    })
}

pub(super) fn escape(name: &str, out: &mut String) {
    for char in name.chars() {
        match char {
            '~' => out.push_str("~0"),
            '.' => out.push_str("~1"),
            char => out.push(char),
        }
    }
}

/// The array position that a property name is, if it is one.
fn position(name: &JsString) -> Option<u32> {
    let text = name.as_str()?;
    let position: u32 = text.parse().ok()?;
    (position < u32::MAX && position.to_string() == text).then_some(position)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn js_text(json: &Json) -> Option<JsString> {
    match json {
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn regexp(json: &Json) -> Option<Value> {
    let mut flags: Vec<char> = json.get("flags")?.as_str()?.chars().collect();
    flags.sort_unstable();
    Some(Value::RegExp { source: js_text(json.get("source")?)?, flags: flags.into_iter().collect() })
}

fn entries(list: Vec<Value>) -> Option<Vec<(Value, Value)>> {
    list.into_iter()
        .map(|entry| match entry {
            Value::Array(pair) => <[Value; 2]>::try_from(pair).ok().map(|[key, value]| (key, value)),
            _ => None,
        })
        .collect()
}

fn files(list: Vec<Value>) -> Option<Vec<File>> {
    list.into_iter().map(|file| if let Value::File(file) = file { Some(file) } else { None }).collect()
}

fn blob_of(mime: JsString, bytes: Vec<u8>) -> Blob {
    Blob { mime, size: bytes.len() as u64, sha256: Sha256::digest(&bytes).into(), bytes: Some(bytes) }
}

fn blob(json: &Json) -> Option<Blob> {
    let mime = js_text(json.get("type")?)?;
    let bytes = match json.get("data") {
        Some(data) => bytes(data.as_str()?)?,
        None => latin1(&js_text(json.get("stringContents")?)?)?,
    };
    Some(blob_of(mime, bytes))
}

fn file(json: &Json) -> Option<File> {
    let bytes = latin1(&js_text(json.get("stringContents")?)?)?;
    let modified = json.get("lastModified")?.as_number().filter(|ms| ms.fract() == 0.0)?;
    let blob = blob_of(js_text(json.get("type")?)?, bytes);
    Some(File { blob, name: js_text(json.get("name")?)?, last_modified_ms: modified as i64 })
}

fn latin1(text: &JsString) -> Option<Vec<u8>> {
    text.units().map(|unit| u8::try_from(unit).ok()).collect()
}

fn image(json: &Json) -> Option<Value> {
    let side = |name| json.get(name).and_then(Json::as_u64).and_then(|side| u32::try_from(side).ok());
    let byte = |json: &Json| json.as_u64().and_then(|byte| u8::try_from(byte).ok());
    let bytes: Option<Vec<u8>> = match json.get("array")? {
        Json::Array(items) => items.iter().map(byte).collect(),
        object @ Json::Object(members) => {
            (0..members.len()).map(|at| object.get(&at.to_string()).and_then(byte)).collect()
        }
        _ => None,
    };
    Some(Value::ImageData(ImageData {
        width: side("width")?,
        height: side("height")?,
        color_space: None,
        format: None,
        bytes: bytes?,
    }))
}

/// Blobs have no identity worth keeping: shared ones are copied. What else is shared stays shared.
fn inline_blobs(mut graph: Graph) -> Value {
    let blobs: BTreeMap<u32, Value> = graph
        .defs
        .iter()
        .zip(0..)
        .filter(|(def, _)| matches!(def, Value::Blob(_) | Value::File(_) | Value::Undefined))
        .map(|(def, id)| (id, def.clone()))
        .collect();
    if blobs.len() == graph.defs.len() {
        substitute(&mut graph.root, &|id| blobs.get(&id).cloned());
        return graph.root;
    }
    Value::Graph(Box::new(graph))
}

fn substitute(value: &mut Value, find: &dyn Fn(u32) -> Option<Value>) {
    match value {
        Value::Ref(id) => *value = find(*id).unwrap_or(Value::Undefined),
        Value::Array(items) | Value::Set(items) => items.iter_mut().for_each(|item| substitute(item, find)),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            substitute(key, find);
            substitute(value, find);
        }),
        Value::SparseArray(array) => array.items.iter_mut().for_each(|(_, item)| substitute(item, find)),
        Value::Object(object) => {
            *object = std::mem::take(object)
                .into_iter()
                .map(|(name, mut value)| {
                    substitute(&mut value, find);
                    (name, value)
                })
                .collect();
        }
        _ => (),
    }
}
