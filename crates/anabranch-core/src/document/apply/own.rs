//! Taking what this document has just made: its ops are at hand, so nothing is decoded again.

use std::sync::Arc;

use super::guard::{self, Known};
use super::{ApplyOutcome, Arriving, Limits, RefuseReason, Trust, refuse};
use crate::change::{Chunk, UncheckedChange};
use crate::commit::plan::{OwnChain, Plan};
use crate::document::{ChangeBytes, Document};
use crate::history::chain::ActorHasher;
use crate::registers::PlainOp;

impl Document {
    /// Takes a commit of this document. Debug builds, and with them all tests, hold it against the guard; a release takes
    /// it as it is, as long as nothing from elsewhere waits that it could complete.
    pub(crate) fn apply_own(&mut self, merges: &[ChangeBytes], own: &OwnChain) -> ApplyOutcome {
        if self.waiting.len() > 0 {
            let merges = merges.iter().map(|merge| merge.bytes.clone());
            return self.apply(merges.chain(own.changes.iter().map(|change| change.bytes().clone())));
        }
        let trust = if cfg!(debug_assertions) { Trust::Anybody } else { Trust::OwnLog };
        let merges = merges.iter().map(|merge| Arriving::Own(Chunk::own(merge.hash, merge.bytes.clone())));
        let mut outcome = self.apply_trusting(merges, Limits::default(), trust);
        if outcome.refused.is_empty()
            && !own.changes.is_empty()
            && let Err(reason) = self.take_own(own, &mut outcome)
        {
            own.changes.iter().for_each(|change| refuse(&mut outcome, Some(change.hash()), reason.clone()));
        }
        outcome
    }

    fn take_own(&mut self, own: &OwnChain, outcome: &mut ApplyOutcome) -> Result<(), RefuseReason> {
        let known = Known { history: &self.history, registers: &self.registers };
        let header = own.plan.header(own.changes.len());
        debug_assert_eq!(guard::header_of(&own.changes).as_ref(), Ok(&header));
        let chain = guard::check_chain(known, header, own.changes.clone(), cfg!(debug_assertions))?;
        let plain = own.plan.is_plain().then_some(&*own.plan);
        if cfg!(debug_assertions) {
            check_actor(&own.changes)?;
            plain.into_iter().for_each(|plan| check_said(plan, own));
        }
        self.push_chain(&chain, plain, outcome);
        Ok(())
    }
}

/// Derives the actor of a chain again from what its changes say.
fn check_actor(changes: &[Arc<UncheckedChange>]) -> Result<(), RefuseReason> {
    let first = changes.first().ok_or(RefuseReason::BrokenChain)?;
    let kind = first.actor().kind().ok_or(RefuseReason::Header)?;
    let derived = ActorHasher::derive_again(kind, changes.iter().map(|change| &**change));
    if derived == first.actor() { Ok(()) } else { Err(RefuseReason::ActorNotDerived) }
}

/// A plan that is taken as it is says what its changes say.
fn check_said(plan: &Plan, own: &OwnChain) {
    let mut planned = plan.plain_ops();
    for change in &own.changes {
        let decoded = change.decoded();
        let planned = planned.by_ref().take(decoded.ops.len());
        for (PlainOp { identity, suffix, scalar, preds }, op) in planned.zip(&decoded.ops) {
            let name = decoded.name(change.bytes(), op);
            debug_assert_eq!(name.strip_prefix(identity), Some(suffix));
            debug_assert_eq!(decoded.value(change.bytes(), op), scalar);
            let named =
                decoded.preds_of(op).iter().map(|(counter, actor)| (*counter, decoded.actors.get(*actor as usize)));
            debug_assert!(named.eq(preds.iter().map(|(counter, actor)| (*counter, Some(actor)))));
        }
    }
}
