//! Texts of a column, found to be UTF-8 many at a time; of one that was accepted, nothing but they is looked at.

use super::super::leb128::{read_signed, read_unsigned};

/// Calls `visit` with the texts of a column of runs without nulls, that of a run once.
pub(crate) fn each_text_accepted<'a>(column: &'a [u8], mut visit: impl FnMut(&'a str)) {
    let (mut rest, mut valid) = (column, Valid::default());
    while let Some(run) = read_signed(&mut rest) {
        let texts = if run < 0 { run.unsigned_abs() } else { 1 };
        for _ in 0..texts {
            let length = read_unsigned(&mut rest).and_then(|length| usize::try_from(length).ok());
            let Some(text) = length.and_then(|length| valid.text(column, column.len() - rest.len(), length)) else {
                return;
            };
            visit(text);
            rest = rest.get(text.len()..).unwrap_or_default();
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
