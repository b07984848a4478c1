//! Blocks of frames, compressed (FORMAT.md §9.1): what sealed segments and archives consist of.

use std::io;

use anabranch_wire::limits::{BLOCK_BYTES_TARGET, BLOCK_WINDOW_LOG_MAX};
use anabranch_wire::{BLOCK_HEADER_BYTES, BlockHeader, Entry, Framed, pack_block, unpack_block};

/// zstd's level: of 33 MB of an import and of updates, 3 leaves 3.4 MB in 0.2 s, 9 leaves 3.1 MB in 0.6 s, 12 leaves 3.0 MB
/// in 1.1 s, 19 leaves 2.6 MB in 17 s.
const LEVEL: i32 = 12;

/// Damage, and the byte where the damaged part begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// Packs frames into blocks, one after the other.
pub(crate) struct BlockWriter {
    compressor: zstd::bulk::Compressor<'static>,
    entries: Vec<Entry>,
    frames: Vec<u8>,
    blocks: Vec<u8>,
}

impl BlockWriter {
    /// Begins behind `header`.
    pub(crate) fn behind(header: Vec<u8>) -> io::Result<Self> {
        Ok(Self { compressor: compressor()?, entries: Vec::new(), frames: Vec::new(), blocks: header })
    }

    /// Adds an entry and its frame, which lies in one block; one large frame is a block by itself.
    pub(crate) fn push(&mut self, entry: Entry, frame: &[u8]) -> io::Result<()> {
        let bytes = self.frames.len();
        if bytes >= BLOCK_BYTES_TARGET || bytes > 0 && bytes + frame.len() > 2 * BLOCK_BYTES_TARGET {
            self.close()?;
        }
        self.entries.push(entry);
        self.frames.extend(frame);
        Ok(())
    }

    /// The header and all blocks.
    pub(crate) fn finish(mut self) -> io::Result<Vec<u8>> {
        if !self.entries.is_empty() {
            self.close()?;
        }
        Ok(self.blocks)
    }

    fn close(&mut self) -> io::Result<()> {
        let (form, packed) = pack_block(&self.entries, &self.frames);
        let stored = self.compressor.compress(&packed)?;
        let bytes = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(io::Error::other);
        let header = BlockHeader {
            form,
            stored_bytes: bytes(&stored)?,
            packed_bytes: bytes(&packed)?,
            frames_bytes: bytes(&self.frames)?,
            stored_hash: *blake3::hash(&stored).as_bytes(),
        };
        self.blocks.extend(header.encode());
        self.blocks.extend(stored);
        self.entries.clear();
        self.frames.clear();
        Ok(())
    }
}

pub(crate) fn compressor() -> io::Result<zstd::bulk::Compressor<'static>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    // The whole of a block is looked back on.
    compressor.window_log(BLOCK_WINDOW_LOG_MAX)?;
    compressor.long_distance_matching(true)?;
    Ok(compressor)
}

/// The blocks of a file, one after the other, to its end.
pub(crate) struct Blocks<'b> {
    bytes: &'b [u8],
    at: usize,
    frames_left: u64,
}

impl<'b> Blocks<'b> {
    /// The blocks of `bytes` from `at` on, which stand for `frames_bytes` bytes of frames.
    pub(crate) fn new(bytes: &'b [u8], at: usize, frames_bytes: u64) -> Self {
        Self { bytes, at, frames_left: frames_bytes }
    }

    /// Where the next block begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The entries of the next block with their frames; `None` behind the last one.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<Framed>>, Damage> {
        let damaged = |what| Damage { at: self.at, what };
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            let is_whole = self.frames_left == 0;
            return if is_whole { Ok(None) } else { Err(damaged("the blocks end too early")) };
        }
        let header = BlockHeader::decode(rest).map_err(|_| damaged("a block's header"))?;
        let end = BLOCK_HEADER_BYTES + header.stored_bytes as usize;
        let stored = rest.get(BLOCK_HEADER_BYTES..end).ok_or_else(|| damaged("a block without its end"))?;
        if *blake3::hash(stored).as_bytes() != header.stored_hash {
            return Err(damaged("a block's contents"));
        }
        let left = self.frames_left.checked_sub(u64::from(header.frames_bytes));
        let left = left.ok_or_else(|| damaged("a block beyond the end"))?;
        let packed =
            decompress(stored, header.packed_bytes as usize).ok_or_else(|| damaged("a block's compression"))?;
        let entries = unpack_block(&header, &packed).map_err(|_| damaged("a block's contents"))?;
        self.frames_left = left;
        self.at += end;
        Ok(Some(entries))
    }
}

/// What was compressed to exactly `length` bytes; nothing more than that is ever made of it.
fn decompress(stored: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut decompressor = zstd::bulk::Decompressor::new().ok()?;
    decompressor.window_log_max(BLOCK_WINDOW_LOG_MAX).ok()?;
    decompressor.decompress(stored, length).ok().filter(|packed| packed.len() == length)
}
