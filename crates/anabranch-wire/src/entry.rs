//! Log entries (FORMAT.md §3). Flat, without maps and recursion: the bytes follow from the values alone.

use bincode::{Decode, Encode};

/// A change hash or a SHA-256.
pub type Hash = [u8; 32];

/// The heads of one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Heads {
    /// The store's number in this log.
    pub store: u32,
    /// The hashes, ascending.
    pub hashes: Vec<Hash>,
}

/// Keys of a store that were not handed over, as typed JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct LeftOut {
    /// The store's number in this log.
    pub store: u32,
    /// The keys.
    pub keys: Vec<String>,
}

/// What a replica was known to hold of one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Baseline {
    /// The heads.
    pub heads: Heads,
    /// Keys that it never got.
    pub left_out: Vec<String>,
}

/// Merged contents written for a replica, not yet known to be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// The heads that were written, by store.
    pub heads: Vec<Heads>,
    /// What was left out, by store.
    pub left_out: Vec<LeftOut>,
    /// Milliseconds since 1970.
    pub written_at_ms: Option<i64>,
}

/// All that is known of a replica; a later entry replaces an earlier one of the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ReplicaEntry {
    /// Its name.
    pub name: String,
    /// Milliseconds since 1970.
    pub captured_at_ms: Option<i64>,
    /// What it held, by store.
    pub baselines: Vec<Baseline>,
    /// Offers since the last capture.
    pub offers: Vec<Offer>,
}

/// A run that was committed, so that it is never committed twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct RunEntry {
    /// The run's id.
    pub id: String,
    /// The heads that it read.
    pub base: Heads,
    /// blake3 of the edits as they were handed in.
    pub edits: Hash,
    /// What else the result depends on.
    pub parameters: String,
    /// The receipt, as JSON.
    pub receipt: String,
}

/// A note beside changes: when and where they came in. Not replicated, decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Note {
    /// Milliseconds since 1970.
    pub time_ms: Option<i64>,
    /// A file's name, or what else brought them.
    pub source: String,
}

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Entry {
    /// Gives a store its number in this log.
    Store {
        /// The number, from 1.
        number: u32,
        /// Its database.
        database: String,
        /// Its name.
        store: String,
    },
    /// Accepted changes of a store.
    Changes {
        /// The store's number.
        store: u32,
        /// When and where they came in.
        note: Note,
        /// The changes' bytes.
        changes: Vec<Vec<u8>>,
    },
    /// A replica as it is now.
    Replica(ReplicaEntry),
    /// A committed run.
    Run(RunEntry),
    /// A database's version and the order of its stores, as a source last said it.
    Database {
        /// Its name.
        name: String,
        /// IndexedDB's version.
        version: Option<u64>,
        /// Its stores.
        stores: Vec<String>,
    },
    /// Ends a transaction: what follows the last of these never happened.
    Commit {
        /// How many entries the transaction has.
        entries: u32,
        /// blake3 of the transaction before and of the hashes of this one's frames.
        digest: Hash,
    },
    /// A large Blob, which lies in a file of its own.
    Blob {
        /// The SHA-256 of its bytes.
        sha256: Hash,
        /// How many they are.
        size: u64,
    },
}
