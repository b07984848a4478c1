//! dexie-export-import, format 1.

mod read;
mod schema;
mod typeson;
mod write;

pub(crate) use read::read;
pub use write::{DexieWriter, WriteExportError};
