//! A column taken apart into its runs.

use super::leb128::{read_signed, read_unsigned, write_signed, write_unsigned};

/// A run of a column; values are their bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Run {
    /// One value, so many times as it says: no honest one says less than two.
    Repeat(i64, Vec<u8>),
    /// Values one by one, and how many the run says that there are.
    Literal(i64, Vec<Vec<u8>>),
    /// Nulls: no column of ours has any.
    Nulls(u64),
}

/// What the values of a column are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Values {
    /// Integers of either sign: their bytes are told apart by the last one.
    Integers,
    /// Bytes behind their length.
    Texts,
}

/// Takes an honest column apart.
pub(super) fn read(mut column: &[u8], values: Values) -> Option<Vec<Run>> {
    let input = &mut column;
    let mut runs = Vec::new();
    while !input.is_empty() {
        runs.push(match read_signed(input)? {
            0 => Run::Nulls(read_unsigned(input)?),
            count if count > 0 => Run::Repeat(count, value(input, values)?),
            count => Run::Literal(count, (count..0).map(|_| value(input, values)).collect::<Option<_>>()?),
        });
    }
    Some(runs)
}

/// The bytes of these runs.
pub(super) fn write(runs: &[Run]) -> Vec<u8> {
    let mut out = Vec::new();
    for run in runs {
        match run {
            Run::Repeat(count, value) => {
                write_signed(*count, &mut out);
                out.extend(value);
            }
            Run::Literal(count, values) => {
                write_signed(*count, &mut out);
                values.iter().for_each(|value| out.extend(value));
            }
            Run::Nulls(count) => {
                write_signed(0, &mut out);
                write_unsigned(*count, &mut out);
            }
        }
    }
    out
}

fn value(input: &mut &[u8], values: Values) -> Option<Vec<u8>> {
    let whole = *input;
    let length = match values {
        Values::Integers => whole.iter().position(|byte| *byte < 0x80)? + 1,
        Values::Texts => {
            let text = usize::try_from(read_unsigned(input)?).ok()?;
            (whole.len() - input.len()).checked_add(text)?
        }
    };
    let (value, rest) = whole.split_at_checked(length)?;
    *input = rest;
    Some(value.to_vec())
}
