//! Reading typed JSON.

use base64::Engine;
use sha2::{Digest, Sha256};

use super::date::iso_to_date;
use super::lexer::{JsonError, Lexer};
use super::tree::Json;
use super::write::{geometry_tag, is_tag_like};
use crate::key::{Key, MakeKeyError};
use crate::string::JsString;
use crate::value::{
    ArrayBuffer, BigInt, Blob, File, GeometryKind, Graph, ImageData, Object, SparseArray, VALUE_DEPTH_MAX, Value, View,
    ViewBuffer, ViewKind,
};

/// Why a text is no typed JSON of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadValueError {
    /// The text is no JSON.
    #[error("{what}")]
    NotJson {
        /// What is wrong and where, as the JSON reader says it.
        what: String,
    },
    /// A `$idb` tag that is none, or whose members are missing or malformed.
    #[error("malformed typed value of tag {tag:?}")]
    Tag {
        /// The tag.
        tag: String,
    },
    /// The value nests too deep.
    #[error("values nest at most {VALUE_DEPTH_MAX} levels")]
    TooDeep,
    /// A Blob whose size or hash is not that of its bytes.
    #[error("a Blob's size or SHA-256 is not that of its bytes")]
    BlobMismatch,
}

/// Why a text is no typed JSON of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadKeyError {
    /// It is no value.
    #[error(transparent)]
    Value(#[from] ReadValueError),
    /// It is a value that is no key.
    #[error(transparent)]
    Key(#[from] MakeKeyError),
}

impl From<JsonError> for ReadValueError {
    fn from(error: JsonError) -> Self {
        ReadValueError::NotJson { what: error.to_string() }
    }
}

/// Reads a value from a whole text.
pub fn read_value(text: &[u8]) -> Result<Value, ReadValueError> {
    let mut lexer = Lexer::new(text, 4 * VALUE_DEPTH_MAX);
    let json = lexer.value()?;
    lexer.end()?;
    value_from_json(json)
}

/// Reads a key from a whole text.
pub fn read_key(text: &[u8]) -> Result<Key, ReadKeyError> {
    Ok(Key::from_value(&read_value(text)?)?)
}

/// Reads a value from JSON already parsed.
pub fn value_from_json(json: Json) -> Result<Value, ReadValueError> {
    value_at(json, 0)
}

fn value_at(json: Json, depth: usize) -> Result<Value, ReadValueError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(bool),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::String(text),
        Json::Array(_) | Json::Object(_) if depth >= VALUE_DEPTH_MAX => return Err(ReadValueError::TooDeep),
        Json::Array(items) => Value::Array(values(items, depth)?),
        Json::Object(members) => match members.iter().any(|(name, _)| *name == *"$idb") {
            true => tagged(Json::Object(members), depth)?,
            false => Value::Object(object(members, depth)?),
        },
    })
}

fn values(items: Vec<Json>, depth: usize) -> Result<Vec<Value>, ReadValueError> {
    items.into_iter().map(|item| value_at(item, depth + 1)).collect()
}

fn object(members: Vec<(JsString, Json)>, depth: usize) -> Result<Object, ReadValueError> {
    members.into_iter().map(|(name, value)| Ok((property_name(name)?, value_at(value, depth + 1)?))).collect()
}

fn property_name(name: JsString) -> Result<JsString, ReadValueError> {
    let Some(text) = name.as_str() else { return Ok(name) };
    if let Some(units) = text.strip_prefix("$idb16:") {
        return units_from_hex(units).ok_or(ReadValueError::Tag { tag: "$idb16".into() });
    }
    match text.strip_prefix('$') {
        Some(rest) if is_tag_like(rest) => Ok(rest.into()),
        _ if is_tag_like(text) => Err(ReadValueError::Tag { tag: text.into() }),
        _ => Ok(name),
    }
}

fn units_from_hex(digits: &str) -> Option<JsString> {
    let (quads, rest) = digits.as_bytes().as_chunks::<4>();
    let unit = |quad: &[u8; 4]| u16::from_str_radix(std::str::from_utf8(quad).ok()?, 16).ok();
    let units: Option<Vec<u16>> = quads.iter().map(unit).collect();
    units.filter(|_| rest.is_empty()).map(|units| JsString::from_utf16(&units))
}

fn tagged(mut json: Json, depth: usize) -> Result<Value, ReadValueError> {
    let tag = json.take("$idb").and_then(|tag| tag.as_str().map(str::to_owned)).unwrap_or_default();
    let mut members = Members { json, depth };
    members.value(&tag).transpose().unwrap_or(Err(ReadValueError::Tag { tag }))
}

struct Members {
    json: Json,
    depth: usize,
}

type Found<T> = Result<Option<T>, ReadValueError>;

impl Members {
    /// The value of this tag; `None` where the tag is unknown or a member is missing or malformed.
    fn value(&mut self, tag: &str) -> Found<Value> {
        Ok(match tag {
            "undefined" => Some(Value::Undefined),
            "number" => self.number("v").filter(|n| n.is_nan() || n.is_infinite() || *n == 0.0).map(Value::Number),
            "bigint" => self.text("v").and_then(|text| BigInt::from_decimal(&text)).map(Value::BigInt),
            "BigInt" => self.text("v").and_then(|text| BigInt::from_decimal(&text)).map(Value::BigIntObject),
            "date" => match self.json.get("v") {
                Some(Json::Null) => Some(Value::Date(None)),
                _ => self
                    .text("v")
                    .and_then(|text| iso_to_date(&text))
                    .filter(|ms| ms.abs() <= 8_640_000_000_000_000)
                    .map(|ms| Value::Date(Some(ms))),
            },
            "utf16" => self.text("v").and_then(|digits| units_from_hex(&digits)).map(Value::String),
            "arraybuffer" => self.buffer(),
            "view" => self.view()?,
            "map" => self.map()?.map(Value::Map),
            "set" => self.list("v")?.map(Value::Set),
            "array" => self.sparse()?,
            "regexp" => {
                self.js_text("source").zip(self.text("flags")).map(|(source, flags)| Value::RegExp { source, flags })
            }
            "Boolean" => self.json.get("v").and_then(Json::as_bool).map(Value::BooleanObject),
            "Number" => self.number("v").map(Value::NumberObject),
            "String" => self.js_text("v").map(Value::StringObject),
            "error" => {
                let cause =
                    self.json.take("cause").map(|cause| value_at(cause, self.depth + 1)).transpose()?.map(Box::new);
                self.js_text("name").zip(self.js_text("message")).map(|(name, message)| Value::Error {
                    name,
                    message,
                    cause,
                })
            }
            "domexception" => self
                .js_text("name")
                .zip(self.js_text("message"))
                .map(|(name, message)| Value::DomException { name, message }),
            "blob" => self.blob()?.map(Value::from),
            "file" => self.file()?.map(Value::from),
            "filelist" => self.file_list()?,
            "imagedata" => self.image(),
            "cryptokey" => self.text("fp").map(|fingerprint| Value::CryptoKey { fingerprint }),
            "graph" => {
                let root = self.json.take("v").map(|root| value_at(root, self.depth + 1)).transpose()?;
                root.zip(self.list("defs")?).map(|(root, defs)| Value::Graph(Box::new(Graph { root, defs })))
            }
            "ref" => self.json.get("id").and_then(Json::as_u64).and_then(|id| u32::try_from(id).ok()).map(Value::Ref),
            _ => {
                GeometryKind::ALL.iter().find(|kind| geometry_tag(**kind) == tag).and_then(|kind| self.geometry(*kind))
            }
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.json.get(name)?.as_str().map(str::to_owned)
    }

    fn js_text(&self, name: &str) -> Option<JsString> {
        js_text_of(self.json.get(name)?)
    }

    fn number(&self, name: &str) -> Option<f64> {
        number_of(self.json.get(name)?)
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        base64::engine::general_purpose::STANDARD.decode(self.text(name)?).ok()
    }

    fn list(&mut self, name: &str) -> Found<Vec<Value>> {
        match self.json.take(name) {
            Some(Json::Array(items)) => values(items, self.depth).map(Some),
            _ => Ok(None),
        }
    }

    fn map(&mut self) -> Found<Vec<(Value, Value)>> {
        let Some(Json::Array(entries)) = self.json.take("v") else { return Ok(None) };
        let mut map = Vec::with_capacity(entries.len());
        for entry in entries {
            let Json::Array(pair) = entry else { return Ok(None) };
            let Ok([key, value]) = <[Json; 2]>::try_from(pair) else { return Ok(None) };
            map.push((value_at(key, self.depth + 1)?, value_at(value, self.depth + 1)?));
        }
        Ok(Some(map))
    }

    fn buffer(&self) -> Option<Value> {
        let max_byte_length = match self.json.get("max") {
            None => None,
            Some(max) => Some(max.as_u64()?),
        };
        Some(Value::ArrayBuffer(ArrayBuffer { bytes: self.bytes("v")?, max_byte_length }))
    }

    fn view(&mut self) -> Found<Value> {
        let Some(kind) = self.text("kind").and_then(|kind| ViewKind::from_name(&kind)) else { return Ok(None) };
        let Some(buffer) = self.json.take("buf") else {
            return Ok(self.bytes("v").map(|bytes| Value::View(View { kind, buffer: ViewBuffer::Whole(bytes) })));
        };
        let buffer = Box::new(value_at(buffer, self.depth + 1)?);
        let length = self.json.get("len").map(Json::as_u64);
        let (Value::ArrayBuffer(_) | Value::Ref(_), Some(offset), None | Some(Some(_))) =
            (&*buffer, self.json.get("off").and_then(Json::as_u64), length)
        else {
            return Ok(None);
        };
        Ok(Some(Value::View(View { kind, buffer: ViewBuffer::Part { buffer, offset, length: length.flatten() } })))
    }

    fn sparse(&mut self) -> Found<Value> {
        let length = self.json.get("len").and_then(Json::as_u64).and_then(|length| u32::try_from(length).ok());
        let (Some(length), Some(Json::Object(members))) = (length, self.json.take("i")) else { return Ok(None) };
        let mut items = Vec::with_capacity(members.len());
        for (position, item) in members {
            let Some(position) = position.as_str().and_then(|text| text.parse::<u32>().ok()).filter(|at| *at < length)
            else {
                return Ok(None);
            };
            items.push((position, value_at(item, self.depth + 1)?));
        }
        items.sort_by_key(|(position, _)| *position);
        let properties = match self.json.take("p") {
            None => Object::default(),
            Some(Json::Object(members)) => object(members, self.depth)?,
            Some(_) => return Ok(None),
        };
        Ok(Some(SparseArray { length, items, properties }.into()))
    }

    fn blob(&self) -> Found<Blob> {
        let Some(mime) = self.js_text("type") else { return Ok(None) };
        let bytes = match self.json.get("v") {
            None => None,
            Some(_) => match self.bytes("v") {
                None => return Ok(None),
                bytes => bytes,
            },
        };
        let size = self.json.get("size").and_then(Json::as_u64);
        let sha256 = self.text("sha256").and_then(|digits| hash_from_hex(&digits));
        let Some(bytes) = bytes else {
            return Ok(size.zip(sha256).map(|(size, sha256)| Blob { mime, size, sha256, bytes: None }));
        };
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if size.is_some_and(|size| size != bytes.len() as u64) || sha256.is_some_and(|given| given != hash) {
            return Err(ReadValueError::BlobMismatch);
        }
        Ok(Some(Blob { mime, size: bytes.len() as u64, sha256: hash, bytes: Some(bytes) }))
    }

    fn file(&self) -> Found<File> {
        let Some(blob) = self.blob()? else { return Ok(None) };
        let modified = self.number("lastModified").filter(|ms| ms.fract() == 0.0);
        Ok(self.js_text("name").zip(modified).map(|(name, ms)| File { blob, name, last_modified_ms: ms as i64 }))
    }

    fn file_list(&mut self) -> Found<Value> {
        let files = self.list("files")?.unwrap_or_default();
        let files: Option<Vec<File>> =
            files.into_iter().map(|file| if let Value::File(file) = file { Some(*file) } else { None }).collect();
        Ok(files.map(Value::FileList))
    }

    fn image(&self) -> Option<Value> {
        let side = |name: &str| self.json.get(name).and_then(Json::as_u64).and_then(|side| u32::try_from(side).ok());
        Some(Value::from(ImageData {
            width: side("w")?,
            height: side("h")?,
            color_space: self.text("space"),
            format: self.text("fmt"),
            bytes: self.bytes("d")?,
        }))
    }

    fn geometry(&self, kind: GeometryKind) -> Option<Value> {
        let numbers = self.json.get("v")?.as_array()?.iter().map(number_of).collect::<Option<_>>()?;
        Some(Value::Geometry { kind, numbers })
    }
}

/// A number, the special ones by their names.
fn number_of(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => Some(*number),
        Json::String(_) => match json.as_str()? {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            "-0" => Some(-0.0),
            _ => None,
        },
        other => {
            other.get("v").filter(|_| other.get("$idb").and_then(Json::as_str) == Some("number")).and_then(number_of)
        }
    }
}

fn js_text_of(json: &Json) -> Option<JsString> {
    match json {
        Json::String(text) => Some(text.clone()),
        other => units_from_hex(
            other.get("v").filter(|_| other.get("$idb").and_then(Json::as_str) == Some("utf16"))?.as_str()?,
        ),
    }
}

fn hash_from_hex(digits: &str) -> Option<[u8; 32]> {
    digits.to_ascii_lowercase().parse::<crate::heads::ChangeHash>().ok().map(|hash| hash.0)
}
