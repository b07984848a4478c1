//! Blocks of sealed segments from anywhere, past what compression and checksums would refuse.

use anabranch_wire::{ArchiveHeader, BlockForm, BlockHeader, SealedHeader, encode_frame, pack_block, unpack_block};

/// Bytes of frames that a block may stand for here.
const FRAMES_BYTES_MAX: u32 = 1 << 20;

/// What unpacks packs and unpacks to the same again.
pub fn block_unpack(bytes: &[u8]) {
    if let Ok(header) = SealedHeader::decode(bytes) {
        assert!(bytes.starts_with(&header.encode()), "a header has one form");
    }
    if let Ok(header) = ArchiveHeader::decode(bytes) {
        assert!(bytes.starts_with(&header.encode()), "a header has one form");
    }
    if let Ok(header) = BlockHeader::decode(bytes) {
        assert!(bytes.starts_with(&header.encode()), "a header has one form");
    }
    let Some((lengths, packed)) = bytes.split_first_chunk() else { return };
    let frames_bytes = u32::from_le_bytes(*lengths) % FRAMES_BYTES_MAX;
    for form in [BlockForm::Frames, BlockForm::Strands] {
        let packed_bytes = packed.len() as u32;
        let header = BlockHeader { form, stored_bytes: 0, packed_bytes, frames_bytes, stored_hash: [0; 32] };
        let Ok(framed) = unpack_block(&header, packed) else { continue };
        let entries: Vec<_> = framed.iter().map(|framed| framed.entry.clone()).collect();
        let frames: Vec<u8> = framed.iter().flat_map(|framed| framed.frame.clone()).collect();
        let encoded = entries.iter().flat_map(|entry| encode_frame(entry).expect("it was framed"));
        assert!(encoded.eq(frames.iter().copied()), "an entry has one frame");
        let (form, packed) = pack_block(&entries, &frames);
        let header = BlockHeader { form, packed_bytes: packed.len() as u32, ..header };
        assert_eq!(unpack_block(&header, &packed), Ok(framed), "what was packed comes back");
    }
}
