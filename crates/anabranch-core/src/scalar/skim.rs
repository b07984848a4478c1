//! Values of the plainest kinds, passed over without being built: lists of leaves are most of what is no scalar.

use super::canonical::tag;
use crate::change::read_unsigned;

/// Lists inside lists up to which a value is skimmed.
const LISTS_MAX: usize = 4;

/// Whether these bytes are the canonical ones of a list of leaves; `false` says nothing.
pub(super) fn is_list(mut bytes: &[u8]) -> bool {
    bytes.first() == Some(&tag::ARRAY) && value(&mut bytes, 0).is_some() && bytes.is_empty()
}

fn value(rest: &mut &[u8], depth: usize) -> Option<()> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    match *tag {
        tag::UNDEFINED | tag::NULL | tag::FALSE | tag::TRUE | tag::INVALID_DATE => Some(()),
        tag::DATE => take(rest, 8).map(drop),
        tag::NUMBER => {
            let number = f64::from_le_bytes(take(rest, 8)?.try_into().ok()?);
            // NaN has one bit pattern.
            (!number.is_nan() || number.to_bits() == f64::NAN.to_bits()).then_some(())
        }
        tag::STRING => {
            let length = usize::try_from(read_unsigned(rest)?).ok()?;
            std::str::from_utf8(take(rest, length)?).ok().map(drop)
        }
        tag::ARRAY if depth < LISTS_MAX => {
            let count = read_unsigned(rest)?;
            (0..count).try_for_each(|_| value(rest, depth + 1))
        }
        _ => None,
    }
}

/// What the canonical bytes of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListBytes {
    /// UTF-8, as a whole and in every string.
    Text,
    Any,
}

/// Whether these bytes, which are canonical, are those of a list that can be lent: of nulls, booleans, numbers, strings, dates
/// and such lists.
pub(super) fn lendable_list(bytes: &[u8]) -> Option<ListBytes> {
    let (&tag::ARRAY, mut rest) = bytes.split_first()? else { return None };
    let mut is_ascii_beside_strings = true;
    skip_items_at(&mut rest, 0, &mut is_ascii_beside_strings)?;
    let is_text = is_ascii_beside_strings || std::str::from_utf8(bytes).is_ok();
    Some(if is_text { ListBytes::Text } else { ListBytes::Any })
}

/// Passes over the count and the items of a list that can be lent.
pub(super) fn skip_items(rest: &mut &[u8]) -> Option<()> {
    skip_items_at(rest, 0, &mut true)
}

fn skip_items_at(rest: &mut &[u8], depth: usize, is_ascii_beside_strings: &mut bool) -> Option<()> {
    let count = read_unsigned(rest)?;
    *is_ascii_beside_strings &= count < 128;
    (0..count).try_for_each(|_| {
        if let [tag::STRING, length @ ..0x80, after @ ..] = *rest {
            *rest = after.get(usize::from(*length)..)?;
            return Some(());
        }
        let (tag, after) = rest.split_first()?;
        *rest = after;
        match *tag {
            tag::NULL | tag::FALSE | tag::TRUE => Some(()),
            tag::DATE | tag::NUMBER => {
                *is_ascii_beside_strings = false;
                take(rest, 8).map(drop)
            }
            tag::STRING => {
                let length = usize::try_from(read_unsigned(rest)?).ok()?;
                *is_ascii_beside_strings &= length < 128;
                take(rest, length).map(drop)
            }
            tag::ARRAY if depth < LISTS_MAX => skip_items_at(rest, depth + 1, is_ascii_beside_strings),
            _ => None,
        }
    })
}

pub(super) fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::super::canonical;
    use super::*;
    use crate::testing::any_value;
    use crate::value::Value;

    /// The same, told by building the value and writing it again.
    fn is_canonical(bytes: &[u8]) -> bool {
        let mut again = Vec::new();
        canonical::read(bytes).is_ok_and(|value| {
            canonical::write(&value, &mut again);
            again == bytes
        })
    }

    fn lists() -> impl Strategy<Value = Value> {
        any_value().prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::Array))
    }

    proptest! {
        #[test]
        fn what_is_skimmed_is_canonical(value in lists(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = Vec::new();
            canonical::write(&value, &mut bytes);
            prop_assert!(!is_list(&bytes) || is_canonical(&bytes));
            let at = at.index(bytes.len());
            bytes[at] = byte;
            prop_assert!(!is_list(&bytes) || is_canonical(&bytes), "{:?}", bytes);
            bytes.truncate(at);
            prop_assert!(!is_list(&bytes) || is_canonical(&bytes), "{:?}", bytes);
        }
    }

    #[test]
    fn lists_of_leaves_are_skimmed_and_nothing_else() {
        let items =
            [Value::from("a"), Value::from("é"), Value::from(f64::NAN), Value::Bool(true), Value::Date(Some(-1))];
        let list = Value::Array([&items[..], &[Value::Array(items.to_vec())]].concat());
        let bytes = |value: &Value| {
            let mut bytes = Vec::new();
            canonical::write(value, &mut bytes);
            bytes
        };
        assert!(is_list(&bytes(&list)) && is_canonical(&bytes(&list)));
        assert!(items.iter().all(|item| !is_list(&bytes(item))));
        assert!(!is_list(&bytes(&Value::Array(vec![Value::object([])]))));
        let mut other_nan = bytes(&Value::Array(vec![Value::from(f64::NAN)]));
        other_nan[3] = 1;
        assert!(!is_list(&other_nan) && !is_canonical(&other_nan));
    }
}
