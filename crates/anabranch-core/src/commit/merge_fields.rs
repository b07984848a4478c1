//! Merging fields into a record: only those that are named are touched.

use super::diff::Target;
use super::plan::{Plan, RecordTooLarge};
use super::receipt::RowRefusal;
use crate::key::Key;
use crate::layout;
use crate::registers::{LIFE, RecordId, Slot};
use crate::scalar::{self, Scalar};
use crate::schema::{FieldPath, FieldPolicy};
use crate::string::JsString;
use crate::value::{VALUE_DEPTH_MAX, Value};
use crate::view::View;
use crate::view::fields::place;

impl Plan {
    /// Sets and removes fields of the record that the base shows under a key.
    pub(super) fn merge(
        &mut self,
        view: &View<'_>,
        key: &Key,
        set: &[(FieldPath, Value)],
        unset: &[FieldPath],
    ) -> Result<(), RowRefusal> {
        let record = view.keys().find(&view.registers, key).ok_or(RowRefusal::NotAtBase)?;
        let paths = || set.iter().map(|(path, _)| path).chain(unset);
        let is_nested = set.len() + unset.len() > 1 && is_some_inside_another(paths());
        if !is_nested && unset.is_empty() && self.merge_plainly(view, record, set).is_some() {
            return Ok(());
        }
        let mut value = view.value_of(record).ok_or(RowRefusal::NotAtBase)?;
        if paths().any(|path| path.0.len() > VALUE_DEPTH_MAX) {
            return Err(RecordTooLarge { what: "levels", limit: VALUE_DEPTH_MAX as u64 }.into());
        }
        if is_nested {
            return Err(RowRefusal::FieldInsideField);
        }
        unset.iter().for_each(|path| remove(&mut value, &path.0));
        for (path, field) in set {
            make_room(&mut value, &path.0);
            place(&mut value, &path.0, field.clone());
        }
        if let Some(path) = &view.schema().key_path
            && path.extract(&value).as_ref() != Ok(key)
        {
            return Err(RowRefusal::KeyMismatch);
        }
        self.put(view, Target::Known(record), &value, None);
        Ok(())
    }

    /// The same where each field is a leaf that shows and becomes another, and nothing else follows from it: then nothing of
    /// the record but these is looked at. `None` if that is not so, and then nothing was done.
    fn merge_plainly(&mut self, view: &View<'_>, record: RecordId, set: &[(FieldPath, Value)]) -> Option<()> {
        let slot = view.registers.slot(record);
        if view.keys().rekeyed(record).is_some() {
            return None;
        }
        let mut fields: Vec<(&FieldPath, u32, &Value)> = Vec::with_capacity(set.len());
        for (field, value) in set {
            let path = self.plain_register(view, slot, field, value)?;
            fields.push((field, path, value));
        }
        // As a put of the whole record writes them.
        fields.sort_unstable_by_key(|(field, ..)| *field);
        let mut encoded = Vec::new();
        for (_, path, value) in fields {
            if !slot.raw(path).any(|entry| scalar::is_of(value, entry.scalar, &mut encoded)) {
                let suffix = &*view.paths().info(path).suffix;
                self.set(view, slot.identity(), Some(slot), suffix, |out| scalar::write_value(value, out));
            }
        }
        Some(())
    }

    /// The register of a field that shows one leaf and is to become another, if that is all that happens.
    fn plain_register(&self, view: &View<'_>, slot: Slot<'_>, field: &FieldPath, value: &Value) -> Option<u32> {
        let is_leaf = !matches!(value, Value::Object(_)) && !value.holds_blob();
        let levels = VALUE_DEPTH_MAX.checked_sub(field.0.len())?;
        // A key must stay what it is, which is looked at in the whole record.
        let lies_in_key = view
            .schema()
            .key_path
            .as_ref()
            .is_some_and(|path| path.as_field().is_none_or(|key| key.0.first() == field.0.first()));
        if !is_leaf || !value.nests_within(levels) || lies_in_key {
            return None;
        }
        let path = plain_path(view, slot, field)?;
        let is_declared = |policy: FieldPolicy| policy != FieldPolicy::default();
        let suffix = &*view.paths().info(path).suffix;
        (!is_declared(view.policy(path)) && !is_declared(self.policy_of_sequence(suffix))).then_some(path)
    }
}

fn is_some_inside_another<'p>(paths: impl Iterator<Item = &'p FieldPath>) -> bool {
    let mut paths: Vec<&FieldPath> = paths.collect();
    paths.sort();
    paths.windows(2).any(|pair| matches!(pair, [a, b] if b.0.starts_with(&a.0)))
}

/// The register of a field that shows the one value that it holds, in a record that is there and in which no field lies inside
/// another, nor is made of parts.
fn plain_path(view: &View<'_>, slot: Slot<'_>, field: &FieldPath) -> Option<u32> {
    let path = view.paths().find(&layout::encode_path(field))?;
    let is_flat = view.paths().are_flat() || slot.paths().all(|path| view.paths().info(path).is_flat());
    let is_plain = is_flat && !slot.has_hidden(view.history);
    let is_there = slot.agreed(LIFE).is_some_and(|life| life.scalar == Scalar::PRESENT);
    let shows = slot.agreed(path).is_some_and(|value| !value.scalar.is_absent());
    (is_plain && is_there && shows).then_some(path)
}

fn remove(value: &mut Value, path: &[JsString]) {
    let Value::Object(object) = value else { return };
    match path {
        [] => (),
        [name] => {
            object.remove(name);
        }
        [name, rest @ ..] => {
            if object.iter().any(|(have, _)| have == name) {
                remove(object.entry_or_object(name.clone()), rest);
            }
        }
    }
}

/// Makes objects of what stands where the path must pass.
pub(crate) fn make_room(value: &mut Value, path: &[JsString]) {
    let [name, rest @ ..] = path else { return };
    if !matches!(value, Value::Object(_)) {
        *value = Value::object([]);
    }
    if let Value::Object(object) = value
        && !rest.is_empty()
    {
        make_room(object.entry_or_object(name.clone()), rest);
    }
}
