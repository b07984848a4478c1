//! The ops of one change of a plan, column by column.

use super::{NO_NAME, Plan, PlannedOp};
use crate::change::{ActorId, DraftName, DraftOps, DraftPlace};

/// Ops of a plan that lie beside each other.
#[derive(Clone, Copy)]
pub(super) struct PlannedOps<'p> {
    plan: &'p Plan,
    /// The position of the first.
    first: u32,
    ops: &'p [PlannedOp],
    values: &'p [u8],
    preds: &'p [(u32, ActorId)],
    /// How many predecessors those have that have any.
    pred_counts: &'p [(u32, u32)],
    /// Of each op, or none of any.
    places: &'p [Option<DraftPlace>],
}

impl<'p> PlannedOps<'p> {
    /// All of them.
    pub(super) fn of(plan: &'p Plan, places: &'p [Option<DraftPlace>]) -> Self {
        let Plan { ops, values, preds, pred_counts, .. } = plan;
        Self { plan, first: 0, ops, values, preds, pred_counts, places }
    }

    /// Takes so many off the front.
    pub(super) fn split_to(&mut self, count: usize) -> Self {
        let (ops, ops_after) = self.ops.split_at(count);
        let after = self.first + count as u32;
        let with_preds = self.pred_counts.partition_point(|(op, _)| *op < after);
        let (pred_counts, pred_counts_after) = self.pred_counts.split_at(with_preds);
        let value_bytes = ops.iter().map(|op| op.value_bytes as usize).sum();
        let (values, values_after) = self.values.split_at(value_bytes);
        let pred_count = pred_counts.iter().map(|(_, count)| *count as usize).sum();
        let (preds, preds_after) = self.preds.split_at(pred_count);
        let (places, places_after) = self.places.split_at(count.min(self.places.len()));
        let own = Self { ops, values, preds, pred_counts, places, ..*self };
        *self = Self {
            plan: self.plan,
            first: after,
            ops: ops_after,
            values: values_after,
            preds: preds_after,
            pred_counts: pred_counts_after,
            places: places_after,
        };
        own
    }
}

impl DraftOps for PlannedOps<'_> {
    fn names(&self) -> impl Iterator<Item = Option<DraftName<'_>>> {
        let mut identity_of = self.plan.names.identities_from(self.first);
        (self.first..).zip(self.ops).map(move |(op, PlannedOp { suffix, .. })| {
            let suffix = (*suffix != NO_NAME).then(|| self.plan.names.suffix(*suffix))?;
            Some(DraftName { suffix, identity: identity_of(op) })
        })
    }

    fn values(&self) -> impl ExactSizeIterator<Item = (u8, usize)> {
        self.ops.iter().map(|op| (op.value_code, op.value_bytes as usize))
    }

    fn write_values(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.values);
    }

    fn pred_counts(&self) -> impl Iterator<Item = u64> {
        let mut counts = self.pred_counts.iter().peekable();
        let count_of = move |op| counts.next_if(|(own, _)| *own == op).map_or(0, |(_, count)| u64::from(*count));
        (self.first..).take(self.ops.len()).map(count_of)
    }

    fn preds(&self) -> impl Iterator<Item = &(u32, ActorId)> {
        self.preds.iter()
    }

    fn places(&self) -> Option<impl Iterator<Item = Option<&DraftPlace>> + Clone> {
        let has_places = self.places.iter().any(Option::is_some);
        has_places.then(|| self.places.iter().map(Option::as_ref))
    }
}
