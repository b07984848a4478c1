//! Why a delivery failed.

use std::io;

use anabranch_sink::TableName;
use anabranch_sink::columns::ContractError;

use crate::layout::MANIFEST;
use crate::table::{Format, Mode, WriteTableError};

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
    #[error("table {table}, record {key}: {source}")]
    Contract {
        /// The table.
        table: TableName,
        /// The record's key, as typed JSON.
        key: String,
        /// Where and why.
        source: Box<ContractError>,
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
