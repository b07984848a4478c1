//! Writing the fields that are sequences: a new text or list becomes edits of the one that is there.

use super::Difference;
use crate::commit::plan::{Elements, Plan};
use crate::registers::{Entry, Held, Slot};
use crate::value::Value;
use crate::view::View;
use crate::view::fields::LeafValue;

impl Plan {
    /// Edits the sequence that the base shows so that it becomes `value`; `false` if there is none that can.
    pub(super) fn edit_elements(
        &mut self,
        view: &View<'_>,
        slot: Slot<'_>,
        difference: &Difference<'_>,
        value: &Value,
    ) -> bool {
        let policy = self.policy_of_sequence(&difference.suffix);
        let Some(elements) = Elements::of(policy, value) else { return false };
        let Some(leaf) = difference.shown.as_ref().filter(|leaf| matches!(leaf.value, LeafValue::Stored)) else {
            return false;
        };
        if let Some(held) = leaf.entry.sequence {
            return is_alone(view, slot, held) && self.edit_sequence(view, held, elements);
        }
        // A found leaf is one op with the sequence of its elements, which everybody makes alike.
        let mut visible = slot.visible(leaf.path, view.history);
        let is_class = visible.all(|entry| entry.is_found(view.history) && entry.scalar == leaf.entry.scalar);
        let shown = leaf.value();
        match Elements::of(policy, &shown) {
            Some(found) if is_class && view.kept_alive(slot).all(|held| held.path != leaf.path) => {
                self.edit_found(view, slot.identity(), &difference.suffix, found, elements)
            }
            _ => false,
        }
    }
}

/// Whether nothing else is visible in the register of a sequence, but what was found equal to it.
fn is_alone(view: &View<'_>, slot: Slot<'_>, held: &Held) -> bool {
    let found_as = |entry: &Entry<'_>| {
        let own = Entry::of_sequence(held);
        entry.is_found(view.history)
            && held.is_found(view.history)
            && !held.is_edited(view.history)
            && view.is_equal_value(entry, &own)
    };
    let is_own = |entry: &Entry<'_>| entry.sequence.is_some_and(|other| other.id == held.id);
    slot.raw(held.path).any(|entry| is_own(&entry))
        && slot.visible(held.path, view.history).all(|entry| is_own(&entry) || found_as(&entry))
        && view.kept_alive(slot).all(|other| other.path != held.path)
}
