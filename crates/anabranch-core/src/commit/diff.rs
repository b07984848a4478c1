//! Diffing a record against what the base shows, to the fewest registers that must be set.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Elements, Plan};
use crate::key::Key;
use crate::layout;
use crate::registers::{LIFE, RecordId, Slot};
use crate::scalar::{self, Scalar};
use crate::schema::FieldPolicy;
use crate::string::JsString;
use crate::value::Value;
use crate::view::View;
use crate::view::fields::{Leaf, LeafValue, each_leaf, flat, have_same_elements};

mod elements;
mod hidden;
mod parts;
mod rows;
mod unchanged;

/// What a source gives back for a value that went through it: values that it gives back alike are unknown, not changed.
pub type Loss<'l> = &'l dyn Fn(&Value) -> Value;

/// The record that a new value is for.
pub(crate) enum Target<'t> {
    /// One that the base has, deleted or not.
    Known(RecordId),
    /// One that the base does not have, by its identity.
    New(&'t str),
}

/// A difference at one path.
struct Difference<'v> {
    suffix: String,
    /// What the base shows there.
    shown: Option<Leaf<'v>>,
    /// What it is now; `None` if it is gone.
    value: Option<&'v Value>,
}

impl Plan {
    /// Sets what must be set for the record to become `value`; whether the base shows it.
    pub(crate) fn put(&mut self, view: &View<'_>, target: Target<'_>, value: &Value, loss: Option<Loss<'_>>) -> bool {
        self.measure(value);
        let record = match target {
            Target::Known(record) => record,
            Target::New(identity) => {
                self.create(view, identity, None, value);
                return false;
            }
        };
        let slot = view.registers.slot(record);
        slot.touch();
        let is_shown = slot.is_schema() || view.life(slot).is_shown();
        if !is_shown {
            self.create(view, slot.identity(), Some(slot), value);
        } else if !unchanged::is_plainly_unchanged(view, slot, value) {
            self.change(view, record, slot, value, loss);
        }
        is_shown
    }

    /// Deletes a record that the base shows.
    pub(crate) fn delete(&mut self, view: &View<'_>, record: RecordId) {
        let slot = view.registers.slot(record);
        self.set(view, slot.identity(), Some(slot), "", |_| Scalar::DELETED.code);
    }

    /// Makes a record, or makes it again: from nothing, so that old fields are removed and all new ones written.
    fn create(&mut self, view: &View<'_>, identity: &str, slot: Option<Slot<'_>>, value: &Value) {
        if identity != layout::SCHEMA_IDENTITY {
            self.set(view, identity, slot, "", |_| Scalar::PRESENT.code);
            if slot.is_none()
                && let Some(fields) = flat(value)
            {
                return self.create_flat(view, identity, fields);
            }
        }
        let mut written = BTreeSet::new();
        each_leaf(value, &mut String::new(), &mut |suffix, leaf| {
            self.set_leaf(view, identity, slot, suffix, leaf);
            if slot.is_some() {
                written.insert(suffix.to_owned());
            }
        });
        if let Some(slot) = slot {
            self.remove_others(view, slot, |suffix| written.contains(suffix));
        }
    }

    /// Writes the fields of a new record that are all leaves.
    fn create_flat<'v>(
        &mut self,
        view: &View<'_>,
        identity: &str,
        fields: impl Iterator<Item = (&'v JsString, &'v Value)>,
    ) {
        for (name, value) in fields {
            if !self.set_next_field(name, |out| scalar::write_value(value, out)) {
                self.set_leaf(view, identity, None, &layout::encode_field(name), value);
                self.note_field(name);
            }
        }
    }

    /// Sets a register to a value as a whole: a sequence where the field is declared one.
    pub(super) fn set_leaf(
        &mut self,
        view: &View<'_>,
        identity: &str,
        slot: Option<Slot<'_>>,
        suffix: &str,
        leaf: &Value,
    ) {
        match Elements::of(self.policy_of_sequence(suffix), leaf) {
            Some(elements) => self.make_sequence(view, identity, slot, suffix, elements),
            None => self.set(view, identity, slot, suffix, |out| scalar::write_value(leaf, out)),
        }
    }

    /// Removes every field and part that holds something, but those to keep.
    pub(super) fn remove_others(&mut self, view: &View<'_>, slot: Slot<'_>, keep: impl Fn(&str) -> bool) {
        let mut paths: Vec<u32> = slot
            .entries()
            .filter(|entry| entry.path != LIFE && !entry.scalar.is_absent())
            .map(|entry| entry.path)
            .collect();
        paths.sort_unstable();
        paths.dedup();
        let mut suffixes: Vec<&str> = paths.iter().map(|path| &*view.paths().info(*path).suffix).collect();
        suffixes.sort_unstable();
        for suffix in suffixes.into_iter().filter(|suffix| !keep(suffix)) {
            self.remove_register(view, slot, suffix);
        }
    }

    fn remove_register(&mut self, view: &View<'_>, slot: Slot<'_>, suffix: &str) {
        self.set(view, slot.identity(), Some(slot), suffix, |out| {
            out.extend(Scalar::ABSENT.bytes);
            Scalar::ABSENT.code
        });
    }

    fn change(&mut self, view: &View<'_>, record: RecordId, slot: Slot<'_>, value: &Value, loss: Option<Loss<'_>>) {
        let shown = view.fields(slot, None).leaves;
        let mut differences = self.differences(view, record, &shown, value);
        if differences.is_empty() {
            return;
        }
        if let Some(loss) = loss {
            let (was, now) = (loss(&view.whole_value(record, None)), loss(value));
            let (was, now) = (leaves_of(&was), leaves_of(&now));
            differences.retain(|difference| was.get(&difference.suffix) != now.get(&difference.suffix));
        }
        for difference in &differences {
            self.write_difference(view, slot, difference);
        }
        self.remove_hidden(view, slot, &shown, &differences);
    }

    /// Walks the shown leaves and the new ones side by side: both are ordered by suffix.
    fn differences<'v>(
        &self,
        view: &View<'_>,
        record: RecordId,
        shown: &[Leaf<'v>],
        value: &'v Value,
    ) -> Vec<Difference<'v>> {
        let suffix_of = |leaf: &Leaf<'_>| &*view.paths().info(leaf.path).suffix;
        let mut differences = Vec::new();
        let mut rest = shown.iter().peekable();
        let mut encoded = Vec::new();
        let gone =
            |leaf: &Leaf<'v>| Difference { suffix: suffix_of(leaf).to_owned(), shown: Some(leaf.clone()), value: None };
        each_leaf(value, &mut String::new(), &mut |suffix, new| {
            while let Some(leaf) = rest.next_if(|leaf| suffix_of(leaf) < suffix) {
                differences.push(gone(leaf));
            }
            let same = rest.next_if(|leaf| suffix_of(leaf) == suffix);
            // A record without any field shows as an empty object, with or without the marker of one.
            let is_bare = suffix == "=" && shown.is_empty() && matches!(new, Value::Object(_));
            let equal = is_bare || same.is_some_and(|leaf| is_equal(view, leaf, new, &mut encoded));
            if !equal && !is_rewritten_key(view, record, suffix, new) {
                differences.push(Difference { suffix: suffix.to_owned(), shown: same.cloned(), value: Some(new) });
            }
        });
        differences.extend(rest.map(gone));
        differences
    }

    fn write_difference(&mut self, view: &View<'_>, slot: Slot<'_>, difference: &Difference<'_>) {
        let path = view.paths().find(&difference.suffix);
        let policy = match path {
            Some(path) => view.policy(path),
            None => {
                let field = layout::read_suffix(&difference.suffix).map(|(field, _)| field).unwrap_or_default();
                view.schema().fields.get(&field).copied().unwrap_or_default()
            }
        };
        let identity = slot.identity();
        if policy == FieldPolicy::Counter && self.count_up(view, slot, difference)
            || policy == FieldPolicy::Set && self.change_elements(view, slot, difference)
        {
            return;
        }
        match difference.value {
            Some(value) if self.edit_elements(view, slot, difference, value) => return,
            Some(value) => self.set_leaf(view, identity, Some(slot), &difference.suffix, value),
            None if path.is_some_and(|path| self.holds_any(view, slot, path)) => {
                self.remove_register(view, slot, &difference.suffix);
            }
            None => (),
        }
        self.remove_parts(view, slot, path);
    }

    /// A value written as a whole replaces all increments and elements.
    pub(super) fn remove_parts(&mut self, view: &View<'_>, slot: Slot<'_>, path: Option<u32>) {
        if view.paths().are_flat() {
            return;
        }
        let parts = path.map(|path| self.parts_of(view, slot, path)).unwrap_or_default();
        let suffixes: BTreeSet<&str> = parts.iter().map(|part| &*view.paths().info(*part).suffix).collect();
        suffixes.into_iter().for_each(|suffix| self.remove_register(view, slot, suffix));
    }
}

fn leaves_of(value: &Value) -> BTreeMap<String, &Value> {
    let mut leaves = BTreeMap::new();
    each_leaf(value, &mut String::new(), &mut |suffix, leaf| {
        leaves.insert(suffix.to_owned(), leaf);
    });
    leaves
}

fn is_equal(view: &View<'_>, leaf: &Leaf<'_>, new: &Value, encoded: &mut Vec<u8>) -> bool {
    if let LeafValue::Merged(value) = &leaf.value {
        return value == new || same_elements(value, new);
    }
    if leaf.entry.sequence.is_some() {
        let shown = leaf.value();
        return shown == *new || view.policy(leaf.path) == FieldPolicy::Set && same_elements(&shown, new);
    }
    encoded.clear();
    let code = scalar::write_value(new, encoded);
    let stored = leaf.entry.scalar;
    (stored.code, stored.bytes) == (code, encoded.as_slice())
        || new.holds_blob() && stored.code == code && leaf.value() == *new
        || view.policy(leaf.path) == FieldPolicy::Set && same_elements(&leaf.value(), new)
}

/// Sets are equal whatever the order of their elements.
fn same_elements(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Set(a), Value::Set(b)) | (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && have_same_elements(a, b)
        }
        _ => false,
    }
}

/// A record that lost its generated key shows another in-line key than its registers hold.
fn is_rewritten_key(view: &View<'_>, record: RecordId, suffix: &str, new: &Value) -> bool {
    let Some(key) = view.keys().rekeyed(record) else { return false };
    let field = view.schema().key_path.as_ref().and_then(|path| path.as_field());
    field.is_some_and(|field| layout::encode_path(&field) == suffix) && Key::from_value(new).as_ref() == Ok(key)
}
