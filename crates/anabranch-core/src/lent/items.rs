//! The items of an array, lent.

use super::ValueRef;
use crate::change::read_unsigned;
use crate::scalar;
use crate::value::Value;

/// The items of an array, in order.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a>(Lie<'a>);

#[derive(Clone, Copy, Debug)]
enum Lie<'a> {
    Built(&'a [Value]),
    Stored(StoredItems<'a>),
}

/// Items as they lie in history: the rest of a list's canonical bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredItems<'a> {
    count: usize,
    rest: &'a [u8],
}

impl<'a> StoredItems<'a> {
    /// The items of a list of which the tag was taken; `None` if no count follows.
    pub(crate) fn of(mut rest: &'a [u8]) -> Option<Self> {
        let count = usize::try_from(read_unsigned(&mut rest)?).ok()?;
        Some(Self { count, rest })
    }
}

impl<'a> Items<'a> {
    pub(super) fn of(items: &'a [Value]) -> Self {
        Self(Lie::Built(items))
    }

    /// Items of a list of which every one can be lent.
    pub(crate) fn stored(items: StoredItems<'a>) -> Self {
        Self(Lie::Stored(items))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<ValueRef<'a>> {
        match &mut self.0 {
            Lie::Built(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(ValueRef::from(first))
            }
            Lie::Stored(items) => {
                items.count = items.count.checked_sub(1)?;
                Some(scalar::lend_item(&mut items.rest).expect("a list is lent only if each of its items can be"))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = match &self.0 {
            Lie::Built(items) => items.len(),
            Lie::Stored(items) => items.count,
        };
        (count, Some(count))
    }
}

impl ExactSizeIterator for Items<'_> {}
