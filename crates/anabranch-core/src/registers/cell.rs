//! A page that is open, or that is opened when somebody asks for it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::page::Page;
use crate::saved::PageHash;

/// A page of the index, open or not.
#[derive(Default)]
pub(super) struct PageCell {
    open: OnceLock<Box<Page>>,
    /// What it was saved as, as long as nothing was written since.
    saved: Option<PageHash>,
    /// Whether it was asked for since the last eviction looked at it.
    used: AtomicBool,
}

impl PageCell {
    /// A page that was never saved.
    pub(super) fn written(page: Page) -> Self {
        Self { open: OnceLock::from(Box::new(page)), ..Self::default() }
    }

    /// A page that is to be opened.
    pub(super) fn saved(hash: PageHash) -> Self {
        Self { saved: Some(hash), ..Self::default() }
    }

    pub(super) fn hash(&self) -> Option<PageHash> {
        self.saved
    }

    pub(super) fn note_saved(&mut self, hash: PageHash) {
        self.saved = Some(hash);
    }

    /// The page if it is open.
    pub(super) fn opened(&self) -> Option<&Page> {
        self.open.get().map(|page| &**page)
    }

    /// The page, opened if need be.
    pub(super) fn read(&self, open: impl FnOnce() -> Page) -> &Page {
        self.used.store(true, Ordering::Relaxed);
        self.open.get_or_init(|| Box::new(open()))
    }

    /// The page to write to, opened if need be.
    pub(super) fn write(&mut self, open: impl FnOnce() -> Page) -> &mut Page {
        self.read(open);
        self.saved = None;
        self.open.get_mut().expect("it was just opened")
    }

    /// Closes the page if it is saved and nobody asked for it lately; how many bytes that frees.
    pub(super) fn evict(&mut self) -> usize {
        if self.used.swap(false, Ordering::Relaxed) || self.saved.is_none() {
            return 0;
        }
        self.open.take().map_or(0, |page| page.resident_bytes())
    }
}

impl Clone for PageCell {
    fn clone(&self) -> Self {
        Self { open: self.open.clone(), saved: self.saved, used: AtomicBool::new(false) }
    }
}
