//! Places in sequences: the sequence is one of ours and of the right kind, the element is in it, and what an op overwrites
//! there was set there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::guard::RefuseReason;
use crate::change::{ActorId, Decoded, DecodedOp, OpRef, Place, SequenceAction, code};
use crate::history::{Ancestry, History};
use crate::registers::{Held, Registers};
use crate::scalar::Scalar;
use crate::sequence::{OpId, SequenceKind};

/// Decoded changes kept at hand for values that are no longer visible.
const DECODED_AT_HAND: usize = 64;

/// An op's id by its actor's own name.
type NamedOp = (u32, ActorId);

/// What places are looked up in.
pub(super) struct PlaceCheck<'h> {
    history: &'h History,
    registers: &'h Registers,
    past: &'h Ancestry,
    /// The chain whose ops are checked.
    chain: &'h [&'h Decoded],
    decoded: BTreeMap<u32, (Decoded, Arc<[u8]>)>,
}

/// The sequence that an op acts in.
enum Object<'h> {
    /// One that this chain makes.
    Own(SequenceKind),
    Known(&'h Held),
}

impl<'h> PlaceCheck<'h> {
    pub(super) fn new(
        history: &'h History,
        registers: &'h Registers,
        past: &'h Ancestry,
        chain: &'h [&'h Decoded],
    ) -> Self {
        Self { history, registers, past, chain, decoded: BTreeMap::new() }
    }

    /// Checks every op of a change that acts inside a sequence.
    pub(super) fn check(&mut self, change: &Decoded, bytes: &[u8]) -> Result<(), RefuseReason> {
        let mut current: Option<(OpRef, Object<'h>)> = None;
        for (at, op) in change.ops.iter().enumerate() {
            let Some(place) = change.place(at) else { continue };
            let counter = change.start_op as u32 + at as u32;
            let refused = RefuseReason::Place { op: at as u32 };
            if current.as_ref().is_none_or(|(object, _)| *object != place.object) {
                let object = self.object(named(change, place.object), counter).ok_or_else(|| refused.clone())?;
                current = Some((place.object, object));
            }
            let Some((_, object)) = &current else { continue };
            if !fits(object, place.action, change.value(bytes, op)) {
                return Err(RefuseReason::Value { op: at as u32 });
            }
            match place.action {
                SequenceAction::Insert if self.is_behind(change, counter, place, object) => (),
                SequenceAction::Insert => return Err(refused),
                SequenceAction::Set | SequenceAction::Delete => self.check_overwrite(change, at, op, place, object)?,
            }
            if place.action == SequenceAction::Insert && op.preds > 0 {
                return Err(RefuseReason::Predecessor { op: at as u32 });
            }
        }
        Ok(())
    }

    /// The sequence that an op made which comes before `counter`.
    fn object(&self, (made, actor): NamedOp, counter: u32) -> Option<Object<'h>> {
        if self.is_author(&actor) {
            let (change, at) = self.own(made).filter(|_| made < counter)?;
            return match change.ops.get(at)?.value_code {
                _ if change.place(at).is_some() => None,
                code::TEXT => Some(Object::Own(SequenceKind::Text)),
                code::LIST => Some(Object::Own(SequenceKind::List)),
                _ => None,
            };
        }
        let id = self.known((made, actor))?;
        self.registers.sequence(id).map(|(held, _)| Object::Known(held))
    }

    /// Whether an insert follows an element of its sequence, or nothing.
    fn is_behind(&self, change: &Decoded, counter: u32, place: &Place, object: &Object<'_>) -> bool {
        let Some(element) = place.element else { return true };
        let (inserted, actor) = named(change, element);
        if !self.is_author(&actor) {
            let Object::Known(held) = object else { return false };
            return self.known((inserted, actor)).is_some_and(|id| held.sequence.has(id));
        }
        let Some((other, at)) = self.own(inserted).filter(|_| inserted < counter) else { return false };
        other.place(at).is_some_and(|other_place| {
            other_place.action == SequenceAction::Insert
                && named(other, other_place.object) == named(change, place.object)
        })
    }

    /// Whether what an op overwrites are values of its element. A commit writes no element twice.
    fn check_overwrite(
        &mut self,
        change: &Decoded,
        at: usize,
        op: &DecodedOp,
        place: &Place,
        object: &Object<'_>,
    ) -> Result<(), RefuseReason> {
        let refused = RefuseReason::Place { op: at as u32 };
        let (Object::Known(held), Some(element)) = (object, place.element) else { return Err(refused) };
        let element = self.known(named(change, element)).filter(|id| held.sequence.has(*id)).ok_or(refused)?;
        let preds = change.preds_of(op);
        let refused = RefuseReason::Predecessor { op: at as u32 };
        if preds.is_empty() {
            return Err(refused);
        }
        for pred in preds {
            let id = self.known(named(change, *pred)).ok_or_else(|| refused.clone())?;
            if id != element && !held.sequence.shows(element, id) && !self.was_set(held.id, element, id) {
                return Err(refused);
            }
        }
        Ok(())
    }

    /// Whether history holds a value of an element that was overwritten meanwhile.
    fn was_set(&mut self, object: OpId, element: OpId, op: OpId) -> bool {
        let history = self.history;
        let Some(position) = history.change_of_op(op.actor, op.counter) else { return false };
        if self.decoded.len() >= DECODED_AT_HAND {
            self.decoded.clear();
        }
        let (change, _) = self.decoded.entry(position).or_insert_with(|| {
            let bytes = history.bytes(position);
            (Decoded::read(&bytes, Default::default()).expect("accepted changes decode"), bytes)
        });
        let named_known = |id: OpId| (id.counter, history.actor_at(id.actor));
        let place = change.place((op.counter - history.change(position).start_op) as usize);
        place.is_some_and(|place| {
            place.action == SequenceAction::Set
                && named(change, place.object) == named_known(object)
                && place.element.map(|element| named(change, element)) == Some(named_known(element))
        })
    }

    fn is_author(&self, actor: &ActorId) -> bool {
        self.chain.first().is_some_and(|first| first.actor() == *actor)
    }

    /// The change of this chain that holds an op, and the op's position there.
    fn own(&self, counter: u32) -> Option<(&'h Decoded, usize)> {
        let counter = u64::from(counter);
        let at = self.chain.partition_point(|change| change.start_op + change.ops.len() as u64 <= counter);
        let change = self.chain.get(at)?;
        Some((change, usize::try_from(counter.checked_sub(change.start_op)?).ok()?))
    }

    /// An op of the past.
    fn known(&self, (counter, actor): NamedOp) -> Option<OpId> {
        let actor = self.history.actor_position(&actor)?;
        let position = self.history.change_of_op(actor, counter)?;
        self.past.contains(position).then_some(OpId { actor, counter })
    }
}

fn named(change: &Decoded, (counter, actor): OpRef) -> NamedOp {
    (counter, change.actors.get(actor as usize).copied().unwrap_or(ActorId([0; 16])))
}

/// Whether a sequence of this kind holds such values: a text characters, a list leaves.
fn fits(object: &Object<'_>, action: SequenceAction, value: Scalar<'_>) -> bool {
    let kind = match object {
        Object::Own(kind) => *kind,
        Object::Known(held) => held.sequence.kind(),
    };
    match (kind, action) {
        (_, SequenceAction::Delete) => true,
        (SequenceKind::Text, SequenceAction::Set) => false,
        (SequenceKind::Text, SequenceAction::Insert) => {
            let text = std::str::from_utf8(value.bytes).unwrap_or_default();
            value.code == code::STR && text.chars().count() == 1
        }
        (SequenceKind::List, _) => value.is_canonical() && !value.is_absent() && value.to_element().is_none(),
    }
}
