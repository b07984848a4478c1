//! The ops of a change that makes sequences or edits them.

use super::super::columns::{BadColumn, BooleanDecoder, NullableDecoder, RunDecoder, RunValue};
use super::super::{SequenceAction, action, code, column};
use super::ops::{check_name_length, read_pred_count, read_value};
use super::{Columns, DecodeChangeError, Decoded, DecodedOp, Limits, OpRef, Place};
use crate::limits;

/// A value that makes an object has no bytes and the type code of null.
const META_NONE: u64 = 0;

/// Reads the ops of a change of any kind.
pub(super) fn read_ops(
    bytes: &[u8],
    columns: &Columns,
    bounds: Limits,
    decoded: &mut Decoded,
) -> Result<(), DecodeChangeError> {
    let slice = |(from, to): (usize, usize)| bytes.get(from..to).unwrap_or_default();
    let base = bytes.as_ptr() as usize;
    let mut targets = Targets::new(bytes, columns);
    let mut actions = RunDecoder::<u64>::new(slice(columns.action));
    let mut metas = RunDecoder::<u64>::new(slice(columns.value_meta));
    let mut counts = RunDecoder::<u64>::new(slice(columns.pred_count));
    let mut value_at = columns.value.0;
    while let Some(meta) = metas.next().map_err(bad(column::VALUE_META))? {
        if decoded.ops.len() as u64 >= bounds.ops {
            return Err(DecodeChangeError::Limit { what: "the number of ops", limit: bounds.ops });
        }
        let action = actions.next().map_err(bad(column::ACTION))?;
        let action = action.ok_or(DecodeChangeError::Column { specification: column::ACTION })?;
        let (name, place) = targets.next(action, decoded.actors.len())?;
        check_name_length(name)?;
        let (mut value_code, value_bytes) = read_value(bytes, columns, meta, value_at)?;
        if action != action::SET {
            if meta != META_NONE {
                return Err(DecodeChangeError::ForeignOp);
            }
            value_code = match action {
                action::MAKE_TEXT => code::TEXT,
                action::MAKE_LIST => code::LIST,
                _ => value_code,
            };
        }
        let (preds_at, preds) = read_pred_count(&mut counts, decoded)?;
        decoded.ops.push(DecodedOp {
            name_at: if place.is_some() { 0 } else { (name.as_ptr() as usize - base) as u32 },
            name_bytes: name.len() as u32,
            value_at: value_at as u32,
            value_bytes: value_bytes as u32,
            value_code,
            preds_at,
            preds,
        });
        decoded.places.push(place);
        value_at += value_bytes;
    }
    let ends = [
        (targets.inserts.is_done(), column::INSERT),
        (targets.is_done(), column::KEY_STR),
        (actions.is_done(), column::ACTION),
        (counts.is_done(), column::PRED_COUNT),
        (value_at == columns.value.1, column::VALUE),
    ];
    match ends.into_iter().find(|(done, _)| !done) {
        Some((_, specification)) => Err(DecodeChangeError::Column { specification }),
        None => Ok(()),
    }
}

fn bad(specification: u64) -> impl Fn(BadColumn) -> DecodeChangeError {
    move |_| DecodeChangeError::Column { specification }
}

/// The columns that say on what each op acts.
struct Targets<'a> {
    object_actors: NullableDecoder<'a, u64>,
    object_counters: NullableDecoder<'a, u64>,
    element_actors: NullableDecoder<'a, u64>,
    element_counters: NullableDecoder<'a, i64>,
    element_counter: i64,
    names: NullableDecoder<'a, &'a [u8]>,
    inserts: BooleanDecoder<'a>,
}

impl<'a> Targets<'a> {
    fn new(bytes: &'a [u8], columns: &Columns) -> Self {
        fn decoder<'a, T: RunValue<'a>>(bytes: &'a [u8], (from, to): (usize, usize)) -> NullableDecoder<'a, T> {
            NullableDecoder::new(bytes.get(from..to).unwrap_or_default())
        }
        Self {
            object_actors: decoder(bytes, columns.object_actor),
            object_counters: decoder(bytes, columns.object_counter),
            element_actors: decoder(bytes, columns.element_actor),
            element_counters: decoder(bytes, columns.element_counter),
            element_counter: 0,
            names: decoder(bytes, columns.names),
            inserts: BooleanDecoder::new(bytes.get(columns.insert.0..columns.insert.1).unwrap_or_default()),
        }
    }

    /// The name of the register that the next op sets, or its place in a sequence and an empty name.
    fn next(&mut self, action: u64, actors: usize) -> Result<(&'a [u8], Option<Place>), DecodeChangeError> {
        let object_actor = self.object_actors.next().map_err(bad(column::OBJECT_ACTOR))?;
        let object_counter = self.object_counters.next().map_err(bad(column::OBJECT_COUNTER))?;
        let element_actor = self.element_actors.next().map_err(bad(column::ELEMENT_ACTOR))?;
        let element_counter = self.next_element_counter()?;
        let name = self.names.next().map_err(bad(column::KEY_STR))?;
        let is_insert = self.inserts.next().map_err(bad(column::INSERT))?;
        if let Some(name) = name {
            let in_root = object_actor.is_none() && object_counter.is_none();
            let is_set = matches!(action, action::SET | action::MAKE_TEXT | action::MAKE_LIST);
            let is_register = in_root && element_actor.is_none() && element_counter.is_none() && is_set && !is_insert;
            return if is_register { Ok((name, None)) } else { Err(DecodeChangeError::ForeignOp) };
        }
        let object = op_ref(object_counter, object_actor, actors, column::OBJECT_COUNTER)?;
        let counter = element_counter.and_then(|counter| u64::try_from(counter).ok());
        let element = match (counter, element_actor) {
            (Some(0), None) => None,
            (counter, actor) => Some(op_ref(counter, actor, actors, column::ELEMENT_COUNTER)?),
        };
        let action = match action {
            action::SET if is_insert => SequenceAction::Insert,
            action::SET if element.is_some() => SequenceAction::Set,
            action::DELETE if element.is_some() && !is_insert => SequenceAction::Delete,
            _ => return Err(DecodeChangeError::ForeignOp),
        };
        Ok((&[], Some(Place { object, element, action })))
    }

    fn next_element_counter(&mut self) -> Result<Option<i64>, DecodeChangeError> {
        let Some(delta) = self.element_counters.next().map_err(bad(column::ELEMENT_COUNTER))? else { return Ok(None) };
        let counter = self.element_counter.checked_add(delta);
        self.element_counter = counter.ok_or(DecodeChangeError::Column { specification: column::ELEMENT_COUNTER })?;
        Ok(Some(self.element_counter))
    }

    fn is_done(&self) -> bool {
        self.object_actors.is_done()
            && self.object_counters.is_done()
            && self.element_actors.is_done()
            && self.element_counters.is_done()
            && self.names.is_done()
    }
}

/// An op's id within the limits, of an actor that the change names.
fn op_ref(
    counter: Option<u64>,
    actor: Option<u64>,
    actors: usize,
    specification: u64,
) -> Result<OpRef, DecodeChangeError> {
    let counter = counter.filter(|counter| (1..=limits::OP_COUNTER_MAX).contains(counter));
    let actor = actor.filter(|actor| *actor < actors as u64);
    match (counter, actor) {
        (Some(counter), Some(actor)) => Ok((counter as u32, actor as u32)),
        _ => Err(DecodeChangeError::Column { specification }),
    }
}

/// Marks the actors that places name.
pub(super) fn note_actors(decoded: &Decoded, named: &mut [bool]) {
    for place in decoded.places.iter().flatten() {
        for (_, actor) in [Some(place.object), place.element].into_iter().flatten() {
            if let Some(named) = named.get_mut(actor as usize) {
                *named = true;
            }
        }
    }
}
