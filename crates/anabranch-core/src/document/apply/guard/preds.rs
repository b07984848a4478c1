//! Predecessors: each exists, lies in the past of the change that names it, and sets the same register.

use super::{Known, RefuseReason, op_name};
use crate::change::Decoded;
use crate::document::apply::past::PastOf;
use crate::history::History;
use crate::layout;
use crate::registers::Registers;

/// A predecessor that is no longer visible, to be looked up in the log.
struct Hidden {
    position: u32,
    counter: u32,
    op: u32,
}

/// Checks all predecessors of a change. Nearly all are visible in the register that the op sets; the others are looked up
/// in their changes, each of which is decoded once.
pub(super) fn check(
    known: &mut Known<'_>,
    past: &mut PastOf,
    change: &Decoded,
    bytes: &[u8],
) -> Result<(), RefuseReason> {
    let history = known.history;
    let author = change.actor();
    let mut hidden: Vec<Hidden> = Vec::new();
    let mut visible = Visible { registers: known.registers, before: None };
    for (at, op) in change.ops.iter().enumerate() {
        let refused = RefuseReason::Predecessor { op: at as u32 };
        let preds = change.preds.get(op.preds_at as usize..(op.preds_at + op.preds) as usize).unwrap_or_default();
        for (counter, actor) in preds {
            let actor = change.actors.get(*actor as usize).ok_or_else(|| refused.clone())?;
            // A commit writes each register once, so that no op of a chain precedes another of it.
            if *actor == author {
                return Err(refused);
            }
            let position = history.actor_position(actor).and_then(|actor| history.change_of_op(actor, *counter));
            let position = position.ok_or_else(|| refused.clone())?;
            if !past.contains(position, history, known.past) {
                return Err(refused);
            }
            if !visible.shows(op_name(bytes, op), position, *counter) {
                hidden.push(Hidden { position, counter: *counter, op: at as u32 });
            }
        }
    }
    check_hidden(history, hidden, change, bytes)
}

/// What registers show, asked record by record.
struct Visible<'r, 'b> {
    registers: &'r Registers,
    /// The identity that was looked up last, and what was found.
    before: Option<(&'b str, Option<u32>)>,
}

impl<'b> Visible<'_, 'b> {
    /// Whether the register `name` still shows the op.
    fn shows(&mut self, name: &'b str, position: u32, counter: u32) -> bool {
        let split = layout::identity_length(name).and_then(|length| name.split_at_checked(length));
        let Some((identity, suffix)) = split else { return false };
        let record = match self.before {
            Some((before, record)) if before == identity => record,
            _ => self.registers.find(identity),
        };
        self.before = Some((identity, record));
        let path = self.registers.paths.find(suffix);
        record.zip(path).is_some_and(|(record, path)| {
            self.registers.slot(record).raw(path).any(|entry| entry.change == position && entry.counter == counter)
        })
    }
}

fn check_hidden(
    history: &History,
    mut hidden: Vec<Hidden>,
    change: &Decoded,
    bytes: &[u8],
) -> Result<(), RefuseReason> {
    hidden.sort_unstable_by_key(|pred| (pred.position, pred.counter));
    for of_change in hidden.chunk_by(|a, b| a.position == b.position) {
        let Some(stored) = of_change.first().map(|pred| history.change(pred.position)) else { continue };
        let decoded = Decoded::read_accepted(&stored.bytes, stored.hash);
        for pred in of_change {
            let set = decoded.ops.get((pred.counter - stored.start_op) as usize).map(|op| op_name(&stored.bytes, op));
            let sets = change.ops.get(pred.op as usize).map(|op| op_name(bytes, op));
            if set.is_none() || set != sets {
                return Err(RefuseReason::Predecessor { op: pred.op });
            }
        }
    }
    Ok(())
}
