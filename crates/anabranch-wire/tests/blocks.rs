//! Blocks of sealed segments: the vectors that must unpack for ever, and what is refused.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use anabranch_wire::limits::BLOCK_BYTES_MAX;
use anabranch_wire::{
    BLOCK_HEADER_BYTES, BlockForm, BlockHeader, DecodeBlockError, Entry, Framed, Note, SealedHeader, SegmentHeader,
    encode_frame, pack_block, unpack_block,
};

fn from_hex(line: &str) -> Vec<u8> {
    (0..line.len() / 2).map(|at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn entries(changes: Vec<Vec<u8>>) -> Vec<Entry> {
    vec![
        Entry::Store { number: 1, database: "shop ✓".into(), store: "orders".into() },
        Entry::Changes { store: 1, note: Note { time_ms: Some(5), source: "a.json".into() }, changes },
        Entry::Commit { entries: 2, digest: [3; 32] },
    ]
}

fn frames(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(|entry| encode_frame(entry).unwrap()).collect()
}

fn header(form: BlockForm, packed: &[u8], frames: &[u8]) -> BlockHeader {
    let bytes = |bytes: &[u8]| bytes.len() as u32;
    BlockHeader {
        form,
        stored_bytes: 7,
        packed_bytes: bytes(packed),
        frames_bytes: bytes(frames),
        stored_hash: [4; 32],
    }
}

/// The first line are the strands of the changes in the others (FORMAT.md §9.3).
#[test]
fn the_golden_strands_unpack_and_pack_alike() {
    let mut lines = include_str!("../vectors/strands-v1.hex").lines().map(from_hex);
    let (packed, entries) = (lines.next().unwrap(), entries(lines.collect()));
    let frames = frames(&entries);
    assert_eq!(pack_block(&entries, &frames), (BlockForm::Strands, packed.clone()));
    let unpacked = unpack_block(&header(BlockForm::Strands, &packed, &frames), &packed).unwrap();
    assert_eq!(unpacked.iter().map(|framed| framed.entry.clone()).collect::<Vec<_>>(), entries);
    assert_eq!(unpacked.concat_frames(), frames);
}

trait ConcatFrames {
    fn concat_frames(&self) -> Vec<u8>;
}

impl ConcatFrames for Vec<Framed> {
    fn concat_frames(&self) -> Vec<u8> {
        self.iter().flat_map(|framed| framed.frame.clone()).collect()
    }
}

#[test]
fn frames_unpack_as_they_are() {
    let frames = frames(&entries(vec![vec![1, 2, 3], vec![]]));
    let header = header(BlockForm::Frames, &frames, &frames);
    assert_eq!(unpack_block(&header, &frames).unwrap().concat_frames(), frames);
    for wrong in [
        BlockHeader { frames_bytes: header.frames_bytes - 1, ..header.clone() },
        BlockHeader { packed_bytes: 1, ..header.clone() },
    ] {
        assert_eq!(unpack_block(&wrong, &frames), Err(DecodeBlockError::Contents));
    }
    let cut = &frames[..frames.len() - 1];
    assert_eq!(
        unpack_block(&BlockHeader { packed_bytes: cut.len() as u32, ..header }, cut),
        Err(DecodeBlockError::Contents)
    );
}

#[test]
fn a_block_header_has_one_form_and_states_nothing_beyond_the_limit() {
    let whole = header(BlockForm::Strands, b"packed", b"frames");
    let bytes = whole.encode();
    assert_eq!(bytes.len(), BLOCK_HEADER_BYTES);
    assert_eq!(BlockHeader::decode(&bytes), Ok(whole.clone()));
    for at in 0..24 * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert_eq!(BlockHeader::decode(&flipped), Err(DecodeBlockError::Header), "bit {at}");
    }
    assert_eq!(BlockHeader::decode(&bytes[..BLOCK_HEADER_BYTES - 1]), Err(DecodeBlockError::CutOff));
    let most = BLOCK_BYTES_MAX as u32;
    assert!(BlockHeader::decode(&BlockHeader { packed_bytes: most, ..whole.clone() }.encode()).is_ok());
    for bytes in [most + 1, u32::MAX] {
        let too_long = BlockHeader { packed_bytes: bytes, ..whole.clone() };
        assert_eq!(BlockHeader::decode(&too_long.encode()), Err(DecodeBlockError::TooLong { bytes }));
    }
}

#[test]
fn a_sealed_segment_header_has_one_form() {
    let header = SealedHeader { segment: SegmentHeader { number: 3, before: [5; 32] }, frames_bytes: 1 << 40 };
    let bytes = header.encode();
    assert_eq!(SealedHeader::decode(&bytes), Ok(header));
    assert!(SegmentHeader::decode(&bytes).is_err() && SealedHeader::is_at(&bytes));
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert!(SealedHeader::decode(&flipped).is_err(), "bit {at}");
    }
}
