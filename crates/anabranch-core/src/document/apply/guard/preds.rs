//! Predecessors: each exists, lies in the past of the change that names it, and sets the same register.

use super::{Known, RefuseReason};
use crate::change::Decoded;
use crate::history::{History, Past};
use crate::layout;
use crate::registers::{SEARCHED_ENTRIES, SEARCHES_MAX, Slot};

/// A predecessor that is no longer visible, to be looked up in the log.
struct Hidden {
    position: u32,
    counter: u32,
    op: u32,
}

/// The visible values of a record. Whoever sends a change decides how many there are and how often they are looked for.
struct Visible<'p> {
    slot: Slot<'p>,
    searches: u32,
    sorted: Vec<(u32, u32, u32)>,
}

impl<'p> Visible<'p> {
    fn new(slot: Slot<'p>) -> Self {
        Self { slot, searches: 0, sorted: Vec::new() }
    }

    fn has(&mut self, path: u32, change: u32, counter: u32) -> bool {
        if self.searches < SEARCHES_MAX {
            self.searches += u32::from(self.slot.entries().len() > SEARCHED_ENTRIES);
            return self.slot.raw(path).any(|entry| entry.change == change && entry.counter == counter);
        }
        if self.sorted.is_empty() {
            self.sorted = self.slot.entries().map(|entry| (entry.path, entry.change, entry.counter)).collect();
            self.sorted.sort_unstable();
        }
        self.sorted.binary_search(&(path, change, counter)).is_ok()
    }
}

/// Checks all predecessors of a change. Nearly all are visible in the register that the op sets; the others are looked up
/// in their changes, each of which is decoded once.
pub(super) fn check(known: Known<'_>, past: &Past<'_>, change: &Decoded, bytes: &[u8]) -> Result<(), RefuseReason> {
    let history = known.history;
    let author = change.actor();
    let mut hidden: Vec<Hidden> = Vec::new();
    let mut record: (&str, Option<Visible<'_>>) = ("", None);
    for (at, op) in change.ops.iter().enumerate().filter(|(at, op)| op.preds > 0 && change.place(*at).is_none()) {
        let refused = || RefuseReason::Predecessor { op: at as u32 };
        let name = change.name(bytes, op);
        let (identity, suffix) = name.split_at(layout::identity_length(name).ok_or_else(refused)?);
        if identity != record.0 {
            let slot = known.registers.find(history, identity).map(|at| known.registers.slot(history, at));
            record = (identity, slot.map(Visible::new));
        }
        let path = known.registers.paths.find(suffix);
        for (counter, actor) in change.preds_of(op) {
            let actor = change.actors.get(*actor as usize).ok_or_else(refused)?;
            // A commit writes each register once, so that no op of a chain precedes another of it.
            if *actor == author {
                return Err(refused());
            }
            let position = history.actor_position(actor).and_then(|actor| history.change_of_op(actor, *counter));
            let position = position.filter(|position| past.contains(*position)).ok_or_else(refused)?;
            let is_visible = record.1.as_mut().zip(path).is_some_and(|(of, path)| of.has(path, position, *counter));
            if !is_visible {
                hidden.push(Hidden { position, counter: *counter, op: at as u32 });
            }
        }
    }
    check_hidden(history, hidden, change, bytes)
}

fn check_hidden(
    history: &History,
    mut hidden: Vec<Hidden>,
    change: &Decoded,
    bytes: &[u8],
) -> Result<(), RefuseReason> {
    hidden.sort_unstable_by_key(|pred| (pred.position, pred.counter));
    for of_change in hidden.chunk_by(|a, b| a.position == b.position) {
        let Some(position) = of_change.first().map(|pred| pred.position) else { continue };
        // Of a trimmed change it is known which ops it had, and no more.
        if history.is_trimmed(position) {
            continue;
        }
        let (stored, accepted) = (history.change(position), history.bytes(position));
        let decoded = Decoded::read_accepted(&accepted, stored.hash);
        for pred in of_change {
            let set = decoded.ops.get((pred.counter - stored.start_op) as usize);
            let set = set.map(|op| decoded.name(&accepted, op));
            let sets = change.ops.get(pred.op as usize).map(|op| change.name(bytes, op));
            if set.is_none() || set != sets {
                return Err(RefuseReason::Predecessor { op: pred.op });
            }
        }
    }
    Ok(())
}
