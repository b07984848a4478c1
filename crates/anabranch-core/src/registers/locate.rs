//! Where what a change names lies, looked up once: by the guard for its checks, and again for nothing when it is applied.

use super::page::Page;
use super::{RecordId, Registers};
use crate::change::Names;
use crate::history::History;

/// What a change names, and where it lay when it was looked for.
pub(crate) struct Located {
    pub(crate) names: Names,
    /// Where each of its records lies, if it is there.
    pub(crate) records: Vec<Option<RecordId>>,
    /// The path of each of its suffixes, if any record has it.
    pub(crate) paths: Vec<Option<u32>>,
}

impl Registers {
    /// Looks up what the names of the chunk `bytes` name.
    ///
    /// In stages, each for all records: what one of them waits for from memory comes while the others are asked for.
    pub(crate) fn locate(&self, history: &History, names: Names, bytes: &[u8]) -> Located {
        let pages: Vec<u32> = names.records.iter().map(|record| self.directory.page(record.key_hash)).collect();
        let open: Vec<Option<&Page>> = pages.iter().map(|page| self.page(history, *page)).collect();
        let named = || names.records.iter().zip(&open);
        let alike: Vec<Option<u32>> =
            named().map(|(record, page)| page.as_ref()?.find_alike(record.key_hash, record.hash)).collect();
        let found = named().zip(&alike).map(|((record, page), alike)| {
            let (page, identity) = (page.as_ref()?, record.identity_bytes(bytes));
            let is_own = |at: &u32| page.is(*at, identity);
            alike
                .filter(is_own)
                .or_else(|| page.find(identity, record.key_hash, record.hash).filter(|_| alike.is_some()))
        });
        let records = found.zip(&pages).map(|(at, page)| at.map(|at| RecordId { page: *page, at })).collect();
        let paths = names.suffixes(bytes).map(|suffix| self.paths.find(suffix)).collect();
        Located { names, records, paths }
    }
}
