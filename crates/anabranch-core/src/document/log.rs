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
        let shown = fields.leaves.iter().filter(|_| alive).map(|leaf| (leaf.entry.change, leaf.entry.counter));
        let visible = slot.entries().filter(|entry| !slot.is_hidden(entry, &self.history));
        let seen = Seen { alive, shown: shown.collect(), visible: visible.map(|e| (e.change, e.counter)).collect() };
        // Of what was trimmed, what is still visible is told.
        let mut kept: Vec<_> = slot.entries().filter(|entry| self.history.is_trimmed(entry.change)).collect();
        kept.sort_by_key(|entry| (entry.change, entry.counter));
        let mut writes = Vec::new();
        for entry in kept {
            let suffix = &view.paths().info(entry.path).suffix;
            writes.push(self.write(key, (entry.change, entry.counter), suffix, entry.scalar, &seen));
        }
        let hash = hash_identity(slot.identity());
        for (position, stored) in (0..).zip(self.history.changes()) {
            if self.history.is_trimmed(position) || self.history.touched(position).binary_search(&hash).is_err() {
                continue;
            }
            let bytes = self.history.bytes(position);
            let decoded = Decoded::read_accepted(&bytes, stored.hash);
            for (counter, op) in (stored.start_op..).zip(&decoded.ops) {
                if let Some(suffix) = own_suffix(decoded.name(&bytes, op), slot.identity()) {
                    writes.push(self.write(key, (position, counter), suffix, decoded.value(&bytes, op), &seen));
                }
            }
        }
        writes
    }

    fn write(&self, key: &Key, id: (u32, u32), suffix: &str, scalar: Scalar<'_>, seen: &Seen) -> Write {
        let (position, is_life) = (id.0, suffix.is_empty());
        let is_deletion = is_life && scalar == Scalar::DELETED;
        let visible = seen.visible.contains(&id);
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
            shown: if is_life { visible && is_deletion != seen.alive } else { seen.shown.contains(&id) },
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
struct Seen {
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
