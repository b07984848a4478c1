//! Trimming: cutting history below a floor that nobody needs to read below any more (architecture: DESIGN.md, "Why does
//! trimming keep a skeleton?").
//!
//! What goes are the contents of changes. Their skeletons stay, and so do the visible values with the ops that set them: a
//! late change from below the floor still finds everything that it refers to, and merges as it would have.

use std::collections::BTreeSet;

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
    /// What all readers have read: the greatest heads that each of them includes, which is where history may be trimmed.
    ///
    /// A reader is whoever still asks for something by heads of this document: a replica (the heads of its baseline, of every
    /// offer that it may yet take, and of records that it holds as of other heads), a sink (its checkpoint), a job (the base
    /// that it leased). Trimmed here, the heads of each stay known. The floor is never left: where somebody has read less than
    /// it, nothing at all, or nobody reads, what is there already is returned, and trimming at it trims nothing more.
    ///
    /// The cost is one walk of the history, and one for each 64 readers of the part since the one that is furthest behind.
    ///
    /// ```
    /// use anabranch_core::{Author, Document, Edit, Key, UnknownHeads, Value};
    /// let mut document = Document::new();
    /// let mut put = |key: &str| {
    ///     let base = document.known(&document.heads())?;
    ///     let edit = Edit::Put { key: Some(Key::String(key.into())), value: Value::from("open") };
    ///     let commit = document.change_at(&base, &[edit], &Author::person("desk"))?;
    ///     Ok::<_, Box<dyn std::error::Error>>(commit.own_heads)
    /// };
    /// let (first, second, third) = (put("o1")?, put("o2")?, put("o3")?);
    ///
    /// let (replica, sink) = (document.known(&third)?, document.known(&second)?);
    /// let floor = document.meet([&replica, &sink]);
    /// assert_eq!(*floor.heads(), second);
    /// let archived = document.trim(&floor)?;
    /// assert_eq!(archived.len(), 2);
    /// assert!(document.known(&second).is_ok());
    /// assert!(matches!(document.known(&first), Err(UnknownHeads::Trimmed { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn meet<'r>(&self, readers: impl IntoIterator<Item = &'r KnownHeads>) -> KnownHeads {
        let readers: BTreeSet<&[u32]> = readers.into_iter().map(|heads| &*heads.positions).collect();
        let floor = self.history.ancestry(&self.history.floor().positions);
        self.history.heads_of_either(&self.history.meet(&readers), &floor)
    }

    /// Cuts the history below `floor`, which must be at or below what every replica, sink and job still reads
    /// ([`Document::meet`]), and returns the changes whose contents go, in causal order: keep them, if anybody may ask for them
    /// again.
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
