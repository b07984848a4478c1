//! Buffers, and the typed arrays that view them.

use serde::{Deserialize, Serialize};

use super::Value;

/// An `ArrayBuffer`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArrayBuffer {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// `maxByteLength` of a resizable buffer.
    pub max_byte_length: Option<u64>,
}

/// A typed array or a `DataView`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Which typed array.
    pub kind: ViewKind,
    /// What it views.
    pub buffer: ViewBuffer,
}

impl View {
    /// The bytes viewed, or `None` where the buffer is shared with another value or the range leaves it.
    pub fn viewed_bytes(&self) -> Option<&[u8]> {
        match &self.buffer {
            ViewBuffer::Whole(bytes) => Some(bytes),
            ViewBuffer::Part { buffer, offset, length } => {
                let Value::ArrayBuffer(buffer) = &**buffer else { return None };
                let rest = buffer.bytes.get(usize::try_from(*offset).ok()?..)?;
                match length {
                    None => Some(rest),
                    Some(length) => rest.get(..usize::try_from(length.checked_mul(self.kind.element_bytes())?).ok()?),
                }
            }
        }
    }
}

/// What a view views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ViewBuffer {
    /// The whole of a fixed buffer that nobody else views.
    Whole(Vec<u8>),
    /// A part of a buffer, or a buffer that is shared or resizable.
    Part {
        /// An [`ArrayBuffer`] or a [`Value::Ref`] to one.
        buffer: Box<Value>,
        /// The first byte viewed.
        offset: u64,
        /// The number of elements (bytes for a `DataView`); `None` if it follows the buffer's length.
        length: Option<u64>,
    },
}

names! {
    /// The kinds of views on a buffer.
    ViewKind {
        Int8 = "Int8Array", Uint8 = "Uint8Array", Uint8Clamped = "Uint8ClampedArray", Int16 = "Int16Array",
        Uint16 = "Uint16Array", Int32 = "Int32Array", Uint32 = "Uint32Array", Float16 = "Float16Array",
        Float32 = "Float32Array", Float64 = "Float64Array", BigInt64 = "BigInt64Array", BigUint64 = "BigUint64Array",
        DataView = "DataView",
    }
}

impl ViewKind {
    /// The size of one element in bytes.
    pub fn element_bytes(self) -> u64 {
        match self {
            ViewKind::Int8 | ViewKind::Uint8 | ViewKind::Uint8Clamped | ViewKind::DataView => 1,
            ViewKind::Int16 | ViewKind::Uint16 | ViewKind::Float16 => 2,
            ViewKind::Int32 | ViewKind::Uint32 | ViewKind::Float32 => 4,
            ViewKind::Float64 | ViewKind::BigInt64 | ViewKind::BigUint64 => 8,
        }
    }
}
