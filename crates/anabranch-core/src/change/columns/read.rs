//! Reading columns, in their canonical form only.

use super::super::leb128::{read_signed, read_unsigned};

/// A column that is cut off, out of bounds or not in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadColumn;

/// What a run column holds.
pub(crate) trait RunValue<'a>: Copy + PartialEq {
    fn read(input: &mut &'a [u8]) -> Option<Self>;
}

impl<'a> RunValue<'a> for u64 {
    #[inline]
    fn read(input: &mut &'a [u8]) -> Option<Self> {
        read_unsigned(input)
    }
}

impl<'a> RunValue<'a> for i64 {
    #[inline]
    fn read(input: &mut &'a [u8]) -> Option<Self> {
        read_signed(input)
    }
}

impl<'a> RunValue<'a> for &'a [u8] {
    #[inline]
    fn read(input: &mut &'a [u8]) -> Option<Self> {
        let length = usize::try_from(read_unsigned(input)?).ok()?;
        let (bytes, rest) = input.split_at_checked(length)?;
        *input = rest;
        Some(bytes)
    }
}

/// Decodes a column of runs without nulls, refusing every form but the canonical one.
pub(crate) struct RunDecoder<'a, T> {
    input: &'a [u8],
    run: Run<T>,
    /// The value before, to refuse equal neighbours that are no run.
    last: Option<T>,
    after: After,
}

#[derive(Clone, Copy)]
enum Run<T> {
    Between,
    Repeat(T, u64),
    Literal(u64),
}

/// What kind of run ended last: two literal runs in a row are not canonical.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Start,
    Repeat,
    Literal,
}

impl<'a, T: RunValue<'a>> RunDecoder<'a, T> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { input, run: Run::Between, last: None, after: After::Start }
    }

    /// The next value, or `None` at the end of the column.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<T>, BadColumn> {
        match self.run {
            Run::Repeat(value, left) => {
                self.run = if left > 1 { Run::Repeat(value, left - 1) } else { Run::Between };
                Ok(Some(value))
            }
            Run::Literal(left) => {
                self.run = if left > 1 { Run::Literal(left - 1) } else { Run::Between };
                self.fresh_value().map(Some)
            }
            Run::Between if self.input.is_empty() => Ok(None),
            Run::Between => self.begin_run().map(Some),
        }
    }

    fn begin_run(&mut self) -> Result<T, BadColumn> {
        let count = read_signed(&mut self.input).ok_or(BadColumn)?;
        if count >= 2 {
            let value = self.fresh_value()?;
            self.after = After::Repeat;
            self.run = Run::Repeat(value, count.unsigned_abs() - 1);
            return Ok(value);
        }
        if count >= 0 || self.after == After::Literal {
            return Err(BadColumn);
        }
        self.after = After::Literal;
        let left = count.unsigned_abs() - 1;
        self.run = if left > 0 { Run::Literal(left) } else { Run::Between };
        self.fresh_value()
    }

    #[inline]
    fn fresh_value(&mut self) -> Result<T, BadColumn> {
        let value = T::read(&mut self.input).ok_or(BadColumn)?;
        if self.last == Some(value) {
            return Err(BadColumn);
        }
        self.last = Some(value);
        Ok(value)
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.input.is_empty() && matches!(self.run, Run::Between)
    }
}

/// Decodes a column in which some ops have no value, refusing every form but the canonical one.
pub(crate) struct NullableDecoder<'a, T> {
    runs: RunDecoder<'a, T>,
    nulls: u64,
    after_nulls: bool,
    /// A column without any value is left out: none of its ops has one.
    is_absent: bool,
    has_values: bool,
}

impl<'a, T: RunValue<'a>> NullableDecoder<'a, T> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        let is_absent = input.is_empty();
        Self { runs: RunDecoder::new(input), nulls: 0, after_nulls: false, is_absent, has_values: false }
    }

    /// The next op's value; it is an error if the column ended.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<T>, BadColumn> {
        if self.is_absent {
            return Ok(None);
        }
        if self.nulls > 0 {
            self.nulls -= 1;
            return Ok(None);
        }
        if matches!(self.runs.run, Run::Between) && self.runs.input.first() == Some(&0) {
            return self.begin_nulls().map(|()| None);
        }
        self.after_nulls = false;
        self.has_values = true;
        self.runs.next()?.ok_or(BadColumn).map(Some)
    }

    fn begin_nulls(&mut self) -> Result<(), BadColumn> {
        self.runs.input = self.runs.input.get(1..).unwrap_or_default();
        let count = read_unsigned(&mut self.runs.input).ok_or(BadColumn)?;
        if self.after_nulls {
            return Err(BadColumn);
        }
        self.nulls = count.checked_sub(1).ok_or(BadColumn)?;
        self.after_nulls = true;
        (self.runs.last, self.runs.after) = (None, After::Start);
        Ok(())
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.is_absent || self.nulls == 0 && self.has_values && self.runs.is_done()
    }
}

/// Decodes a column of booleans.
pub(crate) struct BooleanDecoder<'a> {
    input: &'a [u8],
    value: bool,
    left: u64,
    is_first: bool,
}

impl<'a> BooleanDecoder<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { input, value: true, left: 0, is_first: true }
    }

    /// The next op's value; it is an error if the column ended.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<bool, BadColumn> {
        while self.left == 0 {
            self.left = read_unsigned(&mut self.input).ok_or(BadColumn)?;
            // Only the run of `false` at the start can be empty.
            if self.left == 0 && (!self.is_first || self.input.is_empty()) {
                return Err(BadColumn);
            }
            (self.value, self.is_first) = (!self.value, false);
        }
        self.left -= 1;
        Ok(self.value)
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.input.is_empty() && self.left == 0
    }
}
