//! What a column holds.

use anabranch_core::value::ViewKind;
use anabranch_core::{Object, Value};
use serde::{Deserialize, Serialize};

use super::{KIND_DEPTH_MAX, STRUCT_FIELDS_MAX};

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
        Kind::of_inner(value, 0)
    }

    /// The kind of a value inside `depth` objects and lists.
    fn of_inner(value: &Value, depth: usize) -> Kind {
        match value {
            Value::Null | Value::Undefined => Kind::Unknown,
            Value::Bool(_) => Kind::Bool,
            Value::Number(number) if is_int(*number) => Kind::Int,
            Value::Number(_) => Kind::Double,
            Value::String(_) => Kind::Text,
            Value::Date(_) => Kind::Timestamp,
            Value::Object(_) | Value::Array(_) if depth >= KIND_DEPTH_MAX => Kind::Json,
            Value::Object(object) => {
                let mut kind = Kind::Struct(Vec::new());
                kind.widen_by_object(object, depth);
                kind
            }
            Value::Array(items) => Kind::of_items(items, depth),
            value if bytes_of(value).is_some() => Kind::Binary,
            _ => Kind::Json,
        }
    }

    fn of_items(items: &[Value], depth: usize) -> Kind {
        let mut list = Kind::List(Box::new(Kind::Unknown));
        items.iter().for_each(|item| list.join(Kind::List(Box::new(Kind::of_inner(item, depth + 1)))));
        list
    }

    /// Makes this kind hold `value` too.
    pub fn widen(&mut self, value: &Value) {
        self.widen_inner(value, 0);
    }

    fn widen_inner(&mut self, value: &Value, depth: usize) {
        match (&mut *self, value) {
            // The usual cases, without building the value's own kind.
            (_, Value::Null | Value::Undefined)
            | (Kind::Json, _)
            | (Kind::Text, Value::String(_))
            | (Kind::Double, Value::Number(_)) => (),
            (Kind::Int, Value::Number(number)) if is_int(*number) => (),
            (Kind::Struct(_), Value::Object(object)) => self.widen_by_object(object, depth),
            _ => self.join(Kind::of_inner(value, depth)),
        }
    }

    fn widen_by_object(&mut self, object: &Object, depth: usize) {
        let Kind::Struct(columns) = self else { return };
        for (at, (name, value)) in object.iter().enumerate() {
            let Some(name) = name.as_str() else { continue };
            // Objects order their properties, so a column is mostly where it was last time.
            let found = match columns.get(at) {
                Some(column) if column.name == name => Some(at),
                _ => columns.iter().position(|column| column.name == name),
            };
            if found.is_none() && columns.len() == STRUCT_FIELDS_MAX {
                *self = Kind::Json;
                return;
            }
            match found.and_then(|at| columns.get_mut(at)) {
                Some(column) => column.kind.widen_inner(value, depth + 1),
                None => columns.push(Column { name: name.into(), kind: Kind::of_inner(value, depth + 1) }),
            }
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
                // A list of typed JSON is one whose items all are: with others among them the list as a whole becomes it.
                let were_all_json = *ours == Kind::Json && *theirs == Kind::Json;
                let was_one_json = *ours == Kind::Json || *theirs == Kind::Json;
                let was_empty = *ours == Kind::Unknown || *theirs == Kind::Unknown;
                ours.join(*theirs);
                let is_mixed = *ours == Kind::Json && !were_all_json && !(was_one_json && was_empty);
                if is_mixed { Kind::Json } else { Kind::List(ours) }
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

    /// What a column of this kind holds, for people.
    pub(super) fn plural(&self) -> &'static str {
        match self {
            Kind::Unknown => "nothing yet",
            Kind::Bool => "booleans",
            Kind::Int => "integers",
            Kind::Double => "numbers",
            Kind::Text => "text",
            Kind::Timestamp => "dates",
            Kind::Binary => "bytes",
            Kind::List(_) => "lists",
            Kind::Struct(_) => "objects",
            Kind::Json => "typed JSON",
        }
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
