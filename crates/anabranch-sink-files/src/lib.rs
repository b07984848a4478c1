//! Files as a destination: Parquet, JSON Lines and CSV, in a directory or behind an `object_store` URL.
#![doc = include_str!("../README.md")]

mod beside;
mod csv;
mod destination;
mod jsonl;
mod layout;
mod manifest;
mod parquet;
mod rows;
mod sink;
mod table;

#[cfg(feature = "object_store")]
pub use destination::ObjectStore;
pub use destination::{Destination, LocalDirectory, Revision, open_url, without_secrets};
pub use jsonl::{write_conflict, write_record};
pub use manifest::{Manifest, ManifestTable};
pub use sink::{FileSink, Options, SinkError};
pub use table::{Format, Mode, RecordTable, WriteTableError};
