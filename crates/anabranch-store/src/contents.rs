//! What a store directory says beside its changes: names, replicas, runs and databases.

use std::collections::BTreeMap;
use std::fmt;

use anabranch_core::Heads;

/// The name of an object store: its database and its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreName {
    /// The database.
    pub database: String,
    /// The object store.
    pub store: String,
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.database, self.store)
    }
}

/// What a replica was known to hold of one store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The heads.
    pub heads: Heads,
    /// Keys that it never got, as typed JSON.
    pub left_out: Vec<String>,
}

/// Merged contents written for a replica, not yet known to be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The heads that were written.
    pub heads: BTreeMap<StoreName, Heads>,
    /// The keys that were left out, as typed JSON.
    pub left_out: BTreeMap<StoreName, Vec<String>>,
    /// Milliseconds since 1970.
    pub written_at_ms: Option<i64>,
}

/// All that is known of a replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    /// Its name.
    pub name: String,
    /// Milliseconds since 1970.
    pub captured_at_ms: Option<i64>,
    /// What it held when it was last captured.
    pub baselines: BTreeMap<StoreName, Baseline>,
    /// Offers since the last capture, oldest first.
    pub offers: Vec<Offer>,
}

/// A run that was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The store that it wrote.
    pub store: StoreName,
    /// The heads that it read.
    pub base: Heads,
    /// blake3 of its edits.
    pub edits: [u8; 32],
    /// What else its result depends on.
    pub parameters: String,
    /// Its receipt, as JSON.
    pub receipt: String,
}

/// A database, as a source last described it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// IndexedDB's version.
    pub version: Option<u64>,
    /// Its stores, in the source's order.
    pub stores: Vec<String>,
}
