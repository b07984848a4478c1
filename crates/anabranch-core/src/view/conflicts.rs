//! What is in conflict: every value that lost, where, to what, and by which policy.

use std::collections::BTreeMap;

use super::fields::Preferred;
use super::life::Deletion;
use super::seen::Seen;
use super::{Life, View};
use crate::key::Key;
use crate::layout;
use crate::record::{Conflict, ConflictKind, Contender};
use crate::registers::{Entry, LIFE, RecordId, Slot};
use crate::schema::{DeletePolicy, FieldPath, Index};
use crate::value::Value;

impl View<'_> {
    /// Every conflict of the store, in key order.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts: Vec<Conflict> =
            self.in_key_order().into_iter().flat_map(|record| self.conflicts_of_record(record)).collect();
        conflicts.extend(self.generator_conflicts());
        conflicts.extend(self.unique_conflicts());
        let change = |conflict: &Conflict| conflict.others.first().map(|other| other.change);
        conflicts.sort_by(|a, b| (&a.key, a.kind, &a.field, change(a)).cmp(&(&b.key, b.kind, &b.field, change(b))));
        conflicts
    }

    /// How many conflicts there are.
    pub fn conflict_count(&self) -> usize {
        self.conflicts().len()
    }

    fn conflicts_of_record(&self, record: RecordId) -> Vec<Conflict> {
        let slot = self.registers.slot(record);
        if self.is_plain(slot) {
            return Vec::new();
        }
        let Some(key) = self.key_of(record) else { return Vec::new() };
        match self.life(slot) {
            Life::Never => Vec::new(),
            Life::Present => self.value_conflicts(&key, record, slot),
            Life::Deleted(deletion) => self.hidden_edits(&key, record, &deletion).into_iter().collect(),
            Life::Restored(deletion) => {
                let mut conflicts = self.value_conflicts(&key, record, slot);
                conflicts.push(self.overruled_deletions(&key, record, &deletion));
                conflicts
            }
        }
    }

    /// Whether every register of the record holds one value and nothing was deleted: the usual case, found fast.
    fn is_plain(&self, slot: Slot<'_>) -> bool {
        slot.entries().is_sorted_by(|a, b| a.path < b.path)
            && slot.entries().all(|entry| {
                let info = self.paths().info(entry.path);
                let is_deletion = || entry.path == LIFE && entry.scalar == crate::scalar::Scalar::DELETED;
                let is_sequence = || entry.sequence.is_some_and(|held| held.sequence.has_conflicts());
                info.part_of.is_none() && !info.has_below && !is_deletion() && !is_sequence()
            })
            && slot.buried().next().is_none()
    }

    fn value_conflicts(&self, key: &Key, record: RecordId, slot: Slot<'_>) -> Vec<Conflict> {
        let rekeyed = self.rules.keys.rekeyed(record).and(self.schema().key_path.as_ref());
        let fields = self.fields(slot, None);
        let conflict = |clash: super::fields::Clash<'_>| {
            let field = self.paths().info(clash.path).field.clone();
            if rekeyed.is_some_and(|path| is_single_path(path, &field)) {
                return None;
            }
            Some(Conflict {
                key: key.clone(),
                field: Some(field).filter(|field| !field.0.is_empty()),
                kind: ConflictKind::Value,
                shown: clash.shown,
                others: clash.others.into_iter().map(|(value, entry)| self.contender(value, &entry)).collect(),
                policy: self.policy(clash.path).name(),
            })
        };
        fields.clashes.into_iter().filter_map(conflict).collect()
    }

    fn contender(&self, value: Option<Value>, entry: &Entry<'_>) -> Contender {
        let change = self.history.change(entry.last_edit().change).hash;
        Contender { value, replica: self.writer(entry).to_owned(), change, key: None }
    }

    /// A record hidden by a deletion is one conflict, with one entry for each replica that edited it.
    fn hidden_edits(&self, key: &Key, record: RecordId, deletion: &Deletion<'_>) -> Option<Conflict> {
        let mut last: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
        for entry in &deletion.survivors {
            let have = last.entry(self.writer(entry)).or_insert(*entry);
            if self.lamport(entry) > self.lamport(have) {
                *have = *entry;
            }
        }
        // Of what one of them wrote, what the deletion did not know comes first.
        let first = deletion.survivors.iter().map(|entry| (entry.change, entry.counter)).collect();
        let whole = |writer| self.whole_value(record, Some(&Preferred { writer, first: &first }));
        let others: Vec<_> = last.iter().map(|(writer, entry)| self.contender(Some(whole(writer)), entry)).collect();
        (!others.is_empty()).then(|| Conflict {
            key: key.clone(),
            field: None,
            kind: ConflictKind::Delete,
            shown: None,
            others,
            policy: delete_policy_name(self.schema().deletes),
        })
    }

    fn overruled_deletions(&self, key: &Key, record: RecordId, deletion: &Deletion<'_>) -> Conflict {
        Conflict {
            key: key.clone(),
            field: None,
            kind: ConflictKind::Delete,
            shown: self.value_of(record),
            others: deletion.by.iter().map(|entry| self.contender(None, entry)).collect(),
            policy: delete_policy_name(self.schema().deletes),
        }
    }

    /// Records that were made with one generated key: the one that keeps the key shows there. Over once that one is deleted,
    /// or somebody who saw both said that one of them stays.
    fn generator_conflicts(&self) -> Vec<Conflict> {
        let mut by_key: BTreeMap<&str, Vec<(RecordId, &Key)>> = BTreeMap::new();
        for (record, new_key) in self.rules.keys.all_rekeyed() {
            let key = layout::key_of_identity(self.registers.slot(record).identity());
            by_key.entry(key).or_default().push((record, new_key));
        }
        let of_key = |(key, others): (&str, Vec<(RecordId, &Key)>)| {
            let holder = self.rules.keys.find(&self.registers, &layout::read_identity(key)?.key)?;
            Some(self.conflicts_with_holder(holder, &others))
        };
        by_key.into_iter().filter_map(of_key).flatten().collect()
    }

    fn conflicts_with_holder(&self, holder: RecordId, others: &[(RecordId, &Key)]) -> Vec<Conflict> {
        let (Some(key), Some(shown)) = (self.key_of(holder), self.value_of(holder)) else { return Vec::new() };
        // Whoever sends changes decides how many records claim the key, and how often each was said to be there.
        let lives: Vec<Entry<'_>> = self.registers.slot(holder).raw(LIFE).collect();
        let seen_by_holder = Seen::of(self, &lives);
        let conflict = |(record, new_key): &(RecordId, &Key)| {
            let slot = self.registers.slot(*record);
            let (value, last) = (self.value_of(*record)?, self.last_entry(slot)?);
            let own: Vec<Entry<'_>> = slot.raw(LIFE).collect();
            let seen = Seen::of(self, &own);
            let knew =
                |seen: &Seen<'_, '_>, lives: &[Entry<'_>]| lives.iter().any(|life| seen.has(self, life.last_edit()));
            if knew(&seen_by_holder, &own) || knew(&seen, &lives) {
                return None;
            }
            let other = Contender { key: Some((*new_key).clone()), ..self.contender(Some(value), &last) };
            Some(Conflict {
                key: key.clone(),
                field: None,
                kind: ConflictKind::Generator,
                shown: Some(shown.clone()),
                others: vec![other],
                policy: "generator",
            })
        };
        others.iter().filter_map(conflict).collect()
    }

    pub(crate) fn last_entry<'p>(&self, slot: Slot<'p>) -> Option<Entry<'p>> {
        slot.entries().max_by_key(|entry| self.lamport(entry))
    }

    /// Records that share a key in a unique index after a merge: both are kept.
    fn unique_conflicts(&self) -> Vec<Conflict> {
        let unique: Vec<&Index> = self.schema().indexes.iter().filter(|index| index.unique).collect();
        if unique.is_empty() {
            return Vec::new();
        }
        let mut holders: Vec<BTreeMap<Key, Vec<RecordId>>> = unique.iter().map(|_| BTreeMap::new()).collect();
        for record in self.in_key_order() {
            let Some(value) = self.value_of(record) else { continue };
            for (index, holders) in unique.iter().zip(&mut holders) {
                for key in index.keys_of(&value) {
                    holders.entry(key).or_default().push(record);
                }
            }
        }
        let clashes = unique
            .iter()
            .zip(holders)
            .flat_map(|(index, holders)| holders.into_values().map(move |records| (*index, records)));
        clashes
            .filter(|(_, records)| records.len() > 1)
            .filter_map(|(index, records)| self.unique_conflict(index, records))
            .collect()
    }

    /// The first in Lamport order shows as the holder of the index key.
    fn unique_conflict(&self, index: &Index, mut records: Vec<RecordId>) -> Option<Conflict> {
        let made = |record: &RecordId| self.last_entry(self.registers.slot(*record)).map(|entry| self.lamport(&entry));
        records.sort_by_key(made);
        let (first, rest) = records.split_first()?;
        let others = rest.iter().filter_map(|record| {
            let entry = self.last_entry(self.registers.slot(*record))?;
            Some(Contender { key: self.key_of(*record), ..self.contender(self.value_of(*record), &entry) })
        });
        Some(Conflict {
            key: self.key_of(*first)?,
            field: index.key_path.as_field(),
            kind: ConflictKind::Unique,
            shown: self.value_of(*first),
            others: others.collect(),
            policy: "unique",
        })
    }

    /// The records that a write-back leaves out because an earlier one in Lamport order holds their unique key.
    pub fn unique_losers(&self) -> Vec<Key> {
        let losers = self.unique_conflicts().into_iter().flat_map(|conflict| conflict.others);
        let mut keys: Vec<Key> = losers.filter_map(|other| other.key).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

fn is_single_path(path: &crate::key::KeyPath, field: &FieldPath) -> bool {
    path.as_field().as_ref() == Some(field)
}

pub(crate) fn delete_policy_name(policy: DeletePolicy) -> &'static str {
    match policy {
        DeletePolicy::DeleteWins => "delete_wins",
        DeletePolicy::EditWins => "edit_wins",
    }
}
