//! The history of a store: changes in causal order, the chains that they form, and who came before whom.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;

use crate::change::{ActorId, ActorKind, Decoded, OpNames, OpRef};
use crate::heads::{ChangeHash, Heads};
use crate::record::Origin;
use crate::registers::Registers;
use crate::saved::{PageHash, Source};
use crate::sequence::OpId;

mod ancestry;
pub(crate) mod chain;
mod followed;
mod saved;
pub(crate) use ancestry::{Ancestry, Past};
use followed::Followed;

type Lookup<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// The accepted changes of a store. A change's position is greater than those of its dependencies.
#[derive(Clone, Default)]
pub(crate) struct History {
    changes: Vec<Stored>,
    /// The author of every change, by position of the actor. Every op that is looked at asks for it, in a history of any
    /// length: so the authors lie together.
    authors: Vec<u32>,
    positions: Lookup<ChangeHash, u32>,
    actors: Vec<ActorId>,
    actor_positions: Lookup<ActorId, u32>,
    /// The one chain of each actor.
    chain_of_actor: Vec<u32>,
    chains: Vec<Chain>,
    /// The last change of every line.
    line_ends: Vec<u32>,
    followed: Followed,
    /// The changes on which nothing depends, and their positions.
    heads: BTreeMap<ChangeHash, u32>,
    /// The same as they are told, until the next change comes.
    known_heads: OnceLock<KnownHeads>,
    source: Option<Arc<dyn Source>>,
    floor: KnownHeads,
    /// The registers at the floor: what reading above it begins with.
    floor_registers: Option<Arc<Registers>>,
}

/// An accepted change.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) hash: ChangeHash,
    /// Its bytes, unless they are left to the source or trimmed.
    bytes: Option<Arc<[u8]>>,
    is_trimmed: bool,
    pub(crate) start_op: u32,
    pub(crate) ops: u32,
    pub(crate) deps: Box<[u32]>,
    /// All changes below this position came before this one.
    covered: u32,
    /// Of the changes of one line, each depends on the one before it.
    line: u32,
    /// The hash of each record that it writes, ascending ([`crate::layout::hash_identity`]).
    touched: Box<[u32]>,
    /// Where its names lie, if it has many ops and one of them was asked for.
    names: OnceLock<Box<OpNames>>,
}

/// Ops of a change from which on it is kept where their names lie: whoever sends changes decides how often one is asked for.
const NAMES_KEPT: u32 = 1024;

impl Stored {
    /// The largest op counter in this change, or of what came before it if it is empty.
    pub(crate) fn last_op(&self) -> u32 {
        self.start_op + self.ops - 1
    }
}

/// The changes of one commit, which are shown together or not at all.
#[derive(Clone)]
pub(crate) struct Chain {
    /// Position of its first change; the others follow without a gap.
    pub(crate) first: u32,
    pub(crate) length: u32,
    pub(crate) kind: ActorKind,
    /// The replica or run.
    pub(crate) by: Arc<str>,
    pub(crate) origin: Origin,
}

/// Heads that a document has: what every function over a range takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHeads {
    pub(crate) heads: Heads,
    pub(crate) positions: Arc<[u32]>,
}

impl KnownHeads {
    /// The heads.
    pub fn heads(&self) -> &Heads {
        &self.heads
    }
}

/// Heads that the document never had or no longer has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownHeads {
    /// Heads below the floor.
    #[error("heads {} lie below the floor: the history there was trimmed", join(heads.hashes()))]
    Trimmed {
        /// The heads.
        heads: Heads,
    },
    /// Heads that the document never had.
    #[error("unknown heads {}: this store has no such change", join(hashes))]
    Unknown {
        /// Those that are unknown.
        hashes: Vec<ChangeHash>,
    },
}

fn join(hashes: &[ChangeHash]) -> String {
    hashes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl History {
    pub(crate) fn change(&self, position: u32) -> &Stored {
        self.changes.get(position as usize).expect("positions come from this history")
    }

    pub(crate) fn changes(&self) -> &[Stored] {
        &self.changes
    }

    pub(crate) fn chain(&self, position: u32) -> &Chain {
        self.chains.get(self.chain_of(position) as usize).expect("every change belongs to a chain")
    }

    /// The number of the chain that a change belongs to.
    pub(crate) fn chain_of(&self, position: u32) -> u32 {
        *self.chain_of_actor.get(self.author_of(position) as usize).expect("every actor has a chain")
    }

    /// The position of the actor who wrote a change.
    #[inline]
    pub(crate) fn author_of(&self, position: u32) -> u32 {
        *self.authors.get(position as usize).expect("positions come from this history")
    }

    pub(crate) fn actor(&self, position: u32) -> ActorId {
        self.actor_at(self.author_of(position))
    }

    /// The actor at a position.
    pub(crate) fn actor_at(&self, position: u32) -> ActorId {
        *self.actors.get(position as usize).expect("positions of actors come from this history")
    }

    pub(crate) fn actor_position(&self, actor: &ActorId) -> Option<u32> {
        self.actor_positions.get(actor).copied()
    }

    /// The change of `actor` that holds the op with this counter. Actors are derived, so each has one chain.
    pub(crate) fn change_of_op(&self, actor: u32, counter: u32) -> Option<u32> {
        let chain = self.chains.get(*self.chain_of_actor.get(actor as usize)? as usize)?;
        let range = chain.first as usize..(chain.first + chain.length) as usize;
        let at = self.changes.get(range)?.partition_point(|change| change.start_op + change.ops <= counter) as u32;
        let found = self.changes.get((chain.first + at) as usize)?;
        (at < chain.length && found.start_op <= counter).then_some(chain.first + at)
    }

    /// The id of an op that a change refers to.
    pub(crate) fn op_id(&self, change: &Decoded, (counter, actor): OpRef) -> Option<OpId> {
        let actor = self.actor_position(change.actors.get(actor as usize)?)?;
        Some(OpId { actor, counter })
    }

    /// The bytes of a change that was not trimmed, from the source where they are not at hand.
    pub(crate) fn bytes(&self, position: u32) -> Arc<[u8]> {
        let stored = self.change(position);
        let from_source = || self.source.as_ref()?.change(&stored.hash);
        stored.bytes.clone().or_else(from_source).expect("the source has every change that was accepted")
    }

    /// Where the names of a change lie that was not trimmed and has these bytes.
    pub(crate) fn names_of(&self, position: u32, bytes: &[u8]) -> Cow<'_, OpNames> {
        let stored = self.change(position);
        match stored.ops < NAMES_KEPT {
            true => Cow::Owned(OpNames::of(bytes)),
            false => Cow::Borrowed(stored.names.get_or_init(|| Box::new(OpNames::of(bytes)))),
        }
    }

    /// Forgets the bytes of all changes, which `source` has, as it has the pages of the floor.
    pub(crate) fn note_saved(&mut self, floor_pages: &[PageHash], source: Arc<dyn Source>) {
        self.changes.iter_mut().for_each(|change| change.bytes = None);
        self.source = Some(source);
        if let Some(registers) = &mut self.floor_registers {
            let registers = Arc::make_mut(registers);
            registers.note_saved(floor_pages);
            registers.evict(0);
        }
    }

    /// Where bytes that are not at hand are.
    pub(crate) fn source(&self) -> Option<&dyn Source> {
        self.source.as_deref()
    }

    /// Whether `hex` is the author of a change, written out.
    pub(crate) fn is_author(&self, position: u32, hex: &str) -> bool {
        self.actor(position).is_written(hex)
    }

    /// The hashes of the records that a change writes.
    pub(crate) fn touched(&self, position: u32) -> &[u32] {
        &self.change(position).touched
    }

    /// Remembers which records a change writes.
    pub(crate) fn note_touched(&mut self, position: u32, records: Vec<u32>) {
        if let Some(change) = self.changes.get_mut(position as usize) {
            change.touched = records.into();
        }
    }

    /// The first changes of the commits by which replicas brought what they had found.
    pub(crate) fn found_captures(&self) -> impl Iterator<Item = u32> + '_ {
        self.chains
            .iter()
            .filter(|chain| chain.kind == ActorKind::Found && !chain.by.is_empty())
            .map(|chain| chain.first)
    }

    pub(crate) fn position(&self, hash: &ChangeHash) -> Option<u32> {
        self.positions.get(hash).copied()
    }

    pub(crate) fn heads(&self) -> Heads {
        self.known_heads().heads.clone()
    }

    /// The heads of all that there is.
    pub(crate) fn known_heads(&self) -> &KnownHeads {
        self.known_heads.get_or_init(|| KnownHeads {
            heads: Heads::ascending(self.heads.keys().copied()),
            positions: self.heads.values().copied().collect(),
        })
    }

    /// Whether this change is the last of its chain, which alone can be a head.
    pub(crate) fn ends_chain(&self, position: u32) -> bool {
        let chain = self.chain(position);
        position + 1 == chain.first + chain.length
    }

    pub(crate) fn known(&self, heads: &Heads) -> Result<KnownHeads, UnknownHeads> {
        if *heads == self.known_heads().heads {
            return Ok(self.known_heads().clone());
        }
        let find = |hash: &ChangeHash| self.position(hash).filter(|position| self.ends_chain(*position)).ok_or(*hash);
        let (mut positions, mut hashes) = (Vec::new(), Vec::new());
        for hash in heads.hashes() {
            match find(hash) {
                Ok(position) => positions.push(position),
                Err(hash) => hashes.push(hash),
            }
        }
        if !hashes.is_empty() {
            return Err(UnknownHeads::Unknown { hashes });
        }
        // Before everything there was nothing: that much is known however much was trimmed.
        if !self.floor.positions.is_empty() && !positions.is_empty() {
            let past = self.ancestry(&positions);
            if !self.floor.positions.iter().all(|position| past.contains(*position)) {
                return Err(UnknownHeads::Trimmed { heads: heads.clone() });
            }
        }
        Ok(KnownHeads { heads: heads.clone(), positions: positions.into() })
    }

    /// The heads below which nothing can be read.
    pub(crate) fn floor(&self) -> &KnownHeads {
        &self.floor
    }

    /// The registers at the floor, if there is one.
    pub(crate) fn floor_registers(&self) -> Option<&Arc<Registers>> {
        self.floor_registers.as_ref()
    }

    /// Whether the contents of a change were trimmed.
    pub(crate) fn is_trimmed(&self, position: u32) -> bool {
        self.change(position).is_trimmed
    }

    /// Drops the contents of these changes, which are all that `floor` includes and that were not trimmed yet.
    pub(crate) fn trim(&mut self, floor: KnownHeads, registers: Registers, gone: &[u32]) {
        for position in gone {
            if let Some(change) = self.changes.get_mut(*position as usize) {
                (change.bytes, change.is_trimmed) = (None, true);
            }
        }
        (self.floor, self.floor_registers) = (floor, Some(Arc::new(registers)));
    }

    /// Takes a whole chain whose dependencies are all here, in order.
    pub(crate) fn push_chain(&mut self, checked: &crate::document::CheckedChain) -> u32 {
        let first = self.changes.len() as u32;
        let chain = self.chains.len() as u32;
        let length = checked.changes().len() as u32;
        let mut kind = ActorKind::Edit;
        for change in checked.changes() {
            let author = change.actor();
            kind = author.kind().unwrap_or(kind);
            let actor = *self.actor_positions.entry(author).or_insert_with(|| {
                self.actors.push(author);
                self.chain_of_actor.push(chain);
                self.actors.len() as u32 - 1
            });
            let dep = |dep| self.position(dep).expect("a chain is taken after what it depends on");
            let deps: Box<[u32]> = change.deps().iter().map(dep).collect();
            let (covered, line) = (self.covered_after(&deps), self.line_after(&deps));
            self.link(change.hash(), self.changes.len() as u32, &deps);
            self.authors.push(actor);
            self.changes.push(Stored {
                hash: change.hash(),
                bytes: Some(change.bytes().clone()),
                is_trimmed: false,
                start_op: change.start_op() as u32,
                ops: change.op_count(),
                deps,
                covered,
                line,
                touched: Box::default(),
                names: OnceLock::new(),
            });
        }
        let header = checked.header();
        let (by, origin) = (header.by.clone(), header.origin.clone());
        self.chains.push(Chain { first, length, kind, by, origin });
        first
    }

    /// Makes `hash` the change at `position` and a head in the place of its dependencies; `false` if it is there already.
    fn link(&mut self, hash: ChangeHash, position: u32, deps: &[u32]) -> bool {
        self.known_heads = OnceLock::new();
        for dep in deps {
            let dep = self.change(*dep).hash;
            self.heads.remove(&dep);
        }
        self.heads.insert(hash, position);
        self.followed.push(deps, self.heads.len());
        self.positions.insert(hash, position).is_none()
    }
}
