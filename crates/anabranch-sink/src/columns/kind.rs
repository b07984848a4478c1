//! What a column holds.

use anabranch_core::value::ViewKind;
use anabranch_core::{Object, Value};
use serde::{Deserialize, Serialize};

use super::STRUCT_FIELDS_MAX;

/// A named column, or a field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The property's name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// What a column holds. Every column may hold nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing was seen yet but null, or an object or a list without contents.
    Unknown,
    /// `true` or `false`.
    Bool,
    /// Integers below 2^53 in magnitude.
    Int,
    /// Any double.
    Double,
    /// Well-formed text.
    Text,
    /// Milliseconds since 1970, UTC.
    Timestamp,
    /// Bytes.
    Binary,
    /// A list of one kind.
    List(Box<Kind>),
    /// An object, its properties in order of their first appearance.
    Struct(Vec<Column>),
    /// Typed JSON as text: every other type, and mixed kinds.
    Json,
}

/// Integers up to here are exact as doubles.
const INT_MAX: f64 = 9_007_199_254_740_991.0;

impl Kind {
    /// The kind of a value.
    pub fn of(value: &Value) -> Kind {
        match value {
            Value::Null | Value::Undefined => Kind::Unknown,
            Value::Bool(_) => Kind::Bool,
            Value::Number(number) if is_int(*number) => Kind::Int,
            Value::Number(_) => Kind::Double,
            Value::String(_) => Kind::Text,
            Value::Date(_) => Kind::Timestamp,
            Value::Object(object) => Kind::of_object(object),
            Value::Array(items) => Kind::of_items(items),
            value if bytes_of(value).is_some() => Kind::Binary,
            _ => Kind::Json,
        }
    }

    fn of_object(object: &Object) -> Kind {
        let mut kind = Kind::Struct(Vec::new());
        kind.widen_by_object(object);
        kind
    }

    fn of_items(items: &[Value]) -> Kind {
        let mut kind = Kind::Unknown;
        items.iter().for_each(|item| kind.widen(item));
        if kind == Kind::Json && !items.iter().all(|item| matches!(Kind::of(item), Kind::Json | Kind::Unknown)) {
            return Kind::Json;
        }
        Kind::List(Box::new(kind))
    }

    /// Makes this kind hold `value` too.
    pub fn widen(&mut self, value: &Value) {
        match (&mut *self, value) {
            // The usual cases, without building the value's own kind.
            (_, Value::Null | Value::Undefined)
            | (Kind::Json, _)
            | (Kind::Text, Value::String(_))
            | (Kind::Double, Value::Number(_)) => (),
            (Kind::Int, Value::Number(number)) if is_int(*number) => (),
            (Kind::Struct(_), Value::Object(object)) => self.widen_by_object(object),
            _ => self.join(Kind::of(value)),
        }
    }

    fn widen_by_object(&mut self, object: &Object) {
        let Kind::Struct(columns) = self else { return };
        for (at, (name, value)) in object.iter().enumerate() {
            let Some(name) = name.as_str() else { continue };
            // Objects order their properties, so a column is mostly where it was last time.
            let found = match columns.get(at) {
                Some(column) if column.name == name => Some(at),
                _ => columns.iter().position(|column| column.name == name),
            };
            match found.and_then(|at| columns.get_mut(at)) {
                Some(column) => column.kind.widen(value),
                None => columns.push(Column { name: name.into(), kind: Kind::of(value) }),
            }
        }
        if columns.len() > STRUCT_FIELDS_MAX {
            *self = Kind::Json;
        }
    }

    /// Makes this kind hold what `other` holds too.
    pub fn join(&mut self, other: Kind) {
        let this = std::mem::replace(self, Kind::Unknown);
        *self = match (this, other) {
            (this, other) if this == other => this,
            (Kind::Unknown, kind) | (kind, Kind::Unknown) => kind,
            (Kind::Int, Kind::Double) | (Kind::Double, Kind::Int) => Kind::Double,
            (Kind::List(mut ours), Kind::List(theirs)) => {
                let mixes = (*ours == Kind::Json) != (*theirs == Kind::Json)
                    && *ours != Kind::Unknown
                    && *theirs != Kind::Unknown;
                let was_json = *ours == Kind::Json;
                ours.join(*theirs);
                if mixes || (*ours == Kind::Json && !was_json) { Kind::Json } else { Kind::List(ours) }
            }
            (Kind::Struct(mut ours), Kind::Struct(theirs)) => {
                for column in theirs {
                    match ours.iter_mut().find(|have| have.name == column.name) {
                        Some(have) => have.kind.join(column.kind),
                        None => ours.push(column),
                    }
                }
                if ours.len() > STRUCT_FIELDS_MAX { Kind::Json } else { Kind::Struct(ours) }
            }
            _ => Kind::Json,
        };
    }

    /// The kind as it is written: what nothing is known of is text.
    pub fn settled(&self) -> Kind {
        match self {
            Kind::Unknown => Kind::Json,
            Kind::Struct(columns) if columns.is_empty() => Kind::Json,
            Kind::List(item) if matches!(**item, Kind::Unknown) => Kind::Json,
            Kind::List(item) => Kind::List(Box::new(item.settled())),
            Kind::Struct(columns) => {
                let settle = |column: &Column| Column { name: column.name.clone(), kind: column.kind.settled() };
                Kind::Struct(columns.iter().map(settle).collect())
            }
            kind => kind.clone(),
        }
    }
}

/// Whether a number is written as an integer.
pub fn is_int(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= INT_MAX && !(number == 0.0 && number.is_sign_negative())
}

/// The bytes of a value of kind [`Kind::Binary`].
pub fn bytes_of(value: &Value) -> Option<&[u8]> {
    match value {
        Value::ArrayBuffer(buffer) => Some(&buffer.bytes),
        Value::View(view) if matches!(view.kind, ViewKind::Uint8 | ViewKind::Uint8Clamped | ViewKind::DataView) => {
            view.viewed_bytes()
        }
        Value::Blob(blob) => blob.bytes.as_deref(),
        Value::File(file) => file.blob.bytes.as_deref(),
        _ => None,
    }
}
