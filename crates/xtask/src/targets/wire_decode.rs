//! Frames and segment headers from anywhere.

use anabranch_wire::limits::MEDIUM_PAYLOAD_BYTES;
use anabranch_wire::testing::{decode_payload, frame_around};
use anabranch_wire::{SegmentHeader, decode_frame, encode_frame};

/// What decodes is what its own encoding is, and the same by a decoder that knows no bincode.
pub fn wire_decode(bytes: &[u8]) {
    if let Ok((entry, length)) = decode_frame(bytes) {
        let again = encode_frame(&entry).expect("what was decoded can be encoded");
        assert_eq!(Some(again.as_slice()), bytes.get(..length), "an entry has one encoding");
    }
    if let Ok(header) = SegmentHeader::decode(bytes) {
        let again = header.encode();
        assert_eq!(Some(again.as_slice()), bytes.get(..again.len()), "a header has one encoding");
    }
    // The same bytes as a payload in a frame whose checks are right: what an attacker would send.
    if bytes.len() <= MEDIUM_PAYLOAD_BYTES {
        let decoded = decode_frame(&frame_around(bytes)).ok().map(|(entry, _)| entry);
        assert_eq!(decoded, decode_payload(bytes), "two decoders agree on every payload");
    }
}
