//! Texts of a column, found to be UTF-8 many at a time; of one that was accepted, nothing but they is looked at.

use super::super::leb128::{read_signed, read_unsigned};

/// Calls `visit` with the texts of an accepted column of runs without nulls, that of a run once.
#[inline]
pub(crate) fn each_text_accepted<'c>(column: &'c [u8], mut visit: impl FnMut(&'c str)) {
    let mut rest = Accepted { column, text: "", text_end: 0 };
    while let Some(run) = rest.take(read_signed) {
        let texts = if run < 0 { run.unsigned_abs() } else { 1 };
        for _ in 0..texts {
            let Some(text) = rest.take_short_text().or_else(|| rest.take_text()) else { return };
            visit(text);
        }
    }
}

/// The rest of an accepted column.
struct Accepted<'c> {
    column: &'c [u8],
    /// As much of the rest as was found to be UTF-8 at once: short texts are, with their lengths between them.
    text: &'c str,
    /// Where that ends.
    text_end: usize,
}

impl<'c> Accepted<'c> {
    /// Takes an integer.
    fn take<T>(&mut self, read: impl FnOnce(&mut &'c [u8]) -> Option<T>) -> Option<T> {
        let before = self.column.get(self.text_end - self.text.len()..)?;
        let mut rest = before;
        let taken = read(&mut rest)?;
        self.text = self.text.get(before.len() - rest.len()..).unwrap_or_else(|| {
            let text = valid_prefix(rest);
            self.text_end = self.column.len() - rest.len() + text.len();
            text
        });
        Some(taken)
    }

    fn take_text(&mut self) -> Option<&'c str> {
        let length = usize::try_from(self.take(read_unsigned)?).ok()?;
        let (text, rest) = self.text.split_at_checked(length)?;
        self.text = rest;
        Some(text)
    }

    /// The same of a text whose length is one byte and lies with it in what was found to be UTF-8; `None` says nothing.
    #[inline(always)]
    fn take_short_text(&mut self) -> Option<&'c str> {
        let length = self.text.as_bytes().first().filter(|length| **length < 0x80)?;
        let (text, rest) = self.text.get(1..)?.split_at_checked(usize::from(*length))?;
        self.text = rest;
        Some(text)
    }
}

/// The stretch of bytes that was last found to be UTF-8: short texts lie in one, with their lengths between them.
#[derive(Default)]
pub(crate) struct Valid<'a> {
    at: usize,
    text: &'a str,
}

impl<'a> Valid<'a> {
    /// The text of that length at `at`; `None` if there is none. Texts are asked for in the order in which they lie.
    #[inline]
    pub(crate) fn text(&mut self, bytes: &'a [u8], at: usize, length: usize) -> Option<&'a str> {
        let within = |valid: &Self| valid.text.get(at.checked_sub(valid.at)?..)?.get(..length);
        within(self).or_else(|| {
            *self = Self { at, text: valid_prefix(bytes.get(at..)?) };
            within(self)
        })
    }
}

/// As much of the bytes as is UTF-8.
fn valid_prefix(bytes: &[u8]) -> &str {
    let cut = |error: std::str::Utf8Error| std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok();
    std::str::from_utf8(bytes).or_else(|error| cut(error).ok_or(error)).unwrap_or_default()
}
