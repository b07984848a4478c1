//! The sink: files first, then the manifest that names them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use anabranch_sink::columns::{Admitted, Contract, ContractError};
use anabranch_sink::{Checkpoints, Delivery, Sink, TableDelivery, TableName, TableReceipt};

use crate::beside::{encode_conflicts, encode_misfits};
use crate::destination::{Destination, Revision};
use crate::layout::{self, MANIFEST, Part};
use crate::manifest::{Manifest, ManifestTable, VERSION};
use crate::rows::Rows;
use crate::table::{Format, Mode, WriteTableError};

mod error;
pub use error::SinkError;

/// How files are written.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Their format; `None`: that of the destination, or [`Format::Parquet`] if it is new.
    pub format: Option<Format>,
    /// What their rows are; `None`: as at the destination, or [`Mode::Current`] if it is new.
    pub mode: Option<Mode>,
    /// The contract of tables that are named nowhere else; `None`: what the destination says, or [`Contract::Evolve`].
    pub contract: Option<Contract>,
    /// The contracts of single tables.
    pub contracts: BTreeMap<TableName, Contract>,
}

impl Options {
    /// What a new destination holds.
    fn new_manifest(&self) -> Manifest {
        Manifest::new(self.format.unwrap_or(Format::Parquet), self.mode.unwrap_or(Mode::Current))
    }

    /// Whether nothing else was asked for than what a destination holds.
    fn allow(&self, manifest: &Manifest) -> bool {
        self.format.is_none_or(|format| format == manifest.format) && self.mode.is_none_or(|mode| mode == manifest.mode)
    }
}

/// Delivers to files.
pub struct FileSink<D> {
    destination: D,
    options: Options,
    manifest: Manifest,
    revision: Option<Revision>,
}

impl<D: Destination> FileSink<D> {
    /// A sink that delivers to `destination`.
    pub fn new(destination: D, options: Options) -> Self {
        let manifest = options.new_manifest();
        Self { destination, options, manifest, revision: None }
    }

    /// What the destination holds, as far as this sink knows.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn publish(&mut self, manifest: Manifest) -> Result<(), SinkError> {
        let destination = self.destination.name();
        match self.destination.replace(MANIFEST, &manifest.encode(), self.revision.as_ref()) {
            Ok(revision) => {
                (self.manifest, self.revision) = (manifest, Some(revision));
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(SinkError::Fenced { destination }),
            Err(source) => Err(SinkError::Write { destination, path: MANIFEST.into(), source }),
        }
    }

    /// Removes what the manifest does not name: older rows, and what a delivery left that never ended. Files of later
    /// deliveries than the manifest's stay, for their writer may be about to publish them.
    fn remove_unnamed(&mut self) {
        // Some file systems do not tell cases apart, so a file may be listed where another store's is named.
        let named: BTreeSet<String> = self
            .manifest
            .tables
            .iter()
            .flat_map(ManifestTable::all_files)
            .map(|file| file.to_ascii_lowercase())
            .collect();
        let directories: BTreeSet<String> = self
            .manifest
            .tables
            .iter()
            .flat_map(|table| Part::ALL.map(|part| layout::directory(&table.name(), part)))
            .collect();
        for directory in directories {
            // What cannot be removed now is removed by the next delivery.
            for name in self.destination.list(&directory).unwrap_or_default() {
                let is_past = layout::generation_of(&name).is_some_and(|number| number <= self.manifest.generation);
                let path = format!("{directory}/{name}");
                if is_past && !named.contains(&path.to_ascii_lowercase()) {
                    drop(self.destination.remove(&path));
                }
            }
        }
    }

    /// Writes a file and tells its name.
    fn put(&mut self, table: &TableName, part: Part, generation: u64, bytes: &[u8]) -> Result<String, SinkError> {
        let path = layout::file(table, part, generation, bytes, self.manifest.format);
        match self.destination.write(&path, bytes) {
            Ok(()) => Ok(path),
            Err(source) => Err(SinkError::Write { destination: self.destination.name(), path, source }),
        }
    }

    /// What was asked for this table, or for all; else what the destination says.
    fn contract(&self, name: &TableName, had: Option<&ManifestTable>) -> Contract {
        let asked = self.options.contracts.get(name).copied().or(self.options.contract);
        asked.or(had.map(|had| had.contract)).unwrap_or_default()
    }

    fn deliver_table(
        &mut self,
        table: &TableDelivery<'_>,
        generation: u64,
    ) -> Result<(ManifestTable, TableReceipt), SinkError> {
        let (name, format) = (table.name(), self.manifest.format);
        let had = self.manifest.table(name).cloned();
        let contract = self.contract(name, had.as_ref());
        let rows = Rows::of(table, self.manifest.mode);
        let (admitted, encoded) = encode(name, &rows, format, contract, had.as_ref())?;
        let failed = |source| SinkError::Table { table: name.clone(), source };
        let conflicts = table.conflicts();
        let records_file = self.put(name, Part::Records, generation, &encoded)?;
        let encoded = encode_conflicts(name, &conflicts, format).map_err(failed)?;
        let conflicts_file = self.put(name, Part::Conflicts, generation, &encoded)?;
        let mut dead_letters_file = None;
        if !admitted.misfits.is_empty() {
            let encoded = encode_misfits(&rows, &admitted.misfits, format).map_err(failed)?;
            dead_letters_file = Some(self.put(name, Part::DeadLetters, generation, &encoded)?);
        }
        let written = rows.len() - admitted.discarded.len();
        let receipt = TableReceipt {
            rows: written,
            conflicts: conflicts.len(),
            dead_letters: admitted.misfits.len(),
            files: [&records_file, &conflicts_file].into_iter().chain(&dead_letters_file).cloned().collect(),
        };
        // A feed grows; current rows are replaced.
        let older = had.filter(|_| self.manifest.mode == Mode::Changes);
        let (older_rows, mut files, mut dead_letters) =
            older.map_or_else(Default::default, |older| (older.rows, older.files, older.dead_letters));
        files.push(records_file);
        dead_letters.extend(dead_letters_file);
        let entry = ManifestTable {
            database: name.database.clone(),
            store: name.store.clone(),
            heads: table.to().clone(),
            contract,
            columns: admitted.columns,
            rows: older_rows + written as u64,
            files,
            conflicts: vec![conflicts_file],
            dead_letters,
        };
        Ok((entry, receipt))
    }
}

/// The rows as a file, and what the contract let into it.
fn encode(
    name: &TableName,
    rows: &Rows,
    format: Format,
    contract: Contract,
    had: Option<&ManifestTable>,
) -> Result<(Admitted, Vec<u8>), SinkError> {
    let values = rows.values();
    let admitted = contract.admit(had.map(|had| &had.columns), &values, format.fidelity());
    let admitted = admitted.map_err(|source: ContractError| SinkError::Contract {
        table: name.clone(),
        key: rows.key(source.row).unwrap_or_default(),
        source: Box::new(source),
    })?;
    let encoded = match format.columnar() {
        None => Ok(rows.encode_lines(name, contract, &admitted)),
        Some(columnar) => rows.encode_columns(&values, columnar, &admitted),
    };
    let failed = |source: WriteTableError| SinkError::Table { table: name.clone(), source };
    encoded.map(|encoded| (admitted, encoded)).map_err(failed)
}

impl<D: Destination> Sink for FileSink<D> {
    type Error = SinkError;

    fn open(&mut self) -> Result<Checkpoints, SinkError> {
        let destination = self.destination.name();
        let read = self.destination.read(MANIFEST);
        match read.map_err(|source| SinkError::Read {
            destination: destination.clone(),
            path: MANIFEST.into(),
            source,
        })? {
            None => (self.manifest, self.revision) = (self.options.new_manifest(), None),
            Some((bytes, revision)) => {
                let manifest: Manifest = serde_json::from_slice(&bytes)
                    .map_err(|source| SinkError::Manifest { destination: destination.clone(), source })?;
                if manifest.anabranch != VERSION {
                    return Err(SinkError::Version { destination, version: manifest.anabranch });
                }
                if !self.options.allow(&manifest) {
                    return Err(SinkError::OtherFormat {
                        destination,
                        have: manifest.format,
                        have_mode: manifest.mode,
                    });
                }
                (self.manifest, self.revision) = (manifest, Some(revision));
                // A delivery may have ended between its manifest and this.
                self.remove_unnamed();
            }
        }
        Ok(self.manifest.tables.iter().map(|table| (table.name(), table.heads.clone())).collect())
    }

    fn deliver(&mut self, delivery: &Delivery<'_>) -> Result<Vec<TableReceipt>, SinkError> {
        let mut manifest = self.manifest.clone();
        manifest.generation += 1;
        let mut receipts = Vec::new();
        for table in &delivery.tables {
            let (entry, receipt) = self.deliver_table(table, manifest.generation)?;
            manifest.set(entry);
            receipts.push(receipt);
        }
        self.publish(manifest)?;
        self.remove_unnamed();
        Ok(receipts)
    }
}
