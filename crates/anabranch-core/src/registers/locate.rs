//! Where what a change names lies, looked up once: by the guard for its checks, and again for nothing when it is applied.

use super::ahead::find_alike;
use super::page::{Page, StoredEntry};
use super::{RecordId, Registers};
use crate::ahead::load_ahead;
use crate::change::{Decoded, NamedRecord, Names};
use crate::history::History;

mod values;

use values::{NOWHERE, locate_values};

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
    pub(crate) fn locate(&self, history: &History, names: Names, bytes: &[u8]) -> Located {
        let open: Vec<&Page> =
            names.records.iter().map(|record| self.page_of_key(history, record.hashes.key)).collect();
        let found = find_records(&names, bytes, &open);
        let entries = open.iter().zip(&found).map(|(page, at)| at.map(|at| page.entries(at)).unwrap_or_default());
        let entries: Vec<&[StoredEntry]> = entries.collect();
        let paths: Vec<Option<u32>> = names.suffixes(bytes).map(|suffix| self.paths.find(suffix)).collect();
        let values = locate_values(&names, &paths, &entries);
        let id = |(record, at): (&NamedRecord, Option<u32>)| {
            Some(RecordId { page: self.directory.page(record.hashes.key), at: at? })
        };
        let records = names.records.iter().zip(found).map(id).collect();
        Located { names, records, paths, values }
    }
}

/// Where on its page, which is open, each record lies.
fn find_records(names: &Names, bytes: &[u8], open: &[&Page]) -> Vec<Option<u32>> {
    let alike = find_alike(open, names.records.iter().map(|record| record.hashes));
    load_ahead(open.iter().map(|page| page.last_lines()));
    let found = names.records.iter().zip(open).zip(alike).map(|((record, page), alike)| {
        let identity = record.identity_bytes(bytes);
        // Another record may have these hashes.
        alike.and_then(|at| if page.is(at, identity) { Some(at) } else { page.find(identity, record.hashes) })
    });
    found.collect()
}
