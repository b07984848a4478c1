//! The contents of one IndexedDB database at one moment.

use crate::key::Key;
use crate::schema::StoreSchema;
use crate::value::Value;

/// The contents of one IndexedDB database at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The database's name.
    pub database: String,
    /// IndexedDB's version number, where the source knows it.
    pub database_version: Option<u64>,
    /// Its object stores. A store that is not here is unknown, not empty.
    pub stores: Vec<StoreSnapshot>,
}

/// The contents of one object store at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreSnapshot {
    /// The store's name.
    pub name: String,
    /// Its schema, where the source knows it (policies are not read from sources).
    pub schema: StoreSchema,
    /// Whether every record of the store is here. Where not, what is missing is unknown, not deleted.
    pub complete: bool,
    /// The records, in any order, no key twice.
    pub records: Vec<(Key, Value)>,
}
