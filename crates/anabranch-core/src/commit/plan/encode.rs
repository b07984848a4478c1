//! A plan as a chain of changes, under the actor that follows from all that the plan says.

use std::ops::Range;
use std::sync::Arc;

use super::{End, NO_NAME, Plan, PlannedOp};
use crate::change::{ActorId, BlankChange, Draft, DraftPlace, Room, UncheckedChange, code};
use crate::heads::ChangeHash;
use crate::history::chain::{ActorHasher, Header};
use crate::limits;
use crate::registers::{Expected, PlainOp};
use crate::scalar::Scalar;

mod ops;
use ops::PlannedOps;

/// A commit, encoded.
#[derive(Clone, Debug)]
pub(crate) struct OwnChain {
    /// Its changes, thin.
    pub(crate) changes: Vec<Arc<UncheckedChange>>,
    /// What they say.
    pub(crate) plan: Arc<Plan>,
}

impl Plan {
    /// Encodes the chain upon `deps` (at most [`limits::DEPS_MAX`]), whose largest op counter is `last_op`.
    pub(crate) fn encode(&self, deps: Vec<ChangeHash>, last_op: u32) -> Vec<Arc<UncheckedChange>> {
        let blanks = self.lay_out(deps, last_op);
        let actor = ActorHasher::derive(self.author.kind, blanks.iter().map(BlankChange::said));
        let mut chain: Vec<Arc<UncheckedChange>> = Vec::with_capacity(blanks.len());
        for blank in blanks {
            let before = chain.last().map(|change| change.hash());
            chain.push(Arc::new(UncheckedChange::own(blank, actor, before)));
        }
        chain
    }

    /// The changes of the chain, their author still blank.
    fn lay_out(&self, deps: Vec<ChangeHash>, last_op: u32) -> Vec<BlankChange> {
        let changes = self.cut_into_changes().count();
        let header = self.header(changes);
        let places: Vec<Option<DraftPlace>> = match self.places.is_empty() {
            true => Vec::new(),
            false => {
                let mut place = self.places_from(0, last_op + 1, ActorId::BLANK);
                (0..self.ops.len()).map(&mut place).collect()
            }
        };
        let mut blanks: Vec<BlankChange> = Vec::with_capacity(changes);
        let (mut room, mut rest) = (Room::default(), PlannedOps::of(self, &places));
        let (mut first, mut from, mut start_op) = (Some(deps), 0, u64::from(last_op) + 1);
        for to in self.cut_into_changes() {
            let ops = &rest.split_to(to - from);
            let (deps, message) = match first.take() {
                Some(deps) => (deps, header.message()),
                None => (vec![ChangeHash::BLANK], String::new()),
            };
            let (deps, message, seq) = (deps.into(), message.into(), blanks.len() as u64 + 1);
            let draft = Draft { deps, actor: ActorId::BLANK, seq, start_op, message, ops };
            blanks.push(BlankChange::of(draft, &mut room));
            start_op += (to - from) as u64;
            from = to;
        }
        blanks
    }

    /// What a chain of so many changes says about all of it.
    pub(crate) fn header(&self, changes: usize) -> Header {
        Header { length: changes as u32, by: self.author.name.clone(), origin: self.author.origin.clone() }
    }

    /// The ends of the changes: about a hundred records each, fewer where they are large.
    fn cut_into_changes(&self) -> impl Iterator<Item = usize> {
        let (mut records, mut from, mut before) = (0, (0, 0), (0, 0));
        let mut ends = self.ends.iter();
        std::iter::from_fn(move || {
            for End { at, bytes, of_record } in ends.by_ref() {
                let end = (*at as usize, *bytes);
                let full = records == limits::RECORDS_PER_CHANGE
                    || (end.0 - from.0) as u64 > limits::OPS_MAX
                    || end.1 - from.1 > limits::CHANGE_BYTES_TARGET;
                let cut = std::mem::replace(&mut before, end);
                if full && cut.0 > from.0 {
                    (records, from) = (usize::from(*of_record), cut);
                    return Some(cut.0);
                }
                records += usize::from(*of_record);
            }
            let last = (before.0 > from.0).then_some(before.0);
            from = before;
            last
        })
    }

    /// Whether every op sets a register to a scalar under a name that has no blank.
    pub(crate) fn is_plain(&self) -> bool {
        let is_scalar = |op: &PlannedOp| !code::is_sequence(op.value_code);
        self.places.is_empty() && !self.names.has_blanks() && self.ops.iter().all(is_scalar)
    }

    /// What a plain plan brings to an empty document.
    pub(crate) fn expected(&self) -> Expected {
        let (records, identity_bytes) = self.names.identities();
        let is_text = |op: &&PlannedOp| matches!(op.value_code, code::STR | code::BYTES);
        let text_bytes = self.ops.iter().filter(is_text).map(|op| op.value_bytes as usize).sum();
        Expected { records, ops: self.ops.len(), identity_bytes, text_bytes }
    }

    /// The ops of a plain plan, in order.
    pub(crate) fn plain_ops(&self) -> impl Iterator<Item = PlainOp<'_>> {
        let (mut values, mut all_preds) = (self.values.as_slice(), self.preds.as_slice());
        let mut pred_counts = self.pred_counts.iter().peekable();
        let mut identity_of = self.names.identities_from(0);
        self.ops.iter().zip(0..).map(move |(PlannedOp { suffix, value_bytes, value_code }, op)| {
            let (value, values_after) = values.split_at(*value_bytes as usize);
            let pred_count = pred_counts.next_if(|(own, _)| *own == op).map_or(0, |(_, count)| *count as usize);
            let (preds, preds_after) = all_preds.split_at(pred_count);
            (values, all_preds) = (values_after, preds_after);
            let (identity, suffix) = (identity_of(op), self.names.suffix(*suffix));
            PlainOp { identity, suffix, scalar: Scalar { code: *value_code, bytes: value }, preds }
        })
    }

    /// The identities of the records whose first ops are among these, in order.
    pub(crate) fn identities_first_in(&self, ops: Range<u32>) -> impl ExactSizeIterator<Item = &str> {
        self.names.identities_first_in(ops)
    }
}
