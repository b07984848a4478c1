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
    /// Whether what it was saved as was gone or damaged when it was opened: then it is to be saved anew.
    rebuilt: AtomicBool,
    /// Whether it was asked for since the last eviction looked at it.
    used: AtomicBool,
}

/// A page as it was opened.
pub(super) enum Opened {
    /// From what was saved.
    Saved(Page),
    /// From the history.
    Rebuilt(Page),
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
        self.saved.filter(|_| !self.rebuilt.load(Ordering::Relaxed))
    }

    pub(super) fn note_saved(&mut self, hash: PageHash) {
        (self.saved, self.rebuilt) = (Some(hash), AtomicBool::new(false));
    }

    /// The page if it is open.
    pub(super) fn opened(&self) -> Option<&Page> {
        self.open.get().map(|page| &**page)
    }

    /// The page to write to if it is open; that it was written must have been told.
    pub(super) fn opened_mut(&mut self) -> Option<&mut Page> {
        self.open.get_mut().map(|page| &mut **page)
    }

    /// The page, opened if need be.
    pub(super) fn read(&self, open: impl FnOnce() -> Opened) -> &Page {
        self.used.store(true, Ordering::Relaxed);
        self.open.get_or_init(|| match open() {
            Opened::Saved(page) => Box::new(page),
            Opened::Rebuilt(page) => {
                self.rebuilt.store(true, Ordering::Relaxed);
                Box::new(page)
            }
        })
    }

    /// The page to write to, opened if need be.
    pub(super) fn write(&mut self, open: impl FnOnce() -> Opened) -> &mut Page {
        self.read(open);
        self.saved = None;
        self.open.get_mut().expect("it was just opened")
    }

    /// Closes the page if it is saved and nobody asked for it lately; how many bytes that frees.
    pub(super) fn evict(&mut self) -> usize {
        if self.used.swap(false, Ordering::Relaxed) || self.hash().is_none() {
            return 0;
        }
        self.open.take().map_or(0, |page| page.resident_bytes())
    }
}

impl Clone for PageCell {
    fn clone(&self) -> Self {
        Self {
            open: self.open.clone(),
            saved: self.saved,
            rebuilt: AtomicBool::new(self.rebuilt.load(Ordering::Relaxed)),
            used: AtomicBool::new(false),
        }
    }
}
