//! The manifest: which files are current, and up to where each table was delivered.

use anabranch_core::Heads;
use anabranch_sink::TableName;
use anabranch_sink::columns::{Columns, Contract};
use serde::{Deserialize, Serialize};

use crate::table::{Format, Mode};

/// The version of the manifest's form.
pub(crate) const VERSION: u32 = 1;

/// What a destination holds. Replaced as a whole, so that files and checkpoints become visible together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub anabranch: u32,
    /// Counts the deliveries.
    pub generation: u64,
    /// The format of all files.
    pub format: Format,
    /// Current rows or changes.
    pub mode: Mode,
    /// The tables.
    pub tables: Vec<ManifestTable>,
}

/// What a destination holds of one store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestTable {
    /// The database.
    pub database: String,
    /// The object store.
    pub store: String,
    /// The checkpoint.
    pub heads: Heads,
    /// What may happen to the columns.
    pub contract: Contract,
    /// The columns.
    pub columns: Columns,
    /// Rows in `files`.
    pub rows: u64,
    /// Current files of the table; of a feed, in the order in which they came.
    pub files: Vec<String>,
    /// Current files of conflicts.
    pub conflicts: Vec<String>,
    /// Files of what did not fit.
    pub dead_letters: Vec<String>,
}

impl Manifest {
    pub(crate) fn new(format: Format, mode: Mode) -> Self {
        Self { anabranch: VERSION, generation: 0, format, mode, tables: Vec::new() }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The table of a store, if it was delivered.
    pub fn table(&self, name: &TableName) -> Option<&ManifestTable> {
        self.tables.iter().find(|table| table.is(name))
    }

    /// Puts a table in the place of an older one.
    pub(crate) fn set(&mut self, table: ManifestTable) {
        match self.tables.iter_mut().find(|have| have.name() == table.name()) {
            Some(have) => *have = table,
            None => self.tables.push(table),
        }
    }
}

impl ManifestTable {
    /// The table's name.
    pub fn name(&self) -> TableName {
        TableName { database: self.database.clone(), store: self.store.clone() }
    }

    fn is(&self, name: &TableName) -> bool {
        self.database == name.database && self.store == name.store
    }

    /// All its files.
    pub fn all_files(&self) -> impl Iterator<Item = &String> {
        self.files.iter().chain(&self.conflicts).chain(&self.dead_letters)
    }
}
