//! What a store shows: records, how they changed between two heads, and what is in conflict.

use crate::heads::{ChangeHash, Heads};
use crate::key::Key;
use crate::schema::FieldPath;
use crate::value::Value;

/// A key and its value in an object store.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
}

/// How one record differs between two heads.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordChange {
    /// The record's key.
    pub key: Key,
    /// What it was; `None` if it was not there.
    pub before: Option<Value>,
    /// What it is; `None` if it is gone.
    pub after: Option<Value>,
    /// Who wrote it.
    pub origin: Origin,
}

impl RecordChange {
    /// `c` created, `u` updated, `d` deleted (Debezium's letters).
    pub fn op(&self) -> char {
        match (&self.before, &self.after) {
            (None, _) => 'c',
            (Some(_), Some(_)) => 'u',
            (Some(_), None) => 'd',
        }
    }
}

/// Record changes between two heads, delivered together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Exclusive.
    pub from: Heads,
    /// Inclusive: the checkpoint after delivery.
    pub to: Heads,
    /// One for each record that differs, in causal order of its last change.
    pub changes: Vec<RecordChange>,
}

/// Which system made a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A person's browser, or something that nobody knows better.
    Person,
    /// A pipeline, by its label.
    Pipeline(String),
}

impl Origin {
    /// `person`, or the pipeline's label.
    pub fn label(&self) -> &str {
        match self {
            Origin::Person => "person",
            Origin::Pipeline(label) => label,
        }
    }
}

/// Several values concurrently set at one place: one is shown, all are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The record's key, as shown.
    pub key: Key,
    /// The field, or `None` for the record as a whole.
    pub field: Option<FieldPath>,
    /// What kind of conflict.
    pub kind: ConflictKind,
    /// The value shown; `None` if nothing is.
    pub shown: Option<Value>,
    /// The values that are not.
    pub others: Vec<Contender>,
    /// The name of the policy that chose.
    pub policy: &'static str,
}

/// A value that lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// The value; `None` if it was removed.
    pub value: Option<Value>,
    /// The replica or run that wrote it.
    pub replica: String,
    /// The change that wrote it.
    pub change: ChangeHash,
    /// The key under which it is shown instead, where a generated key was made twice.
    pub key: Option<Key>,
}

/// What kind of conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConflictKind {
    /// A deletion against an edit.
    Delete,
    /// Two records made with one generated key.
    Generator,
    /// Two records with one key in a unique index.
    Unique,
    /// Different values at one place.
    Value,
}

impl ConflictKind {
    /// `value`, `delete`, `unique` or `generator`.
    pub fn name(self) -> &'static str {
        match self {
            ConflictKind::Delete => "delete",
            ConflictKind::Generator => "generator",
            ConflictKind::Unique => "unique",
            ConflictKind::Value => "value",
        }
    }
}
