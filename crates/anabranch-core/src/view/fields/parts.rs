//! Fields that are made up of parts: counters of increments, sets of elements.

use std::collections::BTreeMap;

use super::elements::Elements;
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
        mut parts: Vec<(u32, Entry<'p>)>,
        prefer: Option<&Preferred<'_>>,
        fields: &mut Fields<'p>,
    ) {
        let suffix = |path: u32| &*self.paths().info(path).suffix;
        let clash_at = |(at, clash): (usize, &Clash<'p>)| (!clash.is_inside).then_some((clash.path, at));
        let mut clashes: BTreeMap<u32, usize> = fields.clashes.iter().enumerate().filter_map(clash_at).collect();
        let mut added: Vec<Leaf<'p>> = Vec::new();
        parts.retain(|(_, part)| !part.scalar.is_absent());
        parts.sort_by_key(|(main, part)| (*main, self.lamport(part)));
        for own in parts.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((path, last)) = own.last().copied() else { continue };
            let own: Vec<Entry<'p>> = own.iter().map(|(_, part)| *part).collect();
            let from = mains.partition_point(|entry| suffix(entry.path) < suffix(path));
            let mains = mains.iter().skip(from).take_while(|entry| entry.path == path);
            let mains = mains.filter(|entry| !entry.scalar.is_absent());
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
            let leaf = fields.leaves.binary_search_by_key(&suffix(path), |leaf| suffix(leaf.path));
            if are_hidden {
                let shown = leaf.ok().and_then(|at| fields.leaves.get(at)).map(Leaf::value);
                let at = *clashes.entry(path).or_insert_with(|| {
                    fields.clashes.push(Clash { path, shown, others: Vec::new(), is_inside: false });
                    fields.clashes.len() - 1
                });
                fields.clashes.get_mut(at).into_iter().for_each(|clash| clash.others.extend(hidden_parts(&own)));
                continue;
            }
            let Some(value) = merged else { continue };
            let preference =
                |part: &Entry<'p>| prefer.map_or(0, |of| self.preference_of(of, part.change, part.counter));
            let preference = own.iter().map(preference).max().unwrap_or(0);
            let merged = Leaf { path, value: LeafValue::Merged(value), entry: last, preference };
            match leaf.ok().and_then(|at| fields.leaves.get_mut(at)) {
                Some(have) => *have = merged,
                None => added.push(merged),
            }
        }
        if !added.is_empty() {
            fields.leaves.append(&mut added);
            fields.leaves.sort_by(|a, b| suffix(a.path).cmp(suffix(b.path)));
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
        let mut elements = Elements::default();
        for main in mains {
            let (set, items) = match value_of(main) {
                Some(Value::Set(items)) => (true, items),
                Some(Value::Array(items)) => (false, items),
                Some(other) => return other,
                None => continue,
            };
            is_set |= set;
            elements.extend(items);
        }
        let mut added: Vec<(Vec<u8>, Value)> = Vec::new();
        let mut removed = Elements::default();
        for (present, element) in parts.iter().filter_map(|part| part.scalar.to_element()) {
            match present {
                true => added.push((crate::scalar::canonical_bytes(&element), element)),
                false => removed.extend([element]),
            }
        }
        added.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut all = Elements::default();
        all.extend(elements.into_values().into_iter().filter(|element| !removed.has(element)));
        all.extend(added.into_iter().map(|(_, element)| element));
        let elements = all.into_values();
        if is_set { Value::Set(elements) } else { Value::Array(elements) }
    }
}

/// What the parts of a field say that shows a value which has none.
fn hidden_parts<'p>(parts: &[Entry<'p>]) -> impl Iterator<Item = (Option<Value>, Entry<'p>)> {
    let value = |part: &Entry<'p>| match part.scalar.to_increment() {
        Some(delta) => Some(Value::Number(delta as f64)),
        None => part.scalar.to_element().and_then(|(present, element)| present.then_some(element)),
    };
    parts.iter().map(move |part| (value(part), *part))
}
