//! Frames and segment headers from anywhere.

use anabranch_wire::{SegmentHeader, decode_frame, encode_frame};

/// What decodes is what its own encoding is.
pub fn wire_decode(bytes: &[u8]) {
    if let Ok((entry, length)) = decode_frame(bytes) {
        let again = encode_frame(&entry).expect("what was decoded can be encoded");
        assert_eq!(Some(again.as_slice()), bytes.get(..length), "an entry has one encoding");
    }
    if let Ok(header) = SegmentHeader::decode(bytes) {
        let again = header.encode();
        assert_eq!(Some(again.as_slice()), bytes.get(..again.len()), "a header has one encoding");
    }
}
