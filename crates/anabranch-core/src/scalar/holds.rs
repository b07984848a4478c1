//! What registers may hold.

use super::Scalar;
use crate::change::code;
use crate::layout;

/// What a register holds, by its suffix.
#[derive(Clone, Copy, PartialEq, Eq)]
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
    /// What the register with this suffix holds; `None` if no store has one.
    pub(crate) fn of(suffix: &str) -> Option<Self> {
        if suffix.is_empty() {
            return Some(Holds::Life);
        }
        let (path, part) = layout::read_suffix(suffix)?;
        if !layout::is_canonical_suffix(suffix, &path, part) {
            return None;
        }
        match part.map(|part| part.as_bytes().first()) {
            None => Some(Holds::Field),
            Some(Some(b'+')) => Some(Holds::Increment),
            Some(Some(b'e')) => Some(Holds::Element),
            Some(_) => None,
        }
    }

    /// Whether an honest replica writes this there.
    pub(crate) fn fits(self, scalar: Scalar<'_>) -> bool {
        if matches!(scalar.code, code::TEXT | code::LIST) {
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
