//! What each format gives back for a value that went through it.

use anabranch_core::json::date_to_iso;
use anabranch_core::value::{BigInt, GeometryKind, Graph, SparseArray, View, ViewKind};
use anabranch_core::{JsString, Object, Value};

/// dexie-export-import 4.4.
pub(crate) fn dexie(value: &Value) -> Value {
    match value {
        Value::Number(number) if *number == 0.0 => Value::Number(0.0),
        Value::NumberObject(number) if *number == 0.0 => Value::NumberObject(0.0),
        Value::BooleanObject(_) => Value::BooleanObject(true),
        Value::Error { .. } | Value::DomException { .. } | Value::CryptoKey { .. } => Value::object([]),
        Value::Geometry { kind, numbers } => geometry(*kind, numbers),
        Value::RegExp { source, flags } => Value::RegExp {
            source: source.clone(),
            flags: flags.chars().filter(|flag| !"dsv".contains(*flag)).collect(),
        },
        Value::View(view) if matches!(view.kind, ViewKind::BigInt64 | ViewKind::BigUint64 | ViewKind::Float16) => {
            elements(view)
        }
        Value::ArrayBuffer(buffer) => Value::array_buffer(buffer.bytes.clone()),
        Value::ImageData(image) => {
            let mut image = image.clone();
            (image.color_space, image.format) = (None, None);
            Value::ImageData(image)
        }
        Value::FileList(files) => {
            Value::object([("_files", Value::Array(files.iter().cloned().map(Value::File).collect()))])
        }
        Value::Object(object) => {
            let kept = object.iter().filter(|(name, _)| **name != *"__proto__");
            Value::Object(kept.map(|(name, value)| (name.clone(), dexie(value))).collect())
        }
        other => each_inside(other, &dexie),
    }
}

/// Playwright's storageState: Blobs become empty objects.
pub(crate) fn playwright(value: &Value) -> Value {
    match value {
        Value::Blob(_)
        | Value::File(_)
        | Value::FileList(_)
        | Value::ImageData(_)
        | Value::DomException { .. }
        | Value::CryptoKey { .. } => Value::object([]),
        Value::Error { name, message, .. } => {
            Value::Error { name: name.clone(), message: message.clone(), cause: None }
        }
        other => each_inside(other, &playwright),
    }
}

/// indexeddb-export-import: what `JSON.stringify` leaves.
pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) if !number.is_finite() => Value::Null,
        Value::Number(number) if *number == 0.0 => Value::Number(0.0),
        Value::Date(Some(ms)) => Value::String(date_to_iso(*ms).into()),
        Value::Undefined | Value::Date(None) => Value::Null,
        Value::BooleanObject(bool) => Value::Bool(*bool),
        Value::NumberObject(number) => plain(&Value::Number(*number)),
        Value::StringObject(text) => Value::String(text.clone()),
        Value::View(view) if view.kind != ViewKind::DataView => elements(view),
        Value::Object(object) => {
            let kept = object.iter().filter(|(_, value)| !matches!(value, Value::Undefined));
            Value::Object(kept.map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        Value::SparseArray(array) => {
            let item = |at| {
                array.items.iter().find(|(position, _)| *position == at).map_or(Value::Null, |(_, item)| plain(item))
            };
            Value::Array((0..array.length).map(item).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        _ => Value::object([]),
    }
}

/// The value with its parts replaced.
fn each_inside(value: &Value, loss: &dyn Fn(&Value) -> Value) -> Value {
    let list = |items: &[Value]| items.iter().map(loss).collect::<Vec<_>>();
    match value {
        Value::Array(items) => Value::Array(list(items)),
        Value::Set(items) => Value::Set(list(items)),
        Value::Map(entries) => Value::Map(entries.iter().map(|(key, value)| (loss(key), loss(value))).collect()),
        Value::SparseArray(array) => Value::SparseArray(SparseArray {
            length: array.length,
            items: array.items.iter().map(|(position, item)| (*position, loss(item))).collect(),
            properties: array.properties.iter().map(|(name, value)| (name.clone(), loss(value))).collect(),
        }),
        Value::Object(object) => {
            Value::Object(object.iter().map(|(name, value)| (name.clone(), loss(value))).collect())
        }
        Value::Graph(graph) => Value::Graph(Box::new(Graph { root: loss(&graph.root), defs: list(&graph.defs) })),
        other => other.clone(),
    }
}

/// The properties that a geometry object has of its own in the exporter's eyes.
fn geometry(kind: GeometryKind, numbers: &[f64]) -> Value {
    let names: &[&str] = match kind {
        GeometryKind::Point | GeometryKind::PointReadOnly => &["x", "y", "z", "w"],
        GeometryKind::Rect | GeometryKind::RectReadOnly => &["x", "y", "width", "height"],
        GeometryKind::Matrix | GeometryKind::MatrixReadOnly | GeometryKind::Quad => &[],
    };
    Value::Object(
        names.iter().zip(numbers).map(|(name, number)| (JsString::from(*name), Value::Number(*number))).collect(),
    )
}

/// A typed array as the plain object of its elements.
fn elements(view: &View) -> Value {
    let bytes = view.viewed_bytes().unwrap_or_default();
    let size = view.kind.element_bytes() as usize;
    let element = |chunk: &[u8]| {
        let mut wide = [0u8; 8];
        wide.iter_mut().zip(chunk).for_each(|(slot, byte)| *slot = *byte);
        let bits = u64::from_le_bytes(wide);
        let big = |text: String| BigInt::from_decimal(&text).map_or(Value::Undefined, Value::BigInt);
        match view.kind {
            ViewKind::BigInt64 => big((bits as i64).to_string()),
            ViewKind::BigUint64 => big(bits.to_string()),
            ViewKind::Float16 => Value::Number(half_to_double(bits as u16)),
            ViewKind::Float32 => Value::Number(f64::from(f32::from_bits(bits as u32))),
            ViewKind::Float64 => Value::Number(f64::from_bits(bits)),
            ViewKind::Int8 => Value::Number(f64::from(bits as u8 as i8)),
            ViewKind::Int16 => Value::Number(f64::from(bits as u16 as i16)),
            ViewKind::Int32 => Value::Number(f64::from(bits as u32 as i32)),
            _ => Value::Number(bits as f64),
        }
    };
    let named =
        bytes.chunks_exact(size).enumerate().map(|(at, chunk)| (JsString::from(at.to_string()), element(chunk)));
    Value::Object(named.collect::<Object>())
}

/// IEEE 754 binary16.
fn half_to_double(bits: u16) -> f64 {
    let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if sign == 1 { -magnitude } else { magnitude }
}
