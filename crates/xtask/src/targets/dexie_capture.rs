//! Export files from anywhere, captured.

use std::io::Write;

use anabranch_core::{CaptureKind, Document, Key, StoreSchema, Value};
use anabranch_indexeddb::{Export, ReadOptions, SnapshotVisitor, Want};

/// Reads the bytes as an export of any format and captures its stores; damage is an error, never a panic.
pub fn dexie_capture(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    file.write_all(bytes).expect("a temporary file can be written");
    let Ok(export) = Export::open(file.path(), &ReadOptions::default()) else { return };
    let mut stores = Stores::default();
    if export.read(&mut stores).is_err() {
        return;
    }
    for (schema, records) in stores.0 {
        let document = Document::new();
        let mut capture = document.capture("fuzz", CaptureKind::First);
        if capture.schema(&schema).is_err()
            || records.iter().any(|(key, value)| capture.record(key, value, None).is_err())
        {
            continue;
        }
        let prepared = capture.finish(true).expect("records were taken one by one");
        let mut document = document.clone();
        let commit = document.commit(prepared).expect("the guard takes what the capture made");
        assert_eq!(commit.receipt.rows, records.len(), "every record was found");
        assert_eq!(document.view().record_count(), records.len(), "every record shows");
    }
}

#[derive(Default)]
struct Stores(Vec<(StoreSchema, Vec<(Key, Value)>)>);

impl SnapshotVisitor for Stores {
    type Error = std::convert::Infallible;

    fn store(&mut self, _name: &str, schema: &StoreSchema, _rows: Option<u64>) -> Result<Want, Self::Error> {
        self.0.push((schema.clone(), Vec::new()));
        Ok(Want::Records)
    }

    fn record(&mut self, key: Key, value: Value) -> Result<(), Self::Error> {
        if let Some((_, records)) = self.0.last_mut() {
            records.push((key, value));
        }
        Ok(())
    }
}
