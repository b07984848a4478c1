//! Changes from anywhere, through the guard into a document.

use std::sync::Arc;

use anabranch_core::Document;
use anabranch_core::testing::raw_registers;
use sha2::{Digest, Sha256};

/// Bytes before the chunk's type: magic and checksum.
const CHECKSUM_END: usize = 8;

/// Several changes, each behind its length in two bytes; their checksums are made right first.
pub fn change_decode(bytes: &[u8]) {
    let mut document = Document::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (change, after) = after.split_at(after.len().min(usize::from(u16::from_be_bytes(*length))));
        rest = after;
        let before = document.heads();
        let outcome = document.apply([with_checksum(change)]);
        if outcome.applied.is_empty() {
            assert_eq!(document.heads(), before, "what is refused leaves no trace");
        }
    }
    let automerge = document.to_automerge().expect("what the guard takes automerge takes");
    drop(automerge);
    assert!(document.view().records().count() <= raw_registers(&document).len());
    document.view().conflicts();
}

/// The change with the checksum that its contents have.
fn with_checksum(change: &[u8]) -> Arc<[u8]> {
    let mut change = change.to_vec();
    if let Some((head, body)) = change.split_at_mut_checked(CHECKSUM_END) {
        let digest = Sha256::digest(&*body);
        head.iter_mut().skip(4).zip(digest).for_each(|(byte, digest)| *byte = digest);
    }
    change.into()
}
