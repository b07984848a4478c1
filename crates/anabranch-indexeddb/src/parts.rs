//! The values inside a value.

use anabranch_core::value::{ArrayBuffer, SparseArray, View, ViewBuffer, ViewKind};
use anabranch_core::{Object, Value};

/// The value with each of its parts replaced by what `change` makes of it.
pub(crate) fn rebuild(value: Value, change: &mut dyn FnMut(Value) -> Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(change).collect()),
        Value::Set(items) => Value::Set(items.into_iter().map(change).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (change(key), change(value))).collect())
        }
        Value::SparseArray(array) => Value::from(SparseArray {
            length: array.length,
            items: array.items.into_iter().map(|(position, item)| (position, change(item))).collect(),
            properties: rebuild_object(array.properties, change),
        }),
        Value::Object(object) => Value::Object(rebuild_object(object, change)),
        Value::Error { name, message, cause } => {
            Value::Error { name, message, cause: cause.map(|cause| Box::new(change(*cause))) }
        }
        Value::View(View { kind, buffer: ViewBuffer::Part { buffer, offset, length } }) => {
            view(kind, change(*buffer), offset, length)
        }
        leaf => leaf,
    }
}

fn rebuild_object(object: Object, change: &mut dyn FnMut(Value) -> Value) -> Object {
    object.into_iter().map(|(name, value)| (name, change(value))).collect()
}

/// Calls `visit` with each part of a value.
pub(crate) fn each_part<'v>(value: &'v Value, visit: &mut dyn FnMut(&'v Value)) {
    match value {
        Value::Array(items) | Value::Set(items) => items.iter().for_each(visit),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            visit(key);
            visit(value);
        }),
        Value::SparseArray(array) => {
            array.items.iter().for_each(|(_, item)| visit(item));
            array.properties.values().for_each(visit);
        }
        Value::Object(object) => object.values().for_each(visit),
        Value::Error { cause: Some(cause), .. } => visit(cause),
        Value::View(View { buffer: ViewBuffer::Part { buffer, .. }, .. }) => visit(buffer),
        _ => (),
    }
}

/// A view; one of the whole of a fixed buffer of its own is held as bytes.
pub(crate) fn view(kind: ViewKind, buffer: Value, offset: u64, length: Option<u64>) -> Value {
    let is_whole = |buffer: &ArrayBuffer| {
        let viewed = length.map(|length| length.checked_mul(kind.element_bytes()));
        offset == 0 && buffer.max_byte_length.is_none() && viewed == Some(Some(buffer.bytes.len() as u64))
    };
    let buffer = match buffer {
        Value::ArrayBuffer(own) if is_whole(&own) => ViewBuffer::Whole(own.bytes),
        buffer => ViewBuffer::Part { buffer: Box::new(buffer), offset, length },
    };
    Value::View(View { kind, buffer })
}

/// Values that are what they hold: where one occurs twice, nothing is lost if it is copied.
pub(crate) fn is_copied(value: &Value) -> bool {
    !matches!(
        value,
        Value::ArrayBuffer(_)
            | Value::View(_)
            | Value::Map(_)
            | Value::Set(_)
            | Value::Array(_)
            | Value::SparseArray(_)
            | Value::Object(_)
            | Value::Error { .. }
            | Value::Graph(_)
            | Value::Ref(_)
    )
}
