//! Handing a store's history to stock automerge.

use automerge::{Automerge, AutomergeError};

use crate::document::Document;

impl Document {
    /// The history as a document of stock automerge, whose own tools read it: the root map holds the registers as
    /// FORMAT.md names them. Stock automerge slows beyond some 16,000 of them.
    ///
    /// # Errors
    /// None that is known: what automerge refuses the guard refuses first.
    pub fn to_automerge(&self) -> Result<Automerge, AutomergeError> {
        let mut automerge = Automerge::new();
        let chunks: Vec<u8> = self.change_bytes().flat_map(|change| change.bytes.to_vec()).collect();
        automerge.load_incremental(&chunks)?;
        Ok(automerge)
    }
}
