//! The items of an array, lent.

use super::ValueRef;
use crate::scalar::{self, Rest};
use crate::value::Value;

/// The items of an array, in order.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a>(Lie<'a>);

#[derive(Clone, Copy, Debug)]
enum Lie<'a> {
    Built(&'a [Value]),
    Strings(&'a [String]),
    Bytes(StoredItems<&'a [u8]>),
    Text(StoredItems<TextRest<'a>>),
}

/// Items as they lie in a page: the rest of a list's canonical bytes, of which every item can be lent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredItems<R> {
    count: usize,
    rest: R,
}

/// The rest of a list whose canonical bytes are text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextRest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a, R: Rest<'a>> StoredItems<R> {
    /// The items of a list of which the tag was taken; `None` if no count follows.
    #[inline]
    pub(crate) fn of(mut rest: R) -> Option<Self> {
        let count = usize::try_from(rest.take_unsigned()?).ok()?;
        Some(Self { count, rest })
    }

    #[inline(always)]
    fn next(&mut self) -> Option<ValueRef<'a>> {
        self.count = self.count.checked_sub(1)?;
        Some(scalar::lend_item(&mut self.rest).expect("a list is lent only if each of its items can be"))
    }
}

impl<'a> TextRest<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Rest<'a> for &'a [u8] {
    fn bytes(&self) -> &'a [u8] {
        self
    }

    #[inline]
    fn skip(&mut self, length: usize) {
        *self = self.get(length..).unwrap_or_default();
    }

    #[inline]
    fn take_text(&mut self, length: usize) -> Option<&'a str> {
        let (text, rest) = self.split_at_checked(length)?;
        *self = rest;
        std::str::from_utf8(text).ok()
    }

    fn into_items(items: StoredItems<Self>) -> Items<'a> {
        Items(Lie::Bytes(items))
    }
}

impl<'a> Rest<'a> for TextRest<'a> {
    #[inline]
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn skip(&mut self, length: usize) {
        self.at = (self.at + length).min(self.text.len());
    }

    // What stands beside a string, its length before it and a tag behind it, is ASCII: it is cut out between characters.
    #[inline]
    fn take_text(&mut self, length: usize) -> Option<&'a str> {
        let text = self.text.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(text)
    }

    fn into_items(items: StoredItems<Self>) -> Items<'a> {
        Items(Lie::Text(items))
    }
}

impl<'a> Items<'a> {
    pub(super) fn of(items: &'a [Value]) -> Self {
        Self(Lie::Built(items))
    }

    /// Whether no more than `levels` values lie one inside the other here. What is stored does not lie deeper than is allowed.
    pub(super) fn nest_within(&self, levels: usize) -> bool {
        match self.0 {
            Lie::Built(items) => items.iter().all(|item| item.nests_within(levels)),
            _ => true,
        }
    }

    /// Items of a list of which every one can be lent.
    pub(crate) fn stored<R: Rest<'a>>(items: StoredItems<R>) -> Self {
        R::into_items(items)
    }
}

impl<'a> From<&'a [String]> for Items<'a> {
    /// The strings, in order.
    fn from(strings: &'a [String]) -> Self {
        Self(Lie::Strings(strings))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = ValueRef<'a>;

    // Put into its caller, as that of properties.
    #[inline(always)]
    fn next(&mut self) -> Option<ValueRef<'a>> {
        match &mut self.0 {
            Lie::Built(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(ValueRef::from(first))
            }
            Lie::Strings(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(ValueRef::String(first))
            }
            Lie::Bytes(items) => items.next(),
            Lie::Text(items) => items.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = match &self.0 {
            Lie::Built(items) => items.len(),
            Lie::Strings(items) => items.len(),
            Lie::Bytes(items) => items.count,
            Lie::Text(items) => items.count,
        };
        (count, Some(count))
    }
}

impl ExactSizeIterator for Items<'_> {}
