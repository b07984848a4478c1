//! The texts that rows are made of.

use anabranch_core::JsString;
use anabranch_core::json::{base64, write_string};
use anabranch_core::value::{Blob, File};

use super::write::WriteExportError;

/// The tag and the name of a number that JSON does not know.
pub(super) fn special_name(number: f64) -> Option<(&'static str, &'static str)> {
    match number {
        number if number.is_nan() => Some(("nan", "NaN")),
        f64::INFINITY => Some(("infinity", "Infinity")),
        f64::NEG_INFINITY => Some(("negativeInfinity", "-Infinity")),
        _ => None,
    }
}

/// The importer reads `-0` as it stands, though the exporter never writes it.
pub(super) fn write_number(number: f64, out: &mut Vec<u8>) {
    if number == 0.0 && number.is_sign_negative() {
        out.extend(b"-0");
    } else if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        out.extend((number as i64).to_string().as_bytes());
    } else {
        out.extend(format!("{number:?}").as_bytes());
    }
}

/// A JSON string; lone surrogates are written as escapes.
pub(super) fn write_js_string(text: &JsString, out: &mut Vec<u8>) {
    if let Some(text) = text.as_str() {
        return write_string(text, out);
    }
    out.push(b'"');
    for unit in char::decode_utf16(text.units()) {
        match unit {
            Ok(char) => {
                let mut quoted = Vec::new();
                write_string(char.encode_utf8(&mut [0; 4]), &mut quoted);
                out.extend(quoted.get(1..quoted.len() - 1).unwrap_or_default());
            }
            Err(lone) => out.extend(format!("\\u{:04x}", lone.unpaired_surrogate()).as_bytes()),
        }
    }
    out.push(b'"');
}

pub(super) fn blob_bytes(blob: &Blob) -> Result<&[u8], WriteExportError> {
    let sha256 = || blob.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    blob.bytes.as_deref().ok_or_else(|| WriteExportError::BlobElsewhere { sha256: sha256() })
}

pub(super) fn write_blob(blob: &Blob, bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(b"{\"type\":");
    write_js_string(&blob.mime, out);
    out.extend(b",\"data\":");
    write_string(&base64(bytes), out);
    out.push(b'}');
}

pub(super) fn write_file(file: &File, bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(b"{\"type\":");
    write_js_string(&file.blob.mime, out);
    out.extend(b",\"stringContents\":");
    write_string(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>(), out);
    out.extend(b",\"name\":");
    write_js_string(&file.name, out);
    out.extend(format!(",\"lastModified\":{}}}", file.last_modified_ms).as_bytes());
}
