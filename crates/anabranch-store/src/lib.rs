//! Durable keeping: the store directory of the command and the I/O trait under it.
#![doc = include_str!("../README.md")]

mod archive;
mod blobs;
mod blocks;
mod cache;
mod compact;
mod contents;
mod directory;
mod disk;
mod error;
mod log;
mod marker;
mod sealed;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod transaction;

pub use archive::{Archive, EncodeArchiveError, ReadArchiveError, WriteArchiveError, encode_archive, write_archive};
pub use cache::{CacheHealth, Cached};
pub use compact::{CompactError, Compaction, SegmentBytes};
pub use contents::{Baseline, Database, Offer, Replica, Run, StoreName};
pub use directory::{StoreDir, TornTail};
pub use disk::{Access, Disk, FileDisk, Files};
pub use error::{InitError, OpenError};
pub use transaction::{CommitError, Transaction};

/// When and where changes came in; kept beside them, replicated nowhere.
pub use anabranch_wire::Note;
