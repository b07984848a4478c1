//! What can be said of changes and writes to people.

use super::{ChangeBytes, Document};
use crate::change::{ActorId, ActorKind};
use crate::heads::ChangeHash;
use crate::history::KnownHeads;
use crate::key::Key;
use crate::record::Origin;
use crate::schema::FieldPath;
use crate::value::Value;

/// An accepted change, described.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeInfo {
    /// Its hash.
    pub hash: ChangeHash,
    /// The changes that it builds on.
    pub deps: Vec<ChangeHash>,
    /// Its author.
    pub actor: ActorId,
    /// What kind of commit it belongs to.
    pub kind: ActorKind,
    /// The replica or run that made it.
    pub by: String,
    /// Where it comes from.
    pub origin: Origin,
    /// How many ops it holds.
    pub ops: usize,
    /// Its position in its commit, from 0, and how many changes the commit has.
    pub part: (u32, u32),
}

/// One write of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The record's key.
    pub key: Key,
    /// The field; `None` for the record's life.
    pub field: Option<FieldPath>,
    /// The value written; `None` if the field was removed or for the record's life.
    pub value: Option<Value>,
    /// Whether it deleted the record.
    pub is_deletion: bool,
    /// Whether it is an increment or an element rather than the whole field.
    pub is_part: bool,
    /// The replica or run.
    pub replica: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What kind of commit it belongs to.
    pub kind: ActorKind,
    /// The change.
    pub change: ChangeHash,
    /// Whether it is what the record shows.
    pub shown: bool,
    /// Whether nothing has overwritten it.
    pub visible: bool,
}

impl Document {
    /// Every change, in causal order.
    pub fn changes(&self) -> impl Iterator<Item = ChangeInfo> + '_ {
        self.history.changes().iter().enumerate().map(|(position, stored)| {
            let chain = self.history.chain(position as u32);
            ChangeInfo {
                hash: stored.hash,
                deps: stored.deps.iter().map(|dep| self.history.change(*dep).hash).collect(),
                actor: self.history.actor(position as u32),
                kind: chain.kind,
                by: chain.by.to_string(),
                origin: chain.origin.clone(),
                ops: stored.ops as usize,
                part: (position as u32 - chain.first, chain.length),
            }
        })
    }

    /// The bytes of every change that was not trimmed, in causal order: what a log keeps and a peer gets.
    pub fn change_bytes(&self) -> impl Iterator<Item = ChangeBytes> + '_ {
        let positions = (0..self.history.changes().len() as u32).filter(|at| !self.history.is_trimmed(*at));
        positions.map(|position| ChangeBytes {
            hash: self.history.change(position).hash,
            bytes: self.history.bytes(position),
        })
    }

    /// Whether `later` includes everything that `earlier` does.
    pub fn descends_from(&self, later: &KnownHeads, earlier: &KnownHeads) -> bool {
        let ancestry = self.history.ancestry(&later.positions);
        earlier.positions.iter().all(|position| ancestry.contains(*position))
    }

    /// How many changes the document has that `heads` does not include.
    pub fn changes_since(&self, heads: &KnownHeads) -> usize {
        let ancestry = self.history.ancestry(&heads.positions);
        (0..self.change_count() as u32).filter(|position| !ancestry.contains(*position)).count()
    }
}
