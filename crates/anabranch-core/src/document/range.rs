//! What happened between two heads: which records were touched, and how they changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};

use super::Document;
use crate::change::Decoded;
use crate::commit::receipt::Touched;
use crate::heads::ChangeHash;
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout;
use crate::record::{Batch, Origin, RecordChange};
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
        let keys = candidate_keys(&writes, &before, &after);
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

    /// Calls `visit` with identity and suffix of every op of a change.
    pub(crate) fn each_op(&self, position: u32, visit: &mut dyn FnMut(&str, &str)) {
        let stored = self.history.change(position);
        let decoded = Decoded::read(&stored.bytes, Default::default()).expect("accepted changes decode");
        for op in &decoded.ops {
            let name = stored.bytes.get(op.name_at as usize..(op.name_at + op.name_bytes) as usize);
            let name = name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
            let (identity, suffix) = name.split_at(layout::identity_length(name).unwrap_or(0));
            visit(identity, suffix);
        }
    }

    /// The identities of the records that changes between two heads touch, those at `except` left out.
    pub(crate) fn touched_between(&self, from: &KnownHeads, to: &KnownHeads, except: &Range<u32>) -> Touched {
        let mut touched = Touched::new();
        for position in self.changes_between(from, to).into_iter().filter(|position| !except.contains(position)) {
            self.each_op(position, &mut |identity, _| {
                if !touched.contains_key(identity) {
                    touched.insert(identity.into(), ());
                }
            });
        }
        touched
    }

    fn changes_between(&self, from: &KnownHeads, to: &KnownHeads) -> Vec<u32> {
        if from == to {
            return Vec::new();
        }
        let (old, new) = (self.history.ancestry(&from.positions), self.history.ancestry(&to.positions));
        (0..self.history.changes().len() as u32)
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
fn candidate_keys(writes: &BTreeMap<Box<str>, Writes>, before: &View<'_>, after: &View<'_>) -> BTreeMap<Key, Writes> {
    let schema_changed = writes.contains_key(layout::SCHEMA_IDENTITY);
    let claimants: BTreeSet<&str> =
        [before, after].into_iter().flat_map(|view| claimants_beside(writes, view)).collect();
    let mut keys: BTreeMap<Key, Writes> = BTreeMap::new();
    for view in [before, after] {
        for (record, slot) in view.registers.records().iter().enumerate() {
            let own = writes.get(&slot.identity);
            if own.is_none() && !schema_changed && !claimants.contains(&*slot.identity) {
                continue;
            }
            let Some(key) = view.key_of(record as u32) else { continue };
            let schema = || writes.get(layout::SCHEMA_IDENTITY);
            let (origin, last) = match own.or_else(schema) {
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

/// The records with a generated key for which another record with that key was touched, whether it is shown under it or
/// under another.
fn claimants_beside<'v>(writes: &BTreeMap<Box<str>, Writes>, view: &'v View<'_>) -> impl Iterator<Item = &'v str> {
    let is_touched = |key: &str| {
        let others = writes
            .range::<str, _>((Bound::Included(key), Bound::Unbounded))
            .take_while(|(identity, _)| identity.starts_with(key));
        others.into_iter().any(|(identity, _)| matches!(identity.as_bytes().get(key.len()), None | Some(b'@')))
    };
    let slots = view.registers.records().iter().enumerate();
    slots.filter_map(move |(record, slot)| {
        let (key, _) = layout::split_generated(&slot.identity)?;
        let shown = view.keys().rekeyed(record as u32).map(layout::encode_key);
        (is_touched(key) || shown.is_some_and(|shown| is_touched(&shown))).then_some(&*slot.identity)
    })
}
