//! dexie-export-import, format 1.

mod fits;
mod header;
mod leaves;
mod members;
mod path;
mod read;
mod revive;
mod row;
mod schema;
mod text;
mod types;
mod write;

pub use fits::{LeftOut, dexie_leaves_out};
pub(crate) use read::read;
pub(crate) use schema::path_text;
pub use write::{DexieWriter, WriteExportError};
