//! The saved form of a document: an index that names pages, and the pages, which are opened when they are needed
//! (FORMAT.md §8). All of it is a cache: whatever disagrees with its hash is rebuilt from the history.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::heads::ChangeHash;

mod bytes;
pub(crate) use bytes::{Reader, Writer};

/// Where a document that was opened from its saved form finds the rest of it.
///
/// A change that was accepted must be there for as long as the document is: a document that can neither open a page nor
/// rebuild it from its history has nothing to show, and panics rather than guess. So it does where a page is gone and the
/// index, which somebody must have forged together with its checksum, does not know what that history sets.
pub trait Source: Send + Sync {
    /// The bytes of the saved page with this SHA-256; `None` if they are gone, and then the page is rebuilt.
    fn page(&self, hash: &PageHash) -> Option<Arc<[u8]>>;
    /// The bytes of an accepted change.
    fn change(&self, hash: &ChangeHash) -> Option<Arc<[u8]>>;
}

/// The SHA-256 of a saved page's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageHash(pub [u8; 32]);

impl PageHash {
    /// The hash of a page's bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// A document as it is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Its history without the contents of changes, and the names of its pages.
    pub index: Vec<u8>,
    /// The pages that were written since the document was opened or saved before, by their hash.
    pub pages: Vec<(PageHash, Arc<[u8]>)>,
    /// All pages that the index names.
    pub all_pages: Vec<PageHash>,
    /// The pages with which a trimmed history begins. These are no cache: nothing else holds what they hold.
    pub floor_pages: Vec<PageHash>,
}

/// Why an index was not opened. The history itself is not affected: load the document from its changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is no index, or one of a newer version.
    #[error("these bytes are no saved index of this version")]
    NotAnIndex,
    /// Its checksum is not that of its contents.
    #[error("the saved index does not match its checksum")]
    Checksum,
    /// It contradicts itself.
    #[error("the saved index is malformed at byte {at}")]
    Malformed {
        /// Where.
        at: usize,
    },
}
