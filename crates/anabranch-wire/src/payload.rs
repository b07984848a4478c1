//! Payloads (FORMAT.md §1.1): one entry in bincode, in its one encoding, decoded within a bound on memory.

use bincode::config::{self, Config};
use bincode::de::read::Reader;
use bincode::enc::write::Writer;
use bincode::error::{DecodeError, EncodeError};

use crate::entry::Entry;
use crate::frame::{DecodeFrameError, EncodeFrameError};
use crate::limits::{
    DECODED_PER_BYTE, FRAME_BYTES_MAX, LARGE_DECODED_BYTES_MAX, MEDIUM_PAYLOAD_BYTES, SMALL_PAYLOAD_BYTES,
};

/// Encodes an entry, if what comes out can be decoded again.
pub(crate) fn encode(entry: &Entry) -> Result<Vec<u8>, EncodeFrameError> {
    let payload = bincode::encode_to_vec(entry, config::standard()).map_err(|_| EncodeFrameError::TooLong)?;
    let fits = payload.len() <= MEDIUM_PAYLOAD_BYTES || (payload.len() <= FRAME_BYTES_MAX && decode(&payload).is_ok());
    if fits { Ok(payload) } else { Err(EncodeFrameError::TooLong) }
}

/// Decodes a payload of at most [`FRAME_BYTES_MAX`] bytes; refuses every encoding but the one that [`encode`] makes.
pub(crate) fn decode(payload: &[u8]) -> Result<Entry, DecodeFrameError> {
    const SMALL: usize = SMALL_PAYLOAD_BYTES * DECODED_PER_BYTE;
    const MEDIUM: usize = MEDIUM_PAYLOAD_BYTES * DECODED_PER_BYTE;
    // bincode's bound is a constant of the program: the nearest above what a payload of this length can need.
    match payload.len() {
        0..=SMALL_PAYLOAD_BYTES => decode_within(payload, config::standard().with_limit::<SMALL>()),
        length if length <= MEDIUM_PAYLOAD_BYTES => decode_within(payload, config::standard().with_limit::<MEDIUM>()),
        _ => decode_within(payload, config::standard().with_limit::<LARGE_DECODED_BYTES_MAX>()),
    }
}

fn decode_within(payload: &[u8], bound: impl Config) -> Result<Entry, DecodeFrameError> {
    let refuse = |rest: &[u8]| DecodeFrameError::Payload { offset: payload.len() - rest.len() };
    let mut reader = Front { rest: payload };
    let entry: Entry = bincode::decode_from_reader(&mut reader, bound).map_err(|_| refuse(reader.rest))?;
    if !reader.rest.is_empty() {
        return Err(refuse(reader.rest));
    }
    // bincode reads integers in longer forms than it writes: only the one encoding counts.
    let mut again = Expected { rest: payload };
    bincode::encode_into_writer(&entry, &mut again, config::standard()).map_err(|_| refuse(again.rest))?;
    if again.rest.is_empty() { Ok(entry) } else { Err(refuse(again.rest)) }
}

/// Reads from the front of a slice, and tells how far it came when something is refused.
struct Front<'b> {
    rest: &'b [u8],
}

impl Reader for Front<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), DecodeError> {
        let additional = bytes.len().saturating_sub(self.rest.len());
        let (front, rest) = self.rest.split_at_checked(bytes.len()).ok_or(DecodeError::UnexpectedEnd { additional })?;
        bytes.copy_from_slice(front);
        self.rest = rest;
        Ok(())
    }

    fn peek_read(&mut self, bytes: usize) -> Option<&[u8]> {
        self.rest.get(..bytes)
    }

    fn consume(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

/// Takes only the bytes that it expects.
struct Expected<'b> {
    rest: &'b [u8],
}

impl Writer for Expected<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.rest = self.rest.strip_prefix(bytes).ok_or(EncodeError::UnexpectedEnd)?;
        Ok(())
    }
}
