//! Values: everything that the structured clone algorithm can put into an object store.

use serde::{Deserialize, Serialize};

use crate::string::JsString;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $type { $(#[doc = concat!("`", $name, "`")] $variant),+ }
        impl $type {
            /// All of them, in the order of their codes.
            pub const ALL: &[$type] = &[$($type::$variant),+];
            /// The name that JavaScript uses.
            pub fn name(self) -> &'static str { match self { $($type::$variant => $name),+ } }
            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> { Self::ALL.iter().copied().find(|kind| kind.name() == name) }
        }
    };
}

mod blobs;
mod boxed;
mod buffers;
mod depth;
mod files;
mod object;
pub use buffers::{ArrayBuffer, View, ViewBuffer, ViewKind};
pub use files::{Blob, File, ImageData};
pub use object::Object;

/// Deepest nesting of a value.
pub const VALUE_DEPTH_MAX: usize = 64;
/// Blobs up to this many bytes are held inline; larger ones are held by their hash.
pub const BLOB_INLINE_BYTES_MAX: u64 = 64 * 1024;

/// A structured-clone value, equal to another exactly if both have the same type and the same bits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// `undefined`, which is not the same as an absent property.
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any double; NaN has one bit pattern, as in JavaScript.
    Number(f64),
    /// An integer of any size.
    BigInt(BigInt),
    /// A string.
    String(JsString),
    /// Milliseconds since 1970, or `None` for an invalid date.
    Date(Option<i64>),
    /// A regular expression.
    RegExp {
        /// The pattern.
        source: JsString,
        /// The flags, in alphabetical order.
        flags: String,
    },
    /// `new Boolean(…)`.
    BooleanObject(bool),
    /// `new Number(…)`.
    NumberObject(f64),
    /// `new String(…)`.
    StringObject(JsString),
    /// `Object(1n)`.
    BigIntObject(BigInt),
    /// An `ArrayBuffer`.
    ArrayBuffer(ArrayBuffer),
    /// A typed array or a `DataView`.
    View(View),
    /// A `Map`, in insertion order.
    Map(Vec<(Value, Value)>),
    /// A `Set`, in insertion order.
    Set(Vec<Value>),
    /// An array without holes or further properties.
    Array(Vec<Value>),
    /// An array with holes or further properties.
    SparseArray(Box<SparseArray>),
    /// A plain object.
    Object(Object),
    /// An `Error`; stacks are not kept.
    Error {
        /// One of the seven names of native errors.
        name: JsString,
        /// The message.
        message: JsString,
        /// The `cause`, if there is one.
        cause: Option<Box<Value>>,
    },
    /// A `DOMException`.
    DomException {
        /// Its name.
        name: JsString,
        /// Its message.
        message: JsString,
    },
    /// A `Blob`.
    Blob(Box<Blob>),
    /// A `File`.
    File(Box<File>),
    /// A `FileList`.
    FileList(Vec<File>),
    /// An `ImageData`.
    ImageData(Box<ImageData>),
    /// A `DOMPoint`, `DOMRect`, `DOMQuad` or `DOMMatrix` and its numbers.
    Geometry {
        /// Which of them.
        kind: GeometryKind,
        /// Its numbers, in the order of the constructor.
        numbers: Vec<f64>,
    },
    /// A `CryptoKey`, which is never replicated: only its fingerprint is.
    CryptoKey {
        /// A fingerprint of the key.
        fingerprint: String,
    },
    /// A value in which objects are shared or cyclic.
    Graph(Box<Graph>),
    /// An occurrence of a shared object; only inside a [`Graph`].
    Ref(u32),
}

/// An integer of any size, in its one decimal form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct BigInt(String);

impl BigInt {
    /// Takes decimal digits with an optional minus sign and no leading zeros; `None` for anything else.
    pub fn from_decimal(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let canonical = match digits.as_bytes() {
            [b'0'] => !text.starts_with('-'),
            [first, ..] => *first != b'0' && digits.bytes().all(|digit| digit.is_ascii_digit()),
            [] => false,
        };
        canonical.then(|| Self(text.into()))
    }

    /// The decimal digits.
    pub fn as_decimal(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for BigInt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BigInt::from_decimal(&text).ok_or_else(|| serde::de::Error::custom("no canonical decimal integer"))
    }
}

names! {
    /// The geometry interfaces that can be cloned.
    GeometryKind {
        Point = "DOMPoint", PointReadOnly = "DOMPointReadOnly", Rect = "DOMRect", RectReadOnly = "DOMRectReadOnly",
        Quad = "DOMQuad", Matrix = "DOMMatrix", MatrixReadOnly = "DOMMatrixReadOnly",
    }
}

/// An array with holes or with properties that are no positions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SparseArray {
    /// `length`.
    pub length: u32,
    /// The positions that are there, ascending.
    pub items: Vec<(u32, Value)>,
    /// Further properties.
    pub properties: Object,
}

/// A value in which objects are shared or cyclic: `defs` holds each shared object once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The value, with [`Value::Ref`] at every occurrence of a shared object.
    pub root: Value,
    /// The shared objects; a reference is a position in this list.
    pub defs: Vec<Value>,
}

impl Value {
    /// A plain object of these properties; of equal names the last counts.
    pub fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Value::Object(properties.into_iter().map(|(name, value)| (JsString::from(name), value)).collect())
    }

    /// A fixed `ArrayBuffer` of these bytes.
    pub fn array_buffer(bytes: Vec<u8>) -> Self {
        Value::ArrayBuffer(ArrayBuffer { bytes, max_byte_length: None })
    }

    /// The name of the value's type, as typed JSON tags it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Undefined => "undefined",
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::BigInt(_) => "bigint",
            Value::String(_) => "string",
            Value::Date(_) => "date",
            Value::RegExp { .. } => "regexp",
            Value::BooleanObject(_) => "Boolean",
            Value::NumberObject(_) => "Number",
            Value::StringObject(_) => "String",
            Value::BigIntObject(_) => "BigInt",
            Value::ArrayBuffer(_) => "arraybuffer",
            Value::View(_) => "view",
            Value::Map(_) => "map",
            Value::Set(_) => "set",
            Value::Array(_) | Value::SparseArray(_) => "array",
            Value::Object(_) => "object",
            Value::Error { .. } => "error",
            Value::DomException { .. } => "domexception",
            Value::Blob(_) => "blob",
            Value::File(_) => "file",
            Value::FileList(_) => "filelist",
            Value::ImageData(_) => "imagedata",
            Value::Geometry { .. } => "geometry",
            Value::CryptoKey { .. } => "cryptokey",
            Value::Graph(_) => "graph",
            Value::Ref(_) => "ref",
        }
    }
}

/// JavaScript's numbers: every NaN is the same, `0` and `-0` are not.
fn same_number(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        use Value::*;
        match (self, other) {
            (Undefined, Undefined) | (Null, Null) => true,
            (Bool(a), Bool(b)) | (BooleanObject(a), BooleanObject(b)) => a == b,
            (Number(a), Number(b)) | (NumberObject(a), NumberObject(b)) => same_number(*a, *b),
            (BigInt(a), BigInt(b)) | (BigIntObject(a), BigIntObject(b)) => a == b,
            (String(a), String(b)) | (StringObject(a), StringObject(b)) => a == b,
            (Date(a), Date(b)) => a == b,
            (RegExp { source: a, flags: x }, RegExp { source: b, flags: y }) => a == b && x == y,
            (ArrayBuffer(a), ArrayBuffer(b)) => a == b,
            (View(a), View(b)) => a == b,
            (Map(a), Map(b)) => a == b,
            (Set(a), Set(b)) | (Array(a), Array(b)) => a == b,
            (SparseArray(a), SparseArray(b)) => a == b,
            (Object(a), Object(b)) => a == b,
            (Error { name: a, message: x, cause: p }, Error { name: b, message: y, cause: q }) => {
                a == b && x == y && p == q
            }
            (DomException { name: a, message: x }, DomException { name: b, message: y }) => a == b && x == y,
            (Blob(a), Blob(b)) => a == b,
            (File(a), File(b)) => a == b,
            (FileList(a), FileList(b)) => a == b,
            (ImageData(a), ImageData(b)) => a == b,
            (Geometry { kind: a, numbers: x }, Geometry { kind: b, numbers: y }) => {
                a == b && x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_number(*x, *y))
            }
            (CryptoKey { fingerprint: a }, CryptoKey { fingerprint: b }) => a == b,
            (Graph(a), Graph(b)) => a == b,
            (Ref(a), Ref(b)) => a == b,
            _ => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Value::Bool(bool)
    }
}
