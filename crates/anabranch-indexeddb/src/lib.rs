//! IndexedDB as a source of snapshots and a target of record changes.
#![doc = include_str!("../README.md")]

mod dexie;
mod export;
mod graph;
mod loss;
mod parts;
mod plain;
mod playwright;
mod untyped;
mod visit;

pub use dexie::{DexieWriter, LeftOut, WriteExportError, dexie_leaves_out};
pub use export::{Export, Format, ReadOptions};
pub use loss::{Lost, LostValue, Step, dexie_loses};
pub use visit::{ReadError, ReadExportError, SnapshotVisitor, Want};
