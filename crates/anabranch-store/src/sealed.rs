//! Sealed segments (FORMAT.md §9): a segment that gets no further transaction, compressed block by block.

use anabranch_wire::{SEALED_HEADER_BYTES, SEGMENT_HEADER_BYTES, SealedHeader, SegmentHeader, decode_frame};

use crate::blocks::{BlockWriter, Blocks, Damage};

/// Compresses a segment; `None` if it is not one whole segment, or if compressing fails.
pub(crate) fn seal(plain: &[u8]) -> Option<Vec<u8>> {
    let segment = SegmentHeader::decode(plain).ok()?;
    let mut frames = plain.get(SEGMENT_HEADER_BYTES..)?;
    let header = SealedHeader { segment, frames_bytes: frames.len() as u64 };
    let mut blocks = BlockWriter::behind(header.encode()).ok()?;
    while !frames.is_empty() {
        let (entry, length) = decode_frame(frames).ok()?;
        let (frame, behind) = frames.split_at_checked(length)?;
        blocks.push(entry, frame).ok()?;
        frames = behind;
    }
    blocks.finish().ok()
}

/// What a sealed segment says of itself, and its blocks.
pub(crate) fn read(sealed: &[u8]) -> Result<(SegmentHeader, Blocks<'_>), Damage> {
    let header = SealedHeader::decode(sealed).map_err(|_| Damage { at: 0, what: "the segment's header" })?;
    Ok((header.segment, Blocks::new(sealed, SEALED_HEADER_BYTES, header.frames_bytes)))
}

/// The segment as it was before it was sealed.
pub(crate) fn unseal(sealed: &[u8]) -> Result<Vec<u8>, Damage> {
    let (segment, mut blocks) = read(sealed)?;
    let mut plain = segment.encode();
    while let Some(entries) = blocks.next()? {
        entries.iter().for_each(|framed| plain.extend(&framed.frame));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::compressor;
    use anabranch_wire::limits::BLOCK_BYTES_MAX;
    use anabranch_wire::{BlockForm, BlockHeader};

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
