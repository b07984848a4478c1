//! What registers may hold.

use super::Scalar;
use crate::change::code;
use crate::layout;
use crate::value::VALUE_DEPTH_MAX;

/// What a register holds, by its suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Present or deleted.
    Life,
    /// A leaf, or nothing any more.
    Field,
    /// An increment, or nothing any more.
    Increment,
    /// An element, or nothing any more.
    Element,
}

impl Holds {
    /// What the register with this suffix holds, and how many levels a value may nest there.
    pub(crate) fn of(suffix: &str) -> Option<(Self, usize)> {
        if suffix.is_empty() {
            return Some((Holds::Life, 0));
        }
        let (path, part) = layout::read_suffix(suffix)?;
        let levels = VALUE_DEPTH_MAX.checked_sub(path.0.len())?;
        if !layout::is_canonical_suffix(suffix, &path, part) {
            return None;
        }
        match part.map(|part| part.as_bytes().first()) {
            None => Some((Holds::Field, levels)),
            Some(Some(b'+')) => part.and_then(layout::read_part_id).map(|_| (Holds::Increment, levels)),
            // The set around it is a level too.
            Some(Some(b'e')) => {
                part.and_then(layout::read_part_id).and(levels.checked_sub(1)).map(|levels| (Holds::Element, levels))
            }
            Some(_) => None,
        }
    }

    /// Whether an honest replica writes this there.
    pub(crate) fn fits(self, scalar: Scalar<'_>) -> bool {
        if code::is_sequence(scalar.code) {
            return self == Holds::Field && scalar.bytes.is_empty();
        }
        match self {
            Holds::Life => scalar == Scalar::PRESENT || scalar == Scalar::DELETED,
            Holds::Field => scalar.is_canonical() && scalar.to_element().is_none(),
            Holds::Increment => scalar.is_absent() || scalar.to_increment().is_some(),
            Holds::Element => scalar.is_absent() || scalar.to_element().is_some() && scalar.is_canonical(),
        }
    }
}

/// Whether a value nests at most so deep. Each level takes two bytes at least, so that most need not be decoded for it.
pub(crate) fn nests_within(scalar: Scalar<'_>, levels: usize) -> bool {
    if scalar == Scalar::EMPTY_OBJECT {
        return levels > 0;
    }
    if scalar.bytes.len() / 2 <= levels || scalar.code != code::BYTES {
        return true;
    }
    let value = scalar.to_value().ok().flatten().or_else(|| scalar.to_element().map(|(_, element)| element));
    value.is_none_or(|value| value.nests_within(levels))
}
