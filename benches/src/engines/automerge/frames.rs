//! Frames of pages: the page's number in two bytes, a length in four, and the bytes of a change or of a page.

use crate::engine::{EngineResult, Piece};

const HEADER_BYTES: usize = 6;

/// Joins the bytes of pages.
pub(super) fn join(frames: impl IntoIterator<Item = (usize, Vec<u8>)>) -> EngineResult<Piece> {
    let mut piece = Vec::new();
    for (page, bytes) in frames {
        piece.extend_from_slice(&u16::try_from(page)?.to_le_bytes());
        piece.extend_from_slice(&u32::try_from(bytes.len())?.to_le_bytes());
        piece.extend_from_slice(&bytes);
    }
    Ok(piece.into())
}

/// The bytes that were joined, each with its page.
pub(super) fn split(mut piece: &[u8]) -> EngineResult<Vec<(usize, &[u8])>> {
    let mut frames = Vec::new();
    while !piece.is_empty() {
        let (header, rest) = piece.split_first_chunk::<HEADER_BYTES>().ok_or("a frame is cut off")?;
        let [page @ .., a, b, c, d] = header;
        let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d]))?;
        let (bytes, rest) = rest.split_at_checked(length).ok_or("a frame is cut off")?;
        frames.push((usize::from(u16::from_le_bytes(*page)), bytes));
        piece = rest;
    }
    Ok(frames)
}
