//! Predecessors: each exists, lies in the past of the change that names it, and sets the same register.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::guard::RefuseReason;
use crate::change::{ActorId, Decoded};
use crate::history::{Ancestry, History};
use crate::layout;
use crate::registers::{RecordId, Registers};

/// Decoded changes kept at hand for predecessors that are no longer visible.
const DECODED_AT_HAND: usize = 64;

/// What predecessors are looked up in.
pub(super) struct PredCheck<'h> {
    history: &'h History,
    registers: &'h Registers,
    past: &'h Ancestry,
    /// Changes that hold predecessors which nothing shows any more.
    decoded: BTreeMap<u32, (Decoded, Arc<[u8]>)>,
}

impl<'h> PredCheck<'h> {
    /// Looks predecessors up in `registers`, as far as they are in `past`.
    pub(super) fn new(history: &'h History, registers: &'h Registers, past: &'h Ancestry) -> Self {
        Self { history, registers, past, decoded: BTreeMap::new() }
    }

    /// Checks the predecessors of every op of a change.
    pub(super) fn check(&mut self, change: &Decoded, bytes: &[u8]) -> Result<(), RefuseReason> {
        let author = change.actor();
        let mut current: (&str, Option<RecordId>) = ("", None);
        for (at, op) in change.ops.iter().enumerate() {
            let preds = change.preds_of(op);
            if preds.is_empty() || change.place(at).is_some() {
                continue;
            }
            let refused = || RefuseReason::Predecessor { op: at as u32 };
            let name = change.name(bytes, op);
            let (identity, suffix) = name.split_at(layout::identity_length(name).ok_or_else(refused)?);
            if identity != current.0 {
                current = (identity, self.registers.find(identity));
            }
            let path = self.registers.paths.find(suffix);
            for (counter, actor) in preds {
                let actor = change.actors.get(*actor as usize).ok_or_else(refused)?;
                // A commit writes each register once, so that no op of a chain precedes another of it.
                if *actor == author {
                    return Err(refused());
                }
                let seen = current.1.zip(path).and_then(|place| self.visible(place, *counter, actor));
                let is_there = match seen {
                    Some(position) => self.past.contains(position),
                    None => self.was_there(name, *counter, actor),
                };
                if !is_there {
                    return Err(refused());
                }
            }
        }
        Ok(())
    }

    /// The change of a predecessor that is still visible: the usual case.
    fn visible(&self, (record, path): (RecordId, u32), counter: u32, actor: &ActorId) -> Option<u32> {
        let mut raw = self.registers.slot(record).raw(path);
        raw.find(|entry| entry.counter == counter && self.history.actor(entry.change) == *actor)
            .map(|entry| entry.change)
    }

    /// Whether history holds a predecessor that was overwritten meanwhile.
    fn was_there(&mut self, name: &str, counter: u32, actor: &ActorId) -> bool {
        let history = self.history;
        let position = history.actor_position(actor).and_then(|actor| history.change_of_op(actor, counter));
        let Some(position) = position.filter(|position| self.past.contains(*position)) else { return false };
        if self.decoded.len() >= DECODED_AT_HAND {
            self.decoded.clear();
        }
        let (decoded, bytes) = self.decoded.entry(position).or_insert_with(|| {
            let bytes = history.bytes(position);
            (Decoded::read(&bytes, Default::default()).expect("accepted changes decode"), bytes)
        });
        let op = decoded.ops.get((counter - history.change(position).start_op) as usize);
        op.is_some_and(|op| decoded.name(bytes, op) == name)
    }
}
