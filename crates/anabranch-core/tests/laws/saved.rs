//! Documents that were saved: opened, written on, evicted, damaged.

use std::sync::Arc;

use anabranch_core::testing::{MemorySource, raw_registers, raw_sequences, saved_after_applying};
use anabranch_core::{Document, Saved};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::records;

/// Saves a document, and opens it again.
pub(crate) fn reopened(document: &Document) -> (Document, Saved, Arc<MemorySource>) {
    let (saved, source) = (document.save(), Arc::new(MemorySource::default()));
    source.keep(&saved, document);
    let opened = Document::open(&saved.index, source.clone()).unwrap();
    (opened, saved, source)
}

pub(crate) fn check_equal(opened: &Document, document: &Document) -> Result<(), TestCaseError> {
    prop_assert_eq!(opened.heads(), document.heads());
    prop_assert_eq!(raw_registers(opened), raw_registers(document));
    prop_assert_eq!(raw_sequences(opened), raw_sequences(document));
    prop_assert_eq!(records::of(opened), records::of(document));
    prop_assert_eq!(opened.view().conflicts(), document.view().conflicts());
    Ok(())
}

/// A document that was saved half way, opened, and given the rest, while pages are evicted and saved in between.
pub(crate) fn check_written_on(half: &Document, whole: &Document) -> Result<(), TestCaseError> {
    let (mut opened, _, source) = reopened(half);
    for change in whole.change_bytes() {
        opened.apply([change.bytes]);
        opened.evict(0);
    }
    check_equal(&opened, whole)?;
    let saved = opened.save();
    source.keep(&saved, whole);
    opened.note_saved(&saved, source.clone());
    prop_assert_eq!(opened.evict(0), 0);
    check_equal(&opened, whole)?;
    let again = opened.save();
    prop_assert_eq!(&again.index, &saved.index);
    prop_assert!(again.pages.is_empty());
    check_equal(&Document::open(&saved.index, source).unwrap(), whole)
}

/// Whatever becomes of saved pages, what they held is rebuilt from the history, for readers and for writers, and saved anew.
pub(crate) fn check_damaged(half: &Document, whole: &Document, seed: u64) -> Result<(), TestCaseError> {
    let (mut opened, _, source) = reopened(half);
    source.tamper(|bytes| {
        let mut bytes = bytes.to_vec();
        match seed % 3 {
            0 => return None,
            1 => bytes.truncate(seed as usize % bytes.len()),
            _ => {
                let at = seed as usize % bytes.len();
                bytes[at] ^= 1 << (seed % 8);
            }
        }
        Some(bytes)
    });
    if seed.is_multiple_of(2) {
        check_equal(&opened, half)?;
    }
    opened.apply(whole.change_bytes().map(|change| change.bytes));
    check_equal(&opened, whole)?;
    let again = opened.save();
    let written: Vec<_> = again.pages.iter().map(|(hash, _)| *hash).collect();
    prop_assert_eq!(&written, &again.all_pages);
    source.keep(&again, whole);
    check_equal(&Document::open(&again.index, source).unwrap(), whole)
}

/// However many changes set registers together, what is saved is what they leave one by one, to the byte: of many pages, of
/// which some split meanwhile, and of one.
pub(crate) fn check_together(document: &Document, seed: u64) -> Result<(), TestCaseError> {
    for page_records in [1 + seed as usize % 6, 1024] {
        let one_by_one = saved_after_applying(document, 1, page_records);
        for together in [2, 3 + seed as usize % 5, usize::MAX] {
            prop_assert_eq!(&saved_after_applying(document, together, page_records), &one_by_one);
        }
    }
    prop_assert_eq!(document.save(), saved_after_applying(document, 1, 1024));
    Ok(())
}
