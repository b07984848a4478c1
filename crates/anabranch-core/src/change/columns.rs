//! Run-length columns (automerge binary format, "Run Length Encoding" and "Delta Encoding").

use super::leb128::{read_signed, read_unsigned, write_signed};

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
        if self.repeats > 1 {
            let end = self.literals.len();
            self.flush_run(end);
        } else if self.literal_count > 0 {
            write_signed(-self.literal_count, self.out);
            self.out.append(&mut self.literals);
        }
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

#[cfg(test)]
mod tests {
    use super::super::leb128::write_unsigned;
    use super::*;

    /// What a column holds; `None` if it is refused, or so long that it is not asked for here.
    fn decoded<'a, T: RunValue<'a>>(input: &'a [u8]) -> Option<Vec<T>> {
        let mut runs = RunDecoder::<T>::new(input);
        let mut values = Vec::new();
        while let Some(value) = runs.next().ok()? {
            if values.len() == 1_000 {
                return None;
            }
            values.push(value);
        }
        assert!(runs.is_done());
        Some(values)
    }

    fn unsigned(values: &[u64]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut runs = RunEncoder::new(&mut out);
        values.iter().for_each(|value| runs.append(|out| write_unsigned(*value, out)));
        runs.finish();
        out
    }

    #[test]
    fn a_column_is_read_exactly_if_it_is_what_its_values_are_written_as() {
        // Counts and values, positive, negative, too long by a byte.
        let bytes = [0x00, 0x01, 0x02, 0x03, 0x05, 0x7d, 0x7e, 0x7f, 0x80];
        let mut accepted = 0;
        for length in 0..=5u32 {
            for nth in 0..bytes.len().pow(length) {
                let digit = |at: u32| bytes.get(nth / bytes.len().pow(at) % bytes.len()).copied();
                let input: Vec<u8> = (0..length).filter_map(digit).collect();
                if let Some(values) = decoded::<u64>(&input) {
                    assert_eq!(unsigned(&values), input, "{values:?}");
                    accepted += 1;
                }
            }
        }
        assert!(accepted > 1_000, "{accepted}");
    }

    #[test]
    fn whatever_is_written_is_read() {
        for length in 0..=7u32 {
            for nth in 0..3usize.pow(length) {
                let values: Vec<u64> = (0..length).map(|at| (nth / 3usize.pow(at) % 3) as u64 * 70).collect();
                assert_eq!(decoded::<u64>(&unsigned(&values)), Some(values.clone()));
                let mut out = Vec::new();
                let mut deltas = DeltaEncoder::new(&mut out);
                values.iter().for_each(|value| deltas.append(*value as i64));
                deltas.finish();
                let mut before = 0;
                let differences = values.iter().map(|value| {
                    let difference = *value as i64 - before;
                    before = *value as i64;
                    difference
                });
                assert_eq!(decoded::<i64>(&out), Some(differences.collect()));
                let texts: Vec<&[u8]> = values
                    .iter()
                    .map(|value| [&b""[..], b"a", b"ab"].into_iter().nth((*value / 70) as usize).unwrap_or_default())
                    .collect();
                let mut out = Vec::new();
                let mut runs = RunEncoder::new(&mut out);
                texts.iter().for_each(|text| {
                    runs.append(|out| {
                        write_unsigned(text.len() as u64, out);
                        out.extend(*text);
                    })
                });
                runs.finish();
                assert_eq!(decoded::<&[u8]>(&out), Some(texts));
            }
        }
    }

    #[test]
    fn a_long_run_costs_what_its_first_value_costs() {
        let mut input = Vec::new();
        write_signed(i64::MAX, &mut input);
        input.push(7);
        let mut runs = RunDecoder::<u64>::new(&input);
        assert_eq!((runs.next(), runs.next()), (Ok(Some(7)), Ok(Some(7))));
        assert!(!runs.is_done());
        for bad in [i64::MIN, -1, 0, 1] {
            let mut input = Vec::new();
            write_signed(bad, &mut input);
            assert_eq!(decoded::<u64>(&input), None, "{bad}");
        }
    }
}
