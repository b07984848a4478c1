//! Saved documents that somebody forged: an index is taken as a whole, or not at all.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::testing::{MemorySource, put};

/// An index with the last of some bytes changed into others, its checksum right.
fn forged(index: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut body = index.get(..index.len() - CHECKSUM_BYTES).unwrap().to_vec();
    let at = body.windows(old.len()).rposition(|window| window == old).unwrap();
    body.splice(at..at + old.len(), new.iter().copied());
    let checksum = Sha256::digest(&body);
    [body, checksum.to_vec()].concat()
}

#[test]
fn what_a_trimmed_history_begins_with_numbers_its_registers_as_the_document_does() {
    let mut document = Document::new();
    put(&mut document, r#"{"apple":1}"#);
    let floor = document.known(&document.heads()).unwrap();
    document.trim(&floor).unwrap();
    put(&mut document, r#"{"apple":1,"berry":2}"#);
    let saved = document.save();
    let open = |index: &[u8]| Document::open(index, Arc::new(MemorySource::default()));
    assert!(open(&saved.index).is_ok());
    for other in ["other", "berry", "appl"] {
        let name = |name: &str| [&[name.len() as u8 + 1], ".".as_bytes(), name.as_bytes()].concat();
        let forged = forged(&saved.index, &name("apple"), &name(other));
        assert!(matches!(open(&forged), Err(OpenError::Malformed { .. })), "{other}");
    }
}
