//! What a removed field would let show again: a leaf that lost against the fields below it, or fields that lost against it.

use std::collections::BTreeSet;

use super::Difference;
use crate::commit::plan::Plan;
use crate::registers::{Entry, LIFE, ROOT, Slot};
use crate::value::Value;
use crate::view::View;
use crate::view::fields::Leaf;

impl Plan {
    /// Removes what lost against a field that these differences remove: who removes it has seen both, and neither shows from
    /// then on.
    pub(super) fn remove_hidden(
        &mut self,
        view: &View<'_>,
        slot: Slot<'_>,
        shown: &[Leaf<'_>],
        differences: &[Difference<'_>],
    ) {
        let those = |is_it: &dyn Fn(Option<&Value>) -> bool| -> BTreeSet<&str> {
            differences.iter().filter(|one| is_it(one.value)).map(|one| one.suffix.as_str()).collect()
        };
        // An empty object gives way to any property.
        let is_empty = |value: &Value| matches!(value, Value::Object(object) if object.is_empty());
        let open = those(&|value| value.is_none_or(is_empty));
        if open.is_empty() {
            return;
        }
        let (removed, written) = (those(&|value| value.is_none()), those(&|value| value.is_some()));
        let suffix = |path: u32| &*view.paths().info(path).suffix;
        let main = |path: u32| view.paths().info(path).part_of.unwrap_or(path);
        let is_shown = |path: u32| shown.binary_search_by_key(&suffix(path), |leaf| suffix(leaf.path)).is_ok();
        let shows_again = |entry: &Entry<'_>| {
            let own = suffix(main(entry.path));
            let remains = |leaf: &&Leaf<'_>| !removed.contains(suffix(leaf.path));
            let is_later = |leaf: &Leaf<'_>| view.lamport(&leaf.entry) > view.lamport(entry);
            // What stands below a field follows it in order; below the root, which is last, stands everything.
            let from = if own == ROOT { 0 } else { shown.partition_point(|leaf| suffix(leaf.path) <= own) };
            let below = shown.iter().skip(from).take_while(|leaf| is_below(suffix(leaf.path), own));
            has_above(&open, own)
                || has_below(&removed, own) && !has_below(&written, own) && !below.filter(remains).any(is_later)
        };
        let is_other = |path: u32| path != LIFE && !is_shown(path) && !written.contains(suffix(path));
        let hidden = slot.entries().filter(|entry| is_other(main(entry.path)) && !slot.is_hidden(entry, view.history));
        let again: BTreeSet<&str> = hidden.filter(shows_again).map(|entry| suffix(entry.path)).collect();
        if !again.is_empty() {
            self.remove_others(view, slot, |suffix| !again.contains(suffix));
        }
    }
}

/// Whether one of these suffixes is of a field in which `own` lies.
fn has_above(suffixes: &BTreeSet<&str>, own: &str) -> bool {
    let mut above = own.match_indices('\0').filter_map(|(at, _)| own.get(..at));
    own != ROOT && suffixes.contains(ROOT) || above.any(|above| suffixes.contains(above))
}

/// Whether one of these suffixes is of a field that lies in `own`.
fn has_below(suffixes: &BTreeSet<&str>, own: &str) -> bool {
    let behind = (std::ops::Bound::Excluded(own), std::ops::Bound::Unbounded);
    match own {
        ROOT => suffixes.iter().any(|suffix| *suffix != ROOT),
        _ => suffixes.range::<str, _>(behind).next().is_some_and(|suffix| is_below(suffix, own)),
    }
}

fn is_below(suffix: &str, own: &str) -> bool {
    own == ROOT && suffix != ROOT || suffix.strip_prefix(own).is_some_and(|rest| rest.starts_with('\0'))
}
