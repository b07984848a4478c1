//! Stores and deliveries to try things on.

use std::collections::BTreeMap;

use anabranch_core::{Author, Document, Edit, Key, Value};
use anabranch_sink::columns::Contract;
use anabranch_sink::{DeliverError, Delivered, TableName, deliver};
use anabranch_sink_files::{FileSink, Format, Manifest, ManifestTable, Mode, Options, SinkError};

use crate::read::{Row, rows};
use crate::shelf::Shelf;

pub(crate) const FORMATS: [Format; 3] = [Format::Parquet, Format::Jsonl, Format::Csv];
pub(crate) const MODES: [Mode; 2] = [Mode::Current, Mode::Changes];

/// A place that is delivered to.
pub(crate) struct Place {
    pub(crate) shelf: Shelf,
    pub(crate) format: Format,
    pub(crate) mode: Mode,
    pub(crate) contract: Option<Contract>,
}

impl Place {
    pub(crate) fn new(format: Format, mode: Mode) -> Self {
        Self { shelf: Shelf::default(), format, mode, contract: None }
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            format: Some(self.format),
            mode: Some(self.mode),
            contract: self.contract,
            contracts: BTreeMap::new(),
        }
    }

    pub(crate) fn deliver(&self, stores: &[(TableName, &Document)]) -> Result<Vec<Delivered>, DeliverError<SinkError>> {
        deliver(&mut FileSink::new(self.shelf.clone(), self.options()), stores)
    }

    pub(crate) fn manifest(&self) -> Manifest {
        serde_json::from_slice(&self.read("_anabranch.json")).expect("it is a manifest")
    }

    pub(crate) fn table(&self, name: &TableName) -> ManifestTable {
        self.manifest().table(name).expect("the table was delivered").clone()
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        self.shelf.0.borrow().get(path).unwrap_or_else(|| panic!("{path} is not there")).clone()
    }

    pub(crate) fn rows(&self, path: &str) -> Vec<Row> {
        rows(self.format, &self.read(path))
    }

    /// All files but the manifest.
    pub(crate) fn files(&self) -> Vec<String> {
        self.shelf.0.borrow().keys().filter(|path| *path != "_anabranch.json").cloned().collect()
    }
}

pub(crate) fn table(store: &str) -> TableName {
    TableName { database: "shop".into(), store: store.into() }
}

/// Writes records at its present heads.
pub(crate) fn put(document: &mut Document, author: &str, records: impl IntoIterator<Item = (Key, Value)>) {
    let edits = records.into_iter().map(|(key, value)| Edit::Put { key: Some(key), value });
    edit(document, author, &edits.collect::<Vec<_>>());
}

pub(crate) fn edit(document: &mut Document, author: &str, edits: &[Edit]) {
    let base = document.known(&document.heads()).expect("they are its own");
    let receipt = document.change_at(&base, edits, &Author::person(author)).expect("the edits are sound");
    assert_eq!(receipt.receipt.refused, 0, "{receipt:?}");
}

pub(crate) fn document(records: impl IntoIterator<Item = (Key, Value)>) -> Document {
    let mut document = Document::new();
    put(&mut document, "first", records);
    document
}

pub(crate) fn key(at: i32) -> Key {
    Key::Number(f64::from(at))
}
