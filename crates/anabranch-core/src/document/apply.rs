//! Applying changes from anywhere: decoded, checked and taken chain by chain, all or nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Document;
use crate::change::{Decoded, Limits};
use crate::heads::ChangeHash;
use crate::history::chain::Header;
use crate::layout;
use crate::limits;
use crate::registers::hash_identity;

mod guard;
mod places;
mod preds;
pub use guard::RefuseReason;

/// What became of a batch of changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApplyOutcome {
    /// Changes that are part of the history now, in the order in which they were taken.
    pub applied: Vec<super::ChangeBytes>,
    /// How many were known already or came twice.
    pub duplicates: usize,
    /// How many wait for the rest of their chain or for changes that they depend on.
    pub waiting: usize,
    /// Those that were refused; the rest of the batch is not affected.
    pub refused: Vec<Refusal>,
}

/// A change that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Its hash, if it could be read.
    pub hash: Option<ChangeHash>,
    /// Why.
    pub reason: RefuseReason,
}

/// Why a batch was not applied at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// More changes wait for missing ones than may wait.
    #[error(
        "over {} changes or {} bytes wait for changes that are missing",
        limits::ORPHANS_MAX,
        limits::ORPHAN_BYTES_MAX
    )]
    TooManyOrphans,
}

/// A decoded change and its bytes.
type Part = Arc<(Decoded, Arc<[u8]>)>;

/// Decoded changes that cannot be taken yet, by hash.
pub(super) type Waiting = BTreeMap<ChangeHash, Part>;

/// The waiting changes that depend on a change.
type Dependents = BTreeMap<ChangeHash, Vec<ChangeHash>>;

/// How many ways to complete one chain are tried: an honest chain has one.
const CHAIN_CANDIDATES_MAX: usize = 16;

/// Where changes come from decides what must be checked again.
#[derive(Clone, Copy, PartialEq)]
enum Trust {
    /// Our own log, whose checksums were verified: every change was checked before it was written.
    OwnLog,
    Anybody,
}

impl Document {
    /// Takes changes in any order, duplicates included; what is refused is named and leaves no trace.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Arc<[u8]>>) -> Result<ApplyOutcome, ApplyError> {
        self.apply_trusting(changes, Trust::Anybody)
    }

    /// Takes the changes of an own log, whose checksums were verified and which were checked when they were accepted.
    pub fn load(changes: impl IntoIterator<Item = Arc<[u8]>>) -> Result<(Self, ApplyOutcome), ApplyError> {
        let mut document = Self::new();
        let outcome = document.apply_trusting(changes, Trust::OwnLog)?;
        Ok((document, outcome))
    }

    fn apply_trusting(
        &mut self,
        changes: impl IntoIterator<Item = Arc<[u8]>>,
        trust: Trust,
    ) -> Result<ApplyOutcome, ApplyError> {
        let mut outcome = ApplyOutcome::default();
        let mut arrived = Vec::new();
        for bytes in changes {
            match Decoded::read(&bytes, Limits::default()) {
                Err(reason) => refuse(&mut outcome, None, reason.into()),
                Ok(decoded)
                    if self.history.position(&decoded.hash).is_some() || self.waiting.contains_key(&decoded.hash) =>
                {
                    outcome.duplicates += 1;
                }
                Ok(decoded) => {
                    let hash = decoded.hash;
                    self.waiting.insert(hash, Arc::new((decoded, bytes)));
                    arrived.push(hash);
                }
            }
        }
        self.take_ready_chains(&arrived, trust, &mut outcome);
        if self.orphans_exceed_limits() {
            // What was taken stays: it was complete. What came with it and cannot be kept goes.
            arrived.iter().for_each(|hash| drop(self.waiting.remove(hash)));
            return Err(ApplyError::TooManyOrphans);
        }
        outcome.waiting = self.waiting.len();
        Ok(outcome)
    }

    /// Takes every chain that is complete and whose dependencies are here, until none is left.
    fn take_ready_chains(&mut self, arrived: &[ChangeHash], trust: Trust, outcome: &mut ApplyOutcome) {
        let mut dependents = Dependents::new();
        for (hash, waiting) in &self.waiting {
            waiting.0.deps.iter().for_each(|dep| dependents.entry(*dep).or_default().push(*hash));
        }
        // A chain may have waited for a part that came just now: begin at its first change.
        let mut queue: VecDeque<ChangeHash> = arrived.iter().chain(self.waiting.keys()).copied().collect();
        while let Some(hash) = queue.pop_front() {
            if let Some(last) = self.take_chain_of(&hash, &dependents, trust, outcome) {
                queue.extend(dependents.get(&last).into_iter().flatten());
            }
        }
    }

    /// Takes the chain that begins with `hash` if it is complete, and returns its last change.
    ///
    /// Anybody can forge a change that claims to follow an honest one, so there may be several candidates: the contents
    /// of the true one are what its actor is derived from.
    fn take_chain_of(
        &mut self,
        hash: &ChangeHash,
        dependents: &Dependents,
        trust: Trust,
        outcome: &mut ApplyOutcome,
    ) -> Option<ChangeHash> {
        let candidates = self.complete_chains(hash, dependents);
        let mut refused: Option<RefuseReason> = None;
        for chain in &candidates {
            let changes: Vec<&Decoded> = chain.iter().map(|part| &part.0).collect();
            let bytes: Vec<&[u8]> = chain.iter().map(|part| &*part.1).collect();
            match guard::check_chain((&self.history, &self.registers), &changes, &bytes, trust == Trust::Anybody) {
                Err(reason) => refused = refused.or(Some(reason)),
                Ok(header) => {
                    chain.iter().for_each(|part| drop(self.waiting.remove(&part.0.hash)));
                    let last = chain.last().map(|part| part.0.hash);
                    self.refuse_forged_siblings(chain, dependents, outcome);
                    self.push_chain(header, chain, outcome);
                    return last;
                }
            }
        }
        let reason = refused?;
        for part in candidates.iter().flatten() {
            if self.waiting.remove(&part.0.hash).is_some() {
                refuse(outcome, Some(part.0.hash), reason.clone());
            }
        }
        None
    }

    /// Every complete chain that begins with `hash`, if that is waiting and nothing that it needs is missing.
    fn complete_chains(&self, hash: &ChangeHash, dependents: &Dependents) -> Vec<Vec<Part>> {
        let (mut complete, mut path) = (Vec::new(), Vec::new());
        let Some(first) = self.waiting.get(hash) else { return complete };
        if first.0.seq != 1 || !first.0.deps.iter().all(|dep| self.history.position(dep).is_some()) {
            return complete;
        }
        let length = first
            .0
            .actor()
            .kind()
            .and_then(|kind| Header::parse(&first.0.message, kind))
            .map_or(1, |header| header.length);
        let mut open = vec![(0, first.clone())];
        while let Some((depth, part)) = open.pop() {
            path.truncate(depth);
            path.push(part.clone());
            if path.len() >= length as usize {
                complete.push(path.clone());
                if complete.len() >= CHAIN_CANDIDATES_MAX {
                    break;
                }
                continue;
            }
            let last = &part.0;
            let follows = |next: &&Part| {
                next.0.actor() == last.actor() && next.0.seq == last.seq + 1 && next.0.deps == [last.hash]
            };
            let next = dependents.get(&last.hash).into_iter().flatten().filter_map(|hash| self.waiting.get(hash));
            open.extend(next.filter(follows).map(|next| (depth + 1, next.clone())));
        }
        complete
    }

    /// An actor makes one chain: what else claims to continue a chain that was taken never will.
    fn refuse_forged_siblings(&mut self, chain: &[Part], dependents: &Dependents, outcome: &mut ApplyOutcome) {
        for part in chain {
            for hash in dependents.get(&part.0.hash).into_iter().flatten() {
                if self.waiting.get(hash).is_some_and(|other| other.0.actor() == part.0.actor()) {
                    self.waiting.remove(hash);
                    refuse(outcome, Some(*hash), RefuseReason::ActorReused);
                }
            }
        }
    }

    fn push_chain(&mut self, header: Header, parts: &[Part], outcome: &mut ApplyOutcome) {
        let applied = parts.iter().map(|part| super::ChangeBytes { hash: part.0.hash, bytes: part.1.clone() });
        outcome.applied.extend(applied);
        let first = self.history.push_chain(header, parts.iter().map(|part| (&part.0, part.1.clone())));
        let paths = self.registers.paths.len();
        let mut keys_moved = false;
        let mut schema_touched = false;
        for (position, part) in (first..).zip(parts) {
            let touched = self.registers.apply(&self.history, position, (&part.0, &part.1), &|_| true);
            keys_moved |= touched.keys_moved;
            schema_touched |= touched.records.binary_search(&schema_hash()).is_ok();
            self.history.note_touched(position, touched.records);
        }
        let paths_came = self.registers.paths.len() > paths;
        let is_stale = |rules: &Arc<crate::view::Rules>| {
            schema_touched
                || keys_moved && self.registers.contested().next().is_some()
                || paths_came && rules.names_policies()
        };
        if self.rules.get().is_some_and(is_stale) {
            self.rules = Default::default();
        }
    }

    /// Changes of incomplete chains whose dependencies are here are no orphans.
    fn orphans_exceed_limits(&self) -> bool {
        let here = |dep: &ChangeHash| self.history.position(dep).is_some() || self.waiting.contains_key(dep);
        let orphans = self.waiting.values().filter(|part| !part.0.deps.iter().all(here));
        let (count, bytes) = orphans.fold((0, 0), |(count, bytes), part| (count + 1, bytes + part.1.len()));
        count > limits::ORPHANS_MAX || bytes > limits::ORPHAN_BYTES_MAX
    }
}

/// The hash by which history remembers that the schema was written.
fn schema_hash() -> u32 {
    hash_identity(layout::SCHEMA_IDENTITY)
}

fn refuse(outcome: &mut ApplyOutcome, hash: Option<ChangeHash>, reason: RefuseReason) {
    outcome.refused.push(Refusal { hash, reason });
}
