//! Writing columns in their canonical form.

use super::super::leb128::{write_signed, write_unsigned};

/// Encodes a column of values in runs: repeated values, literal values, nulls.
///
/// Writes the one canonical form: equal neighbours are a run, others are collected into literal runs.
pub(crate) struct RunEncoder<'o> {
    out: &'o mut Vec<u8>,
    /// Encoded literals that wait for their count, with the start of the last of them.
    literals: Vec<u8>,
    last_at: usize,
    literal_count: i64,
    /// How often the last value occurred in a row; 0 before the first value.
    repeats: i64,
}

impl<'o> RunEncoder<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, literals: Vec::new(), last_at: 0, literal_count: 0, repeats: 0 }
    }

    /// Appends a value given by its encoding.
    pub(crate) fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let start = self.literals.len();
        encode(&mut self.literals);
        let (before, new) = self.literals.split_at(start);
        if self.repeats > 0 && before.get(self.last_at..) == Some(new) {
            self.literals.truncate(start);
            self.repeats += 1;
            if self.repeats == 2 {
                self.flush_literals_before_last();
            }
            return;
        }
        if self.repeats > 1 {
            self.flush_run(start);
        } else {
            self.last_at = start;
        }
        self.literal_count += 1;
        self.repeats = 1;
    }

    /// Ends the column.
    pub(crate) fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        if self.repeats > 1 {
            let end = self.literals.len();
            self.flush_run(end);
        } else if self.literal_count > 0 {
            write_signed(-self.literal_count, self.out);
            self.out.append(&mut self.literals);
            self.literal_count = 0;
        }
        (self.last_at, self.repeats) = (0, 0);
    }

    /// The last literal turned out to begin a run: what stood before it goes out.
    fn flush_literals_before_last(&mut self) {
        self.literal_count -= 1;
        if self.literal_count > 0 {
            write_signed(-self.literal_count, self.out);
            self.out.extend(self.literals.drain(..self.last_at));
            self.literal_count = 0;
        }
        self.last_at = 0;
    }

    /// Writes the run whose value ends at `end` and forgets it.
    fn flush_run(&mut self, end: usize) {
        write_signed(self.repeats, self.out);
        self.out.extend(self.literals.drain(..end));
        self.last_at = 0;
        self.literal_count = 0;
    }
}

/// Encodes a column in which some ops have no value; where none has one, there is no column.
pub(crate) struct NullableEncoder<'o> {
    runs: RunEncoder<'o>,
    nulls: u64,
    is_empty: bool,
}

impl<'o> NullableEncoder<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { runs: RunEncoder::new(out), nulls: 0, is_empty: true }
    }

    pub(crate) fn append_null(&mut self) {
        self.runs.flush();
        self.nulls += 1;
    }

    pub(crate) fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        self.flush_nulls();
        self.is_empty = false;
        self.runs.append(encode);
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
    runs: RunEncoder<'o>,
    before: i64,
}

impl<'o> DeltaEncoder<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { runs: RunEncoder::new(out), before: 0 }
    }

    pub(crate) fn append(&mut self, number: i64) {
        let delta = number - self.before;
        self.before = number;
        self.runs.append(|out| write_signed(delta, out));
    }

    pub(crate) fn finish(self) {
        self.runs.finish();
    }
}
