//! Editing a text where one typed: for an application that knows more than what the text became.

use super::plan::{Plan, RecordTooLarge};
use super::receipt::Rows;
use super::{Author, Commit, CommitError};
use crate::document::Document;
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout;
use crate::schema::FieldPath;
use crate::view::fields::LeafValue;

/// An edit of a text: at a position so many code units go, and others come in their place. Positions and lengths count
/// UTF-16 code units, as JavaScript does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice<'t> {
    /// Where, in code units from the start.
    pub at: usize,
    /// How many code units go.
    pub delete: usize,
    /// What comes.
    pub insert: &'t str,
}

/// Why a text was not edited.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpliceError {
    /// The base shows no such record, or no text that merges by characters in that field.
    #[error("the base shows no text that merges by characters there")]
    NoText,
    /// A position behind the end, or between the two halves of a character.
    #[error("the text has no place to cut at code unit {at}")]
    Position {
        /// The position.
        at: usize,
    },
    /// The record is too large.
    #[error(transparent)]
    RecordTooLarge(#[from] RecordTooLarge),
    /// The prepared commit could not be taken.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Document {
    /// Edits a text as it shows at `base`, and merges that with what happened since.
    pub fn splice(
        &mut self,
        base: &KnownHeads,
        (key, field): (&Key, &FieldPath),
        splice: &Splice<'_>,
        author: &Author,
    ) -> Result<Commit, SpliceError> {
        let prepared = {
            let view = self.at(base);
            let record = view.keys().find(&view.registers, key).ok_or(SpliceError::NoText)?;
            let slot = view.registers.slot(record);
            let path = view.paths().find(&layout::encode_path(field)).ok_or(SpliceError::NoText)?;
            let leaves = view.fields(slot, None).leaves;
            let leaf = leaves.iter().find(|leaf| leaf.path == path && matches!(leaf.value, LeafValue::Stored));
            let shown = leaf.and_then(|leaf| leaf.entry.sequence).filter(|_| view.life(slot).is_shown());
            let mut plan = Plan::new(author.clone());
            plan.splice(&view, shown.ok_or(SpliceError::NoText)?, splice)?;
            let changed = plan.end_record()?;
            let mut rows = Rows::default();
            rows.push_edit(key.clone(), changed);
            plan.prepare(self, base, rows)
        };
        Ok(self.commit(prepared)?)
    }
}
