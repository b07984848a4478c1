//! Where what a change names lies, looked up once: by the guard for its checks, and again for nothing when it is applied.

use super::ahead::load_ahead;
use super::page::{Page, StoredEntry};
use super::{RecordId, Registers, SEARCHED_ENTRIES};
use crate::change::{Decoded, Names};
use crate::history::History;

/// What a change names, and where it lay when it was looked for.
pub(crate) struct Located {
    pub(crate) names: Names,
    /// Where each of its records lies, if it is there.
    pub(crate) records: Vec<Option<RecordId>>,
    /// The path of each of its suffixes, if any record has it.
    pub(crate) paths: Vec<Option<u32>>,
    /// Where among the entries of its record one lay of the register of each op, or `NOWHERE`.
    values: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Located {
    /// The names of an accepted change, of whose records nothing is known.
    pub(crate) fn cut(decoded: &Decoded, bytes: &[u8]) -> Self {
        let names = Names::cut(decoded, bytes).expect("names of accepted changes were checked");
        Self { names, records: Vec::new(), paths: Vec::new(), values: Vec::new() }
    }

    /// What it takes up.
    pub(crate) fn table_bytes(&self) -> usize {
        let Self { names, records, paths, values } = self;
        names.table_bytes() + size_of_val(&**records) + size_of_val(&**paths) + size_of_val(&**values)
    }

    /// Where among the entries of its record one lay of the register that an op sets.
    #[inline]
    pub(crate) fn value_of(&self, op: usize) -> Option<u32> {
        self.values.get(op).copied().filter(|at| *at != NOWHERE)
    }
}

impl Registers {
    /// Looks up what the names of the chunk `bytes` name.
    ///
    /// In stages, each for all records, and before each the lines that it reads are loaded for all of them.
    pub(crate) fn locate(&self, history: &History, names: Names, bytes: &[u8]) -> Located {
        let pages: Vec<u32> = names.records.iter().map(|record| self.directory.page(record.key_hash)).collect();
        let open: Vec<Option<&Page>> = pages.iter().map(|page| self.page(history, *page)).collect();
        let named = || names.records.iter().zip(&open);
        load_ahead(open.iter().flatten().map(|page| page.own_lines()));
        let alike: Vec<Option<u32>> =
            named().map(|(record, page)| page.as_ref()?.find_alike(record.key_hash, record.hash)).collect();
        let lies = || open.iter().zip(&alike).filter_map(|(page, at)| Some(((*page)?, (*at)?)));
        load_ahead(lies().map(|(page, at)| page.slot_line(at)));
        load_ahead(lies().map(|(page, at)| page.entry_lines(at)));
        let found = named().zip(&alike).map(|((record, page), alike)| {
            let (page, identity) = (page.as_ref()?, record.identity_bytes(bytes));
            // Another record may have these hashes.
            match (*alike)? {
                at if page.is(at, identity) => Some(at),
                _ => page.find(identity, record.key_hash, record.hash),
            }
        });
        let records = found.zip(&pages).map(|(at, page)| at.map(|at| RecordId { page: *page, at })).collect();
        let paths = names.suffixes(bytes).map(|suffix| self.paths.find(suffix)).collect();
        let mut located = Located { names, records, paths, values: Vec::new() };
        located.values = self.locate_values(history, &located);
        located
    }

    /// Where a value lies of the register of each op. In most records where it lay in the one before, so that nothing is
    /// searched; large ones are not searched here.
    fn locate_values(&self, history: &History, Located { names, records, paths, .. }: &Located) -> Vec<u32> {
        let mut values = vec![NOWHERE; names.op_count()];
        let mut before = vec![0; paths.len()];
        for ((_, ops), record) in names.runs().zip(records) {
            let Some(record) = record else { continue };
            let Some(page) = self.page(history, record.page) else { continue };
            let entries = page.entries(record.at);
            if entries.len() > SEARCHED_ENTRIES {
                continue;
            }
            for (at, value) in ops.clone().zip(values.get_mut(ops).unwrap_or_default()) {
                let suffix = names.suffix_of(at);
                let (Some(Some(path)), Some(before)) = (paths.get(suffix), before.get_mut(suffix)) else { continue };
                let is_own = |entry: &StoredEntry| entry.path == *path;
                let found = match entries.get(*before).is_some_and(is_own) {
                    true => Some(*before),
                    false => entries.iter().position(is_own),
                };
                if let Some(found) = found {
                    (*before, *value) = (found, found as u32);
                }
            }
        }
        values
    }
}
