//! What happened between two heads: which records were touched, and how they changed.

use std::collections::{BTreeMap, BTreeSet};

use super::Document;
use crate::change::Decoded;
use crate::commit::receipt::Touched;
use crate::heads::ChangeHash;
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout::{self, EncodedKey};
use crate::record::{Batch, Origin, RecordChange};
use crate::registers::RecordId;
use crate::view::View;

/// What the writes of a range did to one record.
struct Writes {
    origin: Origin,
    /// The last of its changes, by Lamport order and hash.
    last: (u32, ChangeHash),
}

impl Document {
    /// How records changed from `from` (exclusive) to `to`: one entry for each whose shown value differs.
    pub fn record_changes(&self, from: &KnownHeads, to: &KnownHeads) -> Batch {
        let (before, after) = (self.at(from), self.at(to));
        let writes = self.writes_between(from, to);
        let all = self.is_trimmed_between(from, to) || writes.contains_key(layout::SCHEMA_IDENTITY);
        let keys = candidate_keys(&writes, all, &before, &after);
        let mut changes: Vec<((u32, ChangeHash), RecordChange)> = Vec::new();
        for (key, writes) in keys {
            let (was, is) = (before.get(&key), after.get(&key));
            if was != is {
                let change = RecordChange { key, before: was, after: is, origin: writes.origin };
                changes.push((writes.last, change));
            }
        }
        changes.sort_by(|(a, x), (b, y)| (a, &x.key).cmp(&(b, &y.key)));
        let changes = changes.into_iter().map(|(_, change)| change).collect();
        Batch { from: from.heads().clone(), to: to.heads().clone(), changes }
    }

    /// Calls `visit` with identity and suffix of every op of a change, for a stretch of ops in one sequence once; a trimmed
    /// change has none any more.
    pub(crate) fn each_op(&self, position: u32, visit: &mut dyn FnMut(&str, &str)) {
        if self.history.is_trimmed(position) {
            return;
        }
        let bytes = self.history.bytes(position);
        let decoded = Decoded::read_accepted(&bytes, self.history.change(position).hash);
        let mut object = None;
        for (at, op) in decoded.ops.iter().enumerate() {
            let Some(place) = decoded.place(at) else {
                let name = decoded.name(&bytes, op);
                let (identity, suffix) = name.split_at(layout::identity_length(name).unwrap_or(0));
                visit(identity, suffix);
                continue;
            };
            if object != Some(place.object)
                && let Some((held, slot)) =
                    self.history.op_id(&decoded, place.object).and_then(|id| self.registers.sequence(&self.history, id))
            {
                object = Some(place.object);
                visit(slot.identity(), &self.registers.paths.info(held.path).suffix);
            }
        }
    }

    /// The identities of the records that changes between two heads touch, those of changes that are left out not counted.
    pub(crate) fn touched_between(
        &self,
        from: &KnownHeads,
        to: &KnownHeads,
        leave_out: &dyn Fn(u32) -> bool,
    ) -> Touched {
        let mut touched = Touched::new();
        for position in self.changes_between(from, to).into_iter().filter(|position| !leave_out(*position)) {
            self.each_op(position, &mut |identity, _| {
                if !touched.contains_key(identity) {
                    touched.insert(identity.into(), ());
                }
            });
        }
        touched
    }

    /// Whether some of what was written between these heads is not told any more: a backfill above a floor.
    fn is_trimmed_between(&self, from: &KnownHeads, to: &KnownHeads) -> bool {
        from.heads().is_empty() && !to.heads().is_empty() && !self.history.floor().heads().is_empty()
    }

    pub(super) fn changes_between(&self, from: &KnownHeads, to: &KnownHeads) -> Vec<u32> {
        if from == to {
            return Vec::new();
        }
        let (old, new) = (self.history.ancestry(&from.positions), self.history.ancestry(&to.positions));
        (old.covered().min(new.covered())..self.history.changes().len() as u32)
            .filter(|position| new.contains(*position) != old.contains(*position))
            .collect()
    }

    fn writes_between(&self, from: &KnownHeads, to: &KnownHeads) -> BTreeMap<Box<str>, Writes> {
        let mut writes: BTreeMap<Box<str>, Writes> = BTreeMap::new();
        for position in self.changes_between(from, to) {
            let stored = self.history.change(position);
            let origin = &self.history.chain(position).origin;
            let last = (stored.last_op(), stored.hash);
            self.each_op(position, &mut |identity, _| match writes.get_mut(identity) {
                None => {
                    writes.insert(identity.into(), Writes { origin: origin.clone(), last });
                }
                Some(have) => {
                    have.last = have.last.max(last);
                    if have.origin != *origin {
                        have.origin = Origin::Person;
                    }
                }
            });
        }
        writes
    }
}

/// The keys under which touched records are shown before or after, and those of records that take or give up a key
/// because of them.
fn candidate_keys(
    writes: &BTreeMap<Box<str>, Writes>,
    all: bool,
    before: &View<'_>,
    after: &View<'_>,
) -> BTreeMap<Key, Writes> {
    let mut keys: BTreeMap<Key, Writes> = BTreeMap::new();
    let schema = writes.get(layout::SCHEMA_IDENTITY);
    for view in [before, after] {
        let records: BTreeSet<RecordId> = match all {
            true => view.registers.ids().collect(),
            false => records_beside(writes, view).chain(rekeyed_otherwise(before, after, view)).collect(),
        };
        for record in records {
            let Some(key) = view.key_of(record) else { continue };
            let own = writes.get(view.registers.slot(record).identity());
            let (origin, last) = match own.or(schema) {
                Some(writes) => (writes.origin.clone(), writes.last),
                None => (Origin::Person, (0, ChangeHash([0; 32]))),
            };
            match keys.get_mut(&key) {
                None => {
                    keys.insert(key, Writes { origin, last });
                }
                Some(have) => {
                    have.last = have.last.max(last);
                    if have.origin != origin {
                        have.origin = Origin::Person;
                    }
                }
            }
        }
    }
    keys
}

/// The records that claim the key of one that was touched, this one among them.
fn records_beside<'v>(
    writes: &'v BTreeMap<Box<str>, Writes>,
    view: &'v View<'_>,
) -> impl Iterator<Item = RecordId> + 'v {
    let identities = writes.keys().filter(|identity| ***identity != *layout::SCHEMA_IDENTITY);
    // Whoever sends changes decides how many records claim one key.
    let keys: BTreeSet<&str> = identities.map(|identity| layout::key_of_identity(identity)).collect();
    keys.into_iter().flat_map(|key| view.registers.claimants(EncodedKey::of(key)))
}

/// The records of `view` that are shown under another key before than after.
fn rekeyed_otherwise<'v>(
    before: &'v View<'_>,
    after: &'v View<'_>,
    view: &'v View<'_>,
) -> impl Iterator<Item = RecordId> + 'v {
    let shown = |view: &View<'_>, identity: &str| {
        let record = view.registers.find(identity)?;
        view.keys().rekeyed(record).cloned()
    };
    let rekeyed = [before, after]
        .into_iter()
        .flat_map(|view| view.keys().all_rekeyed().map(move |(record, _)| view.registers.slot(record).identity()));
    let moved = rekeyed.filter(move |identity| shown(before, identity) != shown(after, identity));
    moved.filter_map(|identity| view.registers.find(identity))
}
