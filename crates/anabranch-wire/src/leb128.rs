//! LEB128 integers, unsigned and signed, in their shortest form only.

/// Bytes that an integer of 64 bits may take.
const BYTES_MAX: usize = 10;

/// Appends an unsigned integer.
pub(crate) fn write_unsigned(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a signed integer.
pub(crate) fn write_signed(mut number: i64, out: &mut Vec<u8>) {
    while !(-0x40..0x40).contains(&number) {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8 & 0x7f);
}

/// Takes an unsigned integer off the front; `None` if it is cut off, too long or not in its shortest form.
pub(crate) fn read_unsigned(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..BYTES_MAX {
        let byte = take_byte(input)?;
        let bits = u64::from(byte & 0x7f);
        if at == BYTES_MAX - 1 && bits > 1 {
            return None;
        }
        number |= bits << (7 * at);
        if byte < 0x80 {
            return (byte != 0 || at == 0).then_some(number);
        }
    }
    None
}

/// Takes a signed integer off the front, likewise.
pub(crate) fn read_signed(input: &mut &[u8]) -> Option<i64> {
    let before = *input;
    let mut number = 0i64;
    for at in 0..BYTES_MAX {
        let byte = take_byte(input)?;
        number |= i64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            let shift = 7 * (at + 1);
            if shift < 64 && byte & 0x40 != 0 {
                number |= -1i64 << shift;
            }
            let length = before.len() - input.len();
            let mut shortest = Vec::with_capacity(BYTES_MAX);
            // Whatever is longer, or has bits that fall out at the top, is not what would be written.
            write_signed(number, &mut shortest);
            return (before.get(..length) == Some(&shortest)).then_some(number);
        }
    }
    None
}

fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_longer() {
        let numbers = [0, 1, 63, 64, 127, 128, 300, i64::MAX, -1, -64, -65, -128, -129, i64::MIN, i64::MIN + 1];
        for number in numbers {
            let mut signed = Vec::new();
            write_signed(number, &mut signed);
            assert_eq!(read_signed(&mut &signed[..]), Some(number));
            let mut unsigned = Vec::new();
            write_unsigned(number as u64, &mut unsigned);
            assert_eq!(read_unsigned(&mut &unsigned[..]), Some(number as u64));
            assert_eq!(read_unsigned(&mut unsigned.get(..unsigned.len() - 1).unwrap_or_default()), None);
        }
        for longer in [&[0x80, 0][..], &[0xff, 0x80, 0], &[0x80], &[0xff; 11]] {
            assert_eq!(read_unsigned(&mut &longer[..]), None, "{longer:?}");
        }
        for longer in [&[0x80, 0][..], &[0xff, 0x7f], &[0xc0, 0x7f], &[0xbf, 0], &[0x80], &[0xff; 11]] {
            assert_eq!(read_signed(&mut &longer[..]), None, "{longer:?}");
        }
        let beyond = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!((read_unsigned(&mut &beyond[..]), read_signed(&mut &beyond[..])), (None, None));
    }
}
