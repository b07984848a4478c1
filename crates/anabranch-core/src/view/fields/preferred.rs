//! A record as one of those who wrote it would have it.

use std::collections::BTreeSet;

use super::{Leaf, LeafValue};
use crate::registers::{Entry, SequenceEdit};
use crate::scalar::Scalar;
use crate::sequence::OpId;
use crate::value::Value;
use crate::view::View;

/// Whose values show where several were written.
pub(crate) struct Preferred<'w> {
    /// The replica or run.
    pub(crate) writer: &'w str,
    /// Its ops that come first among those, each by its change and counter.
    pub(crate) first: &'w BTreeSet<(u32, u32)>,
}

impl View<'_> {
    /// How much the one that is preferred wrote of a value or its equal: nothing, something, or something that comes first.
    pub(super) fn preference(&self, prefer: Option<&Preferred<'_>>, values: &[Entry<'_>], entry: &Entry<'_>) -> u8 {
        let Some(prefer) = prefer else { return 0 };
        let of_value = |have: &Entry<'_>| match have.sequence {
            None => self.preference_of(prefer, have.change, have.counter),
            Some(held) => {
                let edits = held.edits().iter();
                edits
                    .map(|edit: &SequenceEdit| self.preference_of(prefer, edit.change, edit.counter))
                    .max()
                    .unwrap_or(0)
            }
        };
        let equals = values.iter().filter(|have| self.is_equal_value(have, entry));
        equals.map(of_value).max().unwrap_or(0)
    }

    pub(super) fn preference_of(&self, prefer: &Preferred<'_>, change: u32, counter: u32) -> u8 {
        match self.writer_of(change) == prefer.writer {
            false => 0,
            true => 1 + u8::from(prefer.first.contains(&(change, counter))),
        }
    }

    /// The leaf of the value among these that shows.
    pub(super) fn leaf<'p>(&self, shown: &Entry<'p>, values: &[Entry<'p>], prefer: Option<&Preferred<'_>>) -> Leaf<'p> {
        let inside = prefer.and_then(|prefer| self.preferred_inside(shown, prefer));
        let value = inside.map_or(LeafValue::Stored, LeafValue::Merged);
        Leaf { path: shown.path, value, entry: *shown, preference: self.preference(prefer, values, shown) }
    }

    /// A list of which several people made something else of one element.
    fn preferred_inside(&self, entry: &Entry<'_>, prefer: &Preferred<'_>) -> Option<Value> {
        let held = entry.sequence.filter(|held| held.sequence.has_conflicts())?;
        let preference = |op: OpId| self.preference_of(prefer, self.change_of(op), op.counter);
        let elements = held.sequence.elements().filter_map(|element| {
            // Of equally preferred ones the last, which is the one that shows.
            let (_, scalar): (OpId, Scalar<'_>) = element.values.into_iter().max_by_key(|(op, _)| preference(*op))?;
            scalar.to_value().expect("scalars are checked before they are applied")
        });
        Some(Value::Array(elements.collect()))
    }
}
