//! Strings as JavaScript has them: sequences of UTF-16 code units, lone surrogates included.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A JavaScript string: any sequence of UTF-16 code units, ordered by code unit.
///
/// Cloning is cheap, for names repeat from record to record. Well-formed strings are held as UTF-8; only a string with a lone surrogate is held as code units, so that equal
/// strings have one representation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsString(Repr);

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Repr {
    #[serde(rename = "utf8")]
    Utf8(Arc<str>),
    /// Invariant: holds a lone surrogate. Boxed twice, so that every string is two words.
    #[serde(rename = "utf16")]
    Utf16(Box<Box<[u16]>>),
}

impl JsString {
    /// Takes UTF-16 code units, well-formed or not.
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self(Repr::Utf8(text.into())),
            Err(_) => Self(Repr::Utf16(Box::new(units.into()))),
        }
    }

    /// The text, or `None` if the string holds a lone surrogate.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Utf8(text) => Some(text),
            Repr::Utf16(_) => None,
        }
    }

    /// Compares by code unit with a text.
    pub(crate) fn compare_to(&self, text: &str) -> Ordering {
        match &self.0 {
            Repr::Utf8(own) => compare_utf8(own, text),
            Repr::Utf16(units) => units.iter().copied().cmp(text.encode_utf16()),
        }
    }

    /// The text with every lone surrogate replaced by U+FFFD: for people, never for storage.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Borrowed(text),
            Repr::Utf16(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The UTF-16 code units, in order.
    pub fn units(&self) -> impl Iterator<Item = u16> + '_ {
        let (text, units): (&str, &[u16]) = match &self.0 {
            Repr::Utf8(text) => (text, &[]),
            Repr::Utf16(units) => ("", units),
        };
        text.encode_utf16().chain(units.iter().copied())
    }

    /// Length in UTF-16 code units, as JavaScript counts.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Utf8(text) => text.encode_utf16().count(),
            Repr::Utf16(units) => units.len(),
        }
    }

    /// Whether there is no code unit.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Utf8(text) => text.is_empty(),
            Repr::Utf16(units) => units.is_empty(),
        }
    }
}

impl Ord for JsString {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Utf8(a), Repr::Utf8(b)) => compare_utf8(a, b),
            _ => self.units().cmp(other.units()),
        }
    }
}

/// Orders well-formed texts by code unit.
fn compare_utf8(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // Most names differ at once.
    if let (Some(first), Some(other)) = (a.first(), b.first())
        && first != other
        && first.min(other) < &0xEE
    {
        return first.cmp(other);
    }
    let same = a.chunks_exact(8).zip(b.chunks_exact(8)).take_while(|(a, b)| a == b).count() * 8;
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    match a.iter().zip(b).find(|(a, b)| a != b) {
        None => a.len().cmp(&b.len()),
        // The order of UTF-8 is that of code points. That of code units differs where a pair of surrogates (four bytes, the
        // first at least 0xF0) meets what lies above them (U+E000 to U+FFFF, the first byte 0xEE or 0xEF).
        Some((0xF0.., 0xEE | 0xEF)) => Ordering::Less,
        Some((0xEE | 0xEF, 0xF0..)) => Ordering::Greater,
        Some((a, b)) => a.cmp(b),
    }
}

impl PartialOrd for JsString {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq<str> for JsString {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl From<&str> for JsString {
    fn from(text: &str) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl From<String> for JsString {
    fn from(text: String) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl fmt::Debug for JsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Utf8(text) => text.fmt(f),
            Repr::Utf16(units) => write!(f, "utf16{units:04x?}"),
        }
    }
}

impl Serialize for JsString {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsString {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Repr::deserialize(deserializer)? {
            Repr::Utf8(text) => Self(Repr::Utf8(text)),
            Repr::Utf16(units) => Self::from_utf16(&units),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_ordered_by_code_unit_and_not_by_code_point() {
        let face = JsString::from("\u{1F600}");
        let halfwidth = JsString::from("\u{FFEE}");
        assert!(face < halfwidth);
        let sorted = ["", "\0", "a", "\u{e9}"].map(JsString::from);
        assert!(sorted.is_sorted());
    }

    #[test]
    fn texts_are_ordered_as_their_code_units_wherever_they_differ() {
        let chars = ["", "a", "\u{7f}", "\u{80}", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}", "\u{f000}", "\u{ffff}"];
        let chars: Vec<&str> = chars.into_iter().chain(["\u{10000}", "\u{40000}", "\u{10ffff}"]).collect();
        for before in ["", "x", "1234567", "12345678", "123456789abcdef\u{ffff}"] {
            for (a, b) in chars.iter().flat_map(|a| chars.iter().map(move |b| (a, b))) {
                for (a, b) in [(a.to_string(), b.to_string()), (format!("{a}z"), format!("{b}zz"))] {
                    let (a, b) = (format!("{before}{a}"), format!("{before}{b}"));
                    assert_eq!(compare_utf8(&a, &b), a.encode_utf16().cmp(b.encode_utf16()), "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn a_well_formed_string_has_one_representation() {
        let units: Vec<u16> = "a\u{1F600}b".encode_utf16().collect();
        assert_eq!(JsString::from_utf16(&units), JsString::from("a\u{1F600}b"));
        let lone = JsString::from_utf16(&[0x61, 0xD83D]);
        assert_eq!(lone.as_str(), None);
        assert_eq!(lone.units().collect::<Vec<_>>(), [0x61, 0xD83D]);
    }
}
