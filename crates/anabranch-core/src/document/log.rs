//! The history of one record: every write of it, and whether it shows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Document, Write};
use crate::change::{Decoded, code};
use crate::key::Key;
use crate::layout;
use crate::registers::{Entry, Registers, hash_identity};
use crate::scalar::Scalar;
use crate::schema::FieldPath;
use crate::sequence::OpId;
use crate::value::Value;

impl Document {
    /// Every write of the records that are or were shown under `key`, in the order of this history.
    pub fn history(&self, key: &Key) -> Vec<Write> {
        let view = self.view();
        let Some(record) = view.keys().find(&view.registers, key) else { return Vec::new() };
        let slot = view.registers.slot(record);
        let fields = view.fields(slot, None);
        let alive = view.life(slot).is_shown();
        let id = |entry: &Entry<'_>| (entry.change, entry.counter);
        let last = |entry: &Entry<'_>| (entry.last_edit().change, entry.last_edit().counter);
        let shown: BTreeSet<(u32, u32)> =
            fields.leaves.iter().filter(|_| alive).map(|leaf| last(&leaf.entry)).collect();
        let entries = slot.entries().filter(|entry| !slot.is_hidden(entry, &self.history));
        let visible: BTreeSet<(u32, u32)> = entries.chain(view.kept_alive(slot)).map(|entry| id(&entry)).collect();
        let mut writes = Vec::new();
        let hash = hash_identity(slot.identity());
        let has_sequences = slot.entries().any(|entry| entry.sequence.is_some()) || slot.buried().next().is_some();
        let mut replay = Registers::with_paths(self.registers.paths.clone());
        for (position, stored) in self.history.changes().iter().enumerate() {
            let position = position as u32;
            if self.history.touched(position).binary_search(&hash).is_err() {
                continue;
            }
            let bytes = self.history.bytes(position);
            let decoded = Decoded::read(&bytes, Default::default()).expect("accepted changes decode");
            let write = |suffix: &str, value, (is_shown, is_visible)| Write {
                key: key.clone(),
                field: layout::read_suffix(suffix).map(|(field, _)| field),
                value,
                is_deletion: false,
                is_part: suffix.contains(layout::PART),
                replica: view.writer_of(position).to_owned(),
                origin: self.history.chain(position).origin.clone(),
                kind: self.history.chain(position).kind,
                change: stored.hash,
                shown: is_shown,
                visible: is_visible,
            };
            for (at, op) in decoded.ops.iter().enumerate().filter(|(at, _)| decoded.place(*at).is_none()) {
                let Some(suffix) = own_suffix(decoded.name(&bytes, op), slot.identity()) else { continue };
                let scalar = decoded.value(&bytes, op);
                if matches!(scalar.code, code::TEXT | code::LIST) {
                    continue;
                }
                let id = (position, stored.start_op + at as u32);
                let is_life = suffix.is_empty();
                let is_deletion = is_life && scalar == Scalar::DELETED;
                let is_shown =
                    if is_life { visible.contains(&id) && is_deletion != alive } else { shown.contains(&id) };
                let write = write(suffix, write_value(suffix, scalar), (is_shown, visible.contains(&id)));
                writes.push(Write { is_deletion, ..write });
            }
            if !has_sequences {
                continue;
            }
            replay.apply(&self.history, position, (&decoded, &bytes), &|record| record == hash);
            for (object, last_op) in self.sequences_written(position, &decoded) {
                let Some((held, _)) = replay.sequence(object).filter(|(_, own)| own.identity() == slot.identity())
                else {
                    continue;
                };
                let suffix = &*self.registers.paths.info(held.path).suffix;
                let is_visible = visible.contains(&(held.change, held.id.counter));
                let is_last = shown.contains(&(position, last_op));
                let counts = fields.leaves.iter().any(|leaf| leaf.entry.sequence.is_some_and(|own| own.id == object));
                let write = write(suffix, Some(held.value()), (is_last, is_visible));
                writes.push(Write { is_part: counts && !is_last, ..write });
            }
        }
        writes
    }

    /// The sequences that a change makes or edits, each with its last op there.
    fn sequences_written(&self, position: u32, decoded: &Decoded) -> BTreeMap<OpId, u32> {
        let stored = self.history.change(position);
        let mut written = BTreeMap::new();
        for (at, op) in decoded.ops.iter().enumerate() {
            let counter = stored.start_op + at as u32;
            let object = match decoded.place(at) {
                Some(place) => self.history.op_id(decoded, place.object),
                None if matches!(op.value_code, code::TEXT | code::LIST) => Some(OpId { actor: stored.actor, counter }),
                None => None,
            };
            written.extend(object.map(|object| (object, counter)));
        }
        written
    }

    /// Why the field of a record shows what it shows: the values that are still visible there, the shown one first.
    pub fn explain(&self, key: &Key, field: Option<&FieldPath>) -> Vec<Write> {
        let mut writes: Vec<Write> = self.history(key).into_iter().filter(|write| write.visible).collect();
        if let Some(field) = field {
            writes.retain(|write| {
                write.field.as_ref().is_some_and(|have| have.0.starts_with(&field.0) || field.0.starts_with(&have.0))
            });
        }
        writes.sort_by_key(|write| (write.field.clone(), !write.shown));
        writes
    }
}

/// The suffix of `name` if it names a register of this record.
fn own_suffix<'n>(name: &'n str, identity: &str) -> Option<&'n str> {
    let suffix = name.strip_prefix(identity)?;
    (layout::identity_length(name) == Some(identity.len())).then_some(suffix)
}

fn write_value(suffix: &str, scalar: Scalar<'_>) -> Option<Value> {
    if suffix.is_empty() {
        return None;
    }
    let element = || scalar.to_element().map(|(_, element)| element);
    scalar.to_value().ok().flatten().or_else(element)
}
