//! Where a document that was opened from its cache finds pages and changes.

use std::sync::{Arc, OnceLock};

use anabranch_core::{ChangeHash, PageHash, Source};
use sha2::{Digest, Sha256};

use super::CacheHealth;
use super::files::{decode_page, page_path};
use crate::disk::Files;

/// Bytes of a change that its hash does not cover: magic and checksum.
const HASHED_AT: usize = 8;

/// Pages from files, changes from the log.
pub(super) struct LogSource {
    files: Arc<dyn Files>,
    store: u32,
    health: CacheHealth,
    /// As the cache names them.
    changes: Vec<(ChangeHash, Arc<[u8]>)>,
    /// Positions in `changes` by hash, once one is asked for.
    order: OnceLock<Vec<u32>>,
    /// What the changes' hashes are, should the cache not have named them rightly.
    recomputed: OnceLock<Vec<(ChangeHash, Arc<[u8]>)>>,
}

impl LogSource {
    pub(super) fn new(
        files: Arc<dyn Files>,
        store: u32,
        changes: Vec<(ChangeHash, Arc<[u8]>)>,
        health: CacheHealth,
    ) -> Self {
        Self { files, store, health, changes, order: OnceLock::new(), recomputed: OnceLock::new() }
    }

    fn named(&self, hash: &ChangeHash) -> Option<&Arc<[u8]>> {
        let of = |position: &u32| self.changes.get(*position as usize);
        let order = self.order.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.changes.len() as u32).collect();
            order.sort_unstable_by_key(|position| of(position).map(|(hash, _)| *hash));
            order
        });
        let at = order.binary_search_by_key(&Some(*hash), |position| of(position).map(|(hash, _)| *hash)).ok()?;
        order.get(at).and_then(of).map(|(_, bytes)| bytes)
    }

    fn recomputed(&self, wanted: &ChangeHash) -> Option<&Arc<[u8]>> {
        let all = self.recomputed.get_or_init(|| {
            let mut all: Vec<_> = self.changes.iter().map(|(_, bytes)| (hash(bytes), bytes.clone())).collect();
            all.sort_unstable_by_key(|(hash, _)| *hash);
            all
        });
        let at = all.binary_search_by_key(wanted, |(hash, _)| *hash).ok()?;
        all.get(at).map(|(_, bytes)| bytes)
    }
}

impl Source for LogSource {
    fn page(&self, hash: &PageHash) -> Option<Arc<[u8]>> {
        let file = self.files.read(&page_path(self.store, hash)).ok();
        let page = file.and_then(|file| decode_page(&file)).filter(|page| Sha256::digest(page).as_slice() == hash.0);
        if page.is_none() {
            self.health.damaged();
        }
        page.map(Arc::from)
    }

    fn change(&self, wanted: &ChangeHash) -> Option<Arc<[u8]>> {
        let named = self.named(wanted).filter(|bytes| hash(bytes) == *wanted);
        named.or_else(|| self.recomputed(wanted)).cloned()
    }
}

/// The hash that names a change.
pub(super) fn hash(change: &[u8]) -> ChangeHash {
    ChangeHash(Sha256::digest(change.get(HASHED_AT..).unwrap_or_default()).into())
}
