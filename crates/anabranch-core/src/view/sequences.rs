//! Sequences in registers: which are there although something was written over them, and what lost inside them.

use std::collections::BTreeMap;
use std::iter;

use super::View;
use super::fields::{Clash, value_of};
use super::seen::{ByPath, Seen};
use crate::registers::{Entry, Held, Slot};
use crate::scalar::Scalar;
use crate::sequence::OpId;
use crate::value::Value;

impl View<'_> {
    /// Sequences that were overwritten by somebody who did not see the last edits of them. An edit against an overwriting is
    /// a conflict like any other: the sequence, all of it, is one of the values.
    pub(crate) fn kept_alive<'p>(&self, slot: Slot<'p>) -> impl Iterator<Item = Entry<'p>> + use<'p> {
        if slot.buried().next().is_none() {
            return Vec::new().into_iter();
        }
        let (values, mut seen) = (ByPath::of(slot), BTreeMap::new());
        let is_alive = |held: &&Held| {
            let seen = seen.entry(held.path).or_insert_with(|| Seen::of(self, values.of_register(held.path)));
            held.edits().iter().any(|edit| !seen.has(self, *edit))
        };
        let alive: Vec<Entry<'p>> = slot.buried().filter(is_alive).map(Entry::of_sequence).collect();
        alive.into_iter()
    }

    /// Every write of a sequence as an entry of its own.
    pub(crate) fn edits_of<'p>(&self, held: &'p Held) -> impl Iterator<Item = Entry<'p>> {
        let whole = Entry::of_sequence(held);
        let edits = held.edits().iter();
        edits.map(move |edit| Entry { change: edit.change, counter: edit.counter, sequence: None, ..whole })
    }

    /// Whether two visible values are equal: a sequence and a leaf are if they show the same.
    pub(crate) fn is_equal_value(&self, a: &Entry<'_>, b: &Entry<'_>) -> bool {
        match (a.sequence, b.sequence) {
            (None, None) => a.scalar == b.scalar,
            (Some(a), Some(b)) if a.id == b.id => true,
            _ => value_of(a) == value_of(b),
        }
    }

    /// The change of an op that set an element.
    pub(super) fn change_of(&self, op: OpId) -> u32 {
        self.history.change_of_op(op.actor, op.counter).expect("elements were set by accepted ops")
    }

    /// What several people made of elements of a list: the last shows of each, and the list as it were with another is listed.
    pub(crate) fn clash_inside<'p>(&self, entry: &Entry<'p>) -> Option<Clash<'p>> {
        let held = entry.sequence.filter(|held| held.sequence.has_conflicts())?;
        let Value::Array(shown) = held.value() else { return None };
        let mut lost: Vec<Lost<'_>> = Vec::new();
        for (at, element) in held.sequence.elements().enumerate() {
            let Some((last, others)) = element.values.split_last() else { continue };
            let others = others.iter().rev().filter(|(_, scalar)| *scalar != last.1);
            let ranks = (0..RANKS_LISTED).chain(iter::repeat(RANKS_LISTED));
            lost.extend(ranks.zip(others).map(|(rank, (op, scalar))| Lost { rank, at, op: *op, scalar: *scalar }));
        }
        if lost.len() > LISTED_ALONE {
            lost.sort_by_key(|lost| lost.rank);
        }
        let are_together = |a: &Lost<'_>, b: &Lost<'_>| a.rank == b.rank && lost.len() > LISTED_ALONE;
        let others = lost.chunk_by(are_together).map(|lost| self.list_with(&shown, lost, entry)).collect();
        let clash = Clash { path: entry.path, shown: Some(Value::Array(shown)), others, is_inside: true };
        (!lost.is_empty()).then_some(clash)
    }

    /// A list as it were with these elements, or they alone, by the last of the ops that set them.
    fn list_with<'p>(&self, shown: &[Value], lost: &[Lost<'_>], entry: &Entry<'p>) -> (Option<Value>, Entry<'p>) {
        let values = lost.iter().filter_map(|lost| Some((lost.at, lost.scalar.to_value().ok()??)));
        let list = if lost.first().is_some_and(|lost| lost.rank == RANKS_LISTED) {
            values.map(|(_, value)| value).collect()
        } else {
            let mut list = shown.to_vec();
            for (at, value) in values {
                if let Some(element) = list.get_mut(at) {
                    *element = value;
                }
            }
            list
        };
        let set = |lost: &Lost<'_>| (lost.op.counter, self.change_of(lost.op));
        let (counter, change) = lost.iter().map(set).max().unwrap_or((entry.counter, entry.change));
        (Some(Value::Array(list)), Entry { change, counter, sequence: None, ..*entry })
    }
}

/// Up to so many lost elements of a list are listed in a list each. Of more, those that lost first to what shows of their
/// elements are listed together, then those that lost second: whoever sends changes decides how many there are, and how long
/// the list is.
const LISTED_ALONE: usize = 64;

/// After so many lists of elements that lost together, one of nothing but what is left.
const RANKS_LISTED: usize = 64;

/// A value of an element that does not show.
struct Lost<'h> {
    /// How many values of the element were set later and do not show either; [`RANKS_LISTED`] at most.
    rank: usize,
    at: usize,
    op: OpId,
    scalar: Scalar<'h>,
}
