//! What `JSON.stringify` leaves: indexeddb-export-import, and Playwright where a record needs no tags.

use anabranch_core::json::date_to_iso;
use anabranch_core::value::{Graph, SparseArray, ViewKind};
use anabranch_core::{JsString, Value};

use super::{elements, geometry, viewed};
use crate::graph;

/// Arrays above this length with nothing but holes are not spelled out; no file holds them.
const LENGTH_MAX: u32 = 1 << 20;

pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::Graph(shared) => graph::copied(shared).map_or_else(|| value.clone(), |copied| plain(&copied)),
        Value::Undefined => Value::Null,
        value => in_json(value, &[]),
    }
}

fn in_json(value: &Value, defs: &[Value]) -> Value {
    match value {
        Value::Number(number) => number_in_json(*number),
        Value::NumberObject(number) => number_in_json(*number),
        Value::Date(Some(ms)) => Value::String(date_to_iso(*ms).into()),
        Value::Undefined | Value::Date(None) => Value::Null,
        Value::BooleanObject(bool) => Value::Bool(*bool),
        Value::StringObject(text) => Value::String(text.clone()),
        Value::Geometry { kind, numbers } => in_json(&geometry::to_json(*kind, numbers), defs),
        Value::View(view) if view.kind != ViewKind::DataView => {
            in_json(&elements::to_object(view.kind, viewed(view, defs)), defs)
        }
        Value::FileList(files) => {
            Value::Object((0..files.len()).map(|at| (JsString::from(at.to_string()), Value::object([]))).collect())
        }
        Value::Object(object) => {
            let kept = object.iter().filter(|(_, value)| !matches!(value, Value::Undefined));
            Value::Object(kept.map(|(name, value)| (name.clone(), in_json(value, defs))).collect())
        }
        Value::SparseArray(array) => spelled_out(array, &Value::Null, &|item| in_json(item, defs)),
        Value::Array(items) => Value::Array(items.iter().map(|item| in_json(item, defs)).collect()),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
        // No JSON has these: their export never ends.
        Value::BigInt(_) | Value::BigIntObject(_) => value.clone(),
        Value::Graph(shared) => plain(&Value::Graph(Box::new(Graph::clone(shared)))),
        _ => Value::object([]),
    }
}

fn number_in_json(number: f64) -> Value {
    if number.is_finite() { Value::Number(number + 0.0) } else { Value::Null }
}

/// The array with something in its holes, without further properties.
pub(super) fn spelled_out(array: &SparseArray, hole: &Value, item: &dyn Fn(&Value) -> Value) -> Value {
    if array.length > LENGTH_MAX {
        return array.clone().into();
    }
    let mut items = array.items.iter().peekable();
    let at = |position| match items.next_if(|(at, _)| *at == position) {
        Some((_, own)) => item(own),
        None => hole.clone(),
    };
    Value::Array((0..array.length).map(at).collect())
}
