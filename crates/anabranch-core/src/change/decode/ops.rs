//! The ops of a change, column by column.

use super::super::columns::{BadColumn, RunDecoder, Valid};
use super::super::leb128::{read_signed, read_unsigned};
use super::super::{action, code, column};
use super::{Columns, DecodeChangeError, Decoded, DecodedOp, Limits, OpRef, places};
use crate::limits;

/// Ops and predecessors for which room is made because a change says that it has so many; more must be there first.
const RESERVED_MAX: u64 = 1024;

/// Reads every op: names, values, predecessors, and where in sequences they act.
pub(super) fn read_ops(
    bytes: &[u8],
    columns: &Columns,
    bounds: Limits,
    decoded: &mut Decoded,
) -> Result<(), DecodeChangeError> {
    match only_sets(bytes, columns) {
        Some(count) => read_sets(bytes, columns, bounds, decoded, count)?,
        None => places::read_ops(bytes, columns, bounds, decoded)?,
    }
    check_names(bytes.get(..columns.names.1).unwrap_or_default(), decoded)?;
    read_preds(bytes, columns, decoded)
}

/// How many ops there are if all of them set registers, as in nearly every change.
fn only_sets(bytes: &[u8], columns: &Columns) -> Option<u64> {
    let slice = |(from, to): (usize, usize)| bytes.get(from..to).unwrap_or_default();
    let in_sequences = [columns.object_actor, columns.object_counter, columns.element_actor, columns.element_counter];
    if in_sequences.iter().any(|(from, to)| to > from) {
        return None;
    }
    let (mut inserts, mut actions) = (slice(columns.insert), slice(columns.action));
    if inserts.is_empty() && actions.is_empty() {
        return Some(0);
    }
    let ops = read_unsigned(&mut inserts).filter(|_| inserts.is_empty())?;
    let run = read_signed(&mut actions)?;
    let is_constant = read_unsigned(&mut actions) == Some(action::SET) && actions.is_empty();
    let count = if run == -1 { 1 } else { u64::try_from(run).ok().filter(|run| *run > 1)? };
    (is_constant && count == ops).then_some(ops)
}

/// Reads a change that only sets registers.
fn read_sets(
    bytes: &[u8],
    columns: &Columns,
    bounds: Limits,
    decoded: &mut Decoded,
    count: u64,
) -> Result<(), DecodeChangeError> {
    let slice = |(from, to): (usize, usize)| bytes.get(from..to).unwrap_or_default();
    let bad = |specification| move |_: BadColumn| DecodeChangeError::Column { specification };
    let base = bytes.as_ptr() as usize;
    let mut names = RunDecoder::<&[u8]>::new(slice(columns.names));
    let mut metas = RunDecoder::<u64>::new(slice(columns.value_meta));
    let mut counts = RunDecoder::<u64>::new(slice(columns.pred_count));
    let mut value_at = columns.value.0;
    decoded.ops.reserve(count.min(RESERVED_MAX) as usize);
    while let Some(meta) = metas.next().map_err(bad(column::VALUE_META))? {
        if decoded.ops.len() as u64 >= bounds.ops {
            return Err(DecodeChangeError::Limit { what: "the number of ops", limit: bounds.ops });
        }
        let name = names
            .next()
            .map_err(bad(column::KEY_STR))?
            .ok_or(DecodeChangeError::Column { specification: column::KEY_STR })?;
        check_name_length(name)?;
        let (value_code, value_bytes) = read_value(bytes, columns, meta, value_at)?;
        let (preds_at, preds) = read_pred_count(&mut counts, decoded)?;
        decoded.ops.push(DecodedOp {
            name_at: (name.as_ptr() as usize - base) as u32,
            name_bytes: name.len() as u32,
            value_at: value_at as u32,
            value_bytes: value_bytes as u32,
            value_code,
            preds_at,
            preds,
        });
        value_at += value_bytes;
    }
    let ends = [
        (names.is_done(), column::KEY_STR),
        (counts.is_done(), column::PRED_COUNT),
        (value_at == columns.value.1, column::VALUE),
        (decoded.ops.len() as u64 == count, column::ACTION),
    ];
    match ends.into_iter().find(|(done, _)| !done) {
        Some((_, specification)) => Err(DecodeChangeError::Column { specification }),
        None => Ok(()),
    }
}

#[inline]
pub(super) fn check_name_length(name: &[u8]) -> Result<(), DecodeChangeError> {
    if name.len() > limits::NAME_BYTES_MAX {
        return Err(DecodeChangeError::Limit { what: "a property name", limit: limits::NAME_BYTES_MAX as u64 });
    }
    Ok(())
}

/// The type code and the length of the scalar at `value_at`, which is checked.
#[inline]
pub(super) fn read_value(
    bytes: &[u8],
    columns: &Columns,
    meta: u64,
    value_at: usize,
) -> Result<(u8, usize), DecodeChangeError> {
    let (value_code, value_bytes) = ((meta & 15) as u8, usize::try_from(meta >> 4).unwrap_or(usize::MAX));
    let value_end = value_at.checked_add(value_bytes).filter(|end| *end <= columns.value.1);
    let value = value_end
        .and_then(|end| bytes.get(value_at..end))
        .ok_or(DecodeChangeError::Column { specification: column::VALUE })?;
    check_scalar(value_code, value)?;
    Ok((value_code, value_bytes))
}

/// Where the next op's predecessors begin, and how many it has.
#[inline]
pub(super) fn read_pred_count(
    counts: &mut RunDecoder<'_, u64>,
    decoded: &Decoded,
) -> Result<(u32, u32), DecodeChangeError> {
    let column = DecodeChangeError::Column { specification: column::PRED_COUNT };
    let preds = counts.next().ok().flatten().ok_or(column)?;
    let preds_at = decoded.ops.last().map_or(0, |op| u64::from(op.preds_at) + u64::from(op.preds));
    if preds > limits::PREDS_MAX || preds_at + preds > limits::PREDS_MAX {
        return Err(DecodeChangeError::Limit { what: "predecessors", limit: limits::PREDS_MAX });
    }
    Ok((preds_at as u32, preds as u32))
}

/// Names are UTF-8; a name of a run is checked once. Ops inside sequences have none.
fn check_names(bytes: &[u8], decoded: &Decoded) -> Result<(), DecodeChangeError> {
    let (mut checked, mut valid) = (u32::MAX, Valid::default());
    for op in &decoded.ops {
        if op.name_bytes > 0 && op.name_at != checked {
            let name = valid.text(bytes, op.name_at as usize, op.name_bytes as usize);
            name.ok_or(DecodeChangeError::Malformed { what: "property name" })?;
            checked = op.name_at;
        }
    }
    Ok(())
}

/// A scalar in its shortest form and of a type that stores write.
fn check_scalar(value_code: u8, mut value: &[u8]) -> Result<(), DecodeChangeError> {
    let fits = match value_code {
        code::NULL | code::FALSE | code::TRUE => value.is_empty(),
        code::INT | code::TIMESTAMP => read_signed(&mut value).is_some() && value.is_empty(),
        code::F64 => value.len() == 8,
        _ if value.len() > limits::SCALAR_BYTES_MAX => {
            return Err(DecodeChangeError::Limit { what: "a value", limit: limits::SCALAR_BYTES_MAX as u64 });
        }
        code::STR => std::str::from_utf8(value).is_ok(),
        code::BYTES => true,
        _ => return Err(DecodeChangeError::ForeignOp),
    };
    if fits { Ok(()) } else { Err(DecodeChangeError::Column { specification: column::VALUE }) }
}

fn read_preds(bytes: &[u8], columns: &Columns, decoded: &mut Decoded) -> Result<(), DecodeChangeError> {
    let slice = |(from, to): (usize, usize)| bytes.get(from..to).unwrap_or_default();
    let (actors, counters) = (slice(columns.pred_actor), slice(columns.pred_counter));
    let actor_bad = DecodeChangeError::Column { specification: column::PRED_ACTOR };
    let counter_bad = DecodeChangeError::Column { specification: column::PRED_COUNTER };
    let total = decoded.ops.last().map_or(0, |op| op.preds_at + op.preds);
    let mut actors = RunDecoder::<u64>::new(actors);
    let mut deltas = RunDecoder::<i64>::new(counters);
    let mut counter = 0i64;
    decoded.preds.reserve(u64::from(total).min(RESERVED_MAX) as usize);
    let mut named = vec![false; decoded.actors.len()];
    places::note_actors(decoded, &mut named);
    for _ in 0..total {
        let actor = actors
            .next()
            .ok()
            .flatten()
            .and_then(|actor| usize::try_from(actor).ok())
            .ok_or_else(|| actor_bad.clone())?;
        *named.get_mut(actor).ok_or_else(|| actor_bad.clone())? = true;
        let delta = deltas.next().ok().flatten().ok_or_else(|| counter_bad.clone())?;
        counter = counter
            .checked_add(delta)
            .filter(|c| (1..=limits::OP_COUNTER_MAX as i64).contains(c))
            .ok_or_else(|| counter_bad.clone())?;
        decoded.preds.push((counter as u32, actor as u32));
    }
    if !actors.is_done() || !deltas.is_done() {
        return Err(counter_bad);
    }
    // An actor that no op names would make the bytes differ from their canonical encoding.
    if !named.iter().skip(1).all(|named| *named) {
        return Err(DecodeChangeError::Malformed { what: "actors" });
    }
    for op in &decoded.ops {
        let order = |&(counter, actor): &OpRef| (counter, decoded.actors.get(actor as usize).copied());
        if !decoded.preds_of(op).is_sorted_by(|a, b| order(a) < order(b)) {
            return Err(counter_bad);
        }
    }
    Ok(())
}
