//! Playwright's `storageState({ indexedDB: true })`.

use std::collections::BTreeMap;

use anabranch_core::json::{Json, iso_to_date};
use anabranch_core::value::{BigInt, View, ViewBuffer, ViewKind};
use anabranch_core::{Index, JsString, Key, KeyPath, StoreSchema, Value};
use base64::Engine;

use crate::export::Source;
use crate::visit::{ReadError, ReadExportError, ReadRowError, SnapshotVisitor, Want};

pub(crate) fn read<V: SnapshotVisitor>(source: &mut Source, visitor: &mut V) -> Result<(), ReadError<V::Error>> {
    let state = source.lexer.value().map_err(|error| source.json(error))?;
    source.lexer.end().map_err(|error| source.json(error))?;
    let origins = state.get("origins").and_then(Json::as_array).ok_or_else(|| source.member("origins"))?;
    for database in origins.iter().filter_map(|origin| origin.get("indexedDB")?.as_array()).flatten() {
        read_database(source, database, visitor)?;
    }
    Ok(())
}

fn read_database<V: SnapshotVisitor>(
    source: &Source,
    database: &Json,
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    let name = database.get("name").and_then(Json::as_str).ok_or_else(|| source.member("indexedDB[].name"))?;
    let version = database.get("version").and_then(Json::as_u64).ok_or_else(|| source.member("indexedDB[].version"))?;
    let stores = database.get("stores").and_then(Json::as_array).ok_or_else(|| source.member("indexedDB[].stores"))?;
    let named = |store: &Json| store.get("name").and_then(Json::as_str).map(str::to_owned);
    let names: Vec<String> =
        stores.iter().map(named).collect::<Option<_>>().ok_or_else(|| source.member("stores[].name"))?;
    visitor.database(name, Some(version), &names).map_err(ReadError::Visitor)?;
    for (store, name) in stores.iter().zip(&names) {
        let schema = read_schema(store).ok_or_else(|| source.member("stores[].keyPath or indexes"))?;
        let records = store.get("records").and_then(Json::as_array).ok_or_else(|| source.member("stores[].records"))?;
        if visitor.store(name, &schema, Some(records.len() as u64)).map_err(ReadError::Visitor)? == Want::Records {
            for (row, record) in records.iter().enumerate() {
                let failed = |source_error| ReadExportError::Row {
                    path: source.path.clone(),
                    at: source.lexer.bytes_read(),
                    store: name.clone(),
                    row: row as u64,
                    source: source_error,
                };
                let (key, value) = read_record(record, &schema).map_err(failed)?;
                visitor.record(key, value).map_err(ReadError::Visitor)?;
            }
        }
        visitor.end_store(true).map_err(ReadError::Visitor)?;
    }
    Ok(())
}

fn read_schema(store: &Json) -> Option<StoreSchema> {
    let flag = |json: &Json, name| json.get(name).and_then(Json::as_bool).unwrap_or(false);
    let mut indexes = Vec::new();
    for index in store.get("indexes").and_then(Json::as_array).unwrap_or_default() {
        let name = index.get("name")?.as_str()?.to_owned();
        let (unique, multi_entry) = (flag(index, "unique"), flag(index, "multiEntry"));
        indexes.push(Index { name, key_path: read_key_path(index)?, unique, multi_entry });
    }
    Some(StoreSchema {
        key_path: read_key_path(store),
        auto_increment: flag(store, "autoIncrement"),
        indexes,
        ..StoreSchema::default()
    })
}

fn read_key_path(json: &Json) -> Option<KeyPath> {
    match json.get("keyPathArray") {
        Some(paths) => paths
            .as_array()?
            .iter()
            .map(|path| path.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(KeyPath::Compound),
        None => Some(KeyPath::Single(json.get("keyPath")?.as_str()?.to_owned())),
    }
}

fn read_record(record: &Json, schema: &StoreSchema) -> Result<(Key, Value), ReadRowError> {
    let read = |plain: &str, encoded: &str| match (record.get(plain), record.get(encoded)) {
        (Some(json), None) => Some(Decoder::default().plain(json)),
        (None, Some(json)) => Some(Decoder::default().value(json)),
        _ => None,
    };
    let value = read("value", "valueEncoded").ok_or(ReadRowError::Shape)??;
    let key = match (read("key", "keyEncoded"), &schema.key_path) {
        (Some(key), _) => Key::from_value(&key?)?,
        (None, Some(path)) => path.extract(&value)?,
        (None, None) => return Err(ReadRowError::Shape),
    };
    Ok((key, value))
}

/// Decodes the tagged form; objects that occur again are copied, since each is complete where it is named.
#[derive(Default)]
struct Decoder {
    seen: BTreeMap<u64, Value>,
}

impl Decoder {
    fn plain(&self, json: &Json) -> Result<Value, ReadRowError> {
        Ok(match json {
            Json::Null => Value::Null,
            Json::Bool(bool) => Value::Bool(*bool),
            Json::Number(number) => Value::Number(*number),
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => Value::Array(items.iter().map(|item| self.plain(item)).collect::<Result<_, _>>()?),
            Json::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.plain(value)?)))
                    .collect::<Result<_, ReadRowError>>()?,
            ),
        })
    }

    fn value(&mut self, json: &Json) -> Result<Value, ReadRowError> {
        let Json::Object(members) = json else { return self.plain(json) };
        let unreadable = || ReadRowError::Tag {
            path: String::new(),
            tag: members.first().map_or_else(String::new, |(tag, _)| tag.to_string_lossy().into_owned()),
        };
        let value = self.tagged(json)?.ok_or_else(unreadable)?;
        if let Some(id) = json.get("id").and_then(Json::as_u64) {
            self.seen.insert(id, value.clone());
        }
        Ok(value)
    }

    fn tagged(&mut self, json: &Json) -> Result<Option<Value>, ReadRowError> {
        let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        if let Some(items) = json.get("a").and_then(Json::as_array) {
            return Ok(Some(Value::Array(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)));
        }
        if let Some(entries) = json.get("o").and_then(Json::as_array) {
            let mut object = Vec::new();
            for entry in entries {
                let (Some(Json::String(name)), Some(value)) = (entry.get("k"), entry.get("v")) else { return Ok(None) };
                object.push((name.clone(), self.value(value)?));
            }
            return Ok(Some(Value::Object(object.into_iter().collect())));
        }
        if let Some(entries) = json.get("m").and_then(Json::as_array) {
            let mut map = Vec::new();
            for entry in entries {
                let (Some(key), Some(value)) = (entry.get("k"), entry.get("v")) else { return Ok(None) };
                map.push((self.value(key)?, self.value(value)?));
            }
            return Ok(Some(Value::Map(map)));
        }
        if let Some(items) = json.get("se").and_then(Json::as_array) {
            return Ok(Some(Value::Set(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)));
        }
        if let Some(id) = json.get("ref").and_then(Json::as_u64) {
            return Ok(self.seen.get(&id).cloned());
        }
        if let Some(expression) = json.get("r") {
            return Ok(text(expression, "p")
                .zip(text(expression, "f"))
                .map(|(source, flags)| Value::RegExp { source: source.into(), flags }));
        }
        if let Some(error) = json.get("e") {
            let named = text(error, "n").zip(text(error, "m"));
            return Ok(named.map(|(name, message)| Value::Error {
                name: name.into(),
                message: JsString::from(message),
                cause: None,
            }));
        }
        if let Some(view) = json.get("ta") {
            return Ok(text(view, "k").as_deref().and_then(view_kind).zip(text(view, "b")).and_then(
                |(kind, bytes)| {
                    let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).ok()?;
                    Some(Value::View(View { kind, buffer: ViewBuffer::Whole(bytes) }))
                },
            ));
        }
        if let Some(date) = text(json, "d") {
            return Ok(iso_to_date(&date).map(|ms| Value::Date(Some(ms))));
        }
        if let Some(number) = text(json, "bi") {
            return Ok(BigInt::from_decimal(&number).map(Value::BigInt));
        }
        Ok(match text(json, "v").as_deref() {
            Some("undefined") => Some(Value::Undefined),
            Some("null") => Some(Value::Null),
            Some("NaN") => Some(Value::Number(f64::NAN)),
            Some("Infinity") => Some(Value::Number(f64::INFINITY)),
            Some("-Infinity") => Some(Value::Number(f64::NEG_INFINITY)),
            Some("-0") => Some(Value::Number(-0.0)),
            _ => None,
        })
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
