//! Durable keeping: the store directory of the command and the I/O trait under it.
#![doc = include_str!("../README.md")]

mod blobs;
mod cache;
mod compact;
mod directory;
mod disk;
mod log;
mod marker;
mod sealed;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod transaction;

pub use cache::{CacheHealth, Cached};
pub use compact::{CompactError, Compaction, SegmentBytes};
pub use directory::{Baseline, Database, InitError, Offer, OpenError, Replica, Run, StoreDir, StoreName, TornTail};
pub use disk::{Access, Disk, FileDisk, Files};
pub use transaction::{CommitError, Transaction};

/// When and where changes came in; kept beside them, replicated nowhere.
pub use anabranch_wire::Note;
