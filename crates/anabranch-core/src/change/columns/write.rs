//! Writing columns in their canonical form.

use super::super::leb128::{write_signed, write_unsigned};

/// What a column holds, and how it is written.
pub(crate) trait ColumnValue: Copy + PartialEq {
    fn write(&self, out: &mut Vec<u8>);
}

impl ColumnValue for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        write_unsigned(*self, out);
    }
}

impl ColumnValue for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        write_signed(*self, out);
    }
}

/// Encodes a column of values in runs: repeated values, literal values, nulls.
///
/// Writes the one canonical form: equal neighbours are a run, others are collected into literal runs. Values are compared
/// as they are and not as they are written: reading back what was written a moment ago is slow.
pub(crate) struct RunEncoder<'o, T> {
    out: &'o mut Vec<u8>,
    /// How many literals the output ends with that wait for their count, and where that goes: a byte is left for it.
    literal_count: i64,
    literals_at: usize,
    /// The last value, not written yet, and how often it occurred in a row.
    last: Option<(T, i64)>,
}

impl<'o, T: ColumnValue> RunEncoder<'o, T> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, literal_count: 0, literals_at: 0, last: None }
    }

    #[inline(always)]
    pub(crate) fn append(&mut self, value: T) {
        match &mut self.last {
            Some((last, repeats)) if *last == value => *repeats += 1,
            _ => {
                self.write_last();
                self.last = Some((value, 1));
            }
        }
    }

    /// Ends the column.
    #[inline]
    pub(crate) fn finish(mut self) {
        self.flush();
    }

    #[inline(always)]
    fn flush(&mut self) {
        self.write_last();
        self.flush_literals();
    }

    /// Always inlined, so that what is counted lies in registers while a column is written.
    #[inline(always)]
    fn write_last(&mut self) {
        match self.last.take() {
            None => (),
            Some((value, 1)) => {
                if self.literal_count == 0 {
                    self.literals_at = self.out.len();
                    self.out.push(0);
                }
                value.write(self.out);
                self.literal_count += 1;
            }
            Some((value, repeats)) => {
                self.flush_literals();
                write_signed(repeats, self.out);
                value.write(self.out);
            }
        }
    }

    #[inline(always)]
    fn flush_literals(&mut self) {
        if self.literal_count > 0 {
            write_literal_count(self.literal_count, self.literals_at, self.out);
            self.literal_count = 0;
        }
    }
}

/// Writes how many literals the output ends with where there is a byte for it before them.
fn write_literal_count(count: i64, at: usize, out: &mut Vec<u8>) {
    let end = out.len();
    write_signed(-count, out);
    let first = out.remove(end);
    if let Some([byte, literals @ ..]) = out.get_mut(at..) {
        *byte = first;
        // Nearly always that was all of it.
        let more = literals.len() - (end - at - 1);
        literals.rotate_right(more);
    }
}

/// Encodes a column in which some ops have no value; where none has one, there is no column.
pub(crate) struct NullableEncoder<'o, T> {
    runs: RunEncoder<'o, T>,
    nulls: u64,
    is_empty: bool,
}

impl<'o, T: ColumnValue> NullableEncoder<'o, T> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { runs: RunEncoder::new(out), nulls: 0, is_empty: true }
    }

    pub(crate) fn append_null(&mut self) {
        self.runs.flush();
        self.nulls += 1;
    }

    #[inline]
    pub(crate) fn append(&mut self, value: T) {
        self.flush_nulls();
        self.is_empty = false;
        self.runs.append(value);
    }

    pub(crate) fn finish(mut self) {
        if !self.is_empty {
            self.flush_nulls();
            self.runs.finish();
        }
    }

    fn flush_nulls(&mut self) {
        if self.nulls > 0 {
            write_signed(0, self.runs.out);
            write_unsigned(std::mem::take(&mut self.nulls), self.runs.out);
        }
    }
}

/// Encodes a column of booleans as the lengths of its runs, beginning with that of `false`.
pub(crate) fn write_booleans(booleans: impl Iterator<Item = bool>, out: &mut Vec<u8>) {
    let (mut value, mut count) = (false, 0u64);
    for boolean in booleans {
        if boolean != value {
            write_unsigned(count, out);
            (value, count) = (boolean, 0);
        }
        count += 1;
    }
    if count > 0 {
        write_unsigned(count, out);
    }
}

/// Encodes a column of integers as the runs of their differences.
pub(crate) struct DeltaEncoder<'o> {
    runs: RunEncoder<'o, i64>,
    before: i64,
}

impl<'o> DeltaEncoder<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { runs: RunEncoder::new(out), before: 0 }
    }

    pub(crate) fn append(&mut self, number: i64) {
        let delta = number - self.before;
        self.before = number;
        self.runs.append(delta);
    }

    pub(crate) fn finish(self) {
        self.runs.finish();
    }
}
