//! Commits: edits made upon a base become one chain of changes, merged with what came meanwhile.

use std::sync::Arc;

use self::plan::OwnChain;
use crate::document::{ApplyOutcome, ChangeBytes, Document, Refusal};
use crate::heads::Heads;
use crate::history::{KnownHeads, UnknownHeads};
use crate::record::Origin;

pub mod capture;
mod change_at;
pub(crate) mod diff;
pub mod edit;
mod merge_change;
mod merge_fields;
pub(crate) mod plan;
pub mod receipt;
mod resolve;
mod set_schema;
mod splice;

pub use capture::{Capture, CaptureError, CaptureKind};
pub use change_at::{ChangeAtError, CommitOptions};
pub use diff::Loss;
pub use edit::{Edit, ParseEditError};
pub use receipt::{Detail, Outcome, Receipt, RowRefusal};
pub use resolve::{Resolution, ResolveError};
pub use set_schema::SetSchemaError;
pub use splice::{Splice, SpliceError};

use crate::change::ActorKind;

/// Who commits: a name that is listed wherever a value of the commit is, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub(crate) name: Arc<str>,
    pub(crate) kind: ActorKind,
    pub(crate) origin: Origin,
}

impl Author {
    /// A person, or a program that acts for one, under this name.
    pub fn person(name: &str) -> Self {
        Self { name: name.into(), kind: ActorKind::Edit, origin: Origin::Person }
    }

    /// A run of a pipeline; `label` is the origin by which the pipeline knows its own writes. Without one they are a person's.
    pub fn run(run: &str, label: &str) -> Self {
        let origin = if label.is_empty() { Origin::Person } else { Origin::Pipeline(label.into()) };
        Self { name: run.into(), kind: ActorKind::Run, origin }
    }

    pub(crate) fn replica(name: &str, kind: ActorKind) -> Self {
        Self { name: name.into(), kind, origin: Origin::Person }
    }
}

/// A commit that was merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// What became of every row.
    pub receipt: Receipt,
    /// The changes to keep and to send: the commit's chain, after the merge changes that it needed, and what waited for
    /// them.
    pub changes: Vec<ChangeBytes>,
    /// The heads of the commit alone: the baseline of whoever made it.
    pub own_heads: Heads,
    /// The document's heads after it.
    pub heads: Heads,
}

/// Why a prepared commit could not be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CommitError {
    /// Another edit set reached the document that prepared heads do not know.
    #[error(transparent)]
    UnknownHeads(#[from] UnknownHeads),
    /// The guard refused what was just made: a bug of this library.
    #[error("the commit was refused by its own guard: {0}")]
    Refused(crate::document::RefuseReason),
}

/// Edits encoded as a chain of changes, not yet part of the document.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) base: KnownHeads,
    pub(crate) merges: Vec<ChangeBytes>,
    pub(crate) chain: OwnChain,
    pub(crate) rows: receipt::Rows,
    /// How many records of the base it deletes.
    pub deletions: usize,
    /// How many records the base shows.
    pub base_records: usize,
    /// How many records were read.
    pub records_read: usize,
}

impl Prepared {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.chain.changes.is_empty()
    }
}

impl Document {
    /// Takes a prepared commit and says what became of every row.
    pub fn commit(&mut self, prepared: Prepared) -> Result<Commit, CommitError> {
        let Prepared { base, mut merges, chain, rows, .. } = prepared;
        // A chain that is here already was committed by an equal capture or run: it is not somebody else.
        let range_of = |history: &crate::history::History| {
            let first = chain.changes.first().and_then(|first| history.position(&first.hash()))?;
            Some(first..first + chain.changes.len() as u32)
        };
        let own = range_of(&self.history);
        let is_new = own.is_none();
        // Nor is a sequence that was found alike elsewhere.
        let found: Vec<u32> = merges.iter().filter_map(|merge| self.history.position(&merge.hash)).collect();
        let is_own =
            |position: u32| own.as_ref().is_some_and(|own| own.contains(&position)) || found.contains(&position);
        let others = self.touched_between(&base, self.history.known_heads(), &is_own);
        merges.retain(|merge| self.history.position(&merge.hash).is_none());
        let outcome = if is_new { self.apply_own(&merges, &chain) } else { ApplyOutcome::default() };
        let is_own = |refusal: &Refusal| {
            merges.iter().any(|merge| Some(merge.hash) == refusal.hash)
                || chain.changes.iter().any(|change| Some(change.hash()) == refusal.hash)
        };
        if let Some(refusal) = outcome.refused.into_iter().find(is_own) {
            return Err(CommitError::Refused(refusal.reason));
        }
        // Not only its own: what waited for them has been taken too, and must be kept.
        let changes = outcome.applied;
        let receipt = self.receipt(&rows, range_of(&self.history).unwrap_or_default(), &others);
        let heads = self.heads();
        let own_heads = match chain.changes.last().map(|last| last.hash()) {
            None => base.heads().clone(),
            Some(last) if heads.hashes() == [last] => heads.clone(),
            Some(last) => Heads::at(last),
        };
        Ok(Commit { receipt, changes, own_heads, heads })
    }
}
