//! The replicated object store: takes snapshots in, merges changes, gives record changes out.

pub mod heads;
pub mod json;
pub mod key;
pub mod record;
pub mod schema;
pub mod snapshot;
pub mod string;
pub mod value;
