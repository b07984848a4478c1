//! Encoding a change chunk, byte for byte as automerge does.

use sha2::{Digest, Sha256};

use super::columns::{DeltaEncoder, RunEncoder};
use super::leb128::{write_signed, write_unsigned};
use super::{ACTION_SET, ActorId, CHUNK_CHANGE, MAGIC, column};
use crate::heads::ChangeHash;

/// A change about to be made.
pub(crate) struct Draft<'a> {
    pub(crate) deps: &'a [ChangeHash],
    pub(crate) actor: ActorId,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) message: &'a str,
    pub(crate) ops: &'a [DraftOp<'a>],
}

/// A `set` about to be made. `preds` ascend by counter, then by actor.
pub(crate) struct DraftOp<'a> {
    pub(crate) name: &'a str,
    pub(crate) value_code: u8,
    pub(crate) value: &'a [u8],
    pub(crate) preds: &'a [(u32, ActorId)],
}

/// Encodes a change and returns its bytes and its hash.
pub(crate) fn encode(draft: &Draft<'_>) -> (Vec<u8>, ChangeHash) {
    let mut body = Vec::new();
    write_unsigned(draft.deps.len() as u64, &mut body);
    draft.deps.iter().for_each(|hash| body.extend(hash.0));
    write_actor(&draft.actor, &mut body);
    write_unsigned(draft.seq, &mut body);
    write_unsigned(draft.start_op, &mut body);
    write_signed(0, &mut body);
    write_unsigned(draft.message.len() as u64, &mut body);
    body.extend(draft.message.as_bytes());
    let others = other_actors(draft);
    write_unsigned(others.len() as u64, &mut body);
    others.iter().for_each(|actor| write_actor(actor, &mut body));
    write_columns(draft, &others, &mut body);

    let mut chunk = Vec::with_capacity(body.len() + 16);
    chunk.extend(MAGIC);
    chunk.extend([0; 4]);
    chunk.push(CHUNK_CHANGE);
    write_unsigned(body.len() as u64, &mut chunk);
    chunk.append(&mut body);
    let hash: [u8; 32] = Sha256::digest(chunk.get(8..).unwrap_or_default()).into();
    for (slot, byte) in chunk.iter_mut().skip(4).take(4).zip(hash) {
        *slot = byte;
    }
    (chunk, ChangeHash(hash))
}

fn write_actor(actor: &ActorId, out: &mut Vec<u8>) {
    write_unsigned(16, out);
    out.extend(actor.0);
}

fn other_actors(draft: &Draft<'_>) -> Vec<ActorId> {
    let mut others: Vec<_> = draft
        .ops
        .iter()
        .flat_map(|op| op.preds)
        .map(|(_, actor)| *actor)
        .filter(|actor| *actor != draft.actor)
        .collect();
    others.sort_unstable();
    others.dedup();
    others
}

fn write_columns(draft: &Draft<'_>, others: &[ActorId], out: &mut Vec<u8>) {
    let mut columns: Vec<(u64, Vec<u8>)> = Vec::with_capacity(8);
    let mut add = |specification, write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        columns.push((specification, bytes));
    };
    add(column::KEY_STR, &|out| {
        let mut runs = RunEncoder::new(out);
        draft.ops.iter().for_each(|op| {
            runs.append(|out| {
                write_unsigned(op.name.len() as u64, out);
                out.extend(op.name.as_bytes());
            })
        });
        runs.finish();
    });
    add(column::INSERT, &|out| {
        if !draft.ops.is_empty() {
            write_unsigned(draft.ops.len() as u64, out);
        }
    });
    let numbers = |out: &mut Vec<u8>, numbers: &mut dyn Iterator<Item = u64>| {
        let mut runs = RunEncoder::new(out);
        numbers.for_each(|number| runs.append(|out| write_unsigned(number, out)));
        runs.finish();
    };
    add(column::ACTION, &|out| numbers(out, &mut draft.ops.iter().map(|_| ACTION_SET)));
    add(column::VALUE_META, &|out| {
        numbers(out, &mut draft.ops.iter().map(|op| (op.value.len() as u64) << 4 | u64::from(op.value_code)));
    });
    add(column::VALUE, &|out| draft.ops.iter().for_each(|op| out.extend(op.value)));
    add(column::PRED_COUNT, &|out| numbers(out, &mut draft.ops.iter().map(|op| op.preds.len() as u64)));
    let index = |actor: &ActorId| others.binary_search(actor).map_or(0, |at| at as u64 + 1);
    add(column::PRED_ACTOR, &|out| {
        numbers(out, &mut draft.ops.iter().flat_map(|op| op.preds).map(|(_, actor)| index(actor)));
    });
    add(column::PRED_COUNTER, &|out| {
        let mut deltas = DeltaEncoder::new(out);
        draft.ops.iter().flat_map(|op| op.preds).for_each(|(counter, _)| deltas.append(i64::from(*counter)));
        deltas.finish();
    });
    columns.retain(|(_, bytes)| !bytes.is_empty());
    write_unsigned(columns.len() as u64, out);
    for (specification, bytes) in &columns {
        write_unsigned(*specification, out);
        write_unsigned(bytes.len() as u64, out);
    }
    columns.iter().for_each(|(_, bytes)| out.extend(bytes));
}
