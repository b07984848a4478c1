//! Archives of trimmed changes (FORMAT.md §11): one transaction of one store, in the blocks of a sealed segment.

use std::collections::VecDeque;
use std::sync::Arc;

use anabranch_wire::{
    ARCHIVE_HEADER_BYTES, ArchiveHeader, DecodeArchiveHeaderError, Entry, Framed, TransactionDigest, frame_hash,
};

use crate::blocks::{Blocks, Damage};
use crate::contents::StoreName;

mod write;

pub use write::{EncodeArchiveError, WriteArchiveError, encode_archive, write_archive};

/// The number of the one store in an archive.
const STORE: u32 = 1;
/// What stands before the digest of the one transaction.
const BEFORE: [u8; 32] = [0; 32];

/// Why an archive is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadArchiveError {
    /// It is something else, or of a newer version.
    #[error("no archive of changes that this version reads")]
    NotAnArchive,
    /// It is damaged.
    #[error("the archive is damaged at byte {offset}: {what}")]
    Damaged {
        /// Where the damaged part begins.
        offset: u64,
        /// What is damaged.
        what: &'static str,
    },
}

impl From<Damage> for ReadArchiveError {
    fn from(Damage { at, what }: Damage) -> Self {
        Self::Damaged { offset: at as u64, what }
    }
}

/// The changes of an archive, in the order in which they were archived.
///
/// One block is unpacked at a time: of some 2 MiB where we wrote it, and never of more than
/// [`anabranch_wire::limits::BLOCK_BYTES_MAX`], whatever the bytes. Damage ends the iteration with an error that names the
/// place; it can lie behind changes that came already, so collect them before they are applied.
pub struct Archive<'b> {
    store: StoreName,
    unpacked_bytes: u64,
    blocks: Blocks<'b>,
    /// The changes of the block that was read last.
    ready: VecDeque<Arc<[u8]>>,
    /// The entries that were read, and the digest of their frames.
    entries: u32,
    digest: TransactionDigest,
    is_over: bool,
}

impl<'b> Archive<'b> {
    /// Begins to read an archive.
    ///
    /// # Errors
    /// It is none, or its header or its first block is damaged.
    pub fn read(bytes: &'b [u8]) -> Result<Self, ReadArchiveError> {
        let header = ArchiveHeader::decode(bytes).map_err(|error| match error {
            DecodeArchiveHeaderError::NotAnArchive => ReadArchiveError::NotAnArchive,
            DecodeArchiveHeaderError::Damaged => Damage { at: 0, what: "the archive's header" }.into(),
        })?;
        let mut blocks = Blocks::new(bytes, ARCHIVE_HEADER_BYTES, header.frames_bytes);
        let mut entries = blocks.next()?.unwrap_or_default().into_iter();
        let Some(Framed { entry: Entry::Store { number: STORE, database, store }, frame }) = entries.next() else {
            return Err(Damage { at: ARCHIVE_HEADER_BYTES, what: "the store's name" }.into());
        };
        let mut archive = Self {
            store: StoreName { database, store },
            unpacked_bytes: header.frames_bytes,
            blocks,
            ready: VecDeque::new(),
            entries: 0,
            digest: TransactionDigest::behind(&BEFORE),
            is_over: false,
        };
        archive.add_frame(&frame);
        archive.take_entries(entries, ARCHIVE_HEADER_BYTES)?;
        Ok(archive)
    }

    /// The store whose changes these are.
    pub fn store(&self) -> &StoreName {
        &self.store
    }

    /// Bytes that all of its changes take together, at most: nothing beyond is read.
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_bytes
    }

    /// Reads the next block, whatever it holds; `false` behind the last one.
    fn read_block(&mut self) -> Result<bool, Damage> {
        let at = self.blocks.at();
        match self.blocks.next()? {
            Some(entries) => self.take_entries(entries.into_iter(), at).map(|()| true),
            None if self.is_over => Ok(false),
            None => Err(Damage { at, what: "the archive's end is missing" }),
        }
    }

    /// Takes the entries of a block that begins at `at`.
    fn take_entries(&mut self, entries: impl Iterator<Item = Framed>, at: usize) -> Result<(), Damage> {
        for Framed { entry, frame } in entries {
            match entry {
                _ if self.is_over => return Err(Damage { at, what: "an entry behind the archive's end" }),
                Entry::Changes { store: STORE, changes, .. } => {
                    self.add_frame(&frame);
                    self.ready.extend(changes.into_iter().map(Arc::from));
                }
                Entry::Commit { entries, digest } if entries == self.entries && digest == self.digest.finish() => {
                    self.is_over = true;
                }
                Entry::Commit { .. } => return Err(Damage { at, what: "the archive's digest" }),
                _ => return Err(Damage { at, what: "an entry that no archive has" }),
            }
        }
        Ok(())
    }

    fn add_frame(&mut self, frame: &[u8]) {
        self.entries = self.entries.saturating_add(1);
        self.digest.add(&frame_hash(frame).unwrap_or_default());
    }
}

impl Iterator for Archive<'_> {
    type Item = Result<Arc<[u8]>, ReadArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                return Some(Ok(change));
            }
            match self.read_block() {
                Ok(true) => (),
                Ok(false) => return None,
                Err(damage) => {
                    // Nothing comes behind an error, not even what else its block holds.
                    (self.blocks, self.is_over) = (Blocks::new(&[], 0, 0), true);
                    self.ready.clear();
                    return Some(Err(damage.into()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
