//! Applying changes from anywhere: decoded, checked and taken chain by chain, all or nothing.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::Document;
use crate::change::Limits;
use crate::heads::ChangeHash;

mod arrived;
mod guard;
mod own;
mod push;
mod waiting;

use arrived::{Arrived, Arriving, ReadChange};
pub(crate) use guard::CheckedChain;
use guard::Known;
pub use guard::RefuseReason;
use waiting::Linked;
pub(super) use waiting::Waiting;

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

/// Where changes come from decides what must be checked again.
#[derive(Clone, Copy, PartialEq)]
enum Trust {
    /// Our own log, whose checksums were verified: every change was checked before it was written.
    OwnLog,
    Anybody,
}

/// The changes of a batch that were met so far.
#[derive(Default)]
struct Met {
    /// Those that were taken or wait, in the order of their coming.
    kept: Vec<ChangeHash>,
    refused: BTreeSet<ChangeHash>,
}

impl Document {
    /// Takes changes in any order, duplicates included; what is refused is named and leaves no trace, what must wait for
    /// missing changes waits within bounds.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Arc<[u8]>>) -> ApplyOutcome {
        self.apply_within(Limits::default(), changes)
    }

    /// The same within tighter bounds.
    pub fn apply_within(&mut self, bounds: Limits, changes: impl IntoIterator<Item = Arc<[u8]>>) -> ApplyOutcome {
        self.apply_trusting(changes.into_iter().map(Arriving::Bytes), bounds, Trust::Anybody)
    }

    /// Takes the changes of an own log, whose checksums were verified and which were checked when they were accepted.
    pub fn load(changes: impl IntoIterator<Item = Arc<[u8]>>) -> (Self, ApplyOutcome) {
        let mut document = Self::new();
        let changes = changes.into_iter().map(Arriving::Bytes);
        let outcome = document.apply_trusting(changes, Limits::default(), Trust::OwnLog);
        (document, outcome)
    }

    /// Forgets the changes that wait for missing ones, as one does when whoever sent them has gone.
    pub fn forget_waiting(&mut self) {
        self.waiting = Waiting::default();
    }

    fn apply_trusting(
        &mut self,
        arriving: impl IntoIterator<Item = Arriving>,
        bounds: Limits,
        trust: Trust,
    ) -> ApplyOutcome {
        let mut outcome = ApplyOutcome::default();
        let mut met = Met::default();
        let mut arriving = arriving.into_iter();
        loop {
            let together = self.read_together(&mut arriving, bounds, trust == Trust::OwnLog);
            if together.is_empty() {
                break;
            }
            for read in together {
                match read {
                    Ok(read) => self.take(read, trust, &mut met, &mut outcome),
                    Err(reason) => refuse(&mut outcome, None, reason.into()),
                }
            }
        }
        for hash in self.waiting.settle(&met.kept) {
            refuse(&mut outcome, Some(hash), RefuseReason::TooManyWaiting);
        }
        outcome.waiting = self.waiting.len();
        outcome
    }

    /// Takes a change that was read, and whatever waited for it.
    fn take(&mut self, Arrived { hash, change }: Arrived, trust: Trust, met: &mut Met, outcome: &mut ApplyOutcome) {
        let is_known =
            self.history.position(&hash).is_some() || self.waiting.contains(&hash) || met.refused.contains(&hash);
        let Some(change) = change.filter(|_| !is_known) else {
            outcome.duplicates += 1;
            return;
        };
        let named_before = outcome.refused.len();
        match change {
            Err(reason) => refuse(outcome, Some(hash), reason.into()),
            Ok(ReadChange { change, .. }) if change.deps().iter().any(|dep| met.refused.contains(dep)) => {
                refuse(outcome, Some(hash), RefuseReason::DependsOnRefused);
            }
            Ok(read) => {
                met.kept.push(hash);
                let linked = self.waiting.insert(read, &self.history);
                self.take_complete_chains(linked, trust, outcome);
            }
        }
        met.refused.extend(outcome.refused.iter().skip(named_before).filter_map(|refusal| refusal.hash));
    }

    /// Takes every chain that is complete and whose dependencies are here, and those that waited for it.
    fn take_complete_chains(&mut self, mut linked: Linked, trust: Trust, outcome: &mut ApplyOutcome) {
        let mut queue: VecDeque<ChangeHash> = linked.complete.drain(..).collect();
        while let Some(first) = queue.pop_front() {
            let Some(chain) = self.waiting.ready_chain(&first, &self.history) else { continue };
            let hashes: Vec<ChangeHash> = chain.iter().map(|part| part.hash()).collect();
            let known = Known { history: &self.history, registers: &self.registers };
            let header = guard::header_of(&chain);
            match header.and_then(|header| guard::check_chain(known, header, chain, trust == Trust::Anybody)) {
                // From the end, so that each names the reason and not that it depends on the one before.
                Err(reason) => {
                    hashes.iter().rev().for_each(|part| self.waiting.refuse(*part, reason.clone(), &mut linked))
                }
                Ok(chain) => {
                    hashes.iter().for_each(|part| self.waiting.remove_taken(part));
                    // An actor makes one chain: what else claims to be of it never will.
                    let actor = chain.changes().first().map(|change| change.actor());
                    for forged in actor.map(|actor| self.waiting.of_actor(actor)).unwrap_or_default() {
                        self.waiting.refuse(forged, RefuseReason::ActorReused, &mut linked);
                    }
                    self.push_chain(&chain, None, outcome);
                    queue.extend(hashes.iter().flat_map(|part| self.waiting.chains_upon(part)));
                }
            }
        }
        linked.refused.into_iter().for_each(|(hash, reason)| refuse(outcome, Some(hash), reason));
    }
}

fn refuse(outcome: &mut ApplyOutcome, hash: Option<ChangeHash>, reason: RefuseReason) {
    outcome.refused.push(Refusal { hash, reason });
}

#[cfg(test)]
mod tests;
