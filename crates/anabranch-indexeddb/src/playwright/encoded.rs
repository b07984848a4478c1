//! The tagged form of values that JSON does not know.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::json::{Json, iso_to_date};
use anabranch_core::value::{BigInt, VALUE_DEPTH_MAX, View, ViewBuffer, ViewKind};
use anabranch_core::{JsString, Value};
use base64::Engine;

use crate::graph;
use crate::visit::ReadRowError;

type Decoded<T> = Result<T, ReadRowError>;

/// Decodes a value; what occurs again is shared.
pub(super) fn decode(json: &Json) -> Decoded<Value> {
    let mut referenced = BTreeSet::new();
    collect_references(json, &mut referenced);
    let numbers = referenced.into_iter().zip(0..).collect();
    let mut decoder = Decoder { numbers, shared: BTreeMap::new() };
    let root = decoder.value(json, 0)?;
    if decoder.numbers.is_empty() {
        return Ok(root);
    }
    let count = decoder.numbers.len() as u32;
    let defs: Option<Vec<Value>> = (0..count).map(|number| decoder.shared.remove(&number)).collect();
    Ok(graph::canonical(root, defs.ok_or_else(|| unreadable("ref"))?))
}

fn unreadable(tag: &str) -> ReadRowError {
    ReadRowError::Tag { path: String::new(), tag: tag.to_owned() }
}

fn collect_references(json: &Json, found: &mut BTreeSet<u64>) {
    match json {
        Json::Object(members) => {
            found.extend(json.get("ref").and_then(Json::as_u64));
            members.iter().for_each(|(_, member)| collect_references(member, found));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => (),
    }
}

struct Decoder {
    /// Our numbers of what is referenced, by the ids of the file.
    numbers: BTreeMap<u64, u32>,
    shared: BTreeMap<u32, Value>,
}

impl Decoder {
    fn value(&mut self, json: &Json, depth: usize) -> Decoded<Value> {
        let members = match json {
            Json::Null => return Ok(Value::Null),
            Json::Bool(bool) => return Ok(Value::Bool(*bool)),
            Json::Number(number) => return Ok(Value::Number(*number)),
            Json::String(text) => return Ok(Value::String(text.clone())),
            Json::Array(_) => return Err(unreadable("[")),
            Json::Object(members) => members,
        };
        let first = members.first().and_then(|(tag, _)| tag.as_str()).unwrap_or_default();
        let value = match json.get("id").and_then(Json::as_u64) {
            Some(_) if depth >= VALUE_DEPTH_MAX => return Err(ReadRowError::TooDeep),
            Some(id) => match (self.container(json, depth)?, self.numbers.get(&id)) {
                (Some(value), Some(number)) => {
                    self.shared.insert(*number, value);
                    Some(Value::Ref(*number))
                }
                (value, _) => value,
            },
            None => self.leaf(json),
        };
        value.ok_or_else(|| unreadable(first))
    }

    fn list(&mut self, items: &[Json], depth: usize) -> Decoded<Vec<Value>> {
        items.iter().map(|item| self.value(item, depth + 1)).collect()
    }

    fn container(&mut self, json: &Json, depth: usize) -> Decoded<Option<Value>> {
        let items = |name: &str| json.get(name).and_then(Json::as_array);
        if let Some(items) = items("a") {
            return Ok(Some(Value::Array(self.list(items, depth)?)));
        }
        if let Some(items) = items("se") {
            return Ok(Some(Value::Set(self.list(items, depth)?)));
        }
        if let Some(entries) = items("m") {
            let mut map = Vec::with_capacity(entries.len());
            for entry in entries {
                let (Some(key), Some(value)) = (entry.get("k"), entry.get("v")) else { return Ok(None) };
                map.push((self.value(key, depth + 1)?, self.value(value, depth + 1)?));
            }
            return Ok(Some(Value::Map(map)));
        }
        let Some(entries) = items("o") else { return Ok(None) };
        let mut object = Vec::with_capacity(entries.len());
        for entry in entries {
            let (Some(Json::String(name)), Some(value)) = (entry.get("k"), entry.get("v")) else { return Ok(None) };
            object.push((name.clone(), self.value(value, depth + 1)?));
        }
        Ok(Some(Value::Object(object.into_iter().collect())))
    }

    fn leaf(&self, json: &Json) -> Option<Value> {
        let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        if let Some(id) = json.get("ref").and_then(Json::as_u64) {
            return self.numbers.get(&id).map(|number| Value::Ref(*number));
        }
        if let Some(expression) = json.get("r") {
            return Some(Value::RegExp { source: js_text(expression, "p")?, flags: text(expression, "f")? });
        }
        if let Some(error) = json.get("e") {
            return Some(Value::Error { name: js_text(error, "n")?, message: js_text(error, "m")?, cause: None });
        }
        if let Some(view) = json.get("ta") {
            let kind = view_kind(&text(view, "k")?)?;
            let bytes = base64::engine::general_purpose::STANDARD.decode(text(view, "b")?).ok()?;
            return Some(Value::View(View { kind, buffer: ViewBuffer::Whole(bytes) }));
        }
        match json.get("d") {
            Some(Json::Null) => return Some(Value::Date(None)),
            Some(date) => return iso_to_date(date.as_str()?).map(|ms| Value::Date(Some(ms))),
            None => (),
        }
        if let Some(number) = text(json, "bi") {
            return BigInt::from_decimal(&number).map(Value::BigInt);
        }
        match text(json, "v")?.as_str() {
            "undefined" => Some(Value::Undefined),
            "null" => Some(Value::Null),
            "NaN" => Some(Value::Number(f64::NAN)),
            "Infinity" => Some(Value::Number(f64::INFINITY)),
            "-Infinity" => Some(Value::Number(f64::NEG_INFINITY)),
            "-0" => Some(Value::Number(-0.0)),
            _ => None,
        }
    }
}

fn js_text(json: &Json, name: &str) -> Option<JsString> {
    match json.get(name)? {
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn view_kind(code: &str) -> Option<ViewKind> {
    Some(match code {
        "i8" => ViewKind::Int8,
        "ui8" => ViewKind::Uint8,
        "ui8c" => ViewKind::Uint8Clamped,
        "i16" => ViewKind::Int16,
        "ui16" => ViewKind::Uint16,
        "i32" => ViewKind::Int32,
        "ui32" => ViewKind::Uint32,
        "f32" => ViewKind::Float32,
        "f64" => ViewKind::Float64,
        "bi64" => ViewKind::BigInt64,
        "bui64" => ViewKind::BigUint64,
        _ => return None,
    })
}
