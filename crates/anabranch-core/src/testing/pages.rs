//! Documents whose pages are small, and a source in memory for saved ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::document::Document;
use crate::heads::ChangeHash;
use crate::saved::{PageHash, Saved, Source};

/// A document without history whose pages split after `records` records, so that a few records make many pages.
pub fn with_pages_of(records: usize) -> Document {
    let mut document = Document::new();
    document.registers.set_page_records_max(records);
    document
}

/// Saved pages and changes in memory.
#[derive(Default)]
pub struct MemorySource {
    pages: Mutex<BTreeMap<PageHash, Arc<[u8]>>>,
    changes: Mutex<BTreeMap<ChangeHash, Arc<[u8]>>>,
}

impl MemorySource {
    /// Keeps the pages of `saved` and the changes of `document`.
    pub fn keep(&self, saved: &Saved, document: &Document) {
        self.pages.lock().expect("no test panics meanwhile").extend(saved.pages.iter().cloned());
        let changes = document.change_bytes().map(|change| (change.hash, change.bytes));
        self.changes.lock().expect("no test panics meanwhile").extend(changes);
    }

    /// Changes the pages behind everybody's back; `None` loses one.
    pub fn tamper(&self, change: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        let mut pages = self.pages.lock().expect("no test panics meanwhile");
        let tampered = pages.iter().filter_map(|(hash, bytes)| Some((*hash, change(bytes)?.into())));
        *pages = tampered.collect();
    }
}

impl Source for MemorySource {
    fn page(&self, hash: &PageHash) -> Option<Arc<[u8]>> {
        self.pages.lock().expect("no test panics meanwhile").get(hash).cloned()
    }

    fn change(&self, hash: &ChangeHash) -> Option<Arc<[u8]>> {
        self.changes.lock().expect("no test panics meanwhile").get(hash).cloned()
    }
}
