//! Bytes of any format with a few of them changed: a bit, an integer where one may stand, a stretch.

use super::leb128::{read_unsigned, write_unsigned};
use crate::random::Random;

/// These bytes, changed in one to three places.
pub(super) fn tampered(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(2) * random.below(3) {
        change(&mut bytes, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let (at, other) = (random.below(bytes.len()), random.below(bytes.len()));
    match random.below(8) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, random.number() as u8),
        2 if at < bytes.len() => drop(bytes.remove(at)),
        3 => {
            let end = (at + 1 + random.below(40)).min(bytes.len());
            let stretch = bytes.get(at..end).unwrap_or_default().to_vec();
            bytes.splice(other..other, stretch);
        }
        4 | 5 => integer(bytes, at, random),
        _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
    }
}

/// What may be an integer at this place becomes another.
fn integer(bytes: &mut Vec<u8>, at: usize, random: &mut Random) {
    let mut rest = bytes.get(at..).unwrap_or_default();
    let whole = rest.len();
    let Some(number) = read_unsigned(&mut rest) else { return };
    let length = whole - rest.len();
    let mut other = Vec::new();
    match random.below(3) {
        0 => write_unsigned(random.awkward(), &mut other),
        1 => write_unsigned(number.wrapping_add_signed(random.below(5) as i64 - 2), &mut other),
        // bincode's longer integers are told by their first byte.
        _ => {
            other.push(random.pick(&[251, 252, 253, 254]).copied().unwrap_or(251));
            other.extend(random.awkward().to_le_bytes().iter().take(1 << (1 + random.below(3))));
        }
    }
    bytes.splice(at..at + length, other);
}
