//! Changes that arrive, read and decoded each for itself: many at once where there are cores for it.

use std::sync::Arc;

use super::Document;
use crate::change::{Chunk, DecodeChangeError, Limits, UncheckedChange};
use crate::heads::ChangeHash;
use crate::history::chain::ActorHasher;
use crate::parallel::{self, TOGETHER};

/// Bytes of ops and predecessors that are kept decoded of a change that was read with others.
const KEPT_TABLE_BYTES_MAX: usize = 1024 * 1024;

/// A change that is about to be taken.
pub(super) enum Arriving {
    /// From anywhere.
    Bytes(Arc<[u8]>),
    /// From here.
    Own(Chunk),
}

impl Arriving {
    fn len(&self) -> usize {
        match self {
            Arriving::Bytes(bytes) | Arriving::Own(Chunk { bytes, .. }) => bytes.len(),
        }
    }
}

/// What was read of it.
pub(super) struct Arrived {
    pub(super) hash: ChangeHash,
    /// `None` if it is known already, and was not decoded.
    pub(super) change: Option<Result<ReadChange, DecodeChangeError>>,
}

/// A change that was decoded.
pub(super) struct ReadChange {
    pub(super) change: UncheckedChange,
    /// What a chain that begins with it says up to here, if it may begin one and is not trusted.
    pub(super) said: Option<ActorHasher>,
}

impl Document {
    /// Reads changes, as many together as pays.
    pub(super) fn read_together(
        &self,
        arriving: &mut impl Iterator<Item = Arriving>,
        bounds: Limits,
        trusted: bool,
    ) -> Vec<Result<Arrived, DecodeChangeError>> {
        let together: Vec<Arriving> = arriving.take(TOGETHER).collect();
        let bytes = together.iter().map(Arriving::len).sum();
        let is_known = |hash: &ChangeHash| self.history.position(hash).is_some() || self.waiting.contains(hash);
        parallel::map(together, parallel::is_worth_bytes(bytes), |arriving| {
            let chunk = match arriving {
                Arriving::Bytes(bytes) => Chunk::read(bytes, bounds)?,
                Arriving::Own(chunk) => chunk,
            };
            let hash = chunk.hash;
            let change = (!is_known(&hash)).then(|| ReadChange::decode(chunk, bounds, trusted));
            Ok(Arrived { hash, change })
        })
    }
}

impl ReadChange {
    fn decode(chunk: Chunk, bounds: Limits, trusted: bool) -> Result<Self, DecodeChangeError> {
        let change = UncheckedChange::from_chunk(chunk, bounds)?;
        let said = (change.seq() == 1 && !trusted).then(|| change.actor().kind()).flatten().map(|kind| {
            let mut said = ActorHasher::new(kind);
            said.change(&change);
            said
        });
        let is_large = TOGETHER > 1 && change.table_bytes() > KEPT_TABLE_BYTES_MAX;
        Ok(Self { change: if is_large { change.thinned() } else { change }, said })
    }
}
