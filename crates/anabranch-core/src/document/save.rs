//! Saving a document, and opening what was saved without replaying its history.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Document;
use crate::history::History;
use crate::registers::Registers;
use crate::saved::{OpenError, PageHash, Reader, Saved, Source, Writer};

/// The first bytes of an index, its version last.
const MAGIC: &[u8; 8] = b"ANBRIDX1";
const CHECKSUM_BYTES: usize = 32;

impl Document {
    /// Encodes the document as an index and the pages that were written since it was opened or saved.
    ///
    /// Once all of it is durable, tell [`Document::note_saved`].
    pub fn save(&self) -> Saved {
        let written = self.registers.written_pages();
        let hashes: Vec<(u32, PageHash)> = written.iter().map(|(number, hash, _)| (*number, *hash)).collect();
        let mut writer = Writer::default();
        writer.fixed(MAGIC);
        self.history.write(&mut writer);
        let all_pages = self.registers.write(&hashes, &mut writer);
        let checksum = Sha256::digest(&writer.out);
        writer.fixed(&checksum);
        let pages = written.into_iter().map(|(_, hash, bytes)| (hash, bytes)).collect();
        Saved { index: writer.out, pages, all_pages }
    }

    /// Takes it that `saved`, which this document made and after which nothing was applied, is durable at `source`: pages
    /// can be closed from now on, and the contents of changes are left to the source.
    pub fn note_saved(&mut self, saved: &Saved, source: Arc<dyn Source>) {
        let pages: Vec<(u32, PageHash)> = (0..).zip(saved.all_pages.iter().copied()).collect();
        self.registers.note_saved(&pages);
        self.history.leave_bytes_to(source);
    }

    /// Opens a saved document. Pages are read when they are needed.
    ///
    /// # Errors
    /// The index is damaged. Load the document from its changes then: nothing else is lost.
    pub fn open(index: &[u8], source: Arc<dyn Source>) -> Result<Self, OpenError> {
        let body = index.strip_prefix(MAGIC).ok_or(OpenError::NotAnIndex)?;
        let length = body.len().checked_sub(CHECKSUM_BYTES).ok_or(OpenError::Checksum)?;
        let (body, checksum) = body.split_at_checked(length).ok_or(OpenError::Checksum)?;
        let hashed = index.get(..index.len() - CHECKSUM_BYTES).unwrap_or_default();
        if Sha256::digest(hashed).as_slice() != checksum {
            return Err(OpenError::Checksum);
        }
        let mut reader = Reader::new(body);
        let read = History::read(&mut reader, source).zip(Registers::read(&mut reader));
        match read.filter(|_| reader.is_at_end()) {
            Some((history, registers)) => Ok(Self { history, registers, ..Self::default() }),
            None => Err(OpenError::Malformed { at: MAGIC.len() + reader.at() }),
        }
    }

    /// Closes pages that were not asked for lately, until the open ones fit `budget` bytes; only pages that are saved can be
    /// closed. Returns what the open pages occupy now, in bytes, about.
    pub fn evict(&mut self, budget: usize) -> usize {
        // A page that is opened again has its records in another order.
        if self.rules.get().is_some_and(|rules| rules.moves_keys()) {
            self.rules = Default::default();
        }
        self.registers.evict(budget)
    }

    /// Bytes that the open pages occupy, about.
    pub fn resident_bytes(&self) -> usize {
        self.registers.resident_bytes()
    }
}
