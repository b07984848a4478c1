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
struct RunEncoder<'o, T> {
    out: &'o mut Vec<u8>,
    /// How many literals the output ends with that wait for their count, and where that goes: a byte is left for it.
    literal_count: i64,
    literals_at: usize,
    /// The last value, not written yet, and how often it occurred in a row.
    last: Option<(T, i64)>,
}

impl<'o, T: ColumnValue> RunEncoder<'o, T> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, literal_count: 0, literals_at: 0, last: None }
    }

    #[inline(always)]
    fn append(&mut self, value: T) {
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
    fn finish(mut self) {
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
    // Nearly always that was all of it.
    let more = out.len() - end;
    if let Some([byte, literals @ ..]) = out.get_mut(at..) {
        *byte = first;
        literals.rotate_right(more);
    }
}

/// Encodes a column in which some ops have no value; where none has one, there is no column.
struct NullableEncoder<'o, T> {
    runs: RunEncoder<'o, T>,
    nulls: u64,
    is_empty: bool,
}

impl<'o, T: ColumnValue> NullableEncoder<'o, T> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        Self { runs: RunEncoder::new(out), nulls: 0, is_empty: true }
    }

    fn append_null(&mut self) {
        self.runs.flush();
        self.nulls += 1;
    }

    #[inline]
    fn append(&mut self, value: T) {
        self.flush_nulls();
        self.is_empty = false;
        self.runs.append(value);
    }

    fn finish(mut self) {
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

/// Writes a column of values in runs.
#[inline]
pub(crate) fn write_runs<T: ColumnValue>(values: impl Iterator<Item = T>, out: &mut Vec<u8>) {
    let mut runs = RunEncoder::new(out);
    values.for_each(|value| runs.append(value));
    runs.finish();
}

/// Writes a column in which some ops have no value.
pub(crate) fn write_nullable<T: ColumnValue>(values: impl Iterator<Item = Option<T>>, out: &mut Vec<u8>) {
    let mut runs = NullableEncoder::new(out);
    values.for_each(|value| match value {
        Some(value) => runs.append(value),
        None => runs.append_null(),
    });
    runs.finish();
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

/// Writes a column of integers as the runs of their differences.
pub(crate) fn write_deltas(numbers: impl Iterator<Item = i64>, out: &mut Vec<u8>) {
    let mut before = 0;
    write_runs(numbers.map(|number| number - std::mem::replace(&mut before, number)), out);
}
