//! Tagged values that hold no other values.

use anabranch_core::json::Json;
use anabranch_core::value::{BigInt, Blob, File, ImageData, ViewKind};
use anabranch_core::{JsString, Value};
use base64::Engine;
use sha2::{Digest, Sha256};

/// The value of this tag; `None` where the tag is unknown, or the value is not of its form.
pub(super) fn read(tag: &str, json: &Json) -> Option<Value> {
    let text = json.as_str();
    match tag {
        "undef" => Some(Value::Undefined),
        "nan" => Some(Value::Number(f64::NAN)),
        "infinity" => Some(Value::Number(f64::INFINITY)),
        "negativeInfinity" => Some(Value::Number(f64::NEG_INFINITY)),
        "date" => date(json),
        "bigint" => text.and_then(BigInt::from_decimal).map(Value::BigInt),
        "bigintObject" => text.and_then(BigInt::from_decimal).map(Value::BigIntObject),
        "BooleanObject" => json.as_bool().map(Value::BooleanObject),
        "NumberObject" => number_object(json).map(Value::NumberObject),
        "StringObject" => js_text(json).map(Value::StringObject),
        "regexp" => regexp(json),
        "arraybuffer" => text.and_then(bytes).map(Value::array_buffer),
        "blob2" | "blob" => blob(json).map(Value::from),
        "file" => file(json).map(Value::from),
        "imagedata" => image(json),
        // The key itself is never taken, only that there is one.
        "cryptokey" => Some(unknown_key()),
        _ => None,
    }
}

/// A `CryptoKey` of which nothing is known but that it is there.
pub(super) fn unknown_key() -> Value {
    Value::CryptoKey { fingerprint: String::new() }
}

pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

pub(super) fn view_kind(tag: &str) -> Option<ViewKind> {
    ViewKind::ALL.iter().copied().find(|kind| kind.name().to_ascii_lowercase() == tag)
}

fn date(json: &Json) -> Option<Value> {
    if json.as_str() == Some("NaN") {
        return Some(Value::Date(None));
    }
    let ms = json.as_number().filter(|ms| ms.fract() == 0.0 && ms.abs() <= 8.64e15)?;
    Some(Value::Date(Some(ms as i64)))
}

/// What `new Number` makes of the JSON: the exporter writes `null` where JSON knows no such number, which gives 0.
fn number_object(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => Some(*number),
        Json::Null => Some(0.0),
        Json::String(_) => match json.as_str()? {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn js_text(json: &Json) -> Option<JsString> {
    match json {
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn regexp(json: &Json) -> Option<Value> {
    let mut flags: Vec<char> = json.get("flags")?.as_str()?.chars().collect();
    flags.sort_unstable();
    Some(Value::RegExp { source: js_text(json.get("source")?)?, flags: flags.into_iter().collect() })
}

fn blob_of(mime: JsString, bytes: Vec<u8>) -> Blob {
    Blob { mime, size: bytes.len() as u64, sha256: Sha256::digest(&bytes).into(), bytes: Some(bytes) }
}

fn blob(json: &Json) -> Option<Blob> {
    let mime = js_text(json.get("type")?)?;
    let bytes = match json.get("data") {
        Some(data) => bytes(data.as_str()?)?,
        None => latin1(&js_text(json.get("stringContents")?)?)?,
    };
    Some(blob_of(mime, bytes))
}

fn file(json: &Json) -> Option<File> {
    let bytes = latin1(&js_text(json.get("stringContents")?)?)?;
    let modified = json.get("lastModified")?.as_number().filter(|ms| ms.fract() == 0.0 && ms.abs() < 9.1e15)?;
    let blob = blob_of(js_text(json.get("type")?)?, bytes);
    Some(File { blob, name: js_text(json.get("name")?)?, last_modified_ms: modified as i64 })
}

/// A string of one character a byte; some browsers read the upper half into the private use area.
fn latin1(text: &JsString) -> Option<Vec<u8>> {
    text.units()
        .map(|unit| match unit {
            0xf780..=0xf7ff => Some((unit - 0xf700) as u8),
            unit => u8::try_from(unit).ok(),
        })
        .collect()
}

fn image(json: &Json) -> Option<Value> {
    let side = |name| json.get(name).and_then(Json::as_u64).and_then(|side| u32::try_from(side).ok());
    let byte = |json: &Json| json.as_u64().and_then(|byte| u8::try_from(byte).ok());
    let bytes: Option<Vec<u8>> = match json.get("array")? {
        Json::Array(items) => items.iter().map(byte).collect(),
        _ => None,
    };
    let (width, height, bytes) = (side("width")?, side("height")?, bytes?);
    let is_whole = u64::from(width) * u64::from(height) * 4 == bytes.len() as u64;
    is_whole.then_some(Value::from(ImageData { width, height, color_space: None, format: None, bytes }))
}
