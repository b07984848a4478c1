//! The guard under attack. Every input is made here, as an attacker would make it: with checksums, hashes and derived
//! actors computed anew, so that each refusal comes from the rule that is meant.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::*;
use crate::change::{ActorId, ActorKind, BlankChange, Draft, DraftOp, Room, code, encode, write_unsigned};
use crate::document::ChangeBytes;
use crate::history::chain::{ActorHasher, Header};
use crate::key::Key;
use crate::layout;
use crate::record::Origin;

mod actors;
mod arrived;
mod attacks;
mod bounds;
mod chains;
mod collisions;
mod counters;
mod depth;
mod locating;
mod own;
mod places;
mod preds;
mod together;
mod work;

type Bytes = Arc<[u8]>;

/// An op about to be forged.
#[derive(Clone)]
struct Op {
    name: String,
    code: u8,
    value: Vec<u8>,
    preds: Vec<(u32, ActorId)>,
}

/// A chain about to be forged: by default one that an honest writer could have made.
#[derive(Clone)]
struct Chain {
    kind: ActorKind,
    by: &'static str,
    deps: Vec<ChangeHash>,
    start_op: u64,
    changes: Vec<Vec<Op>>,
    /// Instead of the one derived from the contents.
    actor: Option<ActorId>,
    /// Instead of the header's message.
    message: Option<String>,
    first_seq: u64,
}

/// The name of a field of the record with this key.
fn field(key: &str, field: &str) -> String {
    format!("{}.{field}", layout::encode_key(&Key::String(key.into())))
}

/// Sets a field to a text.
fn set(key: &str, name: &str, text: &str) -> Op {
    Op { name: field(key, name), code: code::STR, value: text.into(), preds: Vec::new() }
}

impl Chain {
    fn new(by: &'static str, changes: Vec<Vec<Op>>) -> Self {
        let (kind, deps) = (ActorKind::Edit, Vec::new());
        Self { kind, by, deps, start_op: 1, changes, actor: None, message: None, first_seq: 1 }
    }

    /// A chain of one change of one op.
    fn of(by: &'static str, op: Op) -> Self {
        Self::new(by, vec![vec![op]])
    }

    /// Continues what ends with `last`.
    fn after(mut self, last: &[ChangeBytes]) -> Self {
        let decoded = last.last().map(|last| crate::change::Decoded::read(&last.bytes, Limits::default()).unwrap());
        let decoded = decoded.expect("a chain has a last change");
        self.deps = vec![decoded.hash];
        self.start_op = decoded.start_op + decoded.ops.len() as u64;
        self
    }

    fn actor(&self) -> ActorId {
        if let Some(actor) = self.actor {
            return actor;
        }
        let mut said = ActorHasher::new(self.kind);
        self.each_draft(ActorId::BLANK, &mut |draft| {
            said.blank(BlankChange::of(draft, &mut Room::default()).said());
            ChangeHash::BLANK
        });
        said.finish()
    }

    fn make(&self) -> Vec<ChangeBytes> {
        let mut made: Vec<ChangeBytes> = Vec::new();
        self.each_draft(self.actor(), &mut |draft| {
            let (bytes, hash) = encode(&draft);
            made.push(ChangeBytes { hash, bytes: bytes.into() });
            hash
        });
        made
    }

    /// Calls `make` with every change, which returns the hash that the next one depends on.
    fn each_draft(&self, actor: ActorId, make: &mut dyn FnMut(Draft<'_, [DraftOp<'_>]>) -> ChangeHash) {
        let header = Header { length: self.changes.len() as u32, by: self.by.into(), origin: Origin::Person };
        let message = self.message.clone().unwrap_or_else(|| header.message());
        let (mut deps, mut start_op) = (self.deps.clone(), self.start_op);
        for (nth, ops) in self.changes.iter().enumerate() {
            let message = if nth == 0 { message.as_str() } else { "" };
            let drafts: Vec<_> = ops
                .iter()
                .map(|op| DraftOp {
                    name: [op.name.as_str(), ""],
                    value_code: op.code,
                    value: &op.value,
                    preds: &op.preds,
                    place: None,
                })
                .collect();
            let seq = self.first_seq + nth as u64;
            let (before, message) = (deps.as_slice().into(), message.into());
            deps = vec![make(Draft { deps: before, actor, seq, start_op, message, ops: &drafts[..] })];
            start_op = start_op.wrapping_add(ops.len() as u64);
        }
    }
}

fn bytes(changes: &[ChangeBytes]) -> Vec<Bytes> {
    changes.iter().map(|change| change.bytes.clone()).collect()
}

/// A document with these chains.
fn with(chains: &[&[ChangeBytes]]) -> Document {
    let mut document = Document::new();
    for chain in chains {
        let outcome = document.apply(bytes(chain));
        assert_eq!((outcome.refused, outcome.waiting), (vec![], 0));
    }
    document
}

/// A chunk of this type around `body`, with the checksum that is right for a plain change.
fn chunk(chunk_type: u8, body: &[u8]) -> Vec<u8> {
    let mut chunk = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, chunk_type];
    write_unsigned(body.len() as u64, &mut chunk);
    chunk.extend(body);
    with_checksum(chunk)
}

fn with_checksum(mut chunk: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&chunk[8..]);
    chunk[4..8].copy_from_slice(&digest[..4]);
    chunk
}

/// The only refusal of a batch of which nothing was taken and nothing waits.
#[track_caller]
fn refusal(document: &mut Document, changes: impl IntoIterator<Item = Bytes>) -> RefuseReason {
    let before = document.heads();
    let outcome = document.apply(changes);
    assert_eq!((outcome.applied.len(), outcome.waiting, document.heads()), (0, 0, before));
    assert_eq!(outcome.refused.len(), 1, "{:?}", outcome.refused);
    outcome.refused[0].reason.clone()
}

/// A chain by somebody who has nothing to do with it lands whatever came before.
#[track_caller]
fn lands(document: &mut Document, chain: &[ChangeBytes]) {
    let outcome = document.apply(bytes(chain));
    let last = chain.last().unwrap().hash;
    assert!(document.history.position(&last).is_some(), "{outcome:?}");
}
