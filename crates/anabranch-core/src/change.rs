//! Automerge changes: the immutable, hashed bytes that history is made of.
//!
//! The format is automerge's change chunk (automerge binary format, "Change Chunks"). This module encodes and decodes
//! the part of it that a store's history uses: `set` operations on scalars in the root map, and texts and lists that are
//! made there, with the operations inside them.

mod blanks;
mod chunk;
mod columns;
mod decode;
mod draft;
mod encode;
mod leb128;
mod names;
mod unchecked;

pub(crate) use chunk::Chunk;
pub(crate) use leb128::{read_signed, read_unsigned, write_signed, write_unsigned};
pub(crate) use names::{NamedRecord, Names};

pub use decode::{DecodeChangeError, Limits};
pub(crate) use decode::{Decoded, InSequences, OpNames};
pub(crate) use decode::{DecodedOp, OpRef, Place};
#[cfg(test)]
pub(crate) use draft::DraftOp;
pub(crate) use draft::{Draft, DraftName, DraftOps, DraftPlace};
#[cfg(test)]
pub(crate) use encode::encode;
pub(crate) use encode::{BlankChange, Room};
pub use unchecked::UncheckedChange;

use std::fmt;

/// Who writes a sequence of ops: 15 bytes that order and 1 byte that says of which kind it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorId(pub [u8; 16]);

/// What kind of commit an actor makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ActorKind {
    /// What a replica's first capture brought: not written by anyone we know.
    Found = 1,
    /// What differed between two captures of a replica.
    Capture = 2,
    /// A pipeline's run.
    Run = 3,
    /// An empty change that joins many heads.
    Merge = 4,
    /// A person's or a program's own commit: single edits, resolutions, policies.
    Edit = 5,
}

impl ActorKind {
    /// The kind with this code, which is the last byte of an actor id.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Found, Self::Capture, Self::Run, Self::Merge, Self::Edit].into_iter().find(|kind| *kind as u8 == code)
    }

    /// The word by which a chain's header names it.
    pub fn name(self) -> &'static str {
        match self {
            ActorKind::Found => "found",
            ActorKind::Capture => "capture",
            ActorKind::Run => "run",
            ActorKind::Merge => "merge",
            ActorKind::Edit => "edit",
        }
    }
}

impl ActorId {
    /// Stands for an author whose id is not derived yet. Of no kind, so that no change has it.
    pub(crate) const BLANK: ActorId = ActorId([0; 16]);

    /// The kind, or `None` if the last byte names none.
    pub fn kind(&self) -> Option<ActorKind> {
        let [.., code] = self.0;
        ActorKind::from_code(code)
    }

    /// Whether `hex` is this id, written out.
    pub(crate) fn is_written(&self, hex: &str) -> bool {
        self.digits() == hex.as_bytes()
    }

    /// The id, written out in lower case.
    fn digits(&self) -> [u8; 32] {
        let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
        let mut digits = [0; 32];
        let (pairs, _) = digits.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(self.0) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        digits
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The type codes of scalar values (automerge binary format, "Value Metadata").
pub(crate) mod code {
    pub(crate) const NULL: u8 = 0;
    pub(crate) const FALSE: u8 = 1;
    pub(crate) const TRUE: u8 = 2;
    pub(crate) const INT: u8 = 4;
    pub(crate) const F64: u8 = 5;
    pub(crate) const STR: u8 = 6;
    pub(crate) const BYTES: u8 = 7;
    pub(crate) const TIMESTAMP: u8 = 9;
    /// No scalars of the format: what a register holds whose value is a list or a text, told by its op's action.
    pub(crate) const LIST: u8 = 14;
    pub(crate) const TEXT: u8 = 15;

    /// Whether an op with this type code makes a sequence.
    pub(crate) fn is_sequence(code: u8) -> bool {
        matches!(code, TEXT | LIST)
    }
}

/// What an op inside a sequence does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum SequenceAction {
    /// Puts an element behind another, or first.
    Insert = 0,
    /// Gives an element another value.
    Set = 1,
    /// Takes an element's values away.
    Delete = 2,
}

pub(crate) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Bytes before those that the hash is of: magic and checksum.
pub(crate) const HASHED_AT: usize = 8;
pub(crate) const CHUNK_CHANGE: u8 = 1;
pub(crate) const CHUNK_DEFLATED: u8 = 2;

/// What ops do (automerge binary format, "Actions"): those that a store's history holds.
pub(crate) mod action {
    pub(crate) const SET: u64 = 1;
    pub(crate) const MAKE_LIST: u64 = 2;
    pub(crate) const DELETE: u64 = 3;
    pub(crate) const MAKE_TEXT: u64 = 4;
}

/// Column specifications (id << 4 | type) of the columns that we write, in the order of the format.
pub(crate) mod column {
    pub(crate) const OBJECT_ACTOR: u64 = 0x01;
    pub(crate) const OBJECT_COUNTER: u64 = 0x02;
    pub(crate) const ELEMENT_ACTOR: u64 = 0x11;
    pub(crate) const ELEMENT_COUNTER: u64 = 0x13;
    pub(crate) const KEY_STR: u64 = 0x15;
    pub(crate) const INSERT: u64 = 0x34;
    pub(crate) const ACTION: u64 = 0x42;
    pub(crate) const VALUE_META: u64 = 0x56;
    pub(crate) const VALUE: u64 = 0x57;
    pub(crate) const PRED_COUNT: u64 = 0x70;
    pub(crate) const PRED_ACTOR: u64 = 0x71;
    pub(crate) const PRED_COUNTER: u64 = 0x73;
}

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;
