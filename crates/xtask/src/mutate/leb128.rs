//! The integers of the change format, written apart from the engine's own so that neither can hide the other's mistakes.

/// Appends an unsigned integer.
pub(super) fn write_unsigned(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a signed integer.
pub(super) fn write_signed(mut number: i64, out: &mut Vec<u8>) {
    while !(-64..64).contains(&number) {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8 & 0x7f);
}

/// Takes an unsigned integer off the front.
pub(super) fn read_unsigned(input: &mut &[u8]) -> Option<u64> {
    Some(read(input)?.0)
}

/// Takes a signed integer off the front.
pub(super) fn read_signed(input: &mut &[u8]) -> Option<i64> {
    let (number, bits) = read(input)?;
    let unused = 64u32.saturating_sub(bits);
    Some((number << unused) as i64 >> unused)
}

fn read(input: &mut &[u8]) -> Option<(u64, u32)> {
    let mut number = 0;
    for bits in (0..64).step_by(7) {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        number |= u64::from(byte & 0x7f) << bits;
        if *byte < 0x80 {
            return Some((number, bits + 7));
        }
    }
    None
}
