//! Scalars as values that are read where they lie.

use super::canonical::tag;
use super::skim::{self, ListBytes};
use super::{EMPTY_OBJECT, Scalar, VALUE};
use crate::change::{code, read_signed, read_unsigned};
use crate::lent::{Items, Properties, StoredItems, TextRest, ValueRef};

impl<'a> Scalar<'a> {
    /// Whether it stands for a list that can be lent, and if so, whether its bytes are text.
    pub(crate) fn lendable_list(self) -> Option<ListBytes> {
        let (kind, rest) = self.bytes.split_first().filter(|_| self.code == code::BYTES)?;
        if *kind == VALUE { skim::lendable_list(rest) } else { None }
    }

    /// The value that it stands for, if that can be lent from its bytes; an absent field has none. A string is lent as the
    /// text that it lies in.
    #[inline(always)]
    pub(crate) fn lend(self) -> Option<ValueRef<'a>> {
        let mut bytes = self.bytes;
        Some(match self.code {
            code::NULL => ValueRef::Null,
            code::FALSE => ValueRef::Bool(false),
            code::TRUE => ValueRef::Bool(true),
            code::INT => ValueRef::Number(read_signed(&mut bytes)? as f64),
            code::F64 => ValueRef::Number(f64::from_le_bytes(bytes.try_into().ok()?)),
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

/// The list whose canonical bytes are this text, if it can be lent.
#[inline(always)]
pub(crate) fn lend_text_list(text: &str) -> Option<ValueRef<'_>> {
    let mut rest = TextRest::of(text);
    match rest.bytes() {
        [VALUE, tag::ARRAY, ..] => {
            rest.skip(2);
            Some(ValueRef::Array(Items::stored(StoredItems::of(rest)?)))
        }
        _ => None,
    }
}

/// Canonical bytes that are read from the front.
pub(crate) trait Rest<'a>: Copy {
    fn bytes(&self) -> &'a [u8];
    /// Passes over so many bytes, or all there are.
    fn skip(&mut self, bytes: usize);
    /// Takes a string of so many bytes.
    fn take_text(&mut self, bytes: usize) -> Option<&'a str>;
    fn into_items(items: StoredItems<Self>) -> Items<'a>;

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = self.bytes().first_chunk::<N>()?;
        self.skip(N);
        Some(*taken)
    }

    #[inline]
    fn take_unsigned(&mut self) -> Option<u64> {
        let mut rest = self.bytes();
        let before = rest.len();
        let number = read_unsigned(&mut rest)?;
        self.skip(before - rest.len());
        Some(number)
    }
}

/// Takes the value at the front of canonical bytes, if it can be lent.
#[inline(always)]
pub(crate) fn lend_item<'a, R: Rest<'a>>(rest: &mut R) -> Option<ValueRef<'a>> {
    if let [tag::STRING, length @ ..0x80, ..] = *rest.bytes() {
        rest.skip(2);
        return rest.take_text(usize::from(length)).map(ValueRef::String);
    }
    let [tag] = rest.take()?;
    Some(match tag {
        tag::NULL => ValueRef::Null,
        tag::FALSE => ValueRef::Bool(false),
        tag::TRUE => ValueRef::Bool(true),
        tag::NUMBER => ValueRef::Number(f64::from_le_bytes(rest.take()?)),
        tag::DATE => ValueRef::Date(i64::from_le_bytes(rest.take()?)),
        tag::STRING => {
            let length = usize::try_from(rest.take_unsigned()?).ok()?;
            ValueRef::String(rest.take_text(length)?)
        }
        tag::ARRAY => ValueRef::Array(take_list(rest)?),
        _ => return None,
    })
}

/// Takes a list of which the tag was taken.
#[inline(never)]
fn take_list<'a, R: Rest<'a>>(rest: &mut R) -> Option<Items<'a>> {
    let items = StoredItems::of(*rest)?;
    let (mut after, before) = (rest.bytes(), rest.bytes().len());
    skim::skip_items(&mut after)?;
    rest.skip(before - after.len());
    Some(Items::stored(items))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scalar::write_value;
    use crate::testing::any_value;
    use crate::value::Value;

    fn lists() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![any_value(), "[a-zé]{0,3}|a{126,130}".prop_map(|text| Value::from(text.as_str()))];
        leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::Array))
    }

    proptest! {
        #[test]
        fn a_list_is_lent_as_it_is_from_text_and_from_bytes(value in lists()) {
            let mut bytes = Vec::new();
            let code = write_value(&value, &mut bytes);
            let scalar = Scalar { code, bytes: &bytes };
            if let Some(list) = scalar.lendable_list() {
                prop_assert_eq!(scalar.lend().map(ValueRef::to_value), Some(value.clone()));
                let text = std::str::from_utf8(&bytes).ok();
                prop_assert_eq!(text.is_some(), list == ListBytes::Text);
                let lent = text.and_then(lend_text_list).map(ValueRef::to_value);
                prop_assert_eq!(lent, text.map(|_| value));
            }
        }
    }
}
