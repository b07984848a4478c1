//! Encoding a change chunk, byte for byte as automerge does.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::blanks::{Blanks, put};
use super::columns::{ColumnValue, DeltaEncoder, NullableEncoder, RunEncoder, write_booleans};
use super::leb128::{write_signed, write_unsigned};
use super::{ActorId, CHUNK_CHANGE, HASHED_AT, MAGIC, SequenceAction, action, code, column};
use crate::heads::ChangeHash;

/// A change about to be made.
pub(crate) struct Draft<'a> {
    pub(crate) deps: Cow<'a, [ChangeHash]>,
    pub(crate) actor: ActorId,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) message: Cow<'a, str>,
    pub(crate) ops: &'a [DraftOp<'a>],
}

/// An op about to be made: a `set` of the register `name`, or what is done at a place in a sequence. `preds` ascend by
/// counter, then by actor.
pub(crate) struct DraftOp<'a> {
    /// In two parts, wherever it is cut, but in all ops of a change at the same place.
    pub(crate) name: [&'a str; 2],
    pub(crate) place: Option<&'a DraftPlace>,
    pub(crate) value_code: u8,
    pub(crate) value: &'a [u8],
    pub(crate) preds: &'a [(u32, ActorId)],
}

/// Where in a sequence an op is to act: the sequence, the element (`None` for the place before the first), and how.
#[derive(Clone, Copy)]
pub(crate) struct DraftPlace {
    pub(crate) object: (u32, ActorId),
    pub(crate) element: Option<(u32, ActorId)>,
    pub(crate) action: SequenceAction,
}

/// A name in two parts; the one that differs more often is compared first.
#[derive(Clone, Copy, PartialEq)]
struct DraftName<'n> {
    suffix: &'n str,
    identity: &'n str,
}

impl ColumnValue for DraftName<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        write_unsigned((self.identity.len() + self.suffix.len()) as u64, out);
        out.extend_from_slice(self.identity.as_bytes());
        out.extend_from_slice(self.suffix.as_bytes());
    }
}

impl DraftOp<'_> {
    fn name(&self) -> DraftName<'_> {
        let [identity, suffix] = self.name;
        DraftName { suffix, identity }
    }

    /// The action and the type code of its value.
    fn action(&self) -> (u64, u8) {
        match (self.value_code, self.place) {
            (_, Some(DraftPlace { action: SequenceAction::Delete, .. })) => (action::DELETE, code::NULL),
            (code::TEXT, _) => (action::MAKE_TEXT, code::NULL),
            (code::LIST, _) => (action::MAKE_LIST, code::NULL),
            (code, _) => (action::SET, code),
        }
    }

    fn is_insert(&self) -> bool {
        matches!(self.place, Some(DraftPlace { action: SequenceAction::Insert, .. }))
    }
}

/// Bytes for which room is made at first: those of a change of one field.
const FIRST_BYTES: usize = 256;
/// The columns that a change may have.
const COLUMNS: usize = 12;
/// An integer is ten bytes at most.
const INTEGER_BYTES_MAX: usize = 10;
/// What comes before the columns at most, beside the message and the ids of dependencies and other authors: the magic, the
/// checksum, the type and the length of the chunk; its author; how many dependencies, bytes of a message, other authors and
/// columns there are, which change of its author it is, its first op and its time; and what each column is, in one byte, and
/// how long.
const HEAD_BYTES_MAX: usize = 4
    + 4
    + 1
    + INTEGER_BYTES_MAX
    + (1 + size_of::<ActorId>())
    + 7 * INTEGER_BYTES_MAX
    + COLUMNS * (1 + INTEGER_BYTES_MAX);

/// Encodes a change and returns its bytes and its hash.
#[cfg(test)]
pub(crate) fn encode(draft: &Draft<'_>) -> (Vec<u8>, ChangeHash) {
    let mut room = Room::default();
    room.lay_out(draft);
    let mut chunk = room.chunk().to_vec();
    let hash = seal(&mut chunk);
    (chunk, hash)
}

/// Where a change is laid out before its length is known: for one after the other, so that the memory is warm.
#[derive(Default)]
pub(crate) struct Room {
    bytes: Vec<u8>,
    /// Where the chunk begins, which ends with the bytes.
    chunk_at: usize,
}

/// A change whose author is not known yet, nor, unless it is the first of its chain, the change that it builds on.
pub(crate) struct BlankChange {
    /// In its final place; nobody else has it yet.
    pub(super) chunk: Arc<[u8]>,
    pub(super) blanks: Blanks,
    pub(super) deps: Vec<ChangeHash>,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) message: String,
    pub(super) ops: u32,
}

impl BlankChange {
    /// Lays out a change by [`ActorId::BLANK`].
    pub(crate) fn of(draft: Draft<'_>, room: &mut Room) -> Self {
        let blanks = room.lay_out(&draft);
        let Draft { deps, seq, start_op, message, ops, .. } = draft;
        let (deps, message, ops) = (deps.into_owned(), message.into_owned(), ops.len() as u32);
        Self { chunk: room.chunk().into(), blanks, deps, seq, start_op, message, ops }
    }

    /// What the author's id is derived from.
    pub(crate) fn said(&self) -> &[u8] {
        self.chunk.get(HASHED_AT..).unwrap_or_default()
    }

    /// Fills the blanks in, and returns the hash.
    pub(crate) fn fill(&mut self, actor: ActorId, before: Option<ChangeHash>) -> ChangeHash {
        let chunk = Arc::get_mut(&mut self.chunk).expect("nobody else has the bytes of a blank change");
        if let Some(before) = before {
            put(chunk, self.blanks.deps_at, &before.0);
            self.deps.fill(before);
        }
        put(chunk, self.blanks.actor_at, &actor.0);
        self.blanks.fill_names(chunk, actor);
        seal(chunk)
    }

    /// The bytes.
    pub(crate) fn into_bytes(self) -> Arc<[u8]> {
        self.chunk
    }
}

impl Room {
    fn chunk(&self) -> &[u8] {
        self.bytes.get(self.chunk_at..).unwrap_or_default()
    }

    /// Lays out a chunk, its checksum still to be written.
    fn lay_out(&mut self, draft: &Draft<'_>) -> Blanks {
        let Room { bytes, chunk_at } = self;
        let others = other_actors(draft);
        let ids = size_of_val(&*draft.deps) + others.len() * (1 + size_of::<ActorId>());
        let columns_at = HEAD_BYTES_MAX + draft.message.len() + ids;
        bytes.clear();
        bytes.reserve(columns_at + FIRST_BYTES);
        bytes.resize(columns_at, 0);
        let columns = encode_columns(draft, &others, bytes);

        // What comes before the columns says how long they are. So it is written behind them, and then moved.
        let head_at = bytes.len();
        let (deps_at, actor_at) = write_head(draft, &others, &columns, bytes);
        let magic_at = bytes.len();
        bytes.extend(MAGIC);
        bytes.extend([0; 4]);
        bytes.push(CHUNK_CHANGE);
        write_unsigned((magic_at - columns_at) as u64, bytes);
        let body_at = columns_at - (magic_at - head_at);
        *chunk_at = body_at - (bytes.len() - magic_at);
        bytes.copy_within(head_at..magic_at, body_at);
        bytes.copy_within(magic_at.., *chunk_at);
        bytes.truncate(head_at);

        let in_chunk = |at: usize| at - *chunk_at;
        let (deps_at, actor_at) = (in_chunk(body_at + deps_at), in_chunk(body_at + actor_at));
        let mut at = columns_at;
        let names = columns.iter().find_map(|(specification, length)| {
            at += length;
            (*specification == column::KEY_STR).then(|| (in_chunk(at - length), in_chunk(at)))
        });
        Blanks { deps_at, actor_at, names: names.unwrap_or_default() }
    }
}

/// Writes what comes before the columns; where the first dependency and the author come to lie.
fn write_head(draft: &Draft<'_>, others: &[ActorId], columns: &[Column], out: &mut Vec<u8>) -> (usize, usize) {
    let from = out.len();
    write_unsigned(draft.deps.len() as u64, out);
    let deps_at = out.len() - from;
    draft.deps.iter().for_each(|hash| out.extend(hash.0));
    write_actor(&draft.actor, out);
    let actor_at = out.len() - from - draft.actor.0.len();
    write_unsigned(draft.seq, out);
    write_unsigned(draft.start_op, out);
    write_signed(0, out);
    write_unsigned(draft.message.len() as u64, out);
    out.extend(draft.message.as_bytes());
    write_unsigned(others.len() as u64, out);
    others.iter().for_each(|actor| write_actor(actor, out));
    let columns = || columns.iter().filter(|(_, length)| *length > 0);
    write_unsigned(columns().count() as u64, out);
    for (specification, length) in columns() {
        write_unsigned(*specification, out);
        write_unsigned(*length as u64, out);
    }
    (deps_at, actor_at)
}

/// Writes the checksum, and returns the hash that it is the beginning of.
fn seal(chunk: &mut [u8]) -> ChangeHash {
    let hash: [u8; 32] = Sha256::digest(chunk.get(HASHED_AT..).unwrap_or_default()).into();
    put(chunk, 4, hash.get(..4).unwrap_or_default());
    ChangeHash(hash)
}

fn write_actor(actor: &ActorId, out: &mut Vec<u8>) {
    write_unsigned(16, out);
    out.extend(actor.0);
}

fn other_actors(draft: &Draft<'_>) -> Vec<ActorId> {
    let mut others: Vec<_> = draft
        .ops
        .iter()
        .flat_map(|op| {
            let place = op.place.into_iter().flat_map(|place| [Some(place.object), place.element]);
            op.preds.iter().copied().chain(place.flatten())
        })
        .map(|(_, actor)| actor)
        .filter(|actor| *actor != draft.actor)
        .collect();
    others.sort_unstable();
    others.dedup();
    others
}

/// The specification of a column, and its length.
type Column = (u64, usize);

/// Writes the columns, one behind the other; those that are not there are empty.
fn encode_columns(draft: &Draft<'_>, others: &[ActorId], out: &mut Vec<u8>) -> [Column; COLUMNS] {
    let mut columns = [(0, 0); COLUMNS];
    let mut next = columns.iter_mut();
    let mut add = |specification, write: &dyn Fn(&mut Vec<u8>)| {
        let before = out.len();
        write(out);
        let column = next.next().expect("there is a place for every column");
        *column = (specification, out.len() - before);
    };
    let ops = draft.ops;
    let index = |actor: &ActorId| others.binary_search(actor).map_or(0, |at| at as u64 + 1);
    if ops.iter().any(|op| op.place.is_some()) {
        write_places(ops, &index, &mut add);
    }
    add(column::KEY_STR, &|out| {
        let mut runs = NullableEncoder::new(out);
        ops.iter().for_each(|op| match op.place {
            Some(_) => runs.append_null(),
            None => runs.append(op.name()),
        });
        runs.finish();
    });
    add(column::INSERT, &|out| write_booleans(ops.iter().map(DraftOp::is_insert), out));
    let numbers = |out: &mut Vec<u8>, numbers: &mut dyn Iterator<Item = u64>| {
        let mut runs = RunEncoder::new(out);
        numbers.for_each(|number| runs.append(number));
        runs.finish();
    };
    add(column::ACTION, &|out| numbers(out, &mut ops.iter().map(|op| op.action().0)));
    add(column::VALUE_META, &|out| {
        numbers(out, &mut ops.iter().map(|op| (op.value.len() as u64) << 4 | u64::from(op.action().1)));
    });
    add(column::VALUE, &|out| ops.iter().for_each(|op| out.extend_from_slice(op.value)));
    add(column::PRED_COUNT, &|out| numbers(out, &mut ops.iter().map(|op| op.preds.len() as u64)));
    let preds = || ops.iter().flat_map(|op| op.preds);
    add(column::PRED_ACTOR, &|out| numbers(out, &mut preds().map(|(_, actor)| index(actor))));
    add(column::PRED_COUNTER, &|out| {
        let mut deltas = DeltaEncoder::new(out);
        preds().for_each(|(counter, _)| deltas.append(i64::from(*counter)));
        deltas.finish();
    });
    columns
}

/// Adds a column that is written by a function.
type AddColumn<'c> = dyn FnMut(u64, &dyn Fn(&mut Vec<u8>)) + 'c;

/// The columns that say where in sequences ops act.
fn write_places(ops: &[DraftOp<'_>], index: &dyn Fn(&ActorId) -> u64, add: &mut AddColumn<'_>) {
    let numbers = |out: &mut Vec<u8>, number: &dyn Fn(&DraftOp<'_>) -> Option<u64>| {
        let mut runs = NullableEncoder::new(out);
        ops.iter().for_each(|op| match number(op) {
            Some(number) => runs.append(number),
            None => runs.append_null(),
        });
        runs.finish();
    };
    add(column::OBJECT_ACTOR, &|out| numbers(out, &|op| op.place.map(|place| index(&place.object.1))));
    add(column::OBJECT_COUNTER, &|out| numbers(out, &|op| op.place.map(|place| u64::from(place.object.0))));
    add(column::ELEMENT_ACTOR, &|out| numbers(out, &|op| op.place?.element.map(|element| index(&element.1))));
    add(column::ELEMENT_COUNTER, &|out| {
        let mut runs = NullableEncoder::new(out);
        let mut before = 0;
        ops.iter().for_each(|op| match op.place {
            Some(place) => {
                let counter = place.element.map_or(0, |(counter, _)| i64::from(counter));
                runs.append(counter - before);
                before = counter;
            }
            None => runs.append_null(),
        });
        runs.finish();
    });
}
