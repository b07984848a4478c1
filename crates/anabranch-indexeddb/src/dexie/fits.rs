//! What a file must not hold: records that the importer would spoil, or that would make it fail.

use std::fmt;

use anabranch_core::value::{SparseArray, View, ViewBuffer, ViewKind};
use anabranch_core::{JsString, Object, Value};

use crate::parts::each_part;

/// The importer's JSON reader fails above this many code units of one string.
const STRING_UNITS_MAX: u64 = 10 * 1024 * 1024;
/// The exporter writes every hole of an array, and the importer reads them all.
const HOLES_MAX: u32 = 100_000;

/// Why a record stays out of a file: its importer would lose or spoil what the document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It holds a `CryptoKey`, which is never replicated, and must not be overwritten where it is.
    CryptoKey,
    /// It holds a `FileList`, which no script can make.
    FileList,
    /// It owns a property whose name the importer keeps for itself.
    ReservedName,
    /// It owns a property of the empty name, whose type the importer takes for that of the object around it.
    EmptyName,
    /// It shares objects inside a `Map` or a `Set`, or a buffer below typed arrays, where the importer loses them.
    Shared,
    /// It holds an array with more holes than can be written out.
    Holes,
    /// It holds a string or bytes that are too long for the importer's reader.
    TooLong,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LeftOut::CryptoKey => "it holds a CryptoKey, which is never replicated",
            LeftOut::FileList => "it holds a FileList, which cannot be made by an import",
            LeftOut::ReservedName => {
                "it has a property named `incomplete`, `__proto__` or `$types`, which the import loses"
            }
            LeftOut::EmptyName => "it has a property with an empty name, which the import spoils",
            LeftOut::Shared => "it shares objects inside a Map or a Set, or a buffer, which the import loses",
            LeftOut::Holes => "it has an array with too many holes to write out",
            LeftOut::TooLong => "it holds more than 10 MiB in one string or buffer, at which the import fails",
        })
    }
}

/// Why a record of this value is to be left out of a file for dexie-export-import, if it is.
pub fn dexie_leaves_out(value: &Value) -> Option<LeftOut> {
    let (root, defs) = match value {
        Value::Graph(graph) => (&graph.root, graph.defs.as_slice()),
        value => (value, &[][..]),
    };
    if let Value::Object(object) = root
        && object.get("$types").is_some()
    {
        return Some(LeftOut::ReservedName);
    }
    std::iter::once(root).chain(defs).find_map(spoiled)
}

fn spoiled(value: &Value) -> Option<LeftOut> {
    let in_base64 = |bytes: u64| (bytes.div_ceil(3) * 4 > STRING_UNITS_MAX).then_some(LeftOut::TooLong);
    let own = match value {
        Value::CryptoKey { .. } => Some(LeftOut::CryptoKey),
        Value::FileList(_) => Some(LeftOut::FileList),
        Value::String(text) | Value::StringObject(text) => is_too_long(text).then_some(LeftOut::TooLong),
        Value::BigInt(number) | Value::BigIntObject(number) => {
            (number.as_decimal().len() as u64 > STRING_UNITS_MAX).then_some(LeftOut::TooLong)
        }
        Value::ArrayBuffer(buffer) => in_base64(buffer.bytes.len() as u64),
        Value::View(View { buffer: ViewBuffer::Whole(bytes), .. }) => in_base64(bytes.len() as u64),
        Value::View(View { kind, buffer: ViewBuffer::Part { buffer, .. } }) => {
            let is_shared = *kind != ViewKind::DataView && matches!(**buffer, Value::Ref(_));
            is_shared.then_some(LeftOut::Shared)
        }
        Value::Blob(blob) => in_base64(blob.size),
        Value::File(file) => (file.blob.size > STRING_UNITS_MAX).then_some(LeftOut::TooLong),
        Value::Object(object) => names(object),
        Value::SparseArray(array) => sparse(array),
        Value::Map(_) | Value::Set(_) => holds_reference(value).then_some(LeftOut::Shared),
        _ => None,
    };
    let mut found = own;
    each_part(value, &mut |part| found = found.or_else(|| spoiled(part)));
    found
}

fn is_too_long(text: &JsString) -> bool {
    let bytes = text.as_str().map_or(0, str::len) as u64;
    // A text of few bytes has few code units: most need no counting.
    (bytes > STRING_UNITS_MAX || text.as_str().is_none()) && text.len() as u64 > STRING_UNITS_MAX
}

fn names(object: &Object) -> Option<LeftOut> {
    if object.get("incomplete").is_some() || object.get("__proto__").is_some() {
        return Some(LeftOut::ReservedName);
    }
    object.get("").filter(|value| !is_untyped(value)).map(|_| LeftOut::EmptyName)
}

fn sparse(array: &SparseArray) -> Option<LeftOut> {
    let holes = array.length - (array.items.len() as u32).min(array.length);
    if holes > HOLES_MAX {
        return Some(LeftOut::Holes);
    }
    names(&array.properties)
}

/// Whether JSON alone says what the value is, so that there is no type to be misunderstood.
fn is_untyped(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.is_finite(),
        Value::Object(object) => object.values().all(is_untyped),
        _ => false,
    }
}

fn holds_reference(value: &Value) -> bool {
    let mut found = matches!(value, Value::Ref(_));
    each_part(value, &mut |part| found = found || holds_reference(part));
    found
}
