//! Sealed segments (FORMAT.md §9): a segment that gets no further transaction, compressed block by block.

use anabranch_wire::limits::{BLOCK_BYTES_TARGET, BLOCK_WINDOW_LOG_MAX};
use anabranch_wire::{
    BLOCK_HEADER_BYTES, BlockHeader, Entry, Framed, SEALED_HEADER_BYTES, SEGMENT_HEADER_BYTES, SealedHeader,
    SegmentHeader, decode_frame, pack_block, unpack_block,
};

/// zstd's level: of 33 MB of an import and of updates, 3 leaves 3.4 MB in 0.2 s, 9 leaves 3.1 MB in 0.6 s, 12 leaves 3.0 MB
/// in 1.1 s, 19 leaves 2.6 MB in 17 s.
const LEVEL: i32 = 12;

/// Damage, and the byte where the damaged part begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// Compresses a segment; `None` if it is not one whole segment, or if compressing fails.
pub(crate) fn seal(plain: &[u8]) -> Option<Vec<u8>> {
    let segment = SegmentHeader::decode(plain).ok()?;
    let frames = plain.get(SEGMENT_HEADER_BYTES..)?;
    let mut sealed = SealedHeader { segment, frames_bytes: frames.len() as u64 }.encode();
    let mut compressor = compressor().ok()?;
    let mut rest = frames;
    while !rest.is_empty() {
        let (entries, length) = take_block(rest)?;
        let (block, behind) = rest.split_at_checked(length)?;
        let (form, packed) = pack_block(&entries, block);
        let stored = compressor.compress(&packed).ok()?;
        let bytes = |bytes: &[u8]| u32::try_from(bytes.len()).ok();
        let header = BlockHeader {
            form,
            stored_bytes: bytes(&stored)?,
            packed_bytes: bytes(&packed)?,
            frames_bytes: bytes(block)?,
            stored_hash: *blake3::hash(&stored).as_bytes(),
        };
        sealed.extend(header.encode());
        sealed.extend(stored);
        rest = behind;
    }
    Some(sealed)
}

fn compressor() -> std::io::Result<zstd::bulk::Compressor<'static>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    // The whole of a block is looked back on.
    compressor.window_log(BLOCK_WINDOW_LOG_MAX)?;
    compressor.long_distance_matching(true)?;
    Ok(compressor)
}

/// The entries of the frames that go into the next block, and the length of these frames.
fn take_block(frames: &[u8]) -> Option<(Vec<Entry>, usize)> {
    let (mut entries, mut length) = (Vec::new(), 0);
    while let Some(rest) = frames.get(length..).filter(|rest| !rest.is_empty() && length < BLOCK_BYTES_TARGET) {
        let (entry, bytes) = decode_frame(rest).ok()?;
        // One large frame is a block by itself.
        if !entries.is_empty() && length + bytes > 2 * BLOCK_BYTES_TARGET {
            break;
        }
        entries.push(entry);
        length += bytes;
    }
    Some((entries, length))
}

/// The blocks of a sealed segment, one after the other.
pub(crate) struct Blocks<'b> {
    pub(crate) segment: SegmentHeader,
    bytes: &'b [u8],
    at: usize,
    frames_left: u64,
}

impl<'b> Blocks<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Self, Damage> {
        let header = SealedHeader::decode(bytes).map_err(|_| Damage { at: 0, what: "the segment's header" })?;
        let SealedHeader { segment, frames_bytes } = header;
        Ok(Self { segment, bytes, at: SEALED_HEADER_BYTES, frames_left: frames_bytes })
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
            return if is_whole { Ok(None) } else { Err(damaged("a segment without its end")) };
        }
        let header = BlockHeader::decode(rest).map_err(|_| damaged("a block's header"))?;
        let end = BLOCK_HEADER_BYTES + header.stored_bytes as usize;
        let stored = rest.get(BLOCK_HEADER_BYTES..end).ok_or_else(|| damaged("a block without its end"))?;
        if *blake3::hash(stored).as_bytes() != header.stored_hash {
            return Err(damaged("a block's contents"));
        }
        let packed =
            decompress(stored, header.packed_bytes as usize).ok_or_else(|| damaged("a block's compression"))?;
        let entries = unpack_block(&header, &packed).map_err(|_| damaged("a block's contents"))?;
        let left = self.frames_left.checked_sub(u64::from(header.frames_bytes));
        self.frames_left = left.ok_or_else(|| damaged("a block beyond the end of its segment"))?;
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

/// The segment as it was before it was sealed.
pub(crate) fn unseal(sealed: &[u8]) -> Result<Vec<u8>, Damage> {
    let mut blocks = Blocks::new(sealed)?;
    let mut plain = blocks.segment.encode();
    while let Some(entries) = blocks.next()? {
        entries.iter().for_each(|framed| plain.extend(&framed.frame));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anabranch_wire::BlockForm;
    use anabranch_wire::limits::BLOCK_BYTES_MAX;

    fn segment(stored: &[u8], packed_bytes: u32) -> Vec<u8> {
        let segment = SegmentHeader { number: 1, before: [0; 32] };
        let mut bytes = SealedHeader { segment, frames_bytes: 1000 }.encode();
        let stored_hash = *blake3::hash(stored).as_bytes();
        let stored_bytes = stored.len() as u32;
        let header =
            BlockHeader { form: BlockForm::Frames, stored_bytes, packed_bytes, frames_bytes: 1000, stored_hash };
        bytes.extend(header.encode());
        bytes.extend(stored);
        bytes
    }

    #[test]
    fn a_bomb_is_refused_at_the_length_that_it_states() {
        let bomb = compressor().and_then(|mut zstd| zstd.compress(&vec![0; 64 << 20])).expect("it compresses");
        assert!(bomb.len() < 16 * 1024, "{}", bomb.len());
        for stated in [0, 1, 1000, (64 << 20) - 1, (64 << 20) + 1] {
            let damage = unseal(&segment(&bomb, stated)).expect_err("no such length");
            assert_eq!(damage, Damage { at: SEALED_HEADER_BYTES, what: "a block's compression" }, "{stated}");
        }
        let beyond = unseal(&segment(&bomb, BLOCK_BYTES_MAX as u32 + 1)).expect_err("above the limit");
        assert_eq!(beyond, Damage { at: SEALED_HEADER_BYTES, what: "a block's header" });
        let zeros = unseal(&segment(&bomb, 64 << 20)).expect_err("these are no frames");
        assert_eq!(zeros, Damage { at: SEALED_HEADER_BYTES, what: "a block's contents" });
    }
}
