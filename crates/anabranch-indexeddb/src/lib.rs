//! IndexedDB as a source of snapshots and a target of record changes.
#![doc = include_str!("../README.md")]

mod dexie;
mod export;
mod loss;
mod plain;
mod playwright;
mod visit;

pub use dexie::{DexieWriter, WriteExportError};
pub use export::{Export, Format, ReadOptions};
pub use visit::{ReadError, ReadExportError, SnapshotVisitor, Want};
