//! A typed array as the plain object of its elements: what exporters that do not know it see.

use anabranch_core::value::{BigInt, ViewKind};
use anabranch_core::{JsString, Object, Value};

/// The elements by position.
pub(super) fn to_object(kind: ViewKind, bytes: &[u8]) -> Value {
    let named = bytes
        .chunks_exact(kind.element_bytes() as usize)
        .enumerate()
        .map(|(at, chunk)| (JsString::from(at.to_string()), element(kind, chunk)));
    Value::Object(named.collect::<Object>())
}

fn element(kind: ViewKind, chunk: &[u8]) -> Value {
    let mut wide = [0u8; 8];
    wide.iter_mut().zip(chunk).for_each(|(slot, byte)| *slot = *byte);
    let bits = u64::from_le_bytes(wide);
    let big = |text: String| BigInt::from_decimal(&text).map_or(Value::Undefined, Value::BigInt);
    match kind {
        ViewKind::BigInt64 => big((bits as i64).to_string()),
        ViewKind::BigUint64 => big(bits.to_string()),
        ViewKind::Float16 => Value::Number(half_to_double(bits as u16)),
        ViewKind::Float32 => Value::Number(f64::from(f32::from_bits(bits as u32))),
        ViewKind::Float64 => Value::Number(f64::from_bits(bits)),
        ViewKind::Int8 => Value::Number(f64::from(bits as u8 as i8)),
        ViewKind::Int16 => Value::Number(f64::from(bits as u16 as i16)),
        ViewKind::Int32 => Value::Number(f64::from(bits as u32 as i32)),
        ViewKind::Uint8 | ViewKind::Uint8Clamped | ViewKind::Uint16 | ViewKind::Uint32 | ViewKind::DataView => {
            Value::Number(bits as f64)
        }
    }
}

/// IEEE 754 binary16.
fn half_to_double(bits: u16) -> f64 {
    let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if sign == 1 { -magnitude } else { magnitude }
}
