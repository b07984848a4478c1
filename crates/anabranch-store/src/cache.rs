//! Saved documents beside the log (FORMAT.md §10): opened instead of replaying it, and thrown away when anything disagrees.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anabranch_core::{ChangeHash, Document};

use crate::contents::StoreName;
use crate::directory::StoreDir;

mod files;
mod source;

use files::{CachedIndex, index_path, page_path};
use source::LogSource;

/// A document that was opened from its cache.
pub struct Cached {
    /// The document, with all changes of the log.
    pub document: Document,
    /// How many changes of the log the cache did not have: reading them is what another cache would save.
    pub behind: usize,
    /// How the cache turns out.
    pub health: CacheHealth,
}

/// Whether a page of a cache was missing or damaged when it was asked for.
#[derive(Clone, Debug, Default)]
pub struct CacheHealth(Arc<AtomicBool>);

impl CacheHealth {
    /// Whether it was: the cache is not worth keeping then.
    pub fn is_damaged(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn damaged(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl StoreDir {
    /// The document of a store from its cache, brought to where the log is; `None` if there is none that agrees with the log.
    ///
    /// What it shows is what loading the changes would show. Damage to the cache is no error, and is noticed at the latest
    /// when the damaged part is read, which then is made anew from the log.
    pub fn cached(&self, name: &StoreName) -> Option<Cached> {
        let index = self.cached_index(name)?;
        let changes = self.changes(name);
        let (before, behind) = changes.split_at_checked(index.hashes.len())?;
        let bytes = before.iter().map(|(bytes, _)| bytes.clone());
        let number = self.number(name)?;
        // Making all pages anew takes longer than the document from its changes.
        let have = self.cache_files(number).ok()?;
        if !index.pages.iter().all(|page| have.contains(&files::page_name(page))) {
            return None;
        }
        let named = index.hashes.iter().copied().zip(bytes).collect();
        let health = CacheHealth::default();
        let source = LogSource::new(self.disk.files(), number, named, health.clone());
        let mut document = Document::open(&index.document, Arc::new(source)).ok()?;
        if document.change_count() != distinct(&index.hashes).len() {
            return None;
        }
        let outcome = document.apply(behind.iter().map(|(bytes, _)| bytes.clone()));
        let is_whole = outcome.refused.is_empty() && outcome.waiting == 0;
        is_whole.then_some(Cached { document, behind: behind.len(), health })
    }

    /// Keeps the document of a store, so that [`StoreDir::cached`] finds it. Nothing is kept of a document that is not what
    /// the log says, or that holds what the log does not.
    ///
    /// # Errors
    /// The disk fails: what was kept before may be gone, and nothing else.
    pub fn keep(&mut self, name: &StoreName, document: &Document) -> io::Result<()> {
        let Some(number) = self.number(name).filter(|_| !self.poisoned && self.tail == self.committed) else {
            return Ok(());
        };
        let known = self.cached_index(name).map(|index| index.hashes).unwrap_or_default();
        let hashes = self.log_hashes(name, known);
        if !is_all_of(document, &hashes) {
            return Ok(());
        }
        let saved = document.save();
        // What a trimmed history begins with is no cache.
        if !saved.floor_pages.is_empty() {
            return Ok(());
        }
        self.disk.create_dir(&files::folder(number))?;
        for (hash, bytes) in &saved.pages {
            let page = files::encode_page(bytes)?;
            self.write_cache(&page_path(number, hash), &page)?;
        }
        let named: BTreeSet<String> = saved.all_pages.iter().map(files::page_name).collect();
        let index = CachedIndex { digest: self.tail.digest, hashes, pages: saved.all_pages, document: saved.index };
        self.write_cache(&index_path(number), &index.encode())?;
        let is_named = |file: &String| *file == files::INDEX || named.contains(file);
        for file in self.cache_files(number)?.iter().filter(|file| !is_named(file)) {
            self.disk.remove(&format!("{}/{file}", files::folder(number)))?;
        }
        Ok(())
    }

    /// Removes what was kept of a store's document.
    ///
    /// # Errors
    /// The disk fails.
    pub fn forget(&mut self, name: &StoreName) -> io::Result<()> {
        let Some(number) = self.number(name) else { return Ok(()) };
        // The index first: pages without one are only rubbish.
        match self.disk.remove(&index_path(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
        for file in self.cache_files(number)? {
            self.disk.remove(&format!("{}/{file}", files::folder(number)))?;
        }
        Ok(())
    }

    fn cache_files(&self, store: u32) -> io::Result<BTreeSet<String>> {
        match self.disk.list(&files::folder(store)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            names => Ok(names?.into_iter().collect()),
        }
    }

    /// The index of a cache of this log: of what the log said at a transaction that it has.
    fn cached_index(&self, name: &StoreName) -> Option<CachedIndex> {
        let bytes = self.disk.read(&index_path(self.number(name)?)).ok()?;
        CachedIndex::decode(&bytes).filter(|index| self.has_digest(&index.digest))
    }

    /// The hashes of a store's changes in the order of the log, of which the first are known.
    fn log_hashes(&self, name: &StoreName, mut known: Vec<ChangeHash>) -> Vec<ChangeHash> {
        let changes = self.changes(name);
        known.truncate(changes.len());
        let rest = changes.get(known.len()..).unwrap_or_default();
        known.extend(rest.iter().map(|(bytes, _)| source::hash(bytes)));
        known
    }

    /// Neither synced nor needed: what a crash leaves of it does not match its hash.
    fn write_cache(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = format!("{path}.tmp");
        self.disk.write(&temporary, bytes)?;
        self.disk.rename(&temporary, path)
    }
}

/// Each hash once, ascending.
fn distinct(hashes: &[ChangeHash]) -> Vec<ChangeHash> {
    let mut hashes = hashes.to_vec();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Whether the document has the changes of these hashes, and no others.
fn is_all_of(document: &Document, hashes: &[ChangeHash]) -> bool {
    let own: Vec<ChangeHash> = document.changes().map(|change| change.hash).collect();
    distinct(&own) == distinct(hashes)
}
