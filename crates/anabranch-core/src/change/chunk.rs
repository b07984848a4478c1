//! The frame of a change: what kind of chunk it is, how long, and the hash that names it.
//!
//! A deflated change (chunk type 2) is inflated before anything else is looked at; its hash and its checksum are those of
//! the plain chunk that it stands for, and that is what is kept.

use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest, Sha256};

use super::decode::{DecodeChangeError, Limits, read_chunk_header};
use super::leb128::{read_unsigned, write_unsigned};
use super::{CHUNK_CHANGE, CHUNK_DEFLATED, HASHED_AT, MAGIC};
use crate::heads::ChangeHash;

/// What inflating reserves first, as a multiple of what came.
const INFLATED_GUESS: usize = 4;

/// The bytes of a plain change chunk whose length and checksum are right.
pub(crate) struct Chunk {
    pub(crate) hash: ChangeHash,
    pub(crate) bytes: Arc<[u8]>,
}

impl Chunk {
    /// A plain chunk that was made here, and whose hash is known from making it.
    pub(crate) fn own(hash: ChangeHash, bytes: Arc<[u8]>) -> Self {
        Self { hash, bytes }
    }

    /// Reads the frame of a change, plain or deflated.
    pub(crate) fn read(bytes: Arc<[u8]>, bounds: Limits) -> Result<Self, DecodeChangeError> {
        let bytes = match bytes.get(HASHED_AT) {
            Some(&CHUNK_DEFLATED) => inflate(&bytes, bounds)?.into(),
            _ => bytes,
        };
        read_chunk_header(&bytes, bounds)?;
        let hash = ChangeHash(Sha256::digest(bytes.get(HASHED_AT..).unwrap_or_default()).into());
        if bytes.get(4..HASHED_AT) != hash.0.get(..4) {
            return Err(DecodeChangeError::Checksum);
        }
        Ok(Self { hash, bytes })
    }
}

/// The plain chunk that a deflated one stands for; never makes more than the limit for a change.
fn inflate(bytes: &[u8], bounds: Limits) -> Result<Vec<u8>, DecodeChangeError> {
    let too_large = DecodeChangeError::Limit { what: "the change", limit: bounds.change_bytes as u64 };
    if bytes.len() > bounds.change_bytes {
        return Err(too_large);
    }
    if bytes.get(..4) != Some(&MAGIC) {
        return Err(DecodeChangeError::NotAChunk);
    }
    let mut deflated = bytes.get(HASHED_AT + 1..).unwrap_or_default();
    let length = read_unsigned(&mut deflated).ok_or(DecodeChangeError::Malformed { what: "length" })?;
    match (deflated.len() as u64).cmp(&length) {
        std::cmp::Ordering::Less => return Err(DecodeChangeError::CutOff { at: bytes.len() }),
        std::cmp::Ordering::Greater => return Err(DecodeChangeError::TrailingBytes),
        std::cmp::Ordering::Equal => (),
    }
    let body = inflate_body(deflated, bounds.change_bytes)?.ok_or(too_large)?;
    let mut plain = Vec::with_capacity(body.len() + 20);
    plain.extend(bytes.get(..HASHED_AT).unwrap_or_default());
    plain.push(CHUNK_CHANGE);
    write_unsigned(body.len() as u64, &mut plain);
    plain.extend(body);
    Ok(plain)
}

/// All that a deflate stream holds; `None` if that is more than `cap` bytes.
fn inflate_body(deflated: &[u8], cap: usize) -> Result<Option<Vec<u8>>, DecodeChangeError> {
    let malformed = DecodeChangeError::Malformed { what: "deflate stream" };
    let mut stream = Decompress::new(false);
    let mut body = Vec::new();
    let mut reserve = deflated.len().saturating_mul(INFLATED_GUESS);
    loop {
        body.reserve_exact(reserve.clamp(64, cap.saturating_sub(body.len()).max(64)));
        let read = usize::try_from(stream.total_in()).map_err(|_| malformed.clone())?;
        let rest = deflated.get(read..).ok_or_else(|| malformed.clone())?;
        let status = stream.decompress_vec(rest, &mut body, FlushDecompress::None).map_err(|_| malformed.clone())?;
        if body.len() > cap {
            return Ok(None);
        }
        match status {
            Status::StreamEnd if stream.total_in() == deflated.len() as u64 => return Ok(Some(body)),
            Status::StreamEnd => return Err(DecodeChangeError::TrailingBytes),
            // The stream wants more, and there is no more of it.
            _ if body.len() < body.capacity() => return Err(malformed),
            _ => reserve = body.len(),
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn deflate(body: &[u8], times: usize) -> Vec<u8> {
        use flate2::{Compress, Compression, FlushCompress};
        let mut out = Vec::with_capacity(body.len() + 1024);
        Compress::new(Compression::best(), false).compress_vec(body, &mut out, FlushCompress::Full).expect("it fits");
        let mut out = out.repeat(times);
        // An empty last block.
        out.extend([3, 0]);
        out
    }

    #[test]
    fn inflating_stops_at_the_cap_and_holds_little_more() {
        let bomb = deflate(&vec![0; 1 << 20], 60);
        assert!(bomb.len() < 65 * 1024, "{}", bomb.len());
        for cap in [0, 1, 63, 64, 65, 1 << 16, (1 << 20) + 1] {
            assert_eq!(inflate_body(&bomb, cap), Ok(None), "{cap}");
        }
        let small = deflate(&vec![0; 1 << 20], 1);
        assert_eq!(inflate_body(&small, (1 << 20) - 1), Ok(None));
        let whole = inflate_body(&small, 1 << 20).expect("it is a stream").expect("it fits");
        assert_eq!(whole.len(), 1 << 20);
        assert!(whole.capacity() <= (1 << 20) + 64);
    }

    #[test]
    fn a_stream_that_ends_early_or_late_is_refused() {
        let stream = deflate(b"some text, some text, some text", 1);
        assert_eq!(inflate_body(&stream, 1000), Ok(Some(b"some text, some text, some text".to_vec())));
        for end in 0..stream.len() {
            assert!(inflate_body(stream.get(..end).unwrap_or_default(), 1000).is_err(), "{end}");
        }
        let longer = [&stream[..], &[0]].concat();
        assert_eq!(inflate_body(&longer, 1000), Err(DecodeChangeError::TrailingBytes));
    }

    #[test]
    fn a_deflated_change_is_as_long_as_a_change_may_be_and_no_longer() {
        let stream = deflate(b"some text", 1);
        let mut bytes = [&MAGIC[..], &[0; 4], &[CHUNK_DEFLATED]].concat();
        write_unsigned(stream.len() as u64, &mut bytes);
        bytes.extend(stream);
        let within = |change_bytes| inflate(&bytes, Limits { change_bytes, ..Limits::default() });
        assert!(within(bytes.len()).is_ok());
        assert!(matches!(within(bytes.len() - 1), Err(DecodeChangeError::Limit { .. })));
    }
}
