//! Reading an export piece by piece, in constant memory.

use std::path::PathBuf;

use anabranch_core::json::JsonError;
use anabranch_core::key::MakeKeyError;
use anabranch_core::{Key, StoreSchema, Value};

/// Takes an export piece by piece: databases, their stores, the stores' records.
pub trait SnapshotVisitor {
    /// What the visitor may fail with; passed through.
    type Error;

    /// A database begins. `tables` are all its stores that the file holds, in the file's order.
    fn database(&mut self, _name: &str, _version: Option<u64>, _tables: &[String]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// A store begins; `rows` is how many records the source says that the store has.
    fn store(&mut self, name: &str, schema: &StoreSchema, rows: Option<u64>) -> Result<Want, Self::Error>;

    /// A record of the store.
    fn record(&mut self, key: Key, value: Value) -> Result<(), Self::Error>;

    /// The store ends. If it was not `complete`, what is missing is unknown.
    fn end_store(&mut self, _complete: bool) -> Result<(), Self::Error> {
        Ok(())
    }

    /// `read` of `total` bytes of the file were consumed.
    fn progress(&mut self, _read: u64, _total: u64) {}
}

/// Whether the visitor wants a store's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// All of them.
    Records,
    /// None of them.
    Skip,
}

/// Why an export was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The export is damaged or of an unknown format.
    #[error(transparent)]
    Export(#[from] ReadExportError),
    /// The visitor stopped.
    #[error("{0}")]
    Visitor(E),
}

/// What is wrong with an export file, and where.
#[derive(Debug, thiserror::Error)]
pub enum ReadExportError {
    /// The file cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no JSON, or is cut off.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        source: JsonError,
    },
    /// The file is JSON of none of the formats that are read.
    #[error("{}: not an export that can be read; dexie-export-import (format 1), Playwright storageState with indexedDB, and indexeddb-export-import are", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A member is missing or of the wrong type.
    #[error("{}: byte {at}: {what} is missing or of the wrong type", path.display())]
    Member {
        /// The file.
        path: PathBuf,
        /// Offset up to which the file was read.
        at: u64,
        /// Which member.
        what: &'static str,
    },
    /// A member that may be there once only, because it is read as it comes.
    #[error("{}: byte {at}: {what} is there twice", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// Offset up to which the file was read.
        at: u64,
        /// Which member.
        what: &'static str,
    },
    /// A row that cannot be read.
    #[error("{}: byte {at}: store {store:?}, row {row}: {source}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Offset up to which the file was read.
        at: u64,
        /// The store.
        store: String,
        /// Position of the row, from 0.
        row: u64,
        /// What is wrong with it.
        source: ReadRowError,
    },
    /// The format says nothing of key paths, and nobody else did.
    #[error("{}: this format holds no schema: give one with --schema (store {store:?})", path.display())]
    SchemaNeeded {
        /// The file.
        path: PathBuf,
        /// The store.
        store: String,
    },
    /// The format drops the keys of this store.
    #[error("{}: store {store:?} has out-of-line keys, which this format drops: export it with dexie-export-import", path.display())]
    KeysLost {
        /// The file.
        path: PathBuf,
        /// The store.
        store: String,
    },
}

/// What is wrong with a row.
#[derive(Debug, thiserror::Error)]
pub enum ReadRowError {
    /// The row is not of the form that its table says.
    #[error("not a row of this table")]
    Shape,
    /// The key is none.
    #[error("the key: {0}")]
    Key(#[from] MakeKeyError),
    /// A type tag that is unknown, or whose value does not fit it.
    #[error("{path:?}: a value of tag {tag:?} that cannot be read")]
    Tag {
        /// Where in the row.
        path: String,
        /// The tag.
        tag: String,
    },
    /// The value nests too deep.
    #[error("values nest at most {} levels", anabranch_core::value::VALUE_DEPTH_MAX)]
    TooDeep,
}
