//! A leaf against an object at one path: the later in Lamport order shows whole, and the other is listed.

use std::ops::Range;

use super::{Clash, Fields, Leaf};
use crate::registers::{Entry, ROOT};
use crate::scalar::Scalar;
use crate::view::View;

impl View<'_> {
    /// Leaves no leaf below another. An empty object's marker gives way to any property.
    pub(super) fn separate_leaves_from_objects(&self, fields: &mut Fields<'_>) {
        if !fields.leaves.iter().any(|leaf| self.paths().info(leaf.path).has_below) {
            return;
        }
        // From the deepest up, so that what stands below a leaf is settled; the root, which is last in order, at the end.
        let last = fields.leaves.len();
        for at in (0..last).rev() {
            if fields.leaves.get(at).is_some_and(|leaf| self.suffix(leaf.path) != ROOT) {
                self.separate(at, fields);
            }
        }
        if let Some(root) = fields.leaves.iter().position(|leaf| self.suffix(leaf.path) == ROOT) {
            self.separate(root, fields);
        }
    }

    fn separate(&self, at: usize, fields: &mut Fields<'_>) {
        let Some(leaf) = fields.leaves.get(at).cloned() else { return };
        let below = self.below(&leaf, at, &fields.leaves);
        let inside = fields.leaves.get(below.clone()).unwrap_or_default().to_vec();
        let Some(last) = inside.iter().map(|leaf| leaf.entry).max_by_key(|entry| self.lamport(entry)) else { return };
        let object = self.subtree(leaf.path, &inside);
        let mut clash = self.take_clash(leaf.path, fields);
        if leaf.is_empty_object() {
            fields.leaves.remove(at);
            clash.shown = Some(object);
        } else if self.shows_leaf(&leaf, &inside, &last) {
            fields.leaves.drain(below);
            self.hide_clashes_below(leaf.path, fields);
            clash.shown = Some(leaf.value());
            clash.others.push((Some(object), last));
        } else {
            fields.leaves.remove(at);
            self.forget_removals_below(&leaf, fields);
            clash.shown = Some(object);
            clash.others.insert(0, (Some(leaf.value()), leaf.entry));
        }
        // Who made the object removed the leaf to make room for it; and its marker is a part of it.
        clash.others.retain(|(value, entry)| match value {
            None => !inside.iter().any(|leaf| self.is_same_chain(&leaf.entry, entry)),
            Some(_) => entry.scalar != Scalar::EMPTY_OBJECT,
        });
        if !clash.others.is_empty() {
            fields.clashes.push(clash);
        }
    }

    /// Whether a leaf shows whole rather than what stands below it: the more preferred does, else the later.
    fn shows_leaf(&self, leaf: &Leaf<'_>, inside: &[Leaf<'_>], last: &Entry<'_>) -> bool {
        let below = inside.iter().map(|leaf| leaf.preference).max().unwrap_or(0);
        (leaf.preference, self.lamport(&leaf.entry)) > (below, self.lamport(last))
    }

    /// The clash of a register, which becomes one with that of leaf and object.
    fn take_clash<'p>(&self, path: u32, fields: &mut Fields<'p>) -> Clash<'p> {
        match fields.clashes.iter().position(|clash| clash.path == path && !clash.is_inside) {
            Some(at) => fields.clashes.swap_remove(at),
            None => Clash { path, shown: None, others: Vec::new(), is_inside: false },
        }
    }

    /// Below a leaf that shows, nothing shows: what lost there stays listed, what was removed there is what shows.
    fn hide_clashes_below(&self, path: u32, fields: &mut Fields<'_>) {
        for clash in fields.clashes.iter_mut().filter(|clash| self.is_below(clash.path, path)) {
            clash.shown = None;
            clash.others.retain(|(value, _)| value.is_some());
        }
        fields.clashes.retain(|clash| !clash.others.is_empty());
    }

    /// Who wrote a leaf over an object removed its properties to make room: no removals to list.
    fn forget_removals_below(&self, leaf: &Leaf<'_>, fields: &mut Fields<'_>) {
        for clash in fields.clashes.iter_mut().filter(|clash| self.is_below(clash.path, leaf.path)) {
            clash.others.retain(|(value, entry)| value.is_some() || !self.is_same_chain(entry, &leaf.entry));
        }
        fields.clashes.retain(|clash| !clash.others.is_empty());
    }

    /// The positions of the leaves below `leaf`, which is at position `at`.
    fn below(&self, leaf: &Leaf<'_>, at: usize, leaves: &[Leaf<'_>]) -> Range<usize> {
        if self.suffix(leaf.path) == ROOT {
            return 0..at;
        }
        let count = leaves.iter().skip(at + 1).take_while(|other| self.is_below(other.path, leaf.path)).count();
        at + 1..at + 1 + count
    }

    fn is_below(&self, path: u32, above: u32) -> bool {
        let (path, above) = (self.suffix(path), self.suffix(above));
        above == ROOT && path != ROOT || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('\0'))
    }

    fn is_same_chain(&self, a: &Entry<'_>, b: &Entry<'_>) -> bool {
        self.history.chain_of(a.change) == self.history.chain_of(b.change)
    }

    fn suffix(&self, path: u32) -> &str {
        &self.paths().info(path).suffix
    }
}
