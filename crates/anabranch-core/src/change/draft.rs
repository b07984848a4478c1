//! A change about to be made.

use std::borrow::Cow;

use super::columns::ColumnValue;
use super::leb128::write_unsigned;
use super::{ActorId, SequenceAction, action, code};
use crate::heads::ChangeHash;

/// A change about to be made, and what its ops say.
pub(crate) struct Draft<'a, O: ?Sized> {
    pub(crate) deps: Cow<'a, [ChangeHash]>,
    pub(crate) actor: ActorId,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) message: Cow<'a, str>,
    pub(crate) ops: &'a O,
}

/// Ops about to be made, told column by column: a `set` of the register that an op names, or what is done at a place in a
/// sequence. Each column is told in the order of the ops.
pub(crate) trait DraftOps {
    /// The registers that they set; `None` of what acts inside a sequence.
    fn names(&self) -> impl Iterator<Item = Option<DraftName<'_>>>;

    /// The types of their values, and how many bytes each has.
    fn values(&self) -> impl ExactSizeIterator<Item = (u8, usize)>;

    /// Appends the bytes of all values.
    fn write_values(&self, out: &mut Vec<u8>);

    /// How many predecessors each has.
    fn pred_counts(&self) -> impl Iterator<Item = u64>;

    /// The predecessors of all: those of one ascend by counter, then by actor.
    fn preds(&self) -> impl Iterator<Item = &(u32, ActorId)>;

    /// Where in sequences they act; `None` if none does.
    fn places(&self) -> Option<impl Iterator<Item = Option<&DraftPlace>> + Clone>;
}

/// Where in a sequence an op is to act: the sequence, the element (`None` for the place before the first), and how.
#[derive(Clone, Copy)]
pub(crate) struct DraftPlace {
    pub(crate) object: (u32, ActorId),
    pub(crate) element: Option<(u32, ActorId)>,
    pub(crate) action: SequenceAction,
}

/// A name in two parts, wherever it is cut, but in all ops of a change at the same place. The one that differs more often is
/// compared first.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct DraftName<'n> {
    pub(crate) suffix: &'n str,
    pub(crate) identity: &'n str,
}

impl ColumnValue for DraftName<'_> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        write_unsigned((self.identity.len() + self.suffix.len()) as u64, out);
        out.extend_from_slice(self.identity.as_bytes());
        out.extend_from_slice(self.suffix.as_bytes());
    }
}

/// What an op does whose value is of this type, and the type that is written.
pub(super) fn action(value_code: u8, place: Option<&DraftPlace>) -> (u64, u8) {
    match (value_code, place) {
        (_, Some(DraftPlace { action: SequenceAction::Delete, .. })) => (action::DELETE, code::NULL),
        (code::TEXT, _) => (action::MAKE_TEXT, code::NULL),
        (code::LIST, _) => (action::MAKE_LIST, code::NULL),
        (code, _) => (action::SET, code),
    }
}

/// No ops.
impl DraftOps for () {
    fn names(&self) -> impl Iterator<Item = Option<DraftName<'_>>> {
        std::iter::empty()
    }

    fn values(&self) -> impl ExactSizeIterator<Item = (u8, usize)> {
        std::iter::empty()
    }

    fn write_values(&self, _: &mut Vec<u8>) {}

    fn pred_counts(&self) -> impl Iterator<Item = u64> {
        std::iter::empty()
    }

    fn preds(&self) -> impl Iterator<Item = &(u32, ActorId)> {
        std::iter::empty()
    }

    fn places(&self) -> Option<impl Iterator<Item = Option<&DraftPlace>> + Clone> {
        None::<std::iter::Empty<_>>
    }
}

/// An op that a test makes: any.
#[cfg(test)]
pub(crate) struct DraftOp<'a> {
    /// In two parts.
    pub(crate) name: [&'a str; 2],
    pub(crate) place: Option<&'a DraftPlace>,
    pub(crate) value_code: u8,
    pub(crate) value: &'a [u8],
    pub(crate) preds: &'a [(u32, ActorId)],
}

#[cfg(test)]
impl DraftOps for [DraftOp<'_>] {
    fn names(&self) -> impl Iterator<Item = Option<DraftName<'_>>> {
        self.iter().map(|DraftOp { name: [identity, suffix], place, .. }| match place {
            None => Some(DraftName { suffix, identity }),
            Some(_) => None,
        })
    }

    fn values(&self) -> impl ExactSizeIterator<Item = (u8, usize)> {
        self.iter().map(|op| (op.value_code, op.value.len()))
    }

    fn write_values(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|op| out.extend_from_slice(op.value));
    }

    fn pred_counts(&self) -> impl Iterator<Item = u64> {
        self.iter().map(|op| op.preds.len() as u64)
    }

    fn preds(&self) -> impl Iterator<Item = &(u32, ActorId)> {
        self.iter().flat_map(|op| op.preds)
    }

    fn places(&self) -> Option<impl Iterator<Item = Option<&DraftPlace>> + Clone> {
        self.iter().any(|op| op.place.is_some()).then(|| self.iter().map(|op| op.place))
    }
}
