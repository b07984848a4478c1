//! The history of one record: every write of it, and whether it shows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Document, Write};
use crate::change::{Decoded, code};
use crate::key::Key;
use crate::layout;
use crate::layout::hash_identity;
use crate::registers::Entry;
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
        let last = |entry: &Entry<'_>| (entry.last_edit().change, entry.last_edit().counter);
        let shown = fields.leaves.iter().filter(|_| alive).map(|leaf| last(&leaf.entry));
        let visible = slot.entries().filter(|entry| !slot.is_hidden(entry, &self.history));
        let visible = visible.chain(view.kept_alive(slot)).map(|entry| (entry.change, entry.counter));
        let showing = Showing { alive, shown: shown.collect(), visible: visible.collect() };
        // Of what was trimmed, what is still visible is told.
        let mut kept: Vec<_> = slot.entries().filter(|entry| self.history.is_trimmed(entry.change)).collect();
        kept.sort_by_key(|entry| (entry.change, entry.counter));
        let mut writes = Vec::new();
        for entry in kept {
            let suffix = &view.paths().info(entry.path).suffix;
            let write = self.write(key, (entry.change, entry.counter), suffix, entry.scalar, &showing);
            let value = write.value.clone().or_else(|| entry.sequence.map(|held| held.value()));
            writes.push(Write { value, ..write });
        }
        let hash = hash_identity(slot.identity());
        let has_sequences = slot.entries().any(|entry| entry.sequence.is_some()) || slot.buried().next().is_some();
        let mut replay = self.registers.beginning(&self.history, hash);
        for (position, stored) in (0..).zip(self.history.changes()) {
            if self.history.is_trimmed(position) || self.history.touched(position).binary_search(&hash).is_err() {
                continue;
            }
            let bytes = self.history.bytes(position);
            let decoded = Decoded::read_accepted(&bytes, stored.hash);
            for (counter, op) in (stored.start_op..).zip(&decoded.ops) {
                let scalar = decoded.value(&bytes, op);
                if let Some(suffix) = own_suffix(decoded.name(&bytes, op), slot.identity())
                    && !code::is_sequence(scalar.code)
                {
                    writes.push(self.write(key, (position, counter), suffix, scalar, &showing));
                }
            }
            if !has_sequences {
                continue;
            }
            replay.apply(&self.history, position, (&decoded, &bytes), &|record| record == hash);
            for (object, last_op) in self.sequences_written(position, &decoded) {
                let Some((held, own)) = replay.sequence(&self.history, object) else { continue };
                if own.identity() != slot.identity() {
                    continue;
                }
                let suffix = &view.paths().info(held.path).suffix;
                let counts = fields.leaves.iter().any(|leaf| leaf.entry.sequence.is_some_and(|own| own.id == object));
                let write = self.write(key, (position, last_op), suffix, Scalar::ABSENT, &showing);
                writes.push(Write {
                    value: Some(held.value()),
                    is_part: counts && !write.shown,
                    replica: view.writer_of(position).to_owned(),
                    visible: showing.visible.contains(&(held.change, held.id.counter)),
                    ..write
                });
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
                None if code::is_sequence(op.value_code) => {
                    Some(OpId { actor: self.history.author_of(position), counter })
                }
                None => None,
            };
            written.extend(object.map(|object| (object, counter)));
        }
        written
    }

    fn write(&self, key: &Key, id: (u32, u32), suffix: &str, scalar: Scalar<'_>, showing: &Showing) -> Write {
        let (position, is_life) = (id.0, suffix.is_empty());
        let is_deletion = is_life && scalar == Scalar::DELETED;
        let visible = showing.visible.contains(&id);
        let chain = self.history.chain(position);
        Write {
            key: key.clone(),
            field: layout::read_suffix(suffix).map(|(field, _)| field),
            value: write_value(suffix, scalar),
            is_deletion,
            is_part: suffix.contains(layout::PART),
            replica: chain.by.to_string(),
            origin: chain.origin.clone(),
            kind: chain.kind,
            change: self.history.change(position).hash,
            shown: if is_life { visible && is_deletion != showing.alive } else { showing.shown.contains(&id) },
            visible,
        }
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

/// What shows of a record: ops by change and counter.
struct Showing {
    alive: bool,
    shown: BTreeSet<(u32, u32)>,
    visible: BTreeSet<(u32, u32)>,
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
