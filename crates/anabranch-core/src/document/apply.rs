//! Applying changes from anywhere: decoded, checked and taken chain by chain, all or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Document;
use crate::change::{Decoded, Limits};
use crate::heads::ChangeHash;
use crate::history::chain::Header;
use crate::limits;

mod guard;
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
    #[error("over {} changes or {} bytes wait for changes that are missing", limits::ORPHANS_MAX, limits::ORPHAN_BYTES_MAX)]
    TooManyOrphans,
}

/// Decoded changes that cannot be taken yet, by hash.
pub(super) type Waiting = BTreeMap<ChangeHash, Arc<(Decoded, Arc<[u8]>)>>;

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

    fn apply_trusting(&mut self, changes: impl IntoIterator<Item = Arc<[u8]>>, trust: Trust) -> Result<ApplyOutcome, ApplyError> {
        let mut outcome = ApplyOutcome::default();
        let mut arrived = Vec::new();
        let before = self.waiting.clone();
        for bytes in changes {
            match Decoded::read(&bytes, Limits::default()) {
                Err(reason) => refuse(&mut outcome, None, reason.into()),
                Ok(decoded) if self.history.position(&decoded.hash).is_some() || self.waiting.contains_key(&decoded.hash) => {
                    outcome.duplicates += 1;
                }
                Ok(decoded) => {
                    let hash = decoded.hash;
                    self.waiting.insert(hash, Arc::new((decoded, bytes)));
                    arrived.push(hash);
                }
            }
        }
        self.take_ready_chains(arrived, trust, &mut outcome);
        if self.orphans_exceed_limits() {
            // What was taken stays: it was complete. What came with it and cannot be kept goes.
            self.waiting = before.into_iter().filter(|(hash, _)| self.history.position(hash).is_none()).collect();
            return Err(ApplyError::TooManyOrphans);
        }
        outcome.waiting = self.waiting.len();
        Ok(outcome)
    }

    /// Takes every chain that is complete and whose dependencies are here, until none is left.
    fn take_ready_chains(&mut self, mut candidates: Vec<ChangeHash>, trust: Trust, outcome: &mut ApplyOutcome) {
        let mut dependents: BTreeMap<ChangeHash, Vec<ChangeHash>> = BTreeMap::new();
        for (hash, waiting) in &self.waiting {
            waiting.0.deps.iter().for_each(|dep| dependents.entry(*dep).or_default().push(*hash));
        }
        // A chain may have waited for a part that came just now: begin at its first change.
        candidates.extend(self.waiting.keys().copied().collect::<Vec<_>>());
        let mut queue: std::collections::VecDeque<_> = candidates.into();
        while let Some(hash) = queue.pop_front() {
            let Some(chain) = self.complete_chain(&hash, &dependents) else { continue };
            let Some(last) = chain.last().map(|part| part.0.hash) else { continue };
            self.take_chain(chain, trust, outcome);
            queue.extend(dependents.get(&last).into_iter().flatten());
        }
    }

    /// The changes of the chain that begins with `hash`, if that is waiting, complete and nothing that it needs is missing.
    fn complete_chain(&self, hash: &ChangeHash, dependents: &BTreeMap<ChangeHash, Vec<ChangeHash>>) -> Option<Vec<Arc<(Decoded, Arc<[u8]>)>>> {
        let first = self.waiting.get(hash)?;
        if first.0.seq != 1 || !first.0.deps.iter().all(|dep| self.history.position(dep).is_some()) {
            return None;
        }
        let length = first.0.actor().kind().and_then(|kind| Header::parse(&first.0.message, kind)).map_or(1, |header| header.length);
        let mut chain = vec![first.clone()];
        while chain.len() < length as usize {
            let last = &chain.last()?.0;
            let follows = |next: &&ChangeHash| {
                self.waiting.get(*next).is_some_and(|next| next.0.actor() == last.actor() && next.0.seq == last.seq + 1 && next.0.deps == [last.hash])
            };
            let next = dependents.get(&last.hash)?.iter().find(follows)?;
            chain.push(self.waiting.get(next)?.clone());
        }
        Some(chain)
    }

    fn take_chain(&mut self, chain: Vec<Arc<(Decoded, Arc<[u8]>)>>, trust: Trust, outcome: &mut ApplyOutcome) {
        chain.iter().for_each(|part| {
            self.waiting.remove(&part.0.hash);
        });
        let changes: Vec<&Decoded> = chain.iter().map(|part| &part.0).collect();
        let bytes: Vec<&[u8]> = chain.iter().map(|part| &*part.1).collect();
        let header = match guard::check_chain(&self.history, &changes, &bytes, trust == Trust::Anybody) {
            Ok(header) => header,
            Err(reason) => {
                chain.iter().for_each(|part| refuse(outcome, Some(part.0.hash), reason.clone()));
                return;
            }
        };
        drop((changes, bytes));
        let parts: Vec<_> = chain.into_iter().filter_map(Arc::into_inner).collect();
        self.push_chain(header, parts, outcome);
    }

    fn push_chain(&mut self, header: Header, parts: Vec<(Decoded, Arc<[u8]>)>, outcome: &mut ApplyOutcome) {
        let mut slim = Vec::with_capacity(parts.len());
        let mut full = Vec::with_capacity(parts.len());
        for (decoded, bytes) in parts {
            outcome.applied.push(super::ChangeBytes { hash: decoded.hash, bytes: bytes.clone() });
            full.push(decoded);
            slim.push(bytes);
        }
        let first = self.history.push_chain(header, full.iter().zip(slim));
        for (at, decoded) in full.iter().enumerate() {
            self.registers.apply(&self.history, first + at as u32, decoded, &mut |_| ());
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

fn refuse(outcome: &mut ApplyOutcome, hash: Option<ChangeHash>, reason: RefuseReason) {
    outcome.refused.push(Refusal { hash, reason });
}
