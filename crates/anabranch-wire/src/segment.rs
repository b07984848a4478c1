//! Log segments and their chain of digests (FORMAT.md §2 and §3).

use crate::entry::Hash;

const MAGIC: [u8; 8] = *b"ANBRSEG1";
const SEALED_MAGIC: [u8; 8] = *b"ANBRSEG2";
/// Bytes before the first frame: magic 8, number 4, digest 32, check of these 4.
pub const SEGMENT_HEADER_BYTES: usize = 48;

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Its number, from 1, without a gap.
    pub number: u32,
    /// The digest of the last transaction of the segment before.
    pub before: Hash,
}

/// Bytes before the first block of a sealed segment: magic 8, number 4, digest 32, bytes of its frames 8, check of these 4.
pub const SEALED_HEADER_BYTES: usize = 56;

/// What a sealed segment says of itself (FORMAT.md §9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedHeader {
    /// What the segment said before it was compressed.
    pub segment: SegmentHeader,
    /// Bytes of its frames.
    pub frames_bytes: u64,
}

/// Why bytes begin no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged segment header")]
pub struct DecodeSegmentError;

impl SegmentHeader {
    /// The header's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.before);
        let check = blake3::hash(&bytes);
        bytes.extend(check.as_bytes().iter().take(4));
        bytes
    }

    /// Reads the header at the front of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeSegmentError> {
        let header = bytes.get(..SEGMENT_HEADER_BYTES).ok_or(DecodeSegmentError)?;
        let number = header.get(8..12).and_then(|number| number.try_into().ok()).ok_or(DecodeSegmentError)?;
        let before = header.get(12..44).and_then(|before| before.try_into().ok()).ok_or(DecodeSegmentError)?;
        let read = Self { number: u32::from_le_bytes(number), before };
        if read.encode() == header { Ok(read) } else { Err(DecodeSegmentError) }
    }
}

impl SealedHeader {
    /// The header's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = SEALED_MAGIC.to_vec();
        bytes.extend(self.segment.number.to_le_bytes());
        bytes.extend(self.segment.before);
        bytes.extend(self.frames_bytes.to_le_bytes());
        let check = blake3::hash(&bytes);
        bytes.extend(check.as_bytes().iter().take(4));
        bytes
    }

    /// Whether `bytes` begin as a sealed segment does: only then is it worth decoding them as one.
    pub fn is_at(bytes: &[u8]) -> bool {
        bytes.starts_with(&SEALED_MAGIC)
    }

    /// Reads the header at the front of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeSegmentError> {
        let header = bytes.get(..SEALED_HEADER_BYTES).ok_or(DecodeSegmentError)?;
        let number = header.get(8..12).and_then(|number| number.try_into().ok()).ok_or(DecodeSegmentError)?;
        let before = header.get(12..44).and_then(|before| before.try_into().ok()).ok_or(DecodeSegmentError)?;
        let frames = header.get(44..52).and_then(|frames| frames.try_into().ok()).ok_or(DecodeSegmentError)?;
        let segment = SegmentHeader { number: u32::from_le_bytes(number), before };
        let read = Self { segment, frames_bytes: u64::from_le_bytes(frames) };
        if read.encode() == header { Ok(read) } else { Err(DecodeSegmentError) }
    }
}

/// The digest of a transaction, frame by frame.
#[derive(Clone, Debug)]
pub struct TransactionDigest(blake3::Hasher);

impl TransactionDigest {
    /// Begins behind the transaction with this digest; zeros where there is none.
    pub fn behind(before: &Hash) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(before);
        Self(hasher)
    }

    /// Adds the hash of the next frame.
    pub fn add(&mut self, frame: &Hash) {
        self.0.update(frame);
    }

    /// The digest of all that was added.
    pub fn finish(&self) -> Hash {
        *self.0.finalize().as_bytes()
    }
}

/// The digest of a transaction: of the digest before it, and of the hashes of its frames in order.
pub fn transaction_digest(before: &Hash, frame_hashes: impl IntoIterator<Item = Hash>) -> Hash {
    let mut digest = TransactionDigest::behind(before);
    frame_hashes.into_iter().for_each(|hash| digest.add(&hash));
    digest.finish()
}
