//! What a row met: nobody, other fields, other values, or a policy that hid it.

use std::ops::Range;

use super::{Outcome, Touched};
use crate::registers::{Entry, LIFE, RecordId, Slot};
use crate::scalar::Scalar;
use crate::schema::{FieldPath, FieldPolicy};
use crate::value::Value;
use crate::view::fields::{Clash, Leaf, LeafValue, value_of};
use crate::view::{Life, View};

/// What a row met.
pub(super) struct Met {
    pub(super) outcome: Outcome,
    pub(super) field: Option<FieldPath>,
    pub(super) shows: Option<bool>,
}

impl Met {
    /// Nothing that decided between values.
    pub(super) fn only(outcome: Outcome) -> Self {
        Self { outcome, field: None, shows: None }
    }
}

impl View<'_> {
    pub(super) fn outcome(&self, record: RecordId, own: &Range<u32>, others: &Touched) -> Met {
        let slot = self.registers.slot(record);
        if !others.contains_key(slot.identity()) {
            return Met::only(Outcome::Applied);
        }
        let is_ours = |entry: &Entry<'_>| {
            let edits = entry.sequence.map(|held| held.edits()).unwrap_or_default();
            own.contains(&entry.change) || edits.iter().any(|edit| own.contains(&edit.change))
        };
        let sequences = slot.buried().map(Entry::of_sequence);
        let ours: Vec<Entry<'_>> = slot.entries().chain(sequences).filter(is_ours).collect();
        let deletes = ours.iter().any(|entry| entry.path == LIFE && entry.scalar == Scalar::DELETED);
        let life = self.life(slot);
        match &life {
            Life::Deleted(deletion) | Life::Restored(deletion) if deletes => match deletion.survivors.is_empty() {
                true => Met::only(Outcome::Merged),
                false => {
                    let shows = Some(matches!(life, Life::Deleted(_)));
                    Met { outcome: Outcome::Conflicted, field: None, shows }
                }
            },
            Life::Deleted(_) => Met { outcome: Outcome::Superseded, field: None, shows: Some(false) },
            _ => self.outcome_of_fields(slot, &ours),
        }
    }

    fn outcome_of_fields(&self, slot: Slot<'_>, ours: &[Entry<'_>]) -> Met {
        let fields = self.fields(slot, None);
        let suffix = |path: u32| &*self.paths().info(path).suffix;
        let related = |a: u32, b: u32| a == b || is_below(suffix(a), suffix(b)) || is_below(suffix(b), suffix(a));
        let mut worst = Met::only(Outcome::Merged);
        // Edits of a list's elements never conflict in a receipt.
        for clash in fields.clashes.iter().filter(|clash| !clash.is_inside) {
            for entry in ours.iter().filter(|entry| related(entry.path, clash.path)) {
                let shows = self.is_shown(entry, clash, &fields.leaves);
                let outcome = outcome_of_clash(self.policy(clash.path), shows);
                if outcome < worst.outcome {
                    let field = Some(self.paths().info(clash.path).field.clone());
                    worst = Met { outcome, field, shows: Some(shows) };
                }
            }
        }
        if worst.outcome > Outcome::Superseded
            && let Some(entry) = ours.iter().find(|entry| self.is_left_out(entry, &fields.leaves))
        {
            let field = Some(self.paths().info(self.whole_of(entry)).field.clone());
            return Met { outcome: Outcome::Superseded, field, shows: Some(false) };
        }
        worst
    }

    /// The register of the field of which an op is a part, or its own.
    fn whole_of(&self, entry: &Entry<'_>) -> u32 {
        self.paths().info(entry.path).part_of.unwrap_or(entry.path)
    }

    /// Whether an op of ours counts for nothing in a counter or a set, because what shows there is none.
    fn is_left_out(&self, entry: &Entry<'_>, leaves: &[Leaf<'_>]) -> bool {
        let whole = self.whole_of(entry);
        let Some(leaf) = leaves.iter().find(|leaf| leaf.path == whole) else { return false };
        let is_part = whole != entry.path;
        match self.policy(whole) {
            FieldPolicy::Counter => is_part && matches!(leaf.value, LeafValue::Stored),
            FieldPolicy::Set => match leaf.value() {
                Value::Array(_) | Value::Set(_) => false,
                other => is_part || value_of(entry) != Some(other),
            },
            _ => false,
        }
    }

    /// Whether an op of ours is what shows where values clash. An equal value of somebody else's may be the one: ours shows
    /// then too.
    fn is_shown(&self, entry: &Entry<'_>, clash: &Clash<'_>, leaves: &[Leaf<'_>]) -> bool {
        let lost = |(_, other): &(_, Entry<'_>)| self.is_equal_value(other, entry);
        let is_it = |leaf: &Leaf<'_>| match (self.paths().info(entry.path).part_of, &leaf.value) {
            // What is made up of parts is made up of all of them.
            (Some(main), value) => leaf.path == main && matches!(value, LeafValue::Merged(_)),
            (None, LeafValue::Merged(_)) => leaf.path == entry.path && !clash.others.iter().any(lost),
            (None, LeafValue::Stored) => leaf.path == entry.path && self.is_equal_value(&leaf.entry, entry),
        };
        leaves.iter().any(is_it)
            || clash.shown.is_none() && !clash.others.iter().any(|(_, other)| other.is_same_op(entry))
    }
}

/// What a row met where its value clashes with another's. Fields whose edits merge never conflict: of different ones made
/// concurrently the one that is hidden is superseded, and the clash is listed.
fn outcome_of_clash(policy: FieldPolicy, shows: bool) -> Outcome {
    use FieldPolicy::{Counter, LastWriter, List, Max, Min, PeopleOverPipelines, Set, Text};
    match (policy, shows) {
        (LastWriter, _) | (Max | Min | PeopleOverPipelines, true) => Outcome::Conflicted,
        (Counter | List | Set | Text, true) => Outcome::Merged,
        (_, false) => Outcome::Superseded,
    }
}

/// Whether the register with suffix `a` lies below the one with suffix `b`.
fn is_below(a: &str, b: &str) -> bool {
    b == "=" && a.starts_with('.') || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('\0'))
}
