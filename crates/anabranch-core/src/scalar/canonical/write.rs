//! Writing a value's canonical bytes.

use super::tag::*;
use crate::change::write_unsigned;
use crate::lent::ValueRef;
use crate::string::JsString;
use crate::value::{
    ArrayBuffer, BLOB_INLINE_BYTES_MAX, Blob, File, ImageData, Object, SparseArray, Value, View, ViewBuffer,
};

/// Appends a value's canonical bytes.
pub(crate) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Undefined => out.push(UNDEFINED),
        Value::Null => out.push(NULL),
        Value::Bool(bool) => out.push(if *bool { TRUE } else { FALSE }),
        Value::Number(number) => tagged(NUMBER, out, |out| write_double(*number, out)),
        Value::BigInt(number) => tagged(BIGINT, out, |out| write_bytes(number.as_decimal().as_bytes(), out)),
        Value::String(text) => write_text(text, out),
        Value::Date(Some(ms)) => tagged(DATE, out, |out| out.extend(ms.to_le_bytes())),
        Value::Date(None) => out.push(INVALID_DATE),
        Value::RegExp { source, flags } => tagged(REGEXP, out, |out| {
            write_text(source, out);
            write_bytes(flags.as_bytes(), out);
        }),
        Value::BooleanObject(bool) => out.extend([BOOLEAN_OBJECT, u8::from(*bool)]),
        Value::NumberObject(number) => tagged(NUMBER_OBJECT, out, |out| write_double(*number, out)),
        Value::StringObject(text) => tagged(STRING_OBJECT, out, |out| write_text(text, out)),
        Value::BigIntObject(number) => {
            tagged(BIGINT_OBJECT, out, |out| write_bytes(number.as_decimal().as_bytes(), out))
        }
        Value::ArrayBuffer(buffer) => write_buffer(buffer, out),
        Value::View(view) => write_view(view, out),
        Value::Map(entries) => tagged(MAP, out, |out| {
            write_unsigned(entries.len() as u64, out);
            entries.iter().for_each(|(key, value)| {
                write(key, out);
                write(value, out);
            });
        }),
        Value::Set(items) => tagged(SET, out, |out| write_list(items, out)),
        Value::Array(items) => tagged(ARRAY, out, |out| write_list(items, out)),
        Value::SparseArray(array) => write_sparse_array(array, out),
        Value::Object(object) => tagged(OBJECT, out, |out| write_object(object, out)),
        Value::Error { name, message, cause } => {
            out.push(if cause.is_some() { ERROR_CAUSE } else { ERROR });
            write_text(name, out);
            write_text(message, out);
            if let Some(cause) = cause {
                write(cause, out);
            }
        }
        Value::DomException { name, message } => tagged(DOM_EXCEPTION, out, |out| {
            write_text(name, out);
            write_text(message, out);
        }),
        Value::Blob(blob) => write_blob(blob, out),
        Value::File(file) => tagged(FILE, out, |out| write_file(file, out)),
        Value::FileList(files) => tagged(FILE_LIST, out, |out| {
            write_unsigned(files.len() as u64, out);
            files.iter().for_each(|file| write_file(file, out));
        }),
        Value::ImageData(image) => write_image(image, out),
        Value::Geometry { kind, numbers } => tagged(GEOMETRY, out, |out| {
            out.push(*kind as u8);
            write_unsigned(numbers.len() as u64, out);
            numbers.iter().for_each(|number| write_double(*number, out));
        }),
        Value::CryptoKey { fingerprint } => tagged(CRYPTO_KEY, out, |out| write_bytes(fingerprint.as_bytes(), out)),
        Value::Graph(graph) => tagged(GRAPH, out, |out| {
            write(&graph.root, out);
            write_list(&graph.defs, out);
        }),
        Value::Ref(id) => tagged(REF, out, |out| write_unsigned(u64::from(*id), out)),
    }
}

fn tagged(tag: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    write(out);
}

fn write_double(number: f64, out: &mut Vec<u8>) {
    out.extend((if number.is_nan() { f64::NAN } else { number }).to_le_bytes());
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_unsigned(bytes.len() as u64, out);
    out.extend(bytes);
}

fn write_text(text: &JsString, out: &mut Vec<u8>) {
    match text.as_str() {
        Some(text) => write_str(text, out),
        None => tagged(UTF16, out, |out| {
            write_unsigned(text.len() as u64, out);
            text.units().for_each(|unit| out.extend(unit.to_le_bytes()));
        }),
    }
}

fn write_str(text: &str, out: &mut Vec<u8>) {
    tagged(STRING, out, |out| write_bytes(text.as_bytes(), out));
}

fn write_list(items: &[Value], out: &mut Vec<u8>) {
    write_unsigned(items.len() as u64, out);
    items.iter().for_each(|item| write(item, out));
}

/// The same of a value that is lent.
pub(crate) fn write_lent(value: &ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::String(text) => write_str(text, out),
        ValueRef::Array(items) => tagged(ARRAY, out, |out| {
            write_unsigned(items.len() as u64, out);
            items.for_each(|item| write_lent(&item, out));
        }),
        ValueRef::Object(properties) => tagged(OBJECT, out, |out| {
            write_unsigned(properties.count() as u64, out);
            properties.for_each(|(name, value)| {
                write_text(name, out);
                write_lent(&value, out);
            });
        }),
        ValueRef::Other(value) => write(value, out),
        value => write(&value.to_value(), out),
    }
}

fn write_object(object: &Object, out: &mut Vec<u8>) {
    write_unsigned(object.len() as u64, out);
    object.iter().for_each(|(name, value)| {
        write_text(name, out);
        write(value, out);
    });
}

fn write_sparse_array(array: &SparseArray, out: &mut Vec<u8>) {
    out.push(SPARSE_ARRAY);
    write_unsigned(u64::from(array.length), out);
    write_unsigned(array.items.len() as u64, out);
    for (position, item) in &array.items {
        write_unsigned(u64::from(*position), out);
        write(item, out);
    }
    write_object(&array.properties, out);
}

fn write_buffer(buffer: &ArrayBuffer, out: &mut Vec<u8>) {
    match buffer.max_byte_length {
        None => out.push(ARRAY_BUFFER),
        Some(max) => tagged(RESIZABLE_BUFFER, out, |out| write_unsigned(max, out)),
    }
    write_bytes(&buffer.bytes, out);
}

fn write_view(view: &View, out: &mut Vec<u8>) {
    match &view.buffer {
        ViewBuffer::Whole(bytes) => {
            out.extend([WHOLE_VIEW, view.kind as u8]);
            write_bytes(bytes, out);
        }
        ViewBuffer::Part { buffer, offset, length } => {
            out.extend([if length.is_some() { PART_VIEW } else { TRACKING_VIEW }, view.kind as u8]);
            write(buffer, out);
            write_unsigned(*offset, out);
            if let Some(length) = length {
                write_unsigned(*length, out);
            }
        }
    }
}

/// Small Blobs are held inline if their bytes are known; large ones by their hash only.
fn write_blob(blob: &Blob, out: &mut Vec<u8>) {
    let inline = blob.bytes.as_ref().filter(|_| blob.size <= BLOB_INLINE_BYTES_MAX);
    out.push(if inline.is_some() { BLOB } else { BLOB_ELSEWHERE });
    write_text(&blob.mime, out);
    write_unsigned(blob.size, out);
    out.extend(blob.sha256);
    if let Some(bytes) = inline {
        write_bytes(bytes, out);
    }
}

fn write_file(file: &File, out: &mut Vec<u8>) {
    write_blob(&file.blob, out);
    write_text(&file.name, out);
    out.extend(file.last_modified_ms.to_le_bytes());
}

fn write_image(image: &ImageData, out: &mut Vec<u8>) {
    out.push(IMAGE_DATA);
    write_unsigned(u64::from(image.width), out);
    write_unsigned(u64::from(image.height), out);
    for text in [&image.color_space, &image.format] {
        write_bytes(text.as_deref().unwrap_or_default().as_bytes(), out);
    }
    write_bytes(&image.bytes, out);
}
