//! Values as the browser's own API told them, beside the exports that were made of them.

use std::collections::BTreeSet;

use anabranch_core::json::{Json, Lexer};
use anabranch_core::value::{
    ArrayBuffer, BigInt, Blob, File, GeometryKind, Graph, ImageData, SparseArray, View, ViewBuffer, ViewKind,
};
use anabranch_core::{JsString, Object, Value};
use base64::Engine;
use sha2::{Digest, Sha256};

/// The records of a store, keys and values as values.
pub(crate) fn records(json: &[u8], store: &str) -> Vec<(Value, Value)> {
    let database = Lexer::new(json, 512).value().unwrap();
    let stores = database.get("stores").and_then(Json::as_array).unwrap();
    let store = stores.iter().find(|json| text(json, "name") == store).unwrap();
    let records = store.get("records").and_then(Json::as_array).unwrap();
    records.iter().map(|record| record.as_array().unwrap()).map(|pair| (whole(&pair[0]), whole(&pair[1]))).collect()
}

fn whole(json: &Json) -> Value {
    let mut shared = BTreeSet::new();
    collect_references(json, &mut shared);
    let shared: Vec<u64> = shared.into_iter().collect();
    let mut reader = Reader { defs: vec![Value::Undefined; shared.len()], shared };
    let root = reader.value(json);
    if reader.shared.is_empty() { root } else { Value::Graph(Box::new(Graph { root, defs: reader.defs })) }
}

fn collect_references(json: &Json, found: &mut BTreeSet<u64>) {
    match json {
        Json::Object(members) => {
            if json.get("t").and_then(Json::as_str) == Some("ref") {
                found.insert(number(json, "id"));
            }
            members.iter().for_each(|(_, member)| collect_references(member, found));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => (),
    }
}

fn text(json: &Json, name: &str) -> String {
    json.get(name).and_then(Json::as_str).unwrap().to_owned()
}

fn number(json: &Json, name: &str) -> u64 {
    json.get(name).and_then(Json::as_u64).unwrap()
}

fn double(json: &Json) -> f64 {
    f64::from_bits(u64::from_str_radix(&text(json, "v"), 16).unwrap())
}

fn bytes(json: &Json) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text(json, "b64")).unwrap()
}

fn js_text(json: &Json) -> JsString {
    match text(json, "t").as_str() {
        "str" => match json.get("v").unwrap() {
            Json::String(text) => text.clone(),
            other => panic!("{other:?}"),
        },
        "str16" => {
            let digits = text(json, "v");
            let units: Vec<u16> =
                (0..digits.len()).step_by(4).map(|at| u16::from_str_radix(&digits[at..at + 4], 16).unwrap()).collect();
            JsString::from_utf16(&units)
        }
        other => panic!("{other}"),
    }
}

struct Reader {
    shared: Vec<u64>,
    defs: Vec<Value>,
}

impl Reader {
    fn value(&mut self, json: &Json) -> Value {
        let place = |shared: &[u64], id| shared.iter().position(|shared| *shared == id);
        if text(json, "t") == "ref" {
            return Value::Ref(place(&self.shared, number(json, "id")).unwrap() as u32);
        }
        let value = self.own(json);
        match json.get("id").and_then(Json::as_u64).and_then(|id| place(&self.shared, id)) {
            Some(place) => {
                self.defs[place] = value;
                Value::Ref(place as u32)
            }
            None => value,
        }
    }

    fn list(&mut self, json: &Json, name: &str) -> Vec<Value> {
        json.get(name).and_then(Json::as_array).unwrap().iter().map(|item| self.value(item)).collect()
    }

    fn pairs(&mut self, json: &Json, name: &str) -> Vec<(Json, Value)> {
        let pairs = json.get(name).and_then(Json::as_array).unwrap().iter().map(|pair| pair.as_array().unwrap());
        pairs.map(|pair| (pair[0].clone(), self.value(&pair[1]))).collect()
    }

    fn object(&mut self, json: &Json, name: &str) -> Object {
        self.pairs(json, name).into_iter().map(|(name, value)| (js_text(&name), value)).collect()
    }

    fn own(&mut self, json: &Json) -> Value {
        match text(json, "t").as_str() {
            "undefined" => Value::Undefined,
            "null" => Value::Null,
            "bool" => Value::Bool(json.get("v").and_then(Json::as_bool).unwrap()),
            "f64" => Value::Number(double(json)),
            "bigint" => Value::BigInt(BigInt::from_decimal(&text(json, "v")).unwrap()),
            "str" | "str16" => Value::String(js_text(json)),
            "date" => Value::Date(Some(json.get("ms").and_then(Json::as_number).unwrap() as i64)),
            "Date" => Value::Date(text(json, "ms").parse().ok()),
            "array" => Value::Array(self.list(json, "v")),
            "binary" => Value::array_buffer(bytes(json)),
            "RegExp" => {
                let mut flags: Vec<char> = text(json, "flags").chars().collect();
                flags.sort_unstable();
                Value::RegExp { source: js_text(json.get("source").unwrap()), flags: flags.into_iter().collect() }
            }
            "Boolean" => Value::BooleanObject(json.get("v").and_then(Json::as_bool).unwrap()),
            "Number" => Value::NumberObject(double(json)),
            "String" => Value::StringObject(js_text(json.get("v").unwrap())),
            "BigInt" => Value::BigIntObject(BigInt::from_decimal(&text(json, "v")).unwrap()),
            "ArrayBuffer" => {
                let max_byte_length = json.get("maxByteLength").and_then(Json::as_u64);
                Value::ArrayBuffer(ArrayBuffer { bytes: bytes(json), max_byte_length })
            }
            "Map" => {
                let pairs = json.get("entries").and_then(Json::as_array).unwrap().iter();
                Value::Map(
                    pairs
                        .map(|pair| pair.as_array().unwrap())
                        .map(|pair| (self.value(&pair[0]), self.value(&pair[1])))
                        .collect(),
                )
            }
            "Set" => Value::Set(self.list(json, "values")),
            "Array" => self.array(json),
            "DOMException" => {
                Value::DomException { name: text(json, "name").into(), message: text(json, "message").into() }
            }
            "Error" => {
                let cause = json.get("cause").map(|cause| Box::new(self.value(cause)));
                Value::Error { name: text(json, "name").into(), message: text(json, "message").into(), cause }
            }
            "Blob" => Value::from(blob(json)),
            "File" => Value::from(file(json)),
            "FileList" => {
                Value::FileList(json.get("files").and_then(Json::as_array).unwrap().iter().map(file).collect())
            }
            "ImageData" => Value::from(ImageData {
                width: number(json, "width") as u32,
                height: number(json, "height") as u32,
                color_space: Some(text(json, "colorSpace")),
                format: None,
                bytes: bytes(json),
            }),
            "CryptoKey" => {
                let is_extractable = json.get("extractable").and_then(Json::as_bool).unwrap();
                Value::CryptoKey {
                    fingerprint: if is_extractable { String::new() } else { "not to be exported".into() },
                }
            }
            "Object" => Value::Object(self.object(json, "props")),
            other => match GeometryKind::from_name(other) {
                Some(kind) => geometry(kind, json.get("json").unwrap()),
                None => self.view(ViewKind::from_name(other).unwrap_or_else(|| panic!("{other}")), json),
            },
        }
    }

    fn array(&mut self, json: &Json) -> Value {
        let (length, properties) = (number(json, "length") as u32, self.object(json, "props"));
        let items: Vec<(u32, Value)> =
            self.pairs(json, "items").into_iter().map(|(at, item)| (at.as_u64().unwrap() as u32, item)).collect();
        if properties.is_empty() && items.len() == length as usize {
            return Value::Array(items.into_iter().map(|(_, item)| item).collect());
        }
        Value::from(SparseArray { length, items, properties })
    }

    fn view(&mut self, kind: ViewKind, json: &Json) -> Value {
        let buffer = Box::new(self.value(json.get("buffer").unwrap()));
        let length = Some(number(json, "byteLength") / kind.element_bytes());
        Value::View(View { kind, buffer: ViewBuffer::Part { buffer, offset: number(json, "byteOffset"), length } })
    }
}

fn blob(json: &Json) -> Blob {
    let bytes = bytes(json);
    Blob {
        mime: text(json, "type").into(),
        size: bytes.len() as u64,
        sha256: Sha256::digest(&bytes).into(),
        bytes: Some(bytes),
    }
}

fn file(json: &Json) -> File {
    File { blob: blob(json), name: text(json, "name").into(), last_modified_ms: number(json, "lastModified") as i64 }
}

fn geometry(kind: GeometryKind, json: &Json) -> Value {
    let all = |json: &Json, names: &[&str]| -> Vec<f64> {
        names.iter().map(|name| json.get(name).and_then(Json::as_number).unwrap()).collect()
    };
    let numbers = match kind {
        GeometryKind::Point | GeometryKind::PointReadOnly => all(json, &["x", "y", "z", "w"]),
        GeometryKind::Rect | GeometryKind::RectReadOnly => all(json, &["x", "y", "width", "height"]),
        GeometryKind::Quad => {
            let points = ["p1", "p2", "p3", "p4"].into_iter();
            points.flat_map(|point| all(json.get(point).unwrap(), &["x", "y", "z", "w"])).collect()
        }
        GeometryKind::Matrix | GeometryKind::MatrixReadOnly => all(json, &["a", "b", "c", "d", "e", "f"]),
    };
    Value::Geometry { kind, numbers }
}
