//! What each format gives back for a value that went through it.

mod dexie;
mod elements;
mod geometry;
mod plain;
mod playwright;
mod told;

pub(crate) use dexie::{dexie, dexie_schema};
pub(crate) use plain::plain;
pub(crate) use playwright::playwright;
pub use told::{Lost, LostValue, Step, dexie_loses};

use anabranch_core::Value;
use anabranch_core::value::{ArrayBuffer, View, ViewBuffer};

/// The buffer that a value is or stands for.
pub(crate) fn buffer_of<'v>(value: &'v Value, defs: &'v [Value]) -> Option<&'v ArrayBuffer> {
    match value {
        Value::ArrayBuffer(buffer) => Some(buffer),
        Value::Ref(id) => match defs.get(*id as usize) {
            Some(Value::ArrayBuffer(buffer)) => Some(buffer),
            _ => None,
        },
        _ => None,
    }
}

/// The bytes that a view views; nothing where it leaves its buffer.
pub(crate) fn viewed<'v>(view: &'v View, defs: &'v [Value]) -> &'v [u8] {
    let part = |buffer: &'v Value, offset: u64, length: Option<u64>| -> Option<&'v [u8]> {
        let rest = buffer_of(buffer, defs)?.bytes.get(usize::try_from(offset).ok()?..)?;
        match length {
            None => Some(rest),
            Some(length) => rest.get(..usize::try_from(length.checked_mul(view.kind.element_bytes())?).ok()?),
        }
    };
    match &view.buffer {
        ViewBuffer::Whole(bytes) => bytes,
        ViewBuffer::Part { buffer, offset, length } => part(buffer, *offset, *length).unwrap_or_default(),
    }
}
