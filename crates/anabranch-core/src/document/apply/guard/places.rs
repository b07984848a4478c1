//! Places in sequences: the sequence is one of ours and of the right kind, the element is in it, and what an op overwrites
//! there was set there.

use std::collections::BTreeMap;

use super::{Known, RefuseReason};
use crate::change::{ActorId, Decoded, DecodedOp, OpRef, Place, SequenceAction, code};
use crate::history::Past;
use crate::layout;
use crate::registers::Held;
use crate::scalar::{Holds, Scalar, nests_within};
use crate::sequence::{OpId, SequenceKind};

/// Decoded changes kept at hand for values that are no longer visible.
const DECODED_AT_HAND: usize = 64;

/// An op's id by its actor's own name.
type NamedOp = (u32, ActorId);

/// What the places of a chain's ops are looked up in.
pub(super) struct PlaceCheck<'h> {
    known: Known<'h>,
    past: &'h Past<'h>,
    /// The chain's own ops so far that others may refer to: those from a counter to the one before another.
    own: Vec<(u32, u32, OwnOp)>,
    decoded: BTreeMap<u32, Decoded>,
}

/// An op of the chain that is checked.
#[derive(Clone, Copy, PartialEq)]
enum OwnOp {
    Makes(SequenceKind, usize),
    InsertsInto(NamedOp),
}

/// The sequence that an op acts in.
#[derive(Clone, Copy)]
enum Object<'h> {
    /// One that the chain makes, and how many levels its elements may nest.
    Own(SequenceKind, usize),
    Known(&'h Held, usize),
}

impl<'h> PlaceCheck<'h> {
    pub(super) fn new(known: Known<'h>, past: &'h Past<'h>) -> Self {
        Self { known, past, own: Vec::new(), decoded: BTreeMap::new() }
    }

    /// Checks the ops of the chain's next change that act inside sequences.
    pub(super) fn check(&mut self, change: &Decoded, bytes: &[u8]) -> Result<(), RefuseReason> {
        let mut current: Option<(OpRef, Object<'h>)> = None;
        for (at, op) in change.ops.iter().enumerate() {
            let counter = change.start_op as u32 + at as u32;
            let Some(place) = change.place(at) else {
                if let Some(kind) = kind_made(op) {
                    let name = change.name(bytes, op);
                    let suffix = layout::identity_length(name).and_then(|length| name.get(length..));
                    self.note_own(counter, OwnOp::Makes(kind, levels_in(suffix.unwrap_or_default())));
                }
                continue;
            };
            let refused = || RefuseReason::Place { op: at as u32 };
            let object = match current {
                Some((object, found)) if object == place.object => found,
                _ => self.object(named(change, place.object), change).ok_or_else(refused)?,
            };
            current = Some((place.object, object));
            if !fits(object, place.action, change.value(bytes, op)) {
                return Err(RefuseReason::Value { op: at as u32 });
            }
            if place.action != SequenceAction::Insert {
                self.check_overwrite(change, at, op, place, object)?;
                continue;
            }
            if !self.is_behind(change, place, object) {
                return Err(refused());
            }
            if op.preds > 0 {
                return Err(RefuseReason::Predecessor { op: at as u32 });
            }
            self.note_own(counter, OwnOp::InsertsInto(named(change, place.object)));
        }
        Ok(())
    }

    /// The sequence that an op made which came before.
    fn object(&self, made: NamedOp, change: &Decoded) -> Option<Object<'h>> {
        if made.1 != change.actor() {
            let id = self.seen(made)?;
            let (held, _) = self.known.registers.sequence(self.known.history, id)?;
            let levels = levels_in(&self.known.registers.paths.info(held.path).suffix);
            return Some(Object::Known(held, levels));
        }
        match self.own_op(made.0)? {
            OwnOp::Makes(kind, levels) => Some(Object::Own(kind, levels)),
            OwnOp::InsertsInto(_) => None,
        }
    }

    /// Whether an insert follows an element of its sequence, or nothing.
    fn is_behind(&self, change: &Decoded, place: &Place, object: Object<'_>) -> bool {
        let Some(element) = place.element.map(|element| named(change, element)) else { return true };
        if element.1 == change.actor() {
            return self.own_op(element.0) == Some(OwnOp::InsertsInto(named(change, place.object)));
        }
        let Object::Known(held, _) = object else { return false };
        self.seen(element).is_some_and(|id| held.sequence.has(id))
    }

    /// Whether what an op overwrites are values of its element. A commit writes no element twice.
    fn check_overwrite(
        &mut self,
        change: &Decoded,
        at: usize,
        op: &DecodedOp,
        place: &Place,
        object: Object<'_>,
    ) -> Result<(), RefuseReason> {
        let refused = RefuseReason::Place { op: at as u32 };
        let (Object::Known(held, _), Some(element)) = (object, place.element) else { return Err(refused) };
        let element = self.seen(named(change, element)).filter(|id| held.sequence.has(*id)).ok_or(refused)?;
        let preds = change.preds_of(op);
        let is_there = |pred: &OpRef| {
            let Some(id) = self.seen(named(change, *pred)) else { return false };
            id == element || held.sequence.shows(element, id) || self.was_set(held.id, element, id)
        };
        match !preds.is_empty() && preds.iter().all(is_there) {
            true => Ok(()),
            false => Err(RefuseReason::Predecessor { op: at as u32 }),
        }
    }

    /// Whether history holds a value of an element that was overwritten meanwhile. Of a trimmed change it is known which ops
    /// it had, and no more.
    fn was_set(&mut self, object: OpId, element: OpId, op: OpId) -> bool {
        let history = self.known.history;
        let Some(position) = history.change_of_op(op.actor, op.counter) else { return false };
        if history.is_trimmed(position) {
            return true;
        }
        if self.decoded.len() >= DECODED_AT_HAND {
            self.decoded.clear();
        }
        let stored = history.change(position);
        let read = || Decoded::read_accepted(&history.bytes(position), stored.hash);
        let change = self.decoded.entry(position).or_insert_with(read);
        let place = change.place((op.counter - stored.start_op) as usize);
        let is_id = |reference, id: OpId| named(change, reference) == (id.counter, history.actor_at(id.actor));
        place.is_some_and(|place| {
            place.action == SequenceAction::Set
                && is_id(place.object, object)
                && place.element.is_some_and(|reference| is_id(reference, element))
        })
    }

    /// Remembers an op of the chain; ops of a kind that follow each other are one entry.
    fn note_own(&mut self, counter: u32, op: OwnOp) {
        match self.own.last_mut() {
            Some((_, end, have)) if *end == counter && *have == op => *end += 1,
            _ => self.own.push((counter, counter + 1, op)),
        }
    }

    fn own_op(&self, counter: u32) -> Option<OwnOp> {
        let at = self.own.partition_point(|(_, end, _)| *end <= counter);
        self.own.get(at).filter(|(from, ..)| *from <= counter).map(|(_, _, op)| *op)
    }

    /// An op of the past.
    fn seen(&self, (counter, actor): NamedOp) -> Option<OpId> {
        let actor = self.known.history.actor_position(&actor)?;
        let position = self.known.history.change_of_op(actor, counter)?;
        self.past.contains(position).then_some(OpId { actor, counter })
    }
}

fn named(change: &Decoded, (counter, actor): OpRef) -> NamedOp {
    (counter, change.actors.get(actor as usize).copied().unwrap_or(ActorId([0; 16])))
}

/// How many levels an element may nest in a sequence that the register with this suffix holds: it is a level itself.
fn levels_in(suffix: &str) -> usize {
    Holds::of(suffix).map_or(0, |(_, levels)| levels.saturating_sub(1))
}

fn kind_made(op: &DecodedOp) -> Option<SequenceKind> {
    match op.value_code {
        code::TEXT => Some(SequenceKind::Text),
        code::LIST => Some(SequenceKind::List),
        _ => None,
    }
}

/// Whether a sequence of this kind holds such values: a text characters, a list leaves.
fn fits(object: Object<'_>, action: SequenceAction, value: Scalar<'_>) -> bool {
    let (kind, levels) = match object {
        Object::Own(kind, levels) => (kind, levels),
        Object::Known(held, levels) => (held.sequence.kind(), levels),
    };
    match (kind, action) {
        (_, SequenceAction::Delete) => true,
        (SequenceKind::Text, SequenceAction::Set) => false,
        (SequenceKind::Text, SequenceAction::Insert) => {
            let text = std::str::from_utf8(value.bytes).unwrap_or_default();
            value.code == code::STR && text.chars().count() == 1
        }
        (SequenceKind::List, _) => Holds::Field.fits(value) && !value.is_absent() && nests_within(value, levels),
    }
}
