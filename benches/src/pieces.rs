//! Pieces in a file, each behind its length of eight bytes.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::engine::{EngineResult, Piece};

const LENGTH_BYTES: u64 = 8;

/// Writes pieces.
pub(crate) fn write(file: &Path, pieces: &[Piece]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(file)?);
    for piece in pieces {
        file.write_all(&(piece.len() as u64).to_le_bytes())?;
        file.write_all(piece)?;
    }
    file.flush()
}

/// Reads all pieces.
pub(crate) fn read(file: &Path) -> EngineResult<Vec<Piece>> {
    let mut file = BufReader::new(File::open(file)?);
    let mut pieces = Vec::new();
    let mut length = [0; LENGTH_BYTES as usize];
    while file.read_exact(&mut length).is_ok() {
        let mut piece = vec![0; usize::try_from(u64::from_le_bytes(length))?];
        file.read_exact(&mut piece)?;
        pieces.push(piece.into());
    }
    Ok(pieces)
}

/// Pieces that are read one by one.
pub(crate) struct PieceFile {
    file: Mutex<File>,
    /// Where each begins, and how long it is.
    places: Vec<(u64, u64)>,
}

impl PieceFile {
    /// Looks where the pieces are, and gives `begin` the first bytes of each.
    pub(crate) fn open<const N: usize>(path: &Path, mut begin: impl FnMut([u8; N])) -> EngineResult<Self> {
        let mut file = BufReader::with_capacity(512, File::open(path)?);
        let (mut places, mut at) = (Vec::new(), 0);
        let mut length = [0; LENGTH_BYTES as usize];
        while file.read_exact(&mut length).is_ok() {
            let mut first = [0; N];
            file.read_exact(&mut first)?;
            begin(first);
            let length = u64::from_le_bytes(length);
            places.push((at + LENGTH_BYTES, length));
            at += LENGTH_BYTES + length;
            file.seek(SeekFrom::Start(at))?;
        }
        Ok(Self { file: Mutex::new(file.into_inner()), places })
    }

    /// A piece.
    pub(crate) fn piece(&self, nth: usize) -> Option<Vec<u8>> {
        let (at, length) = *self.places.get(nth)?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut piece = vec![0; usize::try_from(length).ok()?];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut piece).ok()?;
        Some(piece)
    }
}
