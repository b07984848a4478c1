//! The face of Anabranch for services that embed it: one dependency, the parts by feature.
#![doc = include_str!("../README.md")]

pub use anabranch_core::*;

/// Exports of IndexedDB, read and written.
#[cfg(feature = "indexeddb")]
pub use anabranch_indexeddb as indexeddb;
/// The port to pipelines.
#[cfg(feature = "sink")]
pub use anabranch_sink as sink;
/// Parquet, CSV and JSON Lines as destinations.
#[cfg(feature = "sink-files")]
pub use anabranch_sink_files as sink_files;
/// The store directory, and archives of trimmed history.
#[cfg(feature = "store")]
pub use anabranch_store as store;
/// Frames, segments and entries.
#[cfg(feature = "wire")]
pub use anabranch_wire as wire;
