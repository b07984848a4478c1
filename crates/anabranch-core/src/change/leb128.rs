//! LEB128 integers, unsigned and signed, in their shortest form only.

/// Appends an unsigned integer.
pub(crate) fn write_unsigned(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// Appends a signed integer.
pub(crate) fn write_signed(mut number: i64, out: &mut Vec<u8>) {
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        let sign_fits = if byte & 0x40 == 0 { number == 0 } else { number == -1 };
        if sign_fits {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// Takes an unsigned integer off the front; `None` if it is cut off, too long or not in its shortest form.
#[inline]
pub(crate) fn read_unsigned(input: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = input.split_first()?;
    if first < 0x80 {
        *input = rest;
        return Some(u64::from(first));
    }
    let mut number = 0u64;
    for (at, &byte) in input.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if at == 9 && bits > 1 {
            return None;
        }
        number |= bits << (7 * at);
        if byte < 0x80 {
            *input = input.get(at + 1..)?;
            return (byte != 0).then_some(number);
        }
    }
    None
}

/// Takes a signed integer off the front; `None` if it is cut off, too long or not in its shortest form.
#[inline]
pub(crate) fn read_signed(input: &mut &[u8]) -> Option<i64> {
    let mut number = 0i64;
    let mut before = 0u8;
    for (at, &byte) in input.iter().enumerate().take(10) {
        let shift = 7 * at as u32;
        if at == 9 && byte != 0 && byte != 0x7f {
            return None;
        }
        number |= i64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            if shift + 7 < 64 && byte & 0x40 != 0 {
                number |= -1i64 << (shift + 7);
            }
            let redundant = at > 0 && (byte == 0 && before & 0x40 == 0 || byte == 0x7f && before & 0x40 != 0);
            *input = input.get(at + 1..)?;
            return (!redundant).then_some(number);
        }
        before = byte;
    }
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests")]

    use super::*;

    /// What bytes begin with, read naively: the value of the groups up to the first without the high bit, and their count.
    fn naive(input: &[u8], signed: bool) -> Option<(i128, usize)> {
        let length = input.iter().position(|byte| *byte < 0x80)? + 1;
        let bits = 7 * length as u32;
        let groups = input[..length].iter().enumerate().take(18);
        let value = groups.fold(0i128, |value, (at, byte)| value | i128::from(byte & 0x7f) << (7 * at));
        let is_negative = signed && bits < 127 && value >> (bits - 1) & 1 == 1;
        Some((if is_negative { value - (1i128 << bits) } else { value }, length))
    }

    /// Both readers take exactly the shortest form of what fits 64 bits, and leave what follows.
    fn check(input: &[u8]) {
        let mut shortest = Vec::new();
        let mut rest = input;
        let expected = naive(input, false).and_then(|(value, length)| {
            write_unsigned(u64::try_from(value).ok()?, &mut shortest);
            (shortest == input[..length]).then_some((value as u64, length))
        });
        assert_eq!(read_unsigned(&mut rest).map(|read| (read, input.len() - rest.len())), expected, "{input:x?}");
        let mut shortest = Vec::new();
        let mut rest = input;
        let expected = naive(input, true).and_then(|(value, length)| {
            write_signed(i64::try_from(value).ok()?, &mut shortest);
            (shortest == input[..length]).then_some((value as i64, length))
        });
        assert_eq!(read_signed(&mut rest).map(|read| (read, input.len() - rest.len())), expected, "{input:x?}");
    }

    #[test]
    fn only_the_shortest_form_is_read_and_nothing_behind_it() {
        check(&[]);
        for first in 0..=255 {
            check(&[first]);
            for second in 0..=255 {
                check(&[first, second]);
                check(&[first, second, 0]);
                check(&[first, second, 0x7f, 0x80]);
            }
        }
        // The ends of 64 bits: eight to twelve groups.
        for length in 7..12 {
            for fill in [0x80, 0xff, 0xc0, 0xbf, 0x81] {
                for last in 0..=255 {
                    let mut input = vec![fill; length];
                    input.push(last);
                    check(&input);
                }
            }
        }
    }

    #[test]
    fn every_integer_comes_back() {
        let edges = (0..64).flat_map(|bit| [1u64 << bit, (1u64 << bit).wrapping_sub(1), u64::MAX << bit]);
        for number in edges {
            let mut bytes = Vec::new();
            write_unsigned(number, &mut bytes);
            assert_eq!(read_unsigned(&mut bytes.as_slice()), Some(number));
            assert_eq!(naive(&bytes, false), Some((i128::from(number), bytes.len())));
            for signed in [number as i64, (number as i64).wrapping_neg()] {
                let mut bytes = Vec::new();
                write_signed(signed, &mut bytes);
                assert_eq!(read_signed(&mut bytes.as_slice()), Some(signed), "{bytes:x?}");
                assert_eq!(naive(&bytes, true), Some((i128::from(signed), bytes.len())));
            }
        }
    }
}
