//! Columns: what is read is exactly what is written.

use proptest::prelude::*;

use super::super::leb128::{write_signed, write_unsigned};
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

#[derive(Clone, Copy, PartialEq)]
struct Text<'t>(&'t [u8]);

impl ColumnValue for Text<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        write_unsigned(self.0.len() as u64, out);
        out.extend(self.0);
    }
}

fn unsigned(values: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    write_runs(values.iter().copied(), &mut out);
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
            write_deltas(values.iter().map(|value| *value as i64), &mut out);
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
            write_runs(texts.iter().map(|text| Text(text)), &mut out);
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

/// What a column of so many ops holds; `None` if it is refused or is longer.
fn with_nulls(input: &[u8], ops: usize) -> Option<Vec<Option<u64>>> {
    let mut values = NullableDecoder::<u64>::new(input);
    let read: Result<Vec<_>, BadColumn> = (0..ops).map(|_| values.next()).collect();
    read.ok().filter(|_| values.is_done())
}

fn nullable(values: &[Option<u64>]) -> Vec<u8> {
    let mut out = Vec::new();
    write_nullable(values.iter().copied(), &mut out);
    out
}

fn booleans(input: &[u8], ops: usize) -> Option<Vec<bool>> {
    let mut values = BooleanDecoder::new(input);
    let read: Result<Vec<_>, BadColumn> = (0..ops).map(|_| values.next()).collect();
    read.ok().filter(|_| values.is_done())
}

/// Every text of these bytes up to this length.
fn every_text(bytes: &[u8], length_max: u32) -> impl Iterator<Item = Vec<u8>> {
    let texts_of = move |length: u32| (0..bytes.len().pow(length)).map(move |nth| (length, nth));
    (0..=length_max).flat_map(texts_of).map(|(length, nth)| {
        (0..length).filter_map(|at| bytes.get(nth / bytes.len().pow(at) % bytes.len()).copied()).collect()
    })
}

#[test]
fn a_column_with_nulls_is_read_exactly_if_it_is_what_its_values_are_written_as() {
    let mut accepted = 0;
    for input in every_text(&[0x00, 0x01, 0x02, 0x03, 0x7e, 0x7f, 0x80], 5) {
        for ops in 0..=6 {
            if let Some(values) = with_nulls(&input, ops) {
                assert_eq!(nullable(&values), input, "{values:?}");
                accepted += usize::from(!input.is_empty());
            }
        }
    }
    assert!(accepted > 400, "{accepted}");
    for nth in 0..3usize.pow(7) {
        let value = |at: u32| [None, Some(0), Some(70)].get(nth / 3usize.pow(at) % 3).copied().flatten();
        let values: Vec<_> = (0..7).map(value).collect();
        assert_eq!(with_nulls(&nullable(&values), 7), Some(values));
    }
}

#[test]
fn a_column_of_booleans_is_read_exactly_if_it_is_what_its_values_are_written_as() {
    let mut accepted = 0;
    for input in every_text(&[0x00, 0x01, 0x02, 0x03, 0x80], 5) {
        for ops in 0..=8 {
            if let Some(values) = booleans(&input, ops) {
                let mut out = Vec::new();
                write_booleans(values.iter().copied(), &mut out);
                assert_eq!(out, input, "{values:?}");
                accepted += 1;
            }
        }
    }
    assert!(accepted > 100, "{accepted}");
    for bits in 0..1u32 << 8 {
        let values: Vec<bool> = (0..8).map(|at| bits >> at & 1 == 1).collect();
        let mut out = Vec::new();
        write_booleans(values.iter().copied(), &mut out);
        assert_eq!(booleans(&out, 8), Some(values));
    }
}

proptest! {
    /// Texts of one letter, of hundreds and of thousands, in runs and alone: what tells their lengths is no UTF-8 mostly, but
    /// may be.
    #[test]
    fn texts_of_accepted_columns_are_what_decoding_finds(
        texts in prop::collection::vec(
            (
                prop::sample::select(&["", "a", "ü", "\u{1F600}x", "same"][..]),
                prop_oneof![40 => 1..200usize, 1 => 16_300..16_500usize],
                1..4usize,
            ),
            0..100,
        )
    ) {
        let texts: Vec<(String, usize)> = texts.into_iter().map(|(text, times, ops)| (text.repeat(times), ops)).collect();
        let mut bytes = Vec::new();
        let repeated = texts.iter().flat_map(|(text, ops)| std::iter::repeat_n(Text(text.as_bytes()), *ops));
        write_runs(repeated, &mut bytes);
        let mut expected: Vec<&[u8]> = decoded(&bytes).expect("a column of fewer than a thousand texts");
        expected.dedup();
        let mut told = Vec::new();
        each_text_accepted(&bytes, |text| told.push(text.as_bytes()));
        prop_assert_eq!(told, expected);
    }
}

#[test]
fn a_text_that_is_no_utf8_is_none_and_those_around_it_are_found() {
    let bytes = b"ab\xffcd\xc3\xbc";
    let mut valid = Valid::default();
    let mut text = |at, length| valid.text(bytes, at, length);
    assert_eq!((text(0, 2), text(1, 1), text(1, 2), text(2, 1)), (Some("ab"), Some("b"), None, None));
    assert_eq!((text(3, 2), text(5, 1), text(5, 2), text(5, 3)), (Some("cd"), None, Some("ü"), None));
    assert_eq!((text(7, 0), text(7, 1), text(8, 0)), (Some(""), None, None));
}
