//! Frames (FORMAT.md §1): a header that is checked by itself, then a payload that is checked by blake3.

use crate::entry::Entry;
use crate::limits::FRAME_BYTES_MAX;
use crate::payload;

/// `ANBR`.
const MAGIC: [u8; 4] = *b"ANBR";
const VERSION: u8 = 1;
/// Bytes before the payload: magic 4, version 1, zero 3, length 4, check of these twelve 4, blake3 of the payload 32.
pub const FRAME_HEADER_BYTES: usize = 48;
const CHECKED: usize = 12;

/// Why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFrameError {
    /// The bytes end before the frame does: what a torn write leaves.
    #[error("the frame is cut off: {have} of {need} bytes")]
    CutOff {
        /// Bytes that are there.
        have: usize,
        /// Bytes that the frame has.
        need: usize,
    },
    /// The header is damaged or of another format.
    #[error("damaged frame header")]
    Header,
    /// A version that this build does not know.
    #[error("frame version {version} is newer than this build reads")]
    Version {
        /// The version found.
        version: u8,
    },
    /// The payload is larger than [`FRAME_BYTES_MAX`].
    #[error("a payload of {bytes} bytes exceeds the limit of {FRAME_BYTES_MAX}")]
    TooLong {
        /// The length stated.
        bytes: usize,
    },
    /// The payload is not what was written.
    #[error("the payload's checksum does not match")]
    Checksum,
    /// The payload is no entry in its one encoding.
    #[error("the payload is no log entry from its byte {offset} on")]
    Payload {
        /// The first byte of the payload that does not belong there.
        offset: usize,
    },
}

/// Why an entry cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeFrameError {
    /// The entry is larger than [`FRAME_BYTES_MAX`], or has so many members that no decoder would take it.
    #[error("the entry does not fit a frame of {FRAME_BYTES_MAX} bytes")]
    TooLong,
}

/// Encodes an entry as a frame.
pub fn encode_frame(entry: &Entry) -> Result<Vec<u8>, EncodeFrameError> {
    let payload = payload::encode(entry)?;
    let mut frame = Vec::with_capacity(FRAME_HEADER_BYTES + payload.len());
    frame.extend(MAGIC);
    frame.extend([VERSION, 0, 0, 0]);
    frame.extend((payload.len() as u32).to_le_bytes());
    frame.extend(header_check(&frame));
    frame.extend(blake3::hash(&payload).as_bytes());
    frame.extend(payload);
    Ok(frame)
}

/// Decodes the frame at the front of `bytes` and tells how long it is.
pub fn decode_frame(bytes: &[u8]) -> Result<(Entry, usize), DecodeFrameError> {
    let (length, hash) = read_header(bytes)?;
    let need = FRAME_HEADER_BYTES + length;
    let payload = bytes.get(FRAME_HEADER_BYTES..need).ok_or(DecodeFrameError::CutOff { have: bytes.len(), need })?;
    if blake3::hash(payload).as_bytes() != hash {
        return Err(DecodeFrameError::Checksum);
    }
    let entry = payload::decode(payload)?;
    Ok((entry, need))
}

/// The blake3 by which a frame is known, read from its header.
pub fn frame_hash(frame: &[u8]) -> Option<[u8; 32]> {
    frame.get(16..FRAME_HEADER_BYTES)?.try_into().ok()
}

fn read_header(bytes: &[u8]) -> Result<(usize, &[u8]), DecodeFrameError> {
    let cut_off = DecodeFrameError::CutOff { have: bytes.len(), need: FRAME_HEADER_BYTES };
    let header = bytes.get(..FRAME_HEADER_BYTES).ok_or(cut_off)?;
    let (checked, rest) = header.split_at(CHECKED);
    if rest.get(..4) != Some(&header_check(checked)[..]) || !checked.starts_with(&MAGIC) {
        return Err(DecodeFrameError::Header);
    }
    let [_, _, _, _, version, 0, 0, 0, a, b, c, d] = *checked else { return Err(DecodeFrameError::Header) };
    if version != VERSION {
        return Err(DecodeFrameError::Version { version });
    }
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(DecodeFrameError::TooLong { bytes: length });
    }
    Ok((length, rest.get(4..).unwrap_or_default()))
}

fn header_check(checked: &[u8]) -> [u8; 4] {
    let hash = blake3::hash(checked);
    let [a, b, c, d, ..] = *hash.as_bytes();
    [a, b, c, d]
}
