//! Fields that are made up of parts: counters of increments, sets of elements.

use super::{Clash, Fields, Leaf, LeafValue, Preferred, is_elements, value_of};
use crate::registers::Entry;
use crate::schema::FieldPolicy;
use crate::value::Value;
use crate::view::View;

/// The largest base that can be counted up from: whole numbers are exact up to here.
const COUNTER_BASE_MAX: f64 = 9_007_199_254_740_991.0;

impl View<'_> {
    /// Adds the parts to their fields. A part of a field that is no counter or set any more shows nothing.
    pub(super) fn add_parts<'p>(
        &self,
        mains: &[Entry<'p>],
        parts: &[(u32, Entry<'p>)],
        prefer: Option<&Preferred<'_>>,
        fields: &mut Fields<'p>,
    ) {
        let mut paths: Vec<u32> = parts.iter().map(|(main, _)| *main).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let mut own: Vec<Entry<'p>> =
                parts.iter().filter(|(main, _)| *main == path).map(|(_, entry)| *entry).collect();
            own.retain(|entry| !entry.scalar.is_absent());
            own.sort_by_key(|entry| self.lamport(entry));
            let Some(last) = own.last().copied() else { continue };
            let mains = mains.iter().filter(|entry| entry.path == path && !entry.scalar.is_absent());
            let merged = match self.policy(path) {
                FieldPolicy::Counter => self.count(mains, &own),
                FieldPolicy::Set => Some(self.unite(mains, &own)),
                _ => None,
            };
            let are_hidden = match (self.policy(path), &merged) {
                (FieldPolicy::Counter, merged) => merged.is_none(),
                (FieldPolicy::Set, Some(merged)) => !is_elements(merged),
                _ => false,
            };
            if are_hidden {
                self.list_hidden_parts(path, &own, fields);
                continue;
            }
            let Some(value) = merged else { continue };
            let suffix = |path: u32| &*self.paths().info(path).suffix;
            let at = fields.leaves.partition_point(|leaf| suffix(leaf.path) < suffix(path));
            let preference =
                |part: &Entry<'p>| prefer.map_or(0, |of| self.preference_of(of, part.change, part.counter));
            let preference = own.iter().map(preference).max().unwrap_or(0);
            let leaf = Leaf { path, value: LeafValue::Merged(value), entry: last, preference };
            match fields.leaves.get_mut(at) {
                Some(have) if have.path == path => *have = leaf,
                _ => fields.leaves.insert(at, leaf),
            }
        }
    }

    /// Lists the parts of a field that shows a value which has none.
    fn list_hidden_parts<'p>(&self, path: u32, parts: &[Entry<'p>], fields: &mut Fields<'p>) {
        let value = |part: &Entry<'p>| match part.scalar.to_increment() {
            Some(delta) => Some(Value::Number(delta as f64)),
            None => part.scalar.to_element().and_then(|(present, element)| present.then_some(element)),
        };
        let others = parts.iter().map(|part| (value(part), *part));
        match fields.clashes.iter_mut().find(|clash| clash.path == path && !clash.is_inside) {
            Some(clash) => clash.others.extend(others),
            None => {
                let shown = fields.leaves.iter().find(|leaf| leaf.path == path).map(Leaf::value);
                fields.clashes.push(Clash { path, shown, others: others.collect(), is_inside: false });
            }
        }
    }

    /// The shown base value and all increments, as far as whole numbers are exact; `None` if the base is no whole number
    /// that can be counted from. The sum itself is exact: 2^32 increments of 64 bits fit into 128.
    fn count<'e, 'p: 'e>(&self, mains: impl Iterator<Item = &'e Entry<'p>>, parts: &[Entry<'_>]) -> Option<Value> {
        let base = match mains.max_by(|a, b| self.compare(FieldPolicy::Counter, a, b)).and_then(|main| value_of(main)) {
            None => 0.0,
            Some(Value::Number(number)) if number.fract() == 0.0 && number.abs() <= COUNTER_BASE_MAX => number,
            Some(_) => return None,
        };
        let sum: i128 = parts.iter().filter_map(|part| part.scalar.to_increment()).map(i128::from).sum();
        let exact = COUNTER_BASE_MAX as i128;
        Some(Value::Number((base as i128 + sum).clamp(-exact, exact) as f64))
    }

    /// The elements of all base values in the order of their Lamport order, those removed left out, those added last.
    pub(super) fn unite<'e, 'p: 'e>(&self, mains: impl Iterator<Item = &'e Entry<'p>>, parts: &[Entry<'_>]) -> Value {
        let mut mains: Vec<&Entry<'p>> = mains.collect();
        mains.sort_by_key(|entry| self.lamport(entry));
        let mut is_set = false;
        let mut elements: Vec<Value> = Vec::new();
        for main in mains {
            let (set, items) = match value_of(main) {
                Some(Value::Set(items)) => (true, items),
                Some(Value::Array(items)) => (false, items),
                Some(other) => return other,
                None => continue,
            };
            is_set |= set;
            items.into_iter().for_each(|item| {
                if !elements.contains(&item) {
                    elements.push(item)
                }
            });
        }
        let mut added: Vec<(Vec<u8>, Value)> = Vec::new();
        let mut removed: Vec<Value> = Vec::new();
        for (present, element) in parts.iter().filter_map(|part| part.scalar.to_element()) {
            match present {
                true => added.push((crate::scalar::canonical_bytes(&element), element)),
                false => removed.push(element),
            }
        }
        elements.retain(|element| !removed.contains(element));
        added.sort_by(|(a, _), (b, _)| a.cmp(b));
        added.into_iter().for_each(|(_, element)| {
            if !elements.contains(&element) {
                elements.push(element)
            }
        });
        if is_set { Value::Set(elements) } else { Value::Array(elements) }
    }
}
