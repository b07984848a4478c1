//! Scalars as values that are read where they lie.

use super::canonical::tag;
use super::skim::{self, take};
use super::{EMPTY_OBJECT, Scalar, VALUE};
use crate::change::{code, read_signed, read_unsigned};
use crate::lent::{Items, Properties, StoredItems, ValueRef};

impl<'a> Scalar<'a> {
    /// Whether it stands for a value that can be lent, or for none.
    pub(crate) fn can_be_lent(self) -> bool {
        match self.code {
            code::BYTES => match self.bytes.split_first() {
                Some((&VALUE, rest)) => skim::is_lendable_list(rest),
                _ => self.is_absent() || self == Scalar::EMPTY_OBJECT,
            },
            _ => !code::is_sequence(self.code),
        }
    }

    /// The value that it stands for, if that can be lent; an absent field has none.
    #[inline]
    pub(crate) fn lend(self) -> Option<ValueRef<'a>> {
        let mut bytes = self.bytes;
        Some(match self.code {
            code::NULL => ValueRef::Null,
            code::FALSE => ValueRef::Bool(false),
            code::TRUE => ValueRef::Bool(true),
            code::INT => ValueRef::Number(read_signed(&mut bytes)? as f64),
            code::F64 => ValueRef::Number(f64::from_le_bytes(bytes.try_into().ok()?)),
            code::STR => ValueRef::String(std::str::from_utf8(bytes).ok()?),
            code::TIMESTAMP => ValueRef::Date(read_signed(&mut bytes)?),
            code::BYTES => match bytes.split_first()? {
                (&EMPTY_OBJECT, []) => ValueRef::Object(Properties::default()),
                (&VALUE, [tag::ARRAY, rest @ ..]) => ValueRef::Array(Items::stored(StoredItems::of(rest)?)),
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// Takes the value at the front of canonical bytes, if it can be lent.
#[inline]
pub(crate) fn lend_item<'a>(rest: &mut &'a [u8]) -> Option<ValueRef<'a>> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    Some(match *tag {
        tag::NULL => ValueRef::Null,
        tag::FALSE => ValueRef::Bool(false),
        tag::TRUE => ValueRef::Bool(true),
        tag::NUMBER => ValueRef::Number(f64::from_le_bytes(take(rest, 8)?.try_into().ok()?)),
        tag::DATE => ValueRef::Date(i64::from_le_bytes(take(rest, 8)?.try_into().ok()?)),
        tag::STRING => {
            let length = usize::try_from(read_unsigned(rest)?).ok()?;
            ValueRef::String(std::str::from_utf8(take(rest, length)?).ok()?)
        }
        tag::ARRAY => {
            let items = StoredItems::of(rest)?;
            skim::skip_items(rest)?;
            ValueRef::Array(Items::stored(items))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scalar::write_value;
    use crate::testing::any_value;
    use crate::value::Value;

    fn lists() -> impl Strategy<Value = Value> {
        any_value().prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::Array))
    }

    proptest! {
        #[test]
        fn what_is_lent_is_the_value(value in lists()) {
            let mut bytes = Vec::new();
            let code = write_value(&value, &mut bytes);
            let scalar = Scalar { code, bytes: &bytes };
            if scalar.can_be_lent() {
                prop_assert_eq!(scalar.lend().map(ValueRef::to_value), Some(value));
            }
        }
    }

    #[test]
    fn leaves_and_lists_of_them_are_lent_and_nothing_else() {
        let leaves = || vec![Value::Null, true.into(), 1.5.into(), 7.0.into(), "é".into(), Value::Date(Some(-1))];
        let list = Value::Array([leaves(), vec![Value::Array(leaves()), Value::Array(Vec::new())]].concat());
        let can_be_lent = |value: &Value| {
            let mut bytes = Vec::new();
            let code = write_value(value, &mut bytes);
            Scalar { code, bytes: &bytes }.can_be_lent()
        };
        assert!(leaves().iter().chain([&list, &Value::object([])]).all(can_be_lent));
        for other in [Value::Undefined, Value::Date(None), Value::Set(leaves()), Value::object([("a", Value::Null)])] {
            assert!(!can_be_lent(&Value::Array(vec![other.clone()])), "{other:?} in a list");
        }
        assert!(!can_be_lent(&Value::Set(leaves())) && !can_be_lent(&Value::Undefined));
        assert!(Scalar::ABSENT.can_be_lent() && Scalar::ABSENT.lend().is_none());
    }
}
