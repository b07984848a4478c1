//! A document as it is saved: its index, then pages and changes behind their hashes, pages compressed as a store directory
//! keeps them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anabranch_core::{ChangeHash, Document, PageHash, Source};

use crate::engine::{EngineResult, Piece};
use crate::pieces::PieceFile;

const HASH_BYTES: usize = 32;
/// As a store directory compresses pages.
const LEVEL: i32 = 3;
/// More than any page of these records.
const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Saves a document.
pub(super) fn save(document: &Document) -> EngineResult<Vec<Piece>> {
    let saved = document.save();
    let named = |hash: &[u8; HASH_BYTES], bytes: &[u8]| Piece::from([hash, bytes].concat());
    let mut pieces = vec![named(&[0; HASH_BYTES], &saved.index)];
    for (hash, page) in &saved.pages {
        let length = (page.len() as u64).to_le_bytes();
        pieces.push(named(&hash.0, &[&length[..], &zstd::bulk::compress(page, LEVEL)?].concat()));
    }
    pieces.extend(document.change_bytes().map(|change| named(&change.hash.0, &change.bytes)));
    Ok(pieces)
}

/// Opens what was saved, from memory.
pub(super) fn open(pieces: &[Piece]) -> EngineResult<Document> {
    let names = pieces.iter().filter_map(|piece| piece.first_chunk().copied());
    let index = pieces.first().and_then(|piece| piece.get(HASH_BYTES..)).ok_or("nothing is saved")?;
    Ok(Document::open(index, Arc::new(Saved { places: places(names), pieces: Pieces::Memory(pieces.to_vec()) }))?)
}

/// Opens what was saved, from a file.
pub(super) fn open_file(path: &Path) -> EngineResult<Document> {
    let mut names = Vec::new();
    let file = PieceFile::open(path, |name| names.push(name))?;
    let index = file.piece(0).ok_or("nothing is saved")?;
    let source = Saved { places: places(names.into_iter()), pieces: Pieces::File(file) };
    Ok(Document::open(index.get(HASH_BYTES..).unwrap_or_default(), Arc::new(source))?)
}

fn places(names: impl Iterator<Item = [u8; HASH_BYTES]>) -> BTreeMap<[u8; HASH_BYTES], usize> {
    names.enumerate().map(|(nth, name)| (name, nth)).collect()
}

struct Saved {
    places: BTreeMap<[u8; HASH_BYTES], usize>,
    pieces: Pieces,
}

enum Pieces {
    Memory(Vec<Piece>),
    File(PieceFile),
}

impl Saved {
    fn read<T>(&self, hash: &[u8; HASH_BYTES], read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let nth = *self.places.get(hash)?;
        match &self.pieces {
            Pieces::Memory(pieces) => read(pieces.get(nth)?.get(HASH_BYTES..)?),
            Pieces::File(file) => read(file.piece(nth)?.get(HASH_BYTES..)?),
        }
    }
}

impl Source for Saved {
    fn page(&self, hash: &PageHash) -> Option<Arc<[u8]>> {
        self.read(&hash.0, |bytes| {
            let (length, stored) = bytes.split_first_chunk()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            zstd::bulk::decompress(stored, length.min(PAGE_BYTES_MAX)).ok().map(Arc::from)
        })
    }

    fn change(&self, hash: &ChangeHash) -> Option<Arc<[u8]>> {
        self.read(&hash.0, |bytes| Some(bytes.into()))
    }
}
