//! Blocks of a sealed segment (FORMAT.md §9): entries, packed so that they compress well. Compressing itself is for whoever
//! keeps them.

use crate::entry::{Entry, Hash};
use crate::frame::{decode_frame, encode_frame};
use crate::limits::BLOCK_BYTES_MAX;
use crate::strands;

/// `ANBZ`.
const MAGIC: [u8; 4] = *b"ANBZ";
/// Bytes before what is stored: magic 4, form 1, zero 3, three lengths of 4, check of these twenty 4, blake3 of what is
/// stored 32.
pub const BLOCK_HEADER_BYTES: usize = 56;
const CHECKED: usize = 20;

/// How the entries of a block are packed before they are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockForm {
    /// As their frames.
    Frames,
    /// Unravelled into strands of bytes that are alike.
    Strands,
}

/// An entry with its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    /// The entry.
    pub entry: Entry,
    /// The bytes of its frame.
    pub frame: Vec<u8>,
}

/// What stands before a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// How its entries are packed.
    pub form: BlockForm,
    /// Bytes that are stored: one frame of zstd.
    pub stored_bytes: u32,
    /// Bytes of the packed entries.
    pub packed_bytes: u32,
    /// Bytes of the entries' frames.
    pub frames_bytes: u32,
    /// blake3 of what is stored.
    pub stored_hash: Hash,
}

/// Why bytes are no block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeBlockError {
    /// The bytes end before the block does.
    #[error("the block is cut off")]
    CutOff,
    /// The header is damaged, or of another format.
    #[error("damaged block header")]
    Header,
    /// More bytes than [`BLOCK_BYTES_MAX`] are stated.
    #[error("a block of {bytes} bytes exceeds the limit of {BLOCK_BYTES_MAX}")]
    TooLong {
        /// The bytes stated.
        bytes: u32,
    },
    /// What is packed is not what the header says.
    #[error("the block does not hold the entries that it states")]
    Contents,
}

impl BlockHeader {
    /// The header's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([self.form as u8, 0, 0, 0]);
        for length in [self.stored_bytes, self.packed_bytes, self.frames_bytes] {
            bytes.extend(length.to_le_bytes());
        }
        let check = blake3::hash(&bytes);
        bytes.extend(check.as_bytes().iter().take(4));
        bytes.extend(self.stored_hash);
        bytes
    }

    /// Reads the header at the front of `bytes`; nothing that it states exceeds a limit.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeBlockError> {
        let bytes = bytes.get(..BLOCK_HEADER_BYTES).ok_or(DecodeBlockError::CutOff)?;
        let form = match bytes.get(4) {
            Some(0) => BlockForm::Frames,
            Some(1) => BlockForm::Strands,
            _ => return Err(DecodeBlockError::Header),
        };
        let number = |at: usize| {
            let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u32::from_le_bytes).ok_or(DecodeBlockError::Header)
        };
        let hash = bytes.get(CHECKED + 4..).and_then(|hash| hash.try_into().ok());
        let header = Self {
            form,
            stored_bytes: number(8)?,
            packed_bytes: number(12)?,
            frames_bytes: number(16)?,
            stored_hash: hash.ok_or(DecodeBlockError::Header)?,
        };
        if header.encode() != bytes {
            return Err(DecodeBlockError::Header);
        }
        let lengths = [header.stored_bytes, header.packed_bytes, header.frames_bytes];
        match lengths.into_iter().find(|bytes| *bytes as usize > BLOCK_BYTES_MAX) {
            Some(bytes) => Err(DecodeBlockError::TooLong { bytes }),
            None => Ok(header),
        }
    }
}

/// Packs entries whose frames are `frames`, in the form from which exactly these come back.
pub fn pack_block(entries: &[Entry], frames: &[u8]) -> (BlockForm, Vec<u8>) {
    let strands = strands::unravel(entries).filter(|strands| strands.len() <= BLOCK_BYTES_MAX);
    match strands.filter(|strands| strands::ravel(strands, frames.len()).is_some_and(|again| again == entries)) {
        Some(strands) => (BlockForm::Strands, strands),
        None => (BlockForm::Frames, frames.to_vec()),
    }
}

/// Unpacks the entries of a block, each with its frame.
pub fn unpack_block(header: &BlockHeader, packed: &[u8]) -> Result<Vec<Framed>, DecodeBlockError> {
    if packed.len() != header.packed_bytes as usize {
        return Err(DecodeBlockError::Contents);
    }
    let unpacked = match header.form {
        BlockForm::Frames => cut_frames(packed),
        BlockForm::Strands => strands::ravel(packed, header.frames_bytes as usize).and_then(frame_all),
    };
    let bytes = |frames: &Vec<Framed>| frames.iter().map(|framed| framed.frame.len()).sum::<usize>();
    unpacked.filter(|frames| bytes(frames) == header.frames_bytes as usize).ok_or(DecodeBlockError::Contents)
}

fn cut_frames(mut packed: &[u8]) -> Option<Vec<Framed>> {
    let mut frames = Vec::new();
    while !packed.is_empty() {
        let (entry, length) = decode_frame(packed).ok()?;
        let (frame, rest) = packed.split_at_checked(length)?;
        frames.push(Framed { entry, frame: frame.to_vec() });
        packed = rest;
    }
    Some(frames)
}

fn frame_all(entries: Vec<Entry>) -> Option<Vec<Framed>> {
    entries.into_iter().map(|entry| encode_frame(&entry).ok().map(|frame| Framed { entry, frame })).collect()
}
