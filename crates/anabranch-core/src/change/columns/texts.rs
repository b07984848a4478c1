//! Texts of a column, found to be UTF-8 many at a time; of one that was accepted, nothing but they is looked at.

use super::super::leb128::{read_signed, read_unsigned};

/// A text of a column that was accepted.
pub(crate) struct AcceptedText<'c, 'v> {
    pub(crate) bytes: &'c [u8],
    column: &'c [u8],
    /// Where it lies there.
    at: usize,
    valid: &'v mut Valid<'c>,
}

impl<'c> AcceptedText<'c, '_> {
    /// A part of it; `None` if it has no such part.
    #[inline]
    pub(crate) fn part(&mut self, from: usize, length: usize) -> Option<&'c str> {
        self.valid.text(self.column, self.at + from, length)
    }

    #[cfg(test)]
    pub(crate) fn text(mut self) -> &'c str {
        self.part(0, self.bytes.len()).unwrap_or_default()
    }
}

/// Calls `visit` with the texts of a column of runs without nulls, that of a run once.
#[inline]
pub(crate) fn each_text_accepted<'c>(column: &'c [u8], mut visit: impl FnMut(AcceptedText<'c, '_>)) {
    let (mut rest, mut valid) = (column, Valid::default());
    while let Some(run) = read_signed(&mut rest) {
        let texts = if run < 0 { run.unsigned_abs() } else { 1 };
        for _ in 0..texts {
            let length = read_unsigned(&mut rest).and_then(|length| usize::try_from(length).ok());
            let Some((bytes, after)) = length.and_then(|length| rest.split_at_checked(length)) else { return };
            visit(AcceptedText { bytes, column, at: column.len() - rest.len(), valid: &mut valid });
            rest = after;
        }
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
