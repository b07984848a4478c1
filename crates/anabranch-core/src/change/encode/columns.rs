//! The columns of a change, written from what its ops say.

use std::iter;

use super::super::columns::{write_booleans, write_deltas, write_nullable, write_runs};
use super::super::draft::{DraftOps, DraftPlace, action};
use super::super::{ActorId, SequenceAction, column};

/// The columns that a change may have.
pub(super) const COLUMNS: usize = 12;

/// The specification of a column, and its length.
pub(super) type Column = (u64, usize);

/// The authors other than the change's own whom its ops name, in ascending order.
pub(super) fn other_actors<O: DraftOps + ?Sized>(ops: &O, own: &ActorId) -> Vec<ActorId> {
    let mut others: Vec<ActorId> = ops.preds().map(|(_, actor)| *actor).collect();
    for place in ops.places().into_iter().flatten().flatten() {
        others.extend([Some(place.object), place.element].into_iter().flatten().map(|(_, actor)| actor));
    }
    others.sort_unstable();
    others.dedup();
    others.retain(|actor| actor != own);
    others
}

/// Writes the columns, one behind the other; those that are not there are empty.
pub(super) fn encode_columns<O: DraftOps + ?Sized>(
    ops: &O,
    others: &[ActorId],
    out: &mut Vec<u8>,
) -> [Column; COLUMNS] {
    let index = |actor: &ActorId| others.binary_search(actor).map_or(0, |at| at as u64 + 1);
    let mut columns = Columns { written: [(0, 0); COLUMNS], count: 0, out };
    match ops.places() {
        None => columns.add_registers(ops),
        Some(places) => columns.add_places(ops, places, &index),
    }
    columns.add(column::VALUE, |out| ops.write_values(out));
    columns.add(column::PRED_COUNT, |out| write_runs(ops.pred_counts(), out));
    columns.add(column::PRED_ACTOR, |out| write_runs(ops.preds().map(|(_, actor)| index(actor)), out));
    let counters = ops.preds().map(|(counter, _)| i64::from(*counter));
    columns.add(column::PRED_COUNTER, |out| write_deltas(counters, out));
    columns.written
}

/// The columns that were written so far.
struct Columns<'o> {
    written: [Column; COLUMNS],
    count: usize,
    out: &'o mut Vec<u8>,
}

impl Columns<'_> {
    #[inline]
    fn add(&mut self, specification: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.out.len();
        write(self.out);
        let column = self.written.get_mut(self.count).expect("there is a place for every column");
        *column = (specification, self.out.len() - before);
        self.count += 1;
    }

    /// The columns from the names to the types of the values, of ops that all set registers.
    fn add_registers<O: DraftOps + ?Sized>(&mut self, ops: &O) {
        self.add(column::KEY_STR, |out| write_runs(ops.names().flatten(), out));
        self.add(column::INSERT, |out| write_booleans(iter::repeat_n(false, ops.values().len()), out));
        self.add(column::ACTION, |out| write_runs(ops.values().map(|(code, _)| action(code, None).0), out));
        let meta = |(code, bytes)| (bytes as u64) << 4 | u64::from(action(code, None).1);
        self.add(column::VALUE_META, |out| write_runs(ops.values().map(meta), out));
    }

    /// The columns up to the types of the values, of ops some of which act inside sequences.
    fn add_places<'p, O: DraftOps + ?Sized>(
        &mut self,
        ops: &O,
        places: impl Iterator<Item = Option<&'p DraftPlace>> + Clone,
        index: &dyn Fn(&ActorId) -> u64,
    ) {
        let numbers = |number: &dyn Fn(&DraftPlace) -> Option<u64>, out: &mut Vec<u8>| {
            write_nullable(places.clone().map(|place| place.and_then(number)), out);
        };
        self.add(column::OBJECT_ACTOR, |out| numbers(&|place| Some(index(&place.object.1)), out));
        self.add(column::OBJECT_COUNTER, |out| numbers(&|place| Some(u64::from(place.object.0)), out));
        self.add(column::ELEMENT_ACTOR, |out| numbers(&|place| place.element.map(|(_, actor)| index(&actor)), out));
        self.add(column::ELEMENT_COUNTER, |out| write_nullable(element_counters(places.clone()), out));
        self.add(column::KEY_STR, |out| write_nullable(ops.names(), out));
        let is_insert = |place: Option<&DraftPlace>| place.is_some_and(|place| place.action == SequenceAction::Insert);
        self.add(column::INSERT, |out| write_booleans(places.clone().map(is_insert), out));
        let actions = || ops.values().zip(places.clone()).map(|((code, bytes), place)| (action(code, place), bytes));
        self.add(column::ACTION, |out| write_runs(actions().map(|((action, _), _)| action), out));
        let meta = |((_, code), bytes)| (bytes as u64) << 4 | u64::from(code);
        self.add(column::VALUE_META, |out| write_runs(actions().map(meta), out));
    }
}

/// The differences of the counters of elements; what is inserted first has the counter 0.
fn element_counters<'p>(places: impl Iterator<Item = Option<&'p DraftPlace>>) -> impl Iterator<Item = Option<i64>> {
    let mut before = 0;
    places.map(move |place| {
        let counter = place?.element.map_or(0, |(counter, _)| i64::from(counter));
        Some(counter - std::mem::replace(&mut before, counter))
    })
}
