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
    use super::*;

    #[test]
    fn every_integer_comes_back_and_longer_forms_are_refused() {
        for number in [0, 1, 63, 64, 127, 128, 8191, 8192, i64::MAX as u64, u64::MAX] {
            let mut bytes = Vec::new();
            write_unsigned(number, &mut bytes);
            assert_eq!(read_unsigned(&mut bytes.as_slice()), Some(number));
            for signed in [number as i64, (number as i64).wrapping_neg()] {
                let mut bytes = Vec::new();
                write_signed(signed, &mut bytes);
                assert_eq!(read_signed(&mut bytes.as_slice()), Some(signed), "{bytes:x?}");
            }
        }
        assert_eq!(read_unsigned(&mut [0x80, 0x00].as_slice()), None);
        assert_eq!(read_signed(&mut [0x80, 0x00].as_slice()), None);
        assert_eq!(read_signed(&mut [0xff, 0x7f].as_slice()), None);
        assert_eq!(read_unsigned(&mut [0xff; 11].as_slice()), None);
    }
}
