//! What a sink is given and what it must do with it.

use std::collections::BTreeMap;
use std::fmt;

use anabranch_core::{Batch, Conflict, Document, Heads, KnownHeads, Record, View};

/// The name of a table at a destination: a database and one of its stores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The database.
    pub database: String,
    /// The object store.
    pub store: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.database, self.store)
    }
}

/// The heads up to which each table was delivered. A table that is not here never was.
pub type Checkpoints = BTreeMap<TableName, Heads>;

/// Delivers to one kind of destination.
pub trait Sink {
    /// Why it failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Reads how far the destination is, to deliver what comes after.
    fn open(&mut self) -> Result<Checkpoints, Self::Error>;

    /// Makes rows and checkpoints of all tables visible together, or none of them.
    ///
    /// Delivering again what was delivered changes nothing. Fails if another writer delivered since [`Sink::open`].
    fn deliver(&mut self, delivery: &Delivery<'_>) -> Result<Vec<TableReceipt>, Self::Error>;
}

/// What moved since the last checkpoint, of all stores at once.
pub struct Delivery<'d> {
    /// The tables that moved, in the order in which they were given.
    pub tables: Vec<TableDelivery<'d>>,
}

/// What moved in one store. A sink takes the changes, or the contents as they are now, whichever suits it.
pub struct TableDelivery<'d> {
    pub(crate) name: TableName,
    pub(crate) document: &'d Document,
    pub(crate) from: KnownHeads,
    pub(crate) to: KnownHeads,
    pub(crate) view: View<'d>,
}

impl TableDelivery<'_> {
    /// The table.
    pub fn name(&self) -> &TableName {
        &self.name
    }

    /// The checkpoint before; empty for a backfill.
    pub fn from(&self) -> &Heads {
        self.from.heads()
    }

    /// The checkpoint after.
    pub fn to(&self) -> &Heads {
        self.to.heads()
    }

    /// The record changes between the two, in causal order.
    pub fn changes(&self) -> Batch {
        self.document.record_changes(&self.from, &self.to)
    }

    /// All records at the checkpoint after, in key order.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.view.records()
    }

    /// All conflicts at the checkpoint after.
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.view.conflicts()
    }
}

/// What became of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableReceipt {
    /// Rows of the table, or changes of the feed, that were written.
    pub rows: usize,
    /// Conflicts beside it.
    pub conflicts: usize,
    /// Values and rows that did not fit.
    pub dead_letters: usize,
    /// What was written, in the destination's own names.
    pub files: Vec<String>,
}
