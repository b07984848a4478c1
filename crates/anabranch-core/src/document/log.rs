//! The history of one record: every write of it, and whether it shows.

use std::collections::BTreeSet;

use super::{Document, Write};
use crate::change::Decoded;
use crate::key::Key;
use crate::layout;
use crate::registers::hash_identity;

use crate::scalar::Scalar;
use crate::schema::FieldPath;
use crate::value::Value;

impl Document {
    /// Every write of the records that are or were shown under `key`, in the order of this history.
    pub fn history(&self, key: &Key) -> Vec<Write> {
        let view = self.view();
        let Some(record) = view.keys().find(&view.registers, key) else { return Vec::new() };
        let slot = view.registers.slot(record);
        let fields = view.fields(slot, None);
        let alive = view.life(slot).is_shown();
        let shown: BTreeSet<(u32, u32)> =
            fields.leaves.iter().filter(|_| alive).map(|leaf| (leaf.entry.change, leaf.entry.counter)).collect();
        let visible: BTreeSet<(u32, u32)> = slot
            .entries()
            .filter(|entry| !slot.is_hidden(entry, &self.history))
            .map(|entry| (entry.change, entry.counter))
            .collect();
        let mut writes = Vec::new();
        let hash = hash_identity(slot.identity());
        for (position, stored) in self.history.changes().iter().enumerate() {
            let position = position as u32;
            if self.history.touched(position).binary_search(&hash).is_err() {
                continue;
            }
            let bytes = self.history.bytes(position);
            let decoded = Decoded::read(&bytes, Default::default()).expect("accepted changes decode");
            for (at, op) in decoded.ops.iter().enumerate() {
                let Some(suffix) = own_suffix(decoded.name(&bytes, op), slot.identity()) else { continue };
                let scalar = decoded.value(&bytes, op);
                let id = (position, stored.start_op + at as u32);
                let is_life = suffix.is_empty();
                let is_deletion = is_life && scalar == Scalar::DELETED;
                let is_shown =
                    if is_life { visible.contains(&id) && is_deletion != alive } else { shown.contains(&id) };
                writes.push(Write {
                    key: key.clone(),
                    field: layout::read_suffix(suffix).map(|(field, _)| field),
                    value: write_value(suffix, scalar),
                    is_deletion,
                    is_part: suffix.contains(layout::PART),
                    replica: self.history.chain(position).by.to_string(),
                    origin: self.history.chain(position).origin.clone(),
                    kind: self.history.chain(position).kind,
                    change: stored.hash,
                    shown: is_shown,
                    visible: visible.contains(&id),
                });
            }
        }
        writes
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
