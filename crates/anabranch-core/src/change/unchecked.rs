//! A change from anywhere, decoded within bounds and believed in nothing else.

use std::mem::size_of;
use std::ops::Deref;
use std::sync::Arc;

use super::ActorId;
use super::chunk::Chunk;
use super::decode::{DecodeChangeError, Decoded, DecodedOp, Limits, OpRef, Place};
use super::encode::BlankChange;
use crate::heads::ChangeHash;

/// A change as it came: its bytes keep to every bound and to the one canonical form, and that is all that is known of it.
///
/// No history takes it. What a history takes is a checked chain, and only the guard makes one, of these.
#[derive(Debug)]
pub struct UncheckedChange {
    bytes: Arc<[u8]>,
    /// Without its ops and predecessors if the change is thin.
    decoded: Decoded,
    op_count: u32,
    is_thin: bool,
}

impl UncheckedChange {
    /// Decodes a change, plain or deflated (which is kept inflated).
    pub fn from_bytes(bytes: Arc<[u8]>, bounds: Limits) -> Result<Self, DecodeChangeError> {
        Self::from_chunk(Chunk::read(bytes, bounds)?, bounds)
    }

    pub(crate) fn from_chunk(chunk: Chunk, bounds: Limits) -> Result<Self, DecodeChangeError> {
        let decoded = Decoded::read_body(&chunk.bytes, chunk.hash, bounds)?;
        Ok(Self { op_count: decoded.ops.len() as u32, bytes: chunk.bytes, decoded, is_thin: false })
    }

    /// A change that was made here, thin, by an author whose id is known now.
    pub(crate) fn own(mut blank: BlankChange, author: ActorId, before: Option<ChangeHash>) -> Self {
        let hash = blank.fill(author, before);
        let BlankChange { chunk, blanks, deps, seq, start_op, message, ops } = blank;
        let actors = vec![author];
        let (no_ops, preds, places) = (Vec::new(), Vec::new(), Vec::new());
        let decoded = Decoded { hash, deps, seq, start_op, message, actors, ops: no_ops, preds, places, blanks };
        Self { bytes: chunk, decoded, op_count: ops, is_thin: true }
    }

    /// The hash that names it.
    pub fn hash(&self) -> ChangeHash {
        self.decoded.hash
    }

    /// The changes that it says it builds on.
    pub fn deps(&self) -> &[ChangeHash] {
        &self.decoded.deps
    }

    /// Who it says has made it.
    pub fn actor(&self) -> ActorId {
        self.decoded.actor()
    }

    /// The bytes of the plain chunk.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    pub(crate) fn seq(&self) -> u64 {
        self.decoded.seq
    }

    pub(crate) fn start_op(&self) -> u64 {
        self.decoded.start_op
    }

    pub(crate) fn message(&self) -> &str {
        &self.decoded.message
    }

    pub(crate) fn op_count(&self) -> u32 {
        self.op_count
    }

    /// What its ops and predecessors take up while they are kept decoded: thousands of times its bytes where they repeat.
    pub(crate) fn table_bytes(&self) -> usize {
        self.decoded.ops.len() * size_of::<DecodedOp>()
            + self.decoded.preds.len() * size_of::<OpRef>()
            + self.decoded.places.len() * size_of::<Option<Place>>()
    }

    /// The same without the tables of its ops, which are decoded again when they are needed.
    pub(crate) fn thinned(&self) -> Self {
        let Decoded { hash, deps, seq, start_op, message, actors, blanks, .. } = &self.decoded;
        let (deps, message, actors) = (deps.clone(), message.clone(), actors.clone());
        let (ops, preds, places) = (Vec::new(), Vec::new(), Vec::new());
        let (hash, seq, start_op, blanks) = (*hash, *seq, *start_op, *blanks);
        let decoded = Decoded { hash, deps, seq, start_op, message, actors, ops, preds, places, blanks };
        Self { bytes: self.bytes.clone(), decoded, op_count: self.op_count, is_thin: true }
    }

    /// Tells, piece by piece, what its author's id is derived from, as far as this change goes.
    pub(crate) fn each_said(&self, hear: &mut dyn FnMut(&[u8])) {
        self.decoded.blanks.each_said(&self.bytes, self.actor(), self.seq() == 1, hear);
    }

    /// Everything that it says.
    pub(crate) fn decoded(&self) -> Tables<'_> {
        match self.is_thin {
            false => Tables::Kept(&self.decoded),
            true => Tables::Again(Box::new(Decoded::read_accepted(&self.bytes, self.decoded.hash))),
        }
    }
}

/// A decoding that is kept, or one that was made again because it is not.
pub(crate) enum Tables<'c> {
    Kept(&'c Decoded),
    Again(Box<Decoded>),
}

impl Deref for Tables<'_> {
    type Target = Decoded;

    fn deref(&self) -> &Decoded {
        match self {
            Tables::Kept(decoded) => decoded,
            Tables::Again(decoded) => decoded,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::{ActorKind, Draft, DraftOp, DraftPlace, SequenceAction, code, encode};
    use super::*;

    #[test]
    fn what_is_kept_decoded_is_counted_whole_and_nothing_where_it_is_not_kept() {
        let author = ActorId([ActorKind::Edit as u8; 16]);
        let place = DraftPlace { object: (1, author), element: Some((2, author)), action: SequenceAction::Set };
        let table_bytes = |preds: &[(u32, ActorId)], place: Option<&DraftPlace>| {
            let op = || DraftOp { name: ["3k\0.x", ""], place, value_code: code::NULL, value: b"", preds };
            let ops = [op(), op(), op()];
            let draft =
                Draft { deps: [][..].into(), actor: author, seq: 1, start_op: 9, message: "".into(), ops: &ops[..] };
            let change = UncheckedChange::from_bytes(encode(&draft).0.into(), Limits::default()).unwrap();
            assert_eq!((change.thinned().table_bytes(), change.thinned().decoded().ops.len()), (0, 3));
            change.table_bytes()
        };
        let (op, pred, placed) = (size_of::<DecodedOp>(), size_of::<OpRef>(), size_of::<Option<Place>>());
        assert_eq!(table_bytes(&[], None), 3 * op);
        assert_eq!(table_bytes(&[(3, author), (4, author)], None), 3 * op + 6 * pred);
        assert_eq!(table_bytes(&[(3, author), (4, author)], Some(&place)), 3 * op + 6 * pred + 3 * placed);
    }
}
