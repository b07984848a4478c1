//! The fields of a record: one shown leaf for each path, and what else was written there.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::View;
use crate::layout;
use crate::registers::{Entry, LIFE, Slot};
use crate::scalar::{self, Scalar};
use crate::schema::FieldPolicy;
use crate::string::JsString;
use crate::value::{Object, Value};

mod elements;
mod nesting;
mod parts;
mod preferred;

pub(crate) use elements::{Elements, have_same_elements};
pub(crate) use preferred::Preferred;

/// Values of one register up to which each is compared with each.
const COMPARED_VALUES: usize = 8;

/// What a record's registers show, before its life is asked for.
#[derive(Default)]
pub(crate) struct Fields<'p> {
    /// Shown leaves, ordered by the suffix of their path; no leaf lies below another.
    pub(crate) leaves: Vec<Leaf<'p>>,
    pub(crate) clashes: Vec<Clash<'p>>,
}

/// A shown leaf.
#[derive(Clone)]
pub(crate) struct Leaf<'p> {
    pub(crate) path: u32,
    pub(crate) value: LeafValue,
    /// The op that set it, or the last of the ops that make it up.
    pub(crate) entry: Entry<'p>,
    /// How much of it is of the one whose values are asked for.
    preference: u8,
}

/// A leaf's value: as it lies in history, or made up of several ops.
#[derive(Clone)]
pub(crate) enum LeafValue {
    Stored,
    Merged(Value),
}

/// Different values concurrently set at one place.
pub(crate) struct Clash<'p> {
    pub(crate) path: u32,
    pub(crate) shown: Option<Value>,
    pub(crate) others: Vec<(Option<Value>, Entry<'p>)>,
    /// Whether it is about an element of a list, not about the field as a whole.
    pub(crate) is_inside: bool,
}

impl Leaf<'_> {
    pub(crate) fn value(&self) -> Value {
        match &self.value {
            LeafValue::Merged(value) => value.clone(),
            LeafValue::Stored => value_of(&self.entry).unwrap_or(Value::Undefined),
        }
    }

    fn is_empty_object(&self) -> bool {
        matches!(self.value, LeafValue::Stored) && self.entry.scalar == Scalar::EMPTY_OBJECT
    }
}

/// Whether a value is a list of elements, as those of a set are.
fn is_elements(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Set(_))
}

/// The one encoding of what an entry holds: equal values have equal ones, a sequence and a leaf that show the same too.
fn written<'p>(entry: &Entry<'p>) -> (u8, Cow<'p, [u8]>) {
    let Some(held) = entry.sequence else { return (entry.scalar.code, Cow::Borrowed(entry.scalar.bytes)) };
    let mut bytes = Vec::new();
    let code = scalar::write_value(&held.value(), &mut bytes);
    (code, Cow::Owned(bytes))
}

/// The value that an op set; `None` if it removed the field.
pub(crate) fn value_of(entry: &Entry<'_>) -> Option<Value> {
    if let Some(held) = entry.sequence {
        return Some(held.value());
    }
    entry.scalar.to_value().expect("scalars are checked before they are applied")
}

impl View<'_> {
    /// Folds the registers of a record. Where one of several values is preferred, that one shows.
    pub(crate) fn fields<'p>(&self, slot: Slot<'p>, prefer: Option<&Preferred<'_>>) -> Fields<'p> {
        let mut entries: Vec<Entry<'p>> = Vec::with_capacity(slot.entries().len());
        let mut parts = Vec::new();
        for entry in slot.entries().filter(|entry| entry.path != LIFE && !slot.is_hidden(entry, self.history)) {
            match self.paths().info(entry.path).part_of {
                None => entries.push(entry),
                Some(main) => parts.push((main, entry)),
            }
        }
        entries.extend(self.kept_alive(slot));
        let suffix = |path: u32| &*self.paths().info(path).suffix;
        let by_suffix = |a: &Entry<'_>, b: &Entry<'_>| a.path == b.path || suffix(a.path) < suffix(b.path);
        if !entries.is_sorted_by(by_suffix) {
            entries.sort_by(|a, b| suffix(a.path).cmp(suffix(b.path)));
        }
        let mut fields = Fields::default();
        for values in entries.chunk_by(|a, b| a.path == b.path) {
            self.fold_register(values, prefer, &mut fields);
        }
        if !parts.is_empty() {
            self.add_parts(&entries, parts, prefer, &mut fields);
        }
        self.separate_leaves_from_objects(&mut fields);
        fields
    }

    fn fold_register<'p>(&self, values: &[Entry<'p>], prefer: Option<&Preferred<'_>>, fields: &mut Fields<'p>) {
        let [first, rest @ ..] = values else { return };
        if rest.is_empty() {
            if !first.scalar.is_absent() {
                fields.clashes.extend(self.clash_inside(first));
                fields.leaves.push(self.leaf(first, values, prefer));
            }
            return;
        }
        let policy = self.policy(first.path);
        let mut best = self.best_of_equals(values, policy);
        best.sort_by(|a, b| {
            let preference = |entry| self.preference(prefer, values, entry);
            preference(b).cmp(&preference(a)).then(self.compare(policy, b, a))
        });
        let [shown, others @ ..] = best.as_slice() else { return };
        // What lost inside a list that shows, and inside one that does not.
        for inside in values.iter().filter_map(|entry| self.clash_inside(entry)) {
            fields.clashes.push(Clash { shown: value_of(shown), ..inside });
        }
        if !shown.scalar.is_absent() {
            if policy == FieldPolicy::Set && !others.is_empty() {
                return self.fold_set(*shown, &best, values, prefer, fields);
            }
            fields.leaves.push(self.leaf(shown, values, prefer));
        }
        if !others.is_empty() {
            fields.clashes.push(Clash {
                path: shown.path,
                shown: value_of(shown),
                others: others.iter().map(|entry| (value_of(entry), self.named(values, entry))).collect(),
                is_inside: false,
            });
        }
    }

    /// Unites the different values of a set; one among them that is no list of elements shows alone, beside all others.
    fn fold_set<'p>(
        &self,
        shown: Entry<'p>,
        best: &[Entry<'p>],
        values: &[Entry<'p>],
        prefer: Option<&Preferred<'_>>,
        fields: &mut Fields<'p>,
    ) {
        let united = self.unite(values.iter(), &[]);
        if !is_elements(&united) {
            let other = |entry: &Entry<'p>| Some(value_of(entry)).filter(|value| value.as_ref() != Some(&united));
            let others = best.iter().filter_map(|entry| Some((other(entry)?, self.named(values, entry)))).collect();
            let shown = Some(united.clone());
            fields.clashes.push(Clash {
                path: values.first().map_or(LIFE, |value| value.path),
                shown,
                others,
                is_inside: false,
            });
        }
        let preference = self.preference(prefer, values, &shown);
        fields.leaves.push(Leaf { path: shown.path, value: LeafValue::Merged(united), entry: shown, preference });
    }

    /// Of equal values the one that ranks highest.
    fn best_of_equals<'p>(&self, values: &[Entry<'p>], policy: FieldPolicy) -> Vec<Entry<'p>> {
        let mut best: Vec<Entry<'p>> = Vec::with_capacity(values.len());
        // Whoever sends changes decides how many values there are: many are told apart by a look-up each.
        let mut places = (values.len() > COMPARED_VALUES).then(BTreeMap::new);
        for entry in values {
            let at = match &mut places {
                None => best.iter().position(|have| self.is_equal_value(have, entry)),
                Some(places) => {
                    let at = *places.entry(written(entry)).or_insert(best.len());
                    (at < best.len()).then_some(at)
                }
            };
            match at.and_then(|at| best.get_mut(at)) {
                None => best.push(*entry),
                Some(have) if self.compare(policy, entry, have) == Ordering::Greater => *have = *entry,
                Some(_) => (),
            }
        }
        best
    }

    /// The one of equal found values by which it is named: that of the least owner.
    fn named<'p>(&self, values: &[Entry<'p>], entry: &Entry<'p>) -> Entry<'p> {
        if !self.is_found(entry) {
            return *entry;
        }
        let is_owner = |have: &&Entry<'p>| self.is_found(have) && self.is_equal_value(have, entry);
        let owners = values.iter().filter(is_owner);
        let least = owners.min_by_key(|have| (self.writer(have), self.lamport(have)));
        *least.unwrap_or(entry)
    }

    /// The object at `path` that these leaves make up.
    fn subtree(&self, path: u32, leaves: &[Leaf<'_>]) -> Value {
        let depth = self.paths().info(path).field.0.len();
        let mut value = Value::Object(Object::default());
        for leaf in leaves {
            place(&mut value, self.paths().info(leaf.path).field.0.get(depth..).unwrap_or_default(), leaf.value());
        }
        value
    }

    /// The value that these leaves make up.
    pub(crate) fn assemble(&self, leaves: &[Leaf<'_>]) -> Value {
        let mut value = Value::Object(Object::default());
        for leaf in leaves {
            place(&mut value, &self.paths().info(leaf.path).field.0, leaf.value());
        }
        value
    }
}

/// Puts `leaf` at `path` inside `value`, making objects on the way.
pub(crate) fn place(value: &mut Value, path: &[crate::string::JsString], leaf: Value) {
    match path {
        [] => *value = leaf,
        [name] => {
            if let Value::Object(object) = value {
                object.insert(name.clone(), leaf);
            }
        }
        [name, rest @ ..] => {
            if let Value::Object(object) = value {
                place(object.entry_or_object(name.clone()), rest, leaf);
            }
        }
    }
}

/// The properties of a plain object that are all leaves: each of them makes up its path alone.
pub(crate) fn flat(value: &Value) -> Option<impl Iterator<Item = (&JsString, &Value)>> {
    let is_leaf = |value: &Value| !matches!(value, Value::Object(object) if !object.is_empty());
    match value {
        Value::Object(object) if !object.is_empty() && object.values().all(is_leaf) => Some(object.iter()),
        _ => None,
    }
}

/// Calls `visit` with the path and the value of every leaf: plain objects are entered, everything else is a leaf, and
/// so is an empty object.
pub(crate) fn each_leaf<'v>(value: &'v Value, suffix: &mut String, visit: &mut dyn FnMut(&str, &'v Value)) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            let length = suffix.len();
            for (name, value) in object.iter() {
                suffix.push(if length == 0 { '.' } else { '\0' });
                layout::write_text(name, suffix);
                each_leaf(value, suffix, visit);
                suffix.truncate(length);
            }
        }
        leaf if suffix.is_empty() => visit("=", leaf),
        leaf => visit(suffix, leaf),
    }
}
