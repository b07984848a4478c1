//! Writing the fields whose policy lets edits add up: increments of counters, elements of sets.

use super::Difference;
use crate::commit::plan::Plan;
use crate::layout;
use crate::registers::Slot;
use crate::scalar;
use crate::value::Value;
use crate::view::View;
use crate::view::fields::Elements;

/// The largest number up to which whole numbers are exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

impl Plan {
    /// Writes the difference of two whole numbers as an increment of this commit; `false` if they are none.
    pub(super) fn count_up(&mut self, view: &View<'_>, slot: Slot<'_>, difference: &Difference<'_>) -> bool {
        let shown = difference.shown.as_ref().map(|leaf| leaf.value());
        let (Some(from), Some(to)) = (shown.as_ref().map_or(Some(0), whole), difference.value.and_then(whole)) else {
            return false;
        };
        // What is shown at the end of the scale may be less than what was counted: no increment leads on from it.
        let is_at_the_end = from.unsigned_abs() >= WHOLE_MAX as u64;
        let Some(delta) = to.checked_sub(from).filter(|_| !is_at_the_end) else { return false };
        let suffix = format!("{}{}+{}", difference.suffix, layout::PART, layout::OWN_ACTOR);
        self.set(view, slot.identity(), Some(slot), &suffix, |out| scalar::write_increment(delta, out));
        true
    }

    /// Writes which elements came and went; `false` if what was or what is now is no list of elements.
    pub(super) fn change_elements(&mut self, view: &View<'_>, slot: Slot<'_>, difference: &Difference<'_>) -> bool {
        let shown = difference.shown.as_ref().map(|leaf| leaf.value());
        let (Some(shown), Some(new)) = (&shown, difference.value) else { return false };
        let (from, to) = match (shown, new) {
            (Value::Set(from), Value::Set(to)) | (Value::Array(from), Value::Array(to)) => (from, to),
            _ => return false,
        };
        let (were, mut are) = (Elements::of(from), Elements::default());
        let came: Vec<&Value> = to.iter().filter(|element| are.add(*element) && !were.has(element)).collect();
        let gone = from.iter().filter(|element| !are.has(element)).map(|element| (false, element));
        let mut changes: Vec<(String, bool, &Value)> = gone
            .chain(came.into_iter().map(|element| (true, element)))
            .map(|(present, element)| (element_id(element), present, element))
            .collect();
        changes.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        changes.dedup_by(|(a, ..), (b, ..)| a == b);
        for (id, present, element) in changes {
            let suffix = format!("{}{}e{id}", difference.suffix, layout::PART);
            self.set(view, slot.identity(), Some(slot), &suffix, |out| scalar::write_element(element, present, out));
        }
        true
    }
}

/// A number that an increment can reach exactly; −0 is none.
fn whole(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    let is_whole = number.fract() == 0.0 && number.abs() <= WHOLE_MAX && number.to_bits() != (-0.0f64).to_bits();
    is_whole.then_some(*number as i64)
}

/// The id of an element's register: a hash of its canonical bytes.
fn element_id(element: &Value) -> String {
    use sha2::{Digest, Sha256};
    let digest: [u8; 32] = Sha256::digest(scalar::canonical_bytes(element)).into();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
