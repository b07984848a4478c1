//! Scalars: what a register holds. Equal values are equal bytes.

use crate::change::code;
use crate::change::{read_signed, write_signed};
use crate::lent::ValueRef;
use crate::value::Value;

mod canonical;
mod holds;
mod lend;
mod skim;
pub(crate) use canonical::DecodeValueError;
pub(crate) use holds::{Holds, nests_within};
pub(crate) use lend::{Rest, lend_item, lend_text_list};
pub(crate) use skim::ListBytes;

/// The first byte of a scalar of bytes says what it stands for.
const ABSENT: u8 = 0;
const EMPTY_OBJECT: u8 = 1;
const VALUE: u8 = 2;
const ELEMENT: u8 = 3;

/// Largest magnitude of a number that is stored as an integer.
const INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// A register's value: a type code of the automerge format and its bytes.
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub(crate) struct Scalar<'a> {
    pub(crate) code: u8,
    pub(crate) bytes: &'a [u8],
}

impl PartialEq for Scalar<'_> {
    fn eq(&self, other: &Self) -> bool {
        // No bytes lie nowhere, where comparing them may cost hundreds of cycles (a masked load that faults).
        let are_empty = self.bytes.is_empty() && other.bytes.is_empty();
        self.code == other.code && (are_empty || self.bytes == other.bytes)
    }
}

impl<'a> Scalar<'a> {
    /// What a removed field holds.
    pub(crate) const ABSENT: Scalar<'static> = Scalar { code: code::BYTES, bytes: &[ABSENT] };
    /// What a plain object without properties holds.
    pub(crate) const EMPTY_OBJECT: Scalar<'static> = Scalar { code: code::BYTES, bytes: &[EMPTY_OBJECT] };
    /// The life of a record that is there.
    pub(crate) const PRESENT: Scalar<'static> = Scalar { code: code::TRUE, bytes: &[] };
    /// The life of a record that was deleted.
    pub(crate) const DELETED: Scalar<'static> = Scalar { code: code::FALSE, bytes: &[] };

    pub(crate) fn is_absent(&self) -> bool {
        *self == Scalar::ABSENT
    }

    /// The value that this scalar stands for; an absent field has none.
    pub(crate) fn to_value(self) -> Result<Option<Value>, DecodeValueError> {
        let malformed = DecodeValueError::Malformed;
        let mut bytes = self.bytes;
        Ok(Some(match self.code {
            code::NULL => Value::Null,
            code::FALSE => Value::Bool(false),
            code::TRUE => Value::Bool(true),
            code::INT => Value::Number(read_signed(&mut bytes).ok_or(malformed)? as f64),
            code::F64 => Value::Number(f64::from_le_bytes(bytes.try_into().map_err(|_| malformed)?)),
            code::STR => Value::String(std::str::from_utf8(bytes).map_err(|_| malformed)?.into()),
            code::TIMESTAMP => Value::Date(Some(read_signed(&mut bytes).ok_or(malformed)?)),
            code::BYTES => match bytes.split_first() {
                Some((&ABSENT, [])) => return Ok(None),
                Some((&EMPTY_OBJECT, [])) => Value::object([]),
                Some((&VALUE, rest)) => canonical::read(rest)?,
                _ => return Err(malformed),
            },
            _ => return Err(malformed),
        }))
    }

    /// The number in a counter's part.
    pub(crate) fn to_increment(self) -> Option<i64> {
        let mut bytes = self.bytes;
        let delta = (self.code == code::INT).then(|| read_signed(&mut bytes)).flatten();
        delta.filter(|_| bytes.is_empty())
    }

    /// The element in a set's part, and whether it is in the set.
    pub(crate) fn to_element(self) -> Option<(bool, Value)> {
        match (self.code, self.bytes) {
            (code::BYTES, [ELEMENT, present @ (0 | 1), rest @ ..]) => {
                Some((*present == 1, canonical::read(rest).ok()?))
            }
            _ => None,
        }
    }

    /// Whether these are the bytes that an honest replica writes for what they stand for.
    pub(crate) fn is_canonical(self) -> bool {
        let mut rest = self.bytes;
        match self.code {
            code::NULL | code::FALSE | code::TRUE => return rest.is_empty(),
            code::STR => return std::str::from_utf8(rest).is_ok(),
            // The reader takes only the shortest form.
            code::INT => {
                let number = read_signed(&mut rest);
                return rest.is_empty() && number.is_some_and(|number| number.unsigned_abs() <= INTEGER_MAX as u64);
            }
            code::F64 => {
                let number = rest.try_into().map(f64::from_le_bytes);
                return number.is_ok_and(|number| !is_integer(number) && number.to_bits() == canonical_bits(number));
            }
            code::TIMESTAMP => return read_signed(&mut rest).is_some() && rest.is_empty(),
            code::BYTES if rest.split_first().is_some_and(|(kind, rest)| *kind == VALUE && skim::is_list(rest)) => {
                return true;
            }
            _ => (),
        }
        let mut again = Vec::new();
        let code = match self.to_value() {
            Ok(Some(value)) => write_value(&value, &mut again),
            Ok(None) => return true,
            Err(_) => match self.to_element() {
                Some((present, element)) => write_element(&element, present, &mut again),
                None => return false,
            },
        };
        code == self.code && again == self.bytes
    }
}

/// Appends the scalar bytes of a leaf and returns its type code.
#[inline]
pub(crate) fn write_value<'v>(value: impl Into<ValueRef<'v>>, out: &mut Vec<u8>) -> u8 {
    write_ref(&value.into(), out)
}

/// The same of a value that stays where it lies: one that was moved a moment ago is slow to read.
#[inline]
pub(crate) fn write_ref(value: &ValueRef<'_>, out: &mut Vec<u8>) -> u8 {
    match value {
        // Whoever lends may call any value another.
        ValueRef::Other(value) => write_leaf(&ValueRef::from(*value), out),
        value => write_leaf(value, out),
    }
}

#[inline]
fn write_leaf(value: &ValueRef<'_>, out: &mut Vec<u8>) -> u8 {
    match value {
        ValueRef::Null => code::NULL,
        ValueRef::Bool(false) => code::FALSE,
        ValueRef::Bool(true) => code::TRUE,
        ValueRef::Number(number) => write_number(*number, out),
        ValueRef::String(text) => {
            out.extend_from_slice(text.as_bytes());
            code::STR
        }
        ValueRef::Date(ms) => {
            write_signed(*ms, out);
            code::TIMESTAMP
        }
        ValueRef::Object(properties) if { *properties }.next().is_none() => {
            out.push(EMPTY_OBJECT);
            code::BYTES
        }
        value => {
            out.push(VALUE);
            canonical::write_lent(value, out);
            code::BYTES
        }
    }
}

/// Whether `scalar` is what [`write_value`] makes of a leaf; `encoded` is room to write it to.
pub(crate) fn is_of<'v>(value: impl Into<ValueRef<'v>>, scalar: Scalar<'_>, encoded: &mut Vec<u8>) -> bool {
    let value = value.into();
    is_primitive(value, scalar).unwrap_or_else(|| {
        encoded.clear();
        let code = write_value(value, encoded);
        scalar == Scalar { code, bytes: encoded }
    })
}

#[inline]
fn is_primitive(value: ValueRef<'_>, scalar: Scalar<'_>) -> Option<bool> {
    Some(match value {
        ValueRef::String(text) => scalar.code == code::STR && text.as_bytes() == scalar.bytes,
        ValueRef::Date(ms) => scalar.code == code::TIMESTAMP && read_signed(&mut &*scalar.bytes) == Some(ms),
        ValueRef::Null => scalar.code == code::NULL,
        ValueRef::Bool(bool) => scalar.code == if bool { code::TRUE } else { code::FALSE },
        ValueRef::Number(number) if is_integer(number) => {
            scalar.code == code::INT && read_signed(&mut &*scalar.bytes) == Some(number as i64)
        }
        ValueRef::Number(number) => {
            scalar.code == code::F64 && scalar.bytes == canonical_bits(number).to_le_bytes().as_slice()
        }
        ValueRef::Array(_) | ValueRef::Object(_) | ValueRef::Other(_) => return None,
    })
}

/// Appends the scalar bytes of a set's element.
pub(crate) fn write_element(element: &Value, present: bool, out: &mut Vec<u8>) -> u8 {
    out.push(ELEMENT);
    out.push(u8::from(present));
    canonical::write(element, out);
    code::BYTES
}

/// Appends the scalar bytes of an increment.
pub(crate) fn write_increment(delta: i64, out: &mut Vec<u8>) -> u8 {
    write_signed(delta, out);
    code::INT
}

/// The canonical bytes of any value, by which elements of sets are told apart.
pub(crate) fn canonical_bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    canonical::write(value, &mut out);
    out
}

fn write_number(number: f64, out: &mut Vec<u8>) -> u8 {
    if is_integer(number) {
        write_signed(number as i64, out);
        return code::INT;
    }
    out.extend(canonical_bits(number).to_le_bytes());
    code::F64
}

/// Whether a number is stored as an integer.
fn is_integer(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= INTEGER_MAX && number.to_bits() != (-0.0f64).to_bits()
}

/// The bits that stand for a number: NaN has one pattern.
fn canonical_bits(number: f64) -> u64 {
    if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() }
}
