//! The guard: what a chain must be before it is taken. Whatever an honest replica makes passes.

use std::sync::Arc;

use crate::change::{ActorKind, DecodeChangeError, Names, UncheckedChange};
use crate::history::chain::Header;
use crate::history::{History, Past};
use crate::limits;
use crate::parallel::{self, TOGETHER};
use crate::registers::{Located, Registers};

mod ops;
mod places;
mod preds;

use places::PlaceCheck;

/// Why a change was refused. An honest replica's changes are never refused; each reason says what it would have to have
/// done for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefuseReason {
    /// Another chain has this actor: an actor makes one commit and is never used again. An honest replica would have to
    /// have found other contents with the same hash.
    #[error("its actor has another commit already")]
    ActorReused,
    /// The actor does not follow from the commit's contents. An honest replica would have to have changed a commit after
    /// it had named it.
    #[error("its actor is not derived from its contents")]
    ActorNotDerived,
    /// The changes of a chain do not follow each other: another actor, a gap in seq, more changes than the header states,
    /// ops in a merge change or none elsewhere. An honest replica would have to have cut one commit in two ways.
    #[error("the changes of the chain do not follow each other")]
    BrokenChain,
    /// A dependency that is in the middle of a chain: only its last change can be a head. An honest replica would have to
    /// have committed upon something that it never shows.
    #[error("it depends on the middle of a chain")]
    DependsInsideChain,
    /// It depends, at any distance, on a change that was refused. An honest replica would have to have accepted that one.
    #[error("it depends on a change that was refused")]
    DependsOnRefused,
    /// The first change of a chain does not state what a chain must state. An honest replica would have to have another
    /// version of the format.
    #[error("the chain's header is malformed")]
    Header,
    /// A property name that is none of the layout's. An honest replica would have to have another version of the format.
    #[error("op {op} has a property name that no store writes")]
    Name {
        /// Position in the change.
        op: u32,
    },
    /// The first op counter is not one more than the largest among the dependencies. An honest replica would have to have
    /// miscounted the ops that it has.
    #[error("its op counters do not follow those of its dependencies")]
    OpCounter,
    /// A place in no sequence: one that does not exist or is not in the past of the change, or an element that is not there.
    /// An honest replica would have to have edited what it does not have.
    #[error("op {op} acts at a place that its change could not have seen")]
    Place {
        /// Position in the change.
        op: u32,
    },
    /// A predecessor that does not exist, is not in the past of the change or sets another register. An honest replica
    /// would have to have overwritten what it does not have.
    #[error("op {op} names a predecessor that its change could not have seen")]
    Predecessor {
        /// Position in the change.
        op: u32,
    },
    /// It sets a register that an op before it sets, or comes back to a record that its change had left. An honest commit
    /// says of each register what it holds in the end, record by record.
    #[error("op {op} sets a register or a record that its change had set before")]
    SetTwice {
        /// Position in the change.
        op: u32,
    },
    /// As many changes as may wait for missing ones wait already. Nothing is wrong with the change: send it again once
    /// what it needs is here. An honest replica would have to have sent changes without those that they build on.
    #[error("too many changes wait for missing ones: send it again after what it depends on")]
    TooManyWaiting,
    /// The bytes are no change of ours. An honest replica would have to have sent what its own decoder refuses.
    #[error(transparent)]
    Undecodable(#[from] DecodeChangeError),
    /// A value that is not canonical or of a kind that does not belong there. An honest replica would have to have another
    /// version of the format.
    #[error("op {op} has a value that no store writes")]
    Value {
        /// Position in the change.
        op: u32,
    },
}

/// A complete chain that passed the guard. This module alone makes one, and a history takes nothing else.
pub(crate) struct CheckedChain {
    header: Header,
    changes: Vec<CheckedChange>,
}

/// A change of a chain that passed the guard.
pub(crate) struct CheckedChange {
    change: Arc<UncheckedChange>,
    located: Option<Located>,
}

impl CheckedChange {
    /// What the change names, where the guard looked for it.
    pub(crate) fn located(&self) -> Option<&Located> {
        self.located.as_ref()
    }
}

impl CheckedChain {
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn changes(&self) -> &[CheckedChange] {
        &self.changes
    }
}

impl std::ops::Deref for CheckedChange {
    type Target = UncheckedChange;

    fn deref(&self) -> &UncheckedChange {
        &self.change
    }
}

/// Bytes of what was looked up that are kept until a chain is applied; beyond it names are cut and looked up once more.
const LOCATED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What a chain is held against.
#[derive(Clone, Copy)]
pub(super) struct Known<'d> {
    pub(super) history: &'d History,
    pub(super) registers: &'d Registers,
}

/// What a chain says about all of it.
pub(super) fn header_of(chain: &[Arc<UncheckedChange>]) -> Result<Header, RefuseReason> {
    let first = chain.first().ok_or(RefuseReason::BrokenChain)?;
    let kind = first.actor().kind().ok_or(RefuseReason::Header)?;
    Header::parse(first.message(), kind).ok_or(RefuseReason::Header)
}

/// Checks a complete chain, linked from its first change to its last, whose dependencies are all in the history, and which says
/// this about all of it: read from it ([`header_of`]), or what was written into it. `thorough` also checks what our own log has
/// proven.
pub(super) fn check_chain(
    known: Known<'_>,
    header: Header,
    chain: Vec<Arc<UncheckedChange>>,
    thorough: bool,
) -> Result<CheckedChain, RefuseReason> {
    let first = chain.first().ok_or(RefuseReason::BrokenChain)?;
    let kind = first.actor().kind().ok_or(RefuseReason::Header)?;
    let history = known.history;
    if history.actor_position(&first.actor()).is_some() {
        return Err(RefuseReason::ActorReused);
    }
    let deps: Vec<u32> = first.deps().iter().filter_map(|dep| history.position(dep)).collect();
    let last_op = deps.iter().map(|dep| history.change(*dep).last_op()).max().unwrap_or(0);
    if u64::from(last_op) + 1 != first.start_op() {
        return Err(RefuseReason::OpCounter);
    }
    let is_empty = chain.iter().all(|change| change.op_count() == 0);
    if header.length > limits::CHAIN_CHANGES_MAX {
        return Err(RefuseReason::Header);
    }
    if header.length as usize != chain.len() || is_empty != (kind == ActorKind::Merge) {
        return Err(RefuseReason::BrokenChain);
    }
    let mut located: Vec<Option<Located>> = Vec::new();
    let mut located_bytes = 0;
    if thorough {
        if !deps.iter().all(|dep| history.ends_chain(*dep)) {
            return Err(RefuseReason::DependsInsideChain);
        }
        let past = Past::of(history, deps);
        let mut places = PlaceCheck::new(known, &past);
        for together in chain.chunks(TOGETHER) {
            let is_worth = parallel::is_worth_bytes(together.iter().map(|change| change.bytes().len()).sum());
            let checked =
                parallel::map(together.iter().collect(), is_worth, |change| check_change(known, &past, change));
            for (change, checked) in together.iter().zip(checked) {
                let (own, has_sequences) = checked?;
                located_bytes += own.table_bytes();
                located.push((located_bytes <= LOCATED_BYTES_MAX).then_some(own));
                if has_sequences {
                    places.check(&change.decoded(), change.bytes())?;
                }
            }
        }
    }
    let located = located.into_iter().chain(std::iter::repeat_with(|| None));
    let changes = chain.into_iter().zip(located).map(|(change, located)| CheckedChange { change, located });
    Ok(CheckedChain { header, changes: changes.collect() })
}

/// Checks what can be told of each change of a chain alone: its names, its values and what it overwrites. Tells, too, whether
/// it makes sequences or acts inside some.
fn check_change(known: Known<'_>, past: &Past<'_>, change: &UncheckedChange) -> Result<(Located, bool), RefuseReason> {
    let (decoded, bytes) = (change.decoded(), change.bytes());
    let names = Names::cut(&decoded, bytes).map_err(|unknown| RefuseReason::Name { op: unknown.op })?;
    let located = known.registers.locate(known.history, names, bytes);
    ops::check(&known.registers.paths, &decoded, bytes, &located)?;
    preds::check(known, past, &decoded, bytes, &located)?;
    Ok((located, decoded.has_sequences()))
}
