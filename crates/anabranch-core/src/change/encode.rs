//! Encoding a change chunk, byte for byte as automerge does.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::blanks::{Blanks, put};
use super::draft::{Draft, DraftOps};
use super::leb128::{write_signed, write_unsigned};
use super::{ActorId, CHUNK_CHANGE, HASHED_AT, MAGIC, column};
use crate::heads::ChangeHash;

mod columns;
use columns::{COLUMNS, Column, encode_columns, other_actors};

/// Bytes for which room is made at first: those of a change of one field.
const FIRST_BYTES: usize = 256;
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
pub(crate) fn encode<O: DraftOps + ?Sized>(draft: &Draft<'_, O>) -> (Vec<u8>, ChangeHash) {
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
    pub(crate) fn of<O: DraftOps + ?Sized>(draft: Draft<'_, O>, room: &mut Room) -> Self {
        let blanks = room.lay_out(&draft);
        let Draft { deps, seq, start_op, message, ops, .. } = draft;
        let (deps, message, ops) = (deps.into_owned(), message.into_owned(), ops.values().len() as u32);
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
    fn lay_out<O: DraftOps + ?Sized>(&mut self, draft: &Draft<'_, O>) -> Blanks {
        let Room { bytes, chunk_at } = self;
        let others = other_actors(draft.ops, &draft.actor);
        let ids = size_of_val(&*draft.deps) + others.len() * (1 + size_of::<ActorId>());
        let columns_at = HEAD_BYTES_MAX + draft.message.len() + ids;
        bytes.clear();
        bytes.reserve(columns_at + FIRST_BYTES);
        bytes.resize(columns_at, 0);
        let columns = encode_columns(draft.ops, &others, bytes);

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
fn write_head<O: ?Sized>(
    draft: &Draft<'_, O>,
    others: &[ActorId],
    columns: &[Column],
    out: &mut Vec<u8>,
) -> (usize, usize) {
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
