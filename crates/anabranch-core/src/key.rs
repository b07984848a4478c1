//! Keys and key paths (Indexed Database API 3.0, sections 2.4 and 2.5).

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::schema::FieldPath;
use crate::string::JsString;
use crate::value::Value;

/// Largest magnitude of a date in milliseconds (ECMAScript's time value range).
pub const DATE_MS_MAX: f64 = 8.64e15;
/// Deepest nesting of array keys that is accepted.
pub const KEY_DEPTH_MAX: usize = 64;

/// An IndexedDB key: number < date < string < binary < array.
///
/// Numbers are never NaN and `-0` is `0`; dates are whole milliseconds since 1970 within ±8.64e15.
#[derive(Clone, Debug, Serialize)]
pub enum Key {
    /// A double that is not NaN; `-0` is held as `0`.
    Number(f64),
    /// Milliseconds since 1970-01-01T00:00Z, a whole number.
    Date(f64),
    /// A string, ordered by UTF-16 code unit.
    String(JsString),
    /// Bytes, ordered bytewise, a prefix first.
    Binary(Vec<u8>),
    /// Keys, ordered element by element, then by length.
    Array(Vec<Key>),
}

/// Why something is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeKeyError {
    /// NaN is no key.
    #[error("NaN is no IndexedDB key")]
    NotANumber,
    /// A date that is invalid, not whole milliseconds or out of ECMAScript's range.
    #[error("an invalid date is no IndexedDB key")]
    InvalidDate,
    /// Arrays nest deeper than [`KEY_DEPTH_MAX`].
    #[error("array keys nest deeper than {KEY_DEPTH_MAX} levels")]
    TooDeep,
    /// A value of a type that no key can have.
    #[error("a value of type {found} is no IndexedDB key")]
    NotAKey {
        /// The type found, as typed JSON names it.
        found: &'static str,
    },
    /// The key path leads nowhere in this value.
    #[error("the key path leads to no value")]
    Missing,
}

impl Key {
    /// A number key; refuses NaN, holds `-0` as `0`.
    pub fn number(number: f64) -> Result<Self, MakeKeyError> {
        if number.is_nan() {
            return Err(MakeKeyError::NotANumber);
        }
        Ok(Key::Number(if number == 0.0 { 0.0 } else { number }))
    }

    /// A date key from milliseconds since 1970.
    pub fn date(ms: f64) -> Result<Self, MakeKeyError> {
        if ms.is_nan() || ms.abs() > DATE_MS_MAX || ms.fract() != 0.0 {
            return Err(MakeKeyError::InvalidDate);
        }
        Ok(Key::Date(if ms == 0.0 { 0.0 } else { ms }))
    }

    /// Converts a value to a key as IndexedDB does (section 7.4).
    pub fn from_value(value: &Value) -> Result<Self, MakeKeyError> {
        Self::from_value_at(value, 0)
    }

    fn from_value_at(value: &Value, depth: usize) -> Result<Self, MakeKeyError> {
        if depth > KEY_DEPTH_MAX {
            return Err(MakeKeyError::TooDeep);
        }
        match value {
            Value::Number(number) => Key::number(*number),
            Value::Date(Some(ms)) => Key::date(*ms as f64),
            Value::Date(None) => Err(MakeKeyError::InvalidDate),
            Value::String(text) => Ok(Key::String(text.clone())),
            Value::ArrayBuffer(buffer) => Ok(Key::Binary(buffer.bytes.clone())),
            Value::View(view) => view
                .viewed_bytes()
                .map(|bytes| Key::Binary(bytes.to_vec()))
                .ok_or(MakeKeyError::NotAKey { found: "view" }),
            Value::Array(items) => {
                items.iter().map(|item| Self::from_value_at(item, depth + 1)).collect::<Result<_, _>>().map(Key::Array)
            }
            other => Err(MakeKeyError::NotAKey { found: other.type_name() }),
        }
    }

    /// The value that IndexedDB hands back for this key.
    pub fn to_value(&self) -> Value {
        match self {
            Key::Number(number) => Value::Number(*number),
            Key::Date(ms) => Value::Date(Some(*ms as i64)),
            Key::String(text) => Value::String(text.clone()),
            Key::Binary(bytes) => Value::array_buffer(bytes.clone()),
            Key::Array(items) => Value::Array(items.iter().map(Key::to_value).collect()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Key::Number(_) => 1,
            Key::Date(_) => 2,
            Key::String(_) => 3,
            Key::Binary(_) => 4,
            Key::Array(_) => 5,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Key::Number(a), Key::Number(b)) | (Key::Date(a), Key::Date(b)) => a.total_cmp(b),
            (Key::String(a), Key::String(b)) => a.cmp(b),
            (Key::Binary(a), Key::Binary(b)) => a.cmp(b),
            (Key::Array(a), Key::Array(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Key")]
        enum Unchecked {
            Number(f64),
            Date(f64),
            String(JsString),
            Binary(Vec<u8>),
            Array(Vec<Key>),
        }
        use serde::de::Error;
        match Unchecked::deserialize(deserializer)? {
            Unchecked::Number(number) => Key::number(number).map_err(D::Error::custom),
            Unchecked::Date(ms) => Key::date(ms).map_err(D::Error::custom),
            Unchecked::String(text) => Ok(Key::String(text)),
            Unchecked::Binary(bytes) => Ok(Key::Binary(bytes)),
            Unchecked::Array(items) => Ok(Key::Array(items)),
        }
    }
}

/// A path of property names that leads to a key inside a value: empty, dotted, or several of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyPath {
    /// One path; the empty string is the value itself.
    Single(String),
    /// An array of paths: the key is the array of what they lead to.
    Compound(Vec<String>),
}

impl KeyPath {
    /// Takes the key out of `value` (section 7.1), or says why there is none.
    pub fn extract(&self, value: &Value) -> Result<Key, MakeKeyError> {
        match self {
            KeyPath::Single(path) => extract_one(path, value),
            KeyPath::Compound(paths) => {
                paths.iter().map(|path| extract_one(path, value)).collect::<Result<_, _>>().map(Key::Array)
            }
        }
    }

    /// The field that a single path names; `None` for the value itself and for compound paths.
    pub fn as_field(&self) -> Option<FieldPath> {
        match self {
            KeyPath::Single(path) if !path.is_empty() => Some(FieldPath(path.split('.').map(JsString::from).collect())),
            _ => None,
        }
    }

    /// Puts `key` where this path leads to in `value`; does nothing where the path cannot be made.
    pub fn inject(&self, value: &mut Value, key: &Key) {
        if let KeyPath::Single(path) = self {
            let mut at = value;
            let mut names = path.split('.').peekable();
            while let Some(name) = names.next() {
                let Value::Object(object) = at else { return };
                if names.peek().is_none() {
                    object.insert(name.into(), key.to_value());
                    return;
                }
                at = object.entry_or_object(name.into());
            }
        }
    }
}

fn extract_one(path: &str, value: &Value) -> Result<Key, MakeKeyError> {
    let (mut at, defs) = match value {
        Value::Graph(graph) => (&graph.root, graph.defs.as_slice()),
        value => (value, &[][..]),
    };
    if path.is_empty() {
        return Key::from_value(at);
    }
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none()
            && let Some(special) = special_property(at, name)
        {
            return special;
        }
        let Value::Object(object) = follow(at, defs) else { return Err(MakeKeyError::Missing) };
        at = object.get(name).ok_or(MakeKeyError::Missing)?;
    }
    Key::from_value(follow(at, defs))
}

/// The shared object that a reference stands for.
fn follow<'v>(value: &'v Value, defs: &'v [Value]) -> &'v Value {
    match value {
        Value::Ref(id) => defs.get(*id as usize).unwrap_or(value),
        value => value,
    }
}

/// The value to which a single key path leads.
pub(crate) fn value_at<'v>(path: &str, value: &'v Value) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    path.split('.').try_fold(value, |at, name| match at {
        Value::Object(object) => object.get(name),
        _ => None,
    })
}

/// The properties that key paths may read of values that are no plain objects (section 7.1, step 4).
fn special_property(value: &Value, name: &str) -> Option<Result<Key, MakeKeyError>> {
    let number = |n: f64| Some(Key::number(n));
    match (value, name) {
        (Value::String(text), "length") => number(text.len() as f64),
        (Value::Array(items), "length") => number(items.len() as f64),
        (Value::SparseArray(array), "length") => number(f64::from(array.length)),
        (Value::Blob(blob), "size") => number(blob.size as f64),
        (Value::File(file), "size") => number(file.blob.size as f64),
        (Value::Blob(blob), "type") => Some(Ok(Key::String(blob.mime.clone()))),
        (Value::File(file), "type") => Some(Ok(Key::String(file.blob.mime.clone()))),
        (Value::File(file), "name") => Some(Ok(Key::String(file.name.clone()))),
        (Value::File(file), "lastModified") => number(file.last_modified_ms as f64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_by_type_first() {
        let keys = [
            Key::number(f64::INFINITY).unwrap_or(Key::Number(0.0)),
            Key::Date(-1.0),
            Key::String("".into()),
            Key::Binary(vec![]),
            Key::Array(vec![]),
        ];
        assert!(keys.is_sorted());
    }

    #[test]
    fn minus_zero_is_zero_and_nan_is_refused() {
        assert_eq!(Key::number(-0.0), Key::number(0.0));
        assert_eq!(Key::number(f64::NAN), Err(MakeKeyError::NotANumber));
        assert_eq!(Key::date(0.5), Err(MakeKeyError::InvalidDate));
    }

    #[test]
    fn key_paths_read_nested_and_special_properties() {
        let value = Value::object([("a", Value::object([("b", Value::from("xyz"))]))]);
        let extract = |path: &str| KeyPath::Single(path.into()).extract(&value);
        assert_eq!(extract("a.b"), Ok(Key::String("xyz".into())));
        assert_eq!(extract("a.b.length"), Key::number(3.0));
        assert_eq!(extract("a.c"), Err(MakeKeyError::Missing));
        assert_eq!(extract("a"), Err(MakeKeyError::NotAKey { found: "object" }));
    }

    #[test]
    fn a_generated_key_is_injected_into_missing_hops() {
        let mut value = Value::object([]);
        KeyPath::Single("a.b".into()).inject(&mut value, &Key::Number(7.0));
        assert_eq!(KeyPath::Single("a.b".into()).extract(&value), Ok(Key::Number(7.0)));
    }
}
