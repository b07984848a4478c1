//! Trimming: cutting history below a floor that nobody needs to read below any more (architecture: DESIGN.md, "Why does
//! trimming keep a skeleton?").
//!
//! What goes are the contents of changes. Their skeletons stay, and so do the visible values with the ops that set them: a
//! late change from below the floor still finds everything that it refers to, and merges as it would have.

use super::{ChangeBytes, Document};
use crate::history::{Ancestry, KnownHeads};
use crate::registers::RegistersAt;

/// Why history was not trimmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrimError {
    /// The new floor does not include the one before.
    #[error("the floor cannot move down: these heads do not include the floor that the document has")]
    BelowFloor,
}

impl Document {
    /// Cuts the history below `floor`, which must be at or below what every replica, sink and job still reads, and returns
    /// the changes whose contents go: keep them, if anybody may ask for them again.
    ///
    /// Heads that do not include the floor are [`crate::UnknownHeads::Trimmed`] from then on. What is shown does not change.
    ///
    /// # Errors
    /// The floor lies below the one that the document has.
    pub fn trim(&mut self, floor: &KnownHeads) -> Result<Vec<ChangeBytes>, TrimError> {
        let set = self.history.ancestry(&floor.positions);
        if !self.history.floor().positions.iter().all(|position| set.contains(*position)) {
            return Err(TrimError::BelowFloor);
        }
        let gone: Vec<u32> = self.positions_in(&set).filter(|position| !self.history.is_trimmed(*position)).collect();
        let changes = gone.iter().map(|position| ChangeBytes {
            hash: self.history.change(*position).hash,
            bytes: self.history.bytes(*position),
        });
        let changes = changes.collect();
        let registers = self.registers_at(&set).to_floor();
        self.history.trim(floor.clone(), registers, &gone);
        Ok(changes)
    }

    /// The heads below which the document cannot be read; empty if all of its history is here.
    pub fn floor(&self) -> &KnownHeads {
        self.history.floor()
    }

    pub(crate) fn registers_at(&self, set: &Ancestry) -> RegistersAt<'_> {
        RegistersAt::replayed(&self.registers, &self.history, set)
    }

    fn positions_in<'s>(&self, set: &'s Ancestry) -> impl Iterator<Item = u32> + use<'s> {
        (0..self.history.changes().len() as u32).filter(|position| set.contains(*position))
    }
}
