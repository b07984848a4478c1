//! The sink: files first, then the manifest that names them.

use std::collections::BTreeMap;
use std::io;

use anabranch_core::Value;
use anabranch_sink::columns::{Contract, ContractError, Fidelity};
use anabranch_sink::{Checkpoints, Delivery, Sink, TableDelivery, TableName, TableReceipt};

use crate::destination::{Destination, Revision};
use crate::layout::{self, MANIFEST, Part};
use crate::manifest::{Manifest, ManifestTable, VERSION};
use crate::rows::{Rows, encode_conflicts, encode_misfits};
use crate::table::{Format, Mode, WriteTableError};

/// How files are written.
#[derive(Clone, Debug)]
pub struct Options {
    /// Their format.
    pub format: Format,
    /// What their rows are.
    pub mode: Mode,
    /// The contract of tables that are named nowhere else; `None`: what the destination says, or [`Contract::Evolve`].
    pub contract: Option<Contract>,
    /// The contracts of single stores, by name.
    pub contracts: BTreeMap<String, Contract>,
}

/// Why a delivery failed. The destination is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The destination cannot be read.
    #[error("{destination}: cannot read {path}: {source}")]
    Read {
        /// The destination.
        destination: String,
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The destination cannot be written.
    #[error("{destination}: cannot write {path}: {source}")]
    Write {
        /// The destination.
        destination: String,
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest is none.
    #[error("{destination}: {MANIFEST} is damaged ({source}): restore it, or deliver to an empty destination")]
    Manifest {
        /// The destination.
        destination: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A newer version wrote the manifest.
    #[error("{destination}: {MANIFEST} has version {version}, which this version does not know")]
    Version {
        /// The destination.
        destination: String,
        /// Its version.
        version: u32,
    },
    /// The destination holds another format or mode.
    #[error("{destination} holds {have:?} files of {have_mode:?} rows: deliver other formats and modes elsewhere")]
    OtherFormat {
        /// The destination.
        destination: String,
        /// Its format.
        have: Format,
        /// Its mode.
        have_mode: Mode,
    },
    /// Another writer opened the destination meanwhile.
    #[error("{destination}: another delivery began meanwhile, and this one gives way to it")]
    Fenced {
        /// The destination.
        destination: String,
    },
    /// A record does not fit frozen columns.
    #[error("table {table}: {source}")]
    Contract {
        /// The table.
        table: TableName,
        /// Where and why.
        source: ContractError,
    },
    /// A table cannot be written.
    #[error("table {table}: {source}")]
    Table {
        /// The table.
        table: TableName,
        /// Why.
        source: WriteTableError,
    },
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
        let manifest = Manifest::new(options.format, options.mode);
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

    /// Removes what the manifest does not name: older rows, and what a delivery left that never ended.
    fn remove_unnamed(&mut self) {
        for table in self.manifest.tables.clone() {
            for part in Part::ALL {
                let directory = layout::directory(&table.name(), part);
                // What cannot be removed now is removed by the next delivery.
                for name in self.destination.list(&directory).unwrap_or_default() {
                    let path = format!("{directory}/{name}");
                    if layout::is_ours(&name) && !table.all_files().any(|file| *file == path) {
                        drop(self.destination.remove(&path));
                    }
                }
            }
        }
    }

    /// Writes a file and tells its name.
    fn put(&mut self, table: &TableName, part: Part, generation: u64, bytes: &[u8]) -> Result<String, SinkError> {
        let path = layout::file(table, part, generation, bytes, self.options.format);
        let written = self.destination.write(&path, bytes);
        written.map_err(|source| SinkError::Write {
            destination: self.destination.name(),
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }

    fn deliver_table(
        &mut self,
        table: &TableDelivery<'_>,
        generation: u64,
    ) -> Result<(ManifestTable, TableReceipt), SinkError> {
        let name = table.name();
        let format = self.options.format;
        let had = self.manifest.table(name).cloned();
        let contract = self.options.contracts.get(&name.store).copied().or(self.options.contract);
        let contract = contract.or(had.as_ref().map(|had| had.contract)).unwrap_or_default();
        let rows = Rows::of(table, self.options.mode);
        let values: Vec<&Value> = rows.values().collect();
        let fidelity = if format == Format::Jsonl { Fidelity::Lossless } else { Fidelity::Columns };
        let admitted = contract.admit(had.as_ref().map(|had| &had.columns), &values, fidelity);
        let admitted = admitted.map_err(|source| SinkError::Contract { table: name.clone(), source })?;
        let failed = |source| SinkError::Table { table: name.clone(), source };
        let conflicts = table.conflicts();
        let records_file = self.put(
            name,
            Part::Records,
            generation,
            &rows.encode(name, format, contract, &admitted).map_err(failed)?,
        )?;
        let conflicts_file =
            self.put(name, Part::Conflicts, generation, &encode_conflicts(name, &conflicts, format).map_err(failed)?)?;
        let dead_letters_file = match admitted.misfits.is_empty() {
            true => None,
            false => Some(self.put(
                name,
                Part::DeadLetters,
                generation,
                &encode_misfits(&rows, &admitted, format).map_err(failed)?,
            )?),
        };
        let written = rows.len() - admitted.discarded.len();
        let files = [Some(&records_file), Some(&conflicts_file), dead_letters_file.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let receipt =
            TableReceipt { rows: written, conflicts: conflicts.len(), dead_letters: admitted.misfits.len(), files };
        // A feed grows; current rows are replaced.
        let older = had.filter(|_| self.options.mode == Mode::Changes);
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
            None => (self.manifest, self.revision) = (Manifest::new(self.options.format, self.options.mode), None),
            Some((bytes, revision)) => {
                let manifest: Manifest = serde_json::from_slice(&bytes)
                    .map_err(|source| SinkError::Manifest { destination: destination.clone(), source })?;
                if manifest.anabranch != VERSION {
                    return Err(SinkError::Version { destination, version: manifest.anabranch });
                }
                if (manifest.format, manifest.mode) != (self.options.format, self.options.mode) {
                    return Err(SinkError::OtherFormat {
                        destination,
                        have: manifest.format,
                        have_mode: manifest.mode,
                    });
                }
                (self.manifest, self.revision) = (manifest, Some(revision));
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
