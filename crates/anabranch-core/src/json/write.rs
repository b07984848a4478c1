//! Writing typed JSON.

use std::io::Write;

use base64::Engine;

use super::date::date_to_iso;
use crate::key::Key;
use crate::lent::{KeyRef, Properties, ValueRef};
use crate::string::JsString;
use crate::value::{Blob, File, GeometryKind, SparseArray, Value, View, ViewBuffer};

/// Appends a value as typed JSON.
pub fn write_value(value: &Value, out: &mut Vec<u8>) {
    write_lent_value(ValueRef::from(value), out);
}

/// Appends a value that is lent as typed JSON.
pub fn write_lent_value(value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Null => out.extend(b"null"),
        ValueRef::Bool(bool) => write_bool(bool, out),
        ValueRef::Number(number) => write_number(number, out),
        ValueRef::String(text) => write_string(text, out),
        ValueRef::Date(ms) => tag("date", out, |out| text_member("v", &date_to_iso(ms), out)),
        ValueRef::Array(items) => list(items, out, write_lent_value),
        ValueRef::Object(properties) => write_properties(properties, out),
        ValueRef::Other(Value::String(text)) => write_text(text, out),
        ValueRef::Other(other) => write_tagged(other, out),
    }
}

/// Appends a key as typed JSON.
pub fn write_key(key: &Key, out: &mut Vec<u8>) {
    write_value(&key.to_value(), out);
}

/// Appends a key that is lent as typed JSON.
pub fn write_lent_key(key: &KeyRef<'_>, out: &mut Vec<u8>) {
    match key {
        KeyRef::String(text) => write_string(text, out),
        KeyRef::Other(key) => write_key(key, out),
    }
}

/// A value as typed JSON.
pub fn value_to_string(value: &Value) -> String {
    let mut out = Vec::new();
    write_value(value, &mut out);
    String::from_utf8(out).expect("typed JSON is UTF-8")
}

/// A key as typed JSON.
pub fn key_to_string(key: &Key) -> String {
    value_to_string(&key.to_value())
}

/// Appends a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        match special.first() {
            Some(b'"') => out.extend(b"\\\""),
            Some(b'\\') => out.extend(b"\\\\"),
            Some(b'\n') => out.extend(b"\\n"),
            Some(b'\r') => out.extend(b"\\r"),
            Some(b'\t') => out.extend(b"\\t"),
            control => write_display(format_args!("\\u{:04x}", control.copied().unwrap_or_default()), out),
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_display(what: impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{what}").expect("writing into memory cannot fail");
}

fn write_bool(bool: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if bool { b"true" } else { b"false" });
}

fn write_number(number: f64, out: &mut Vec<u8>) {
    let special = match number {
        number if number.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        number if number.to_bits() == (-0.0f64).to_bits() => "-0",
        number if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            return write_display(number as i64, out);
        }
        number => return write_display(format_args!("{number:?}"), out),
    };
    tag("number", out, |out| member("v", out, |out| write_string(special, out)));
}

fn write_text(text: &JsString, out: &mut Vec<u8>) {
    match text.as_str() {
        Some(text) => write_string(text, out),
        None => tag("utf16", out, |out| member("v", out, |out| write_string(&units_to_hex(text), out))),
    }
}

fn units_to_hex(text: &JsString) -> String {
    text.units().map(|unit| format!("{unit:04x}")).collect()
}

fn write_items(items: &[Value], out: &mut Vec<u8>) {
    list(items.iter(), out, write_value);
}

fn list<T>(items: impl Iterator<Item = T>, out: &mut Vec<u8>, mut write: impl FnMut(T, &mut Vec<u8>)) {
    out.push(b'[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

fn write_properties(properties: Properties<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in properties.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_name(name, out);
        out.push(b':');
        write_lent_value(value, out);
    }
    out.push(b'}');
}

/// A name that reads as a tag gets one more `$`; one with a lone surrogate is written by its code units.
fn write_name(name: &JsString, out: &mut Vec<u8>) {
    match name.as_str() {
        Some(text) if is_tag_like(text) => write_string(&format!("${text}"), out),
        Some(text) => write_string(text, out),
        None => write_string(&format!("$idb16:{}", units_to_hex(name)), out),
    }
}

/// `^\$+idb`
pub(super) fn is_tag_like(name: &str) -> bool {
    name.starts_with('$') && name.trim_start_matches('$').starts_with("idb")
}

fn tag(name: &str, out: &mut Vec<u8>, members: impl FnOnce(&mut Vec<u8>)) {
    out.extend(b"{\"$idb\":");
    write_string(name, out);
    members(out);
    out.push(b'}');
}

fn member(name: &str, out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    out.push(b',');
    write_string(name, out);
    out.push(b':');
    value(out);
}

fn text_member(name: &str, text: &str, out: &mut Vec<u8>) {
    member(name, out, |out| write_string(text, out));
}

fn number_member(name: &str, number: impl std::fmt::Display, out: &mut Vec<u8>) {
    member(name, out, |out| write_display(number, out));
}

fn write_tagged(value: &Value, out: &mut Vec<u8>) {
    tag(tag_name(value), out, |out| match value {
        Value::BigInt(number) | Value::BigIntObject(number) => text_member("v", number.as_decimal(), out),
        Value::Date(None) => member("v", out, |out| out.extend(b"null")),
        Value::RegExp { source, flags } => {
            member("source", out, |out| write_text(source, out));
            text_member("flags", flags, out);
        }
        Value::BooleanObject(bool) => member("v", out, |out| write_bool(*bool, out)),
        Value::NumberObject(number) => member("v", out, |out| write_number(*number, out)),
        Value::StringObject(text) => member("v", out, |out| write_text(text, out)),
        Value::ArrayBuffer(buffer) => {
            text_member("v", &base64(&buffer.bytes), out);
            buffer.max_byte_length.iter().for_each(|max| number_member("max", max, out));
        }
        Value::View(view) => write_view(view, out),
        Value::Map(entries) => member("v", out, |out| {
            list(entries.iter(), out, |(key, value), out| list([key, value].into_iter(), out, write_value));
        }),
        Value::Set(items) => member("v", out, |out| write_items(items, out)),
        Value::SparseArray(array) => write_sparse(array, out),
        Value::Error { name, message, cause } => {
            member("name", out, |out| write_text(name, out));
            member("message", out, |out| write_text(message, out));
            cause.iter().for_each(|cause| member("cause", out, |out| write_value(cause, out)));
        }
        Value::DomException { name, message } => {
            member("name", out, |out| write_text(name, out));
            member("message", out, |out| write_text(message, out));
        }
        Value::Blob(blob) => write_blob(blob, out),
        Value::File(file) => write_file(file, out),
        Value::FileList(files) => member("files", out, |out| {
            list(files.iter(), out, |file, out| tag("file", out, |out| write_file(file, out)));
        }),
        Value::ImageData(image) => {
            number_member("w", image.width, out);
            number_member("h", image.height, out);
            image.color_space.iter().for_each(|space| text_member("space", space, out));
            image.format.iter().for_each(|format| text_member("fmt", format, out));
            text_member("d", &base64(&image.bytes), out);
        }
        Value::Geometry { numbers, .. } => {
            member("v", out, |out| list(numbers.iter(), out, |number, out| write_number(*number, out)));
        }
        Value::CryptoKey { fingerprint } => {
            member("opaque", out, |out| out.extend(b"true"));
            text_member("fp", fingerprint, out);
        }
        Value::Graph(graph) => {
            member("v", out, |out| write_value(&graph.root, out));
            member("defs", out, |out| write_items(&graph.defs, out));
        }
        Value::Ref(id) => number_member("id", id, out),
        Value::Undefined
        | Value::Null
        | Value::Bool(_)
        | Value::Date(Some(_))
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => (),
    });
}

fn tag_name(value: &Value) -> &'static str {
    match value {
        Value::Geometry { kind, .. } => geometry_tag(*kind),
        other => other.type_name(),
    }
}

pub(super) fn geometry_tag(kind: GeometryKind) -> &'static str {
    match kind {
        GeometryKind::Point => "dompoint",
        GeometryKind::PointReadOnly => "dompointreadonly",
        GeometryKind::Rect => "domrect",
        GeometryKind::RectReadOnly => "domrectreadonly",
        GeometryKind::Quad => "domquad",
        GeometryKind::Matrix => "dommatrix",
        GeometryKind::MatrixReadOnly => "dommatrixreadonly",
    }
}

fn write_view(view: &View, out: &mut Vec<u8>) {
    text_member("kind", view.kind.name(), out);
    match &view.buffer {
        ViewBuffer::Whole(bytes) => text_member("v", &base64(bytes), out),
        ViewBuffer::Part { buffer, offset, length } => {
            member("buf", out, |out| write_value(buffer, out));
            number_member("off", offset, out);
            length.iter().for_each(|length| number_member("len", length, out));
        }
    }
}

fn write_sparse(array: &SparseArray, out: &mut Vec<u8>) {
    number_member("len", array.length, out);
    member("i", out, |out| {
        out.push(b'{');
        for (at, (position, item)) in array.items.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_string(&position.to_string(), out);
            out.push(b':');
            write_value(item, out);
        }
        out.push(b'}');
    });
    member("p", out, |out| write_properties(Properties::of(&array.properties), out));
}

fn write_blob(blob: &Blob, out: &mut Vec<u8>) {
    member("type", out, |out| write_text(&blob.mime, out));
    number_member("size", blob.size, out);
    text_member("sha256", &hex(&blob.sha256), out);
    blob.bytes.iter().for_each(|bytes| text_member("v", &base64(bytes), out));
}

fn write_file(file: &File, out: &mut Vec<u8>) {
    write_blob(&file.blob, out);
    member("name", out, |out| write_text(&file.name, out));
    number_member("lastModified", file.last_modified_ms, out);
}
