//! Writing a file that dexie-export-import reads.

use std::io::Write;

use anabranch_core::json::write_string;
use anabranch_core::{Key, KeyPath, StoreSchema, Value};

use super::{row, schema};

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteExportError {
    /// The output failed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// A Blob's bytes are held elsewhere and were not given.
    #[error("the bytes of a Blob with SHA-256 {sha256} are not here")]
    BlobElsewhere {
        /// The Blob's hash.
        sha256: String,
    },
}

/// Writes a database as a dexie-export-import file, store by store.
pub struct DexieWriter<W> {
    out: W,
    stores: Vec<(String, StoreSchema)>,
    at: Option<usize>,
    rows: usize,
}

impl<W: Write> DexieWriter<W> {
    /// Begins a file. `stores` are their names, schemas and numbers of records, in the order in which they will come;
    /// `version` is IndexedDB's.
    pub fn new(
        mut out: W,
        database: &str,
        version: u64,
        stores: &[(String, StoreSchema, u64)],
    ) -> Result<Self, WriteExportError> {
        let mut head = b"{\"formatName\":\"dexie\",\"formatVersion\":1,\"data\":{\"databaseName\":".to_vec();
        write_string(database, &mut head);
        head.extend(format!(",\"databaseVersion\":{},\"tables\":[", version as f64 / 10.0).as_bytes());
        for (position, (name, schema, rows)) in stores.iter().enumerate() {
            head.extend(if position > 0 { &b",{\"name\":"[..] } else { b"{\"name\":" });
            write_string(name, &mut head);
            head.extend(b",\"schema\":");
            write_string(&schema::write(schema), &mut head);
            head.extend(format!(",\"rowCount\":{rows}}}").as_bytes());
        }
        head.extend(b"],\"data\":[");
        out.write_all(&head)?;
        let stores = stores.iter().map(|(name, schema, _)| (name.clone(), schema.clone())).collect();
        Ok(Self { out, stores, at: None, rows: 0 })
    }

    /// Begins the next store.
    pub fn begin_store(&mut self) -> Result<(), WriteExportError> {
        let next = self.at.map_or(0, |at| at + 1);
        let Some((name, schema)) = self.stores.get(next) else { return Ok(()) };
        let mut head = if next > 0 { b"]},".to_vec() } else { Vec::new() };
        head.extend(b"{\"tableName\":");
        write_string(name, &mut head);
        head.extend(format!(",\"inbound\":{},\"rows\":[", is_inbound(schema)).as_bytes());
        self.out.write_all(&head)?;
        (self.at, self.rows) = (Some(next), 0);
        Ok(())
    }

    /// Writes a record of the store that was begun last. The importer gives it back as it is, but for what its own
    /// exporter does not know; see [`dexie_leaves_out`](crate::dexie_leaves_out) for records that it would spoil.
    pub fn record(&mut self, key: &Key, value: &Value) -> Result<(), WriteExportError> {
        let inbound = self.at.and_then(|at| self.stores.get(at)).is_some_and(|(_, schema)| is_inbound(schema));
        let mut row = if self.rows > 0 { b",".to_vec() } else { Vec::new() };
        if inbound {
            row::write_inbound(value, &mut row)?;
        } else {
            row::write_outbound(key, value, &mut row)?;
        }
        self.rows += 1;
        Ok(self.out.write_all(&row)?)
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<W, WriteExportError> {
        self.out.write_all(if self.at.is_some() { b"]}]}}" } else { b"]}}" })?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Whether keys are inside the values. Dexie has no store whose key is the value itself: it has the key beside it.
fn is_inbound(schema: &StoreSchema) -> bool {
    schema.key_path.as_ref().is_some_and(|path| *path != KeyPath::Single(String::new()))
}
