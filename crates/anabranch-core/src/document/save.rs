//! Saving a document, and opening what was saved without replaying its history.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Document;
use crate::history::History;
use crate::registers::Registers;
use crate::saved::{OpenError, PageHash, Reader, Saved, Source, Writer};

/// The first bytes of an index, its version last.
const MAGIC: &[u8; 8] = b"ANBRIDX2";
const CHECKSUM_BYTES: usize = 32;

impl Document {
    /// Encodes the document as an index and the pages that were written since it was opened or saved.
    ///
    /// Once all of it is durable, tell [`Document::note_saved`].
    pub fn save(&self) -> Saved {
        let mut saved = Saved::default();
        let mut writer = Writer::default();
        writer.fixed(MAGIC);
        self.history.write(&mut writer);
        saved.all_pages = save_registers(&self.registers, &mut writer, &mut saved.pages);
        let floor = self.history.floor();
        writer.number(floor.positions.len() as u64);
        floor.positions.iter().for_each(|position| writer.number(*position));
        if let Some(registers) = self.history.floor_registers() {
            saved.floor_pages = save_registers(registers, &mut writer, &mut saved.pages);
        }
        let checksum = Sha256::digest(&writer.out);
        writer.fixed(&checksum);
        Saved { index: writer.out, ..saved }
    }

    /// Takes it that `saved`, which this document made and after which nothing was applied, is durable at `source`: pages
    /// can be closed from now on, and the contents of changes are left to the source.
    pub fn note_saved(&mut self, saved: &Saved, source: Arc<dyn Source>) {
        self.registers.note_saved(&saved.all_pages);
        self.history.note_saved(&saved.floor_pages, source);
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
        let malformed = |reader: &Reader<'_>| OpenError::Malformed { at: MAGIC.len() + reader.at() };
        let document = read_document(&mut reader, source).ok_or_else(|| malformed(&reader))?;
        if reader.is_at_end() { Ok(document) } else { Err(malformed(&reader)) }
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

/// Writes everything but the pages, adds those that were written since to `pages`, and names all.
fn save_registers(registers: &Registers, writer: &mut Writer, pages: &mut Vec<(PageHash, Arc<[u8]>)>) -> Vec<PageHash> {
    let written = registers.written_pages();
    let hashes: Vec<(u32, PageHash)> = written.iter().map(|(number, hash, _)| (*number, *hash)).collect();
    pages.extend(written.into_iter().map(|(_, hash, bytes)| (hash, bytes)));
    registers.write(&hashes, writer)
}

fn read_document(reader: &mut Reader<'_>, source: Arc<dyn Source>) -> Option<Document> {
    let mut history = History::read(reader, source)?;
    let registers = Registers::read(reader)?;
    let floor = (0..reader.count(1)?).map(|_| reader.number()).collect::<Option<Vec<u32>>>()?;
    if !floor.is_empty() {
        let beginning = Registers::read(reader)?;
        // What is replayed begins with these, numbers of paths and all.
        if !registers.paths.begin_with(&beginning.paths) {
            return None;
        }
        history.begin_at(floor, beginning)?;
    }
    history.is_trimmed_to_its_floor().then_some(Document { history, registers, ..Document::default() })
}

#[cfg(test)]
mod tests;
