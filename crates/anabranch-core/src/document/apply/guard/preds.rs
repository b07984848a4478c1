//! Predecessors: each exists, lies in the past of the change that names it, and sets the same register.

use super::{Known, RefuseReason};
use crate::change::Decoded;
use crate::history::{History, Past};
use crate::registers::{Entry, Located, SEARCHED_ENTRIES, SEARCHES_MAX, Slot};

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

    /// Whether the op with this counter, of the change of which `is_it` holds, shows in a register; `None` if the record is
    /// too large to search it again.
    fn search(&mut self, path: u32, counter: u32, is_it: impl Fn(u32) -> bool) -> Option<bool> {
        self.searches += u32::from(self.slot.entries().len() > SEARCHED_ENTRIES);
        let is_op = |entry: Entry<'_>| entry.counter == counter && is_it(entry.change);
        (self.searches <= SEARCHES_MAX).then(|| {
            #[cfg(test)]
            crate::steps::count(self.slot.entries().len());
            self.slot.raw(path).any(is_op)
        })
    }

    /// The same, of a change that is known.
    fn has(&mut self, path: u32, change: u32, counter: u32) -> bool {
        if self.sorted.is_empty() {
            #[cfg(test)]
            crate::steps::count(self.slot.entries().len());
            self.sorted = self.slot.entries().map(|entry| (entry.path, entry.change, entry.counter)).collect();
            self.sorted.sort_unstable();
        }
        self.sorted.binary_search(&(path, change, counter)).is_ok()
    }
}

/// Checks all predecessors of a change. Nearly all are visible in the register that the op sets; the others are looked up
/// in their changes.
pub(super) fn check(
    known: Known<'_>,
    past: &Past<'_>,
    change: &Decoded,
    bytes: &[u8],
    located: &Located,
) -> Result<(), RefuseReason> {
    let history = known.history;
    let mut hidden: Vec<Hidden> = Vec::new();
    let actors: Vec<Option<u32>> = change.actors.iter().map(|actor| history.actor_position(actor)).collect();
    for ((_, ops), lies) in located.names.runs().zip(&located.records) {
        let slot = lies.map(|lies| known.registers.slot(history, lies));
        let mut record = slot.map(Visible::new);
        let run = change.ops.get(ops.clone()).unwrap_or_default();
        for (at, op) in ops.zip(run).filter(|(at, op)| op.preds > 0 && change.place(*at).is_none()) {
            let refused = || RefuseReason::Predecessor { op: at as u32 };
            let path = located.paths.get(located.names.suffix_of(at)).copied().flatten();
            for (counter, actor) in change.preds_of(op) {
                // A commit writes each register once, so that no op of a chain precedes another of it: its author is no
                // actor of the history yet.
                let actor = actors.get(*actor as usize).copied().flatten().ok_or_else(refused)?;
                let is_it = |change| history.author_of(change) == actor && past.contains(change);
                let lay = located.value_of(at).and_then(|lay| slot?.op_at(path?, lay));
                if lay.is_some_and(|(have, change)| have == *counter && is_it(change)) {
                    continue;
                }
                let mut register = record.as_mut().zip(path);
                let shows =
                    register.as_mut().map_or(Some(false), |(record, path)| record.search(*path, *counter, is_it));
                if shows == Some(true) {
                    continue;
                }
                let position = history.change_of_op(actor, *counter);
                let position = position.filter(|position| past.contains(*position)).ok_or_else(refused)?;
                let has = |(record, path): (&mut Visible<'_>, u32)| record.has(path, position, *counter);
                if shows == Some(false) || !register.is_some_and(has) {
                    hidden.push(Hidden { position, counter: *counter, op: at as u32 });
                }
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
        let (start_op, accepted) = (history.change(position).start_op, history.bytes(position));
        let names = history.names_of(position, &accepted);
        for pred in of_change {
            let set = names.name(&accepted, pred.counter - start_op);
            let sets = change.ops.get(pred.op as usize).map(|op| change.name_bytes(bytes, op));
            if set.is_none() || set != sets {
                return Err(RefuseReason::Predecessor { op: pred.op });
            }
        }
    }
    Ok(())
}
