//! What dexie-export-import spoils inside a record that it takes, for people: place by place.

use std::fmt;

use anabranch_core::value::{GeometryKind, View, ViewBuffer, ViewKind};
use anabranch_core::{JsString, Value};

use super::dexie;

/// A value that comes back as another.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// Where in the record.
    pub path: Vec<Step>,
    /// What is lost.
    pub what: LostValue,
}

/// A step of a path into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A property.
    Name(JsString),
    /// A position in an array, a `Set`, or among the entries of a `Map`.
    Position(u32),
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostValue {
    /// `new Boolean(false)` becomes true.
    BooleanObject,
    /// A `DOMException` becomes an empty object.
    DomException,
    /// An `Error` becomes an empty object.
    Error,
    /// A shape becomes a plain object.
    Geometry(GeometryKind),
    /// An `ImageData` loses its colour space and its format.
    ImageData,
    /// −0 becomes 0.
    NegativeZero,
    /// A `Number` object that is −0, NaN or infinite becomes one of 0.
    NumberObject,
    /// A `RegExp` loses its flags d, s and v.
    RegExpFlags,
    /// A resizable buffer, or a view that follows one, gets a fixed length.
    Resizable,
    /// A buffer that a `DataView` shares with others is copied.
    SharedBuffer,
    /// A typed array becomes a plain object.
    View(ViewKind),
}

impl fmt::Display for LostValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LostValue::BooleanObject => f.write_str("a Boolean object of false comes back as one of true"),
            LostValue::DomException => f.write_str("a DOMException comes back as an empty object"),
            LostValue::Error => f.write_str("an Error comes back as an empty object"),
            LostValue::Geometry(kind) => write!(f, "a {} comes back as a plain object", kind.name()),
            LostValue::ImageData => f.write_str("an ImageData loses its colour space and format"),
            LostValue::NegativeZero => f.write_str("-0 comes back as 0"),
            LostValue::NumberObject => f.write_str("a Number object of -0, NaN or Infinity comes back as one of 0"),
            LostValue::RegExpFlags => f.write_str("a RegExp loses its flags d, s and v"),
            LostValue::Resizable => f.write_str("a resizable buffer comes back with a fixed length"),
            LostValue::SharedBuffer => f.write_str("a buffer that a DataView shares comes back as a copy"),
            LostValue::View(kind) => write!(f, "a {} comes back as a plain object", kind.name()),
        }
    }
}

/// What a record of this value loses in a file for dexie-export-import: unknown there, and neither deleted nor changed.
pub fn dexie_loses(value: &Value) -> Vec<Lost> {
    let mut walk = Walk { path: Vec::new(), lost: Vec::new() };
    match value {
        Value::Graph(graph) => {
            walk.visit(&graph.root);
            // A shared object is named where it is kept, not where it is met: it is met more than once.
            graph.defs.iter().for_each(|def| walk.visit(def));
            if walk.lost.is_empty() && dexie(value) != *value {
                walk.note(LostValue::SharedBuffer);
            }
        }
        value => walk.visit(value),
    }
    walk.lost
}

struct Walk {
    path: Vec<Step>,
    lost: Vec<Lost>,
}

impl Walk {
    fn note(&mut self, what: LostValue) {
        self.lost.push(Lost { path: self.path.clone(), what });
    }

    fn below(&mut self, step: Step, value: &Value) {
        self.path.push(step);
        self.visit(value);
        self.path.pop();
    }

    fn visit(&mut self, value: &Value) {
        if let Some(what) = lost(value) {
            return self.note(what);
        }
        let positions = 0u32..;
        match value {
            Value::Array(items) | Value::Set(items) => {
                positions.zip(items).for_each(|(at, item)| self.below(Step::Position(at), item));
            }
            Value::Map(entries) => positions.zip(entries).for_each(|(at, (key, value))| {
                self.below(Step::Position(at), key);
                self.below(Step::Position(at), value);
            }),
            Value::SparseArray(array) => {
                array.items.iter().for_each(|(at, item)| self.below(Step::Position(*at), item));
                array.properties.iter().for_each(|(name, value)| self.below(Step::Name(name.clone()), value));
            }
            Value::Object(object) => {
                object.iter().for_each(|(name, value)| self.below(Step::Name(name.clone()), value));
            }
            Value::View(View { buffer: ViewBuffer::Part { buffer, .. }, .. }) => self.visit(buffer),
            _ => (),
        }
    }
}

/// What is lost of the value itself.
fn lost(value: &Value) -> Option<LostValue> {
    let is_negative_zero = |number: &f64| *number == 0.0 && number.is_sign_negative();
    let when = |is_so: bool, what| is_so.then_some(what);
    match value {
        Value::Number(number) => when(is_negative_zero(number), LostValue::NegativeZero),
        Value::NumberObject(number) => when(!number.is_finite() || is_negative_zero(number), LostValue::NumberObject),
        Value::BooleanObject(value) => when(!value, LostValue::BooleanObject),
        Value::Error { .. } => Some(LostValue::Error),
        Value::DomException { .. } => Some(LostValue::DomException),
        Value::Geometry { kind, .. } => Some(LostValue::Geometry(*kind)),
        Value::RegExp { flags, .. } => when(flags.contains(['d', 's', 'v']), LostValue::RegExpFlags),
        Value::View(View { kind: kind @ (ViewKind::BigInt64 | ViewKind::BigUint64 | ViewKind::Float16), .. }) => {
            Some(LostValue::View(*kind))
        }
        Value::View(View { buffer: ViewBuffer::Part { length: None, .. }, .. }) => Some(LostValue::Resizable),
        Value::ArrayBuffer(buffer) => when(buffer.max_byte_length.is_some(), LostValue::Resizable),
        Value::ImageData(image) => when(image.color_space.is_some() || image.format.is_some(), LostValue::ImageData),
        _ => None,
    }
}
