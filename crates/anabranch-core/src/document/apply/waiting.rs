//! Changes that cannot be taken yet, kept so that each is looked at once, however many calls they come in.
//!
//! A change is linked once all of its chain before it is here: it then carries what its actor must be derived from so far.
//! Anybody can forge a change that claims to follow an honest one, so chains are trees; the branch whose contents lead to
//! its actor is the chain, and every other branch costs one hashing of its changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::arrived::ReadChange;
use super::guard::RefuseReason;
use crate::change::{ActorId, UncheckedChange};
use crate::heads::ChangeHash;
use crate::history::History;
use crate::history::chain::{ActorHasher, Header};
use crate::limits;

/// The waiting changes of a document.
#[derive(Clone, Default)]
pub(in crate::document) struct Waiting {
    changes: BTreeMap<ChangeHash, Waiter>,
    /// A dependency and the waiting change that has it.
    dependents: BTreeSet<(ChangeHash, ChangeHash)>,
    by_actor: BTreeSet<(ActorId, ChangeHash)>,
    orphans: Amount,
    staged: Amount,
    pub(super) bounds: Bounds,
    /// Bytes of ops and predecessors that are kept decoded.
    table_bytes: usize,
    /// How many changes were linked or checked again: what the work of applying is made of.
    pub(in crate::document) steps: u64,
}

/// How much may wait when a call ends.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Changes that depend on one that is not here.
    pub(super) orphans: Amount,
    /// Changes that have what they depend on, waiting too.
    pub(super) staged: Amount,
    pub(super) table_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            orphans: Amount { changes: limits::ORPHANS_MAX, bytes: limits::ORPHAN_BYTES_MAX },
            staged: Amount { changes: limits::STAGED_CHANGES_MAX, bytes: limits::STAGED_BYTES_MAX },
            table_bytes: limits::WAITING_TABLE_BYTES_MAX,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Amount {
    pub(super) changes: usize,
    pub(super) bytes: usize,
}

#[derive(Clone)]
struct Waiter {
    change: Arc<UncheckedChange>,
    /// How many of its dependencies are neither in the history nor here.
    missing: usize,
    /// What it says, if it begins a chain whose changes are not trusted.
    said: Option<ActorHasher>,
    link: Option<Link>,
    /// On the first change of a chain: its last one, if all are here.
    last: Option<ChangeHash>,
}

/// Where a change stands in a chain.
#[derive(Clone)]
struct Link {
    first: ChangeHash,
    length: u32,
    /// What the chain says up to here; nothing where the changes are trusted.
    said: Option<ActorHasher>,
}

/// What linking found out.
#[derive(Default)]
pub(super) struct Linked {
    /// First changes of chains that are complete.
    pub(super) complete: Vec<ChangeHash>,
    pub(super) refused: Vec<(ChangeHash, RefuseReason)>,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    #[cfg(test)]
    pub(super) fn table_bytes(&self) -> usize {
        self.table_bytes
    }

    pub(super) fn contains(&self, hash: &ChangeHash) -> bool {
        self.changes.contains_key(hash)
    }

    /// Keeps a change and links whatever that makes linkable.
    pub(super) fn insert(&mut self, read: ReadChange, history: &History) -> Linked {
        let ReadChange { change, said } = read;
        let hash = change.hash();
        let is_missing = |dep: &&ChangeHash| history.position(dep).is_none() && !self.changes.contains_key(dep);
        let missing = change.deps().iter().filter(is_missing).count();
        self.dependents.extend(change.deps().iter().map(|dep| (*dep, hash)));
        self.by_actor.insert((change.actor(), hash));
        self.table_bytes += change.table_bytes();
        let waiter = Waiter { change: Arc::new(change), missing, said, link: None, last: None };
        self.count(&waiter, true);
        self.changes.insert(hash, waiter);
        for dependent in self.dependents_of(&hash) {
            self.update_missing(&dependent, |missing| missing.saturating_sub(1));
        }
        let linked = self.link(hash, history);
        if self.table_bytes > self.bounds.table_bytes {
            self.thin(&hash);
        }
        linked
    }

    /// Links a change to its chain, and what waited for it to itself.
    fn link(&mut self, hash: ChangeHash, history: &History) -> Linked {
        let mut linked = Linked::default();
        let mut open = vec![hash];
        while let Some(hash) = open.pop() {
            let Some(waiter) = self.changes.get(&hash).filter(|waiter| waiter.link.is_none()) else { continue };
            let (change, said) = (waiter.change.clone(), waiter.said.clone());
            self.steps += 1;
            let link = match self.link_of(&change, said, history) {
                Ok(Some(link)) => link,
                Ok(None) => continue,
                Err(reason) => {
                    self.refuse(hash, reason, &mut linked);
                    continue;
                }
            };
            let is_last = change.seq() == u64::from(link.length);
            if is_last && link.said.as_ref().is_some_and(|said| said.clone().finish() != change.actor()) {
                self.refuse(hash, RefuseReason::ActorNotDerived, &mut linked);
                continue;
            }
            let first = link.first;
            if let Some(waiter) = self.changes.get_mut(&hash) {
                waiter.link = Some(link);
            }
            if let Some(first_waiter) = self.changes.get_mut(&first).filter(|_| is_last) {
                first_waiter.last = Some(hash);
                linked.complete.push(first);
            }
            let follows = |next: &ChangeHash| self.changes.get(next).is_some_and(|next| next.change.seq() > 1);
            open.extend(self.dependents_of(&hash).into_iter().filter(follows));
        }
        linked
    }

    /// How a change continues its chain; `None` if what comes before it is not here.
    fn link_of(
        &self,
        change: &UncheckedChange,
        said: Option<ActorHasher>,
        history: &History,
    ) -> Result<Option<Link>, RefuseReason> {
        if history.actor_position(&change.actor()).is_some() {
            return Err(RefuseReason::ActorReused);
        }
        if change.seq() == 1 {
            let kind = change.actor().kind().ok_or(RefuseReason::Header)?;
            let Header { length, .. } = Header::parse(change.message(), kind).ok_or(RefuseReason::Header)?;
            return Ok(Some(Link { first: change.hash(), length, said }));
        }
        let [dep] = change.deps() else { return Err(RefuseReason::BrokenChain) };
        let Some(before) = self.changes.get(dep) else {
            let is_accepted = history.position(dep).is_some();
            return if is_accepted { Err(RefuseReason::BrokenChain) } else { Ok(None) };
        };
        let Some(mut link) = before.link.clone() else { return Ok(None) };
        check_follows(&before.change, change, &link)?;
        if let Some(said) = &mut link.said {
            said.change(change);
        }
        Ok(Some(link))
    }

    /// The chain that begins with `first`, if it is complete and all that it depends on is in the history.
    pub(super) fn ready_chain(&self, first: &ChangeHash, history: &History) -> Option<Vec<Arc<UncheckedChange>>> {
        let waiter = self.changes.get(first)?;
        if !waiter.change.deps().iter().all(|dep| history.position(dep).is_some()) {
            return None;
        }
        let mut chain = Vec::new();
        let mut at = waiter.last?;
        loop {
            let part = &self.changes.get(&at)?.change;
            chain.push(part.clone());
            if at == *first {
                break;
            }
            at = *part.deps().first()?;
        }
        chain.reverse();
        Some(chain)
    }

    /// Chains that wait for `dep` alone or among others, by their first changes.
    pub(super) fn chains_upon(&self, dep: &ChangeHash) -> Vec<ChangeHash> {
        let mut dependents = self.dependents_of(dep);
        dependents.retain(|hash| self.changes.get(hash).is_some_and(|waiter| waiter.change.seq() == 1));
        dependents
    }

    /// Everything that waits under this actor.
    pub(super) fn of_actor(&self, actor: ActorId) -> Vec<ChangeHash> {
        let all = (actor, ChangeHash([0; 32]))..=(actor, ChangeHash([255; 32]));
        self.by_actor.range(all).map(|(_, hash)| *hash).collect()
    }

    /// Stops keeping a change and everything that can never be taken without it.
    pub(super) fn refuse(&mut self, hash: ChangeHash, reason: RefuseReason, linked: &mut Linked) {
        if self.remove(&hash).is_none() {
            return;
        }
        linked.refused.push((hash, reason));
        let mut open = self.dependents_of(&hash);
        while let Some(hash) = open.pop() {
            if self.remove(&hash).is_some() {
                linked.refused.push((hash, RefuseReason::DependsOnRefused));
                open.extend(self.dependents_of(&hash));
            }
        }
    }

    /// Stops keeping a change that was taken.
    pub(super) fn remove_taken(&mut self, hash: &ChangeHash) {
        self.remove(hash);
    }

    /// Of what came just now, keeps in the order of its coming what may wait, and gives up the rest.
    pub(super) fn settle(&mut self, arrived: &[ChangeHash]) -> Vec<ChangeHash> {
        let mut given_up = Vec::new();
        for hash in arrived.iter().rev() {
            let Some(waiter) = self.changes.get(hash) else { continue };
            let exceeded = match waiter.missing > 0 {
                true => self.orphans.exceeds(self.bounds.orphans),
                false => self.staged.exceeds(self.bounds.staged),
            };
            if exceeded {
                self.remove(hash);
                given_up.push(*hash);
                for dependent in self.dependents_of(hash) {
                    self.update_missing(&dependent, |missing| missing + 1);
                    self.unlink(&dependent);
                }
            } else {
                self.thin(hash);
            }
        }
        given_up.reverse();
        given_up
    }

    /// Forgets that a change and what follows it were linked: what comes before them is gone.
    fn unlink(&mut self, hash: &ChangeHash) {
        let mut open = vec![*hash];
        while let Some(hash) = open.pop() {
            let Some(waiter) = self.changes.get_mut(&hash).filter(|waiter| waiter.change.seq() > 1) else { continue };
            let Some(link) = waiter.link.take() else { continue };
            if let Some(first) = self.changes.get_mut(&link.first).filter(|first| first.last == Some(hash)) {
                first.last = None;
            }
            open.extend(self.dependents_of(&hash));
        }
    }

    /// Drops what a change that stays can be decoded to again.
    fn thin(&mut self, hash: &ChangeHash) {
        if let Some(waiter) = self.changes.get_mut(hash) {
            self.table_bytes -= waiter.change.table_bytes();
            waiter.change = Arc::new(waiter.change.thinned());
        }
    }

    fn remove(&mut self, hash: &ChangeHash) -> Option<()> {
        let waiter = self.changes.remove(hash)?;
        self.count(&waiter, false);
        self.table_bytes -= waiter.change.table_bytes();
        self.by_actor.remove(&(waiter.change.actor(), *hash));
        for dep in waiter.change.deps() {
            self.dependents.remove(&(*dep, *hash));
        }
        let first = waiter.link.and_then(|link| self.changes.get_mut(&link.first));
        if let Some(first) = first.filter(|first| first.last == Some(*hash)) {
            first.last = None;
        }
        Some(())
    }

    fn dependents_of(&self, dep: &ChangeHash) -> Vec<ChangeHash> {
        let all = (*dep, ChangeHash([0; 32]))..=(*dep, ChangeHash([255; 32]));
        self.dependents.range(all).map(|(_, hash)| *hash).collect()
    }

    fn update_missing(&mut self, hash: &ChangeHash, update: impl FnOnce(usize) -> usize) {
        let Some(mut waiter) = self.changes.remove(hash) else { return };
        self.count(&waiter, false);
        waiter.missing = update(waiter.missing);
        self.count(&waiter, true);
        self.changes.insert(*hash, waiter);
    }

    fn count(&mut self, waiter: &Waiter, is_more: bool) {
        let amount = if waiter.missing > 0 { &mut self.orphans } else { &mut self.staged };
        let bytes = waiter.change.bytes().len();
        match is_more {
            true => (amount.changes, amount.bytes) = (amount.changes + 1, amount.bytes + bytes),
            false => (amount.changes, amount.bytes) = (amount.changes - 1, amount.bytes - bytes),
        }
    }
}

impl Amount {
    fn exceeds(&self, bound: Amount) -> bool {
        self.changes > bound.changes || self.bytes > bound.bytes
    }
}

/// A change continues the one before it: the same actor, the next seq, the next op counter, and no header of its own.
fn check_follows(before: &UncheckedChange, change: &UncheckedChange, link: &Link) -> Result<(), RefuseReason> {
    let is_next = change.actor() == before.actor() && change.seq() == before.seq() + 1;
    if !is_next || change.seq() > u64::from(link.length) || !change.message().is_empty() {
        return Err(RefuseReason::BrokenChain);
    }
    if change.start_op() != before.start_op() + u64::from(before.op_count()) {
        return Err(RefuseReason::OpCounter);
    }
    Ok(())
}
