//! Reading a whole export into memory.

use std::io::Write;

use anabranch_core::{Key, StoreSchema, Value};
use anabranch_indexeddb::{Export, Format, ReadError, ReadExportError, ReadOptions, SnapshotVisitor, Want};

/// Everything that a file holds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) databases: Vec<(String, Option<u64>, Vec<String>)>,
    pub(crate) stores: Vec<Store>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Store {
    pub(crate) name: String,
    pub(crate) schema: StoreSchema,
    pub(crate) rows: Option<u64>,
    pub(crate) complete: Option<bool>,
    pub(crate) records: Vec<(Key, Value)>,
}

impl Contents {
    pub(crate) fn store(&self, name: &str) -> &Store {
        self.stores.iter().find(|store| store.name == name).unwrap()
    }
}

impl Store {
    pub(crate) fn get(&self, key: impl Into<anabranch_core::JsString>) -> &Value {
        let key = Key::String(key.into());
        &self.records.iter().find(|(have, _)| *have == key).unwrap().1
    }
}

impl SnapshotVisitor for Contents {
    type Error = std::convert::Infallible;

    fn database(&mut self, name: &str, version: Option<u64>, tables: &[String]) -> Result<(), Self::Error> {
        self.databases.push((name.to_owned(), version, tables.to_vec()));
        Ok(())
    }

    fn store(&mut self, name: &str, schema: &StoreSchema, rows: Option<u64>) -> Result<Want, Self::Error> {
        let (name, schema) = (name.to_owned(), schema.clone());
        self.stores.push(Store { name, schema, rows, complete: None, records: Vec::new() });
        Ok(Want::Records)
    }

    fn record(&mut self, key: Key, value: Value) -> Result<(), Self::Error> {
        self.stores.last_mut().unwrap().records.push((key, value));
        Ok(())
    }

    fn end_store(&mut self, complete: bool) -> Result<(), Self::Error> {
        self.stores.last_mut().unwrap().complete = Some(complete);
        Ok(())
    }
}

/// Reads bytes as an export, with the schemas that a user would give.
pub(crate) fn read_with(bytes: &[u8], options: &ReadOptions) -> Result<(Format, Contents), ReadExportError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let export = Export::open(file.path(), options)?;
    let mut contents = Contents::default();
    match export.read(&mut contents) {
        Ok(()) => Ok((export.format(), contents)),
        Err(ReadError::Export(error)) => Err(error),
        Err(ReadError::Visitor(never)) => match never {},
    }
}

pub(crate) fn read(bytes: &[u8]) -> Result<Contents, ReadExportError> {
    read_with(bytes, &ReadOptions::default()).map(|(_, contents)| contents)
}

/// A dexie file of one store with these rows, in JSON.
pub(crate) fn dexie_file(schema: &str, inbound: bool, rows: &[&str]) -> String {
    format!(
        r#"{{"formatName":"dexie","formatVersion":1,"data":{{"databaseName":"d","databaseVersion":1,"tables":[{{"name":"s","schema":"{schema}","rowCount":{}}}],"data":[{{"tableName":"s","inbound":{inbound},"rows":[{}]}}]}}}}"#,
        rows.len(),
        rows.join(",")
    )
}
