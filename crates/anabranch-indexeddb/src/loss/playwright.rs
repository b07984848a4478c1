//! Playwright's storageState: a record of nothing but JSON's own types is written as JSON, any other with tags.

use anabranch_core::value::{Graph, View, ViewBuffer, ViewKind};
use anabranch_core::{JsString, Value};

use super::plain::{plain, spelled_out};
use super::{elements, geometry, viewed};
use crate::graph;
use crate::parts::{each_part, rebuild};

pub(crate) fn playwright(value: &Value) -> Value {
    let tagged = match value {
        value if is_json(value) => return plain(value),
        Value::Graph(shared) => {
            let Graph { root, defs } = &**shared;
            let lossy_defs = defs.iter().map(|def| tagged(def.clone(), defs)).collect();
            graph::canonical(tagged(root.clone(), defs), lossy_defs)
        }
        value => tagged(value.clone(), &[]),
    };
    // Nothing is left that needs tags: what JSON loses is lost too, once this is written again.
    if is_json(&tagged) { plain(&tagged) } else { tagged }
}

fn is_json(value: &Value) -> bool {
    match value {
        Value::Graph(shared) => is_json(&shared.root) && shared.defs.iter().all(is_json),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Ref(_) => true,
        Value::Array(_) | Value::SparseArray(_) | Value::Object(_) => {
            let mut all = true;
            each_part(value, &mut |part| all = all && is_json(part));
            all
        }
        _ => false,
    }
}

fn tagged(value: Value, defs: &[Value]) -> Value {
    match value {
        Value::Error { name, message, .. } | Value::DomException { name, message } => {
            Value::Error { name, message, cause: None }
        }
        Value::View(view) if matches!(view.kind, ViewKind::DataView) => Value::object([]),
        Value::View(view) if view.kind == ViewKind::Float16 => elements::to_object(view.kind, viewed(&view, defs)),
        Value::View(view) => {
            let bytes = viewed(&view, defs).to_vec();
            Value::View(View { kind: view.kind, buffer: ViewBuffer::Whole(bytes) })
        }
        Value::Geometry { kind, numbers } => geometry::to_json(kind, &numbers),
        Value::StringObject(text) => {
            let units: Vec<u16> = text.units().collect();
            let letter = |(at, unit): (usize, &u16)| {
                (JsString::from(at.to_string()), Value::String(JsString::from_utf16(&[*unit])))
            };
            Value::Object(units.iter().enumerate().map(letter).collect())
        }
        Value::FileList(files) => {
            Value::Object((0..files.len()).map(|at| (JsString::from(at.to_string()), Value::object([]))).collect())
        }
        Value::SparseArray(array) => spelled_out(&array, &Value::Undefined, &|item| tagged(item.clone(), defs)),
        Value::BooleanObject(_)
        | Value::NumberObject(_)
        | Value::BigIntObject(_)
        | Value::ArrayBuffer(_)
        | Value::Blob(_)
        | Value::File(_)
        | Value::ImageData(_)
        | Value::CryptoKey { .. } => Value::object([]),
        Value::Graph(shared) => playwright(&Value::Graph(shared)),
        other => rebuild(other, &mut |part| tagged(part, defs)),
    }
}
