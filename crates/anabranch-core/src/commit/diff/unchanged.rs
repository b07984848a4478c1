//! Most records of a capture are what they were: told without folding their registers or building anything.

use crate::layout;
use crate::registers::{LIFE, PathInfo, Slot};
use crate::scalar;
use crate::value::Value;
use crate::view::View;
use crate::view::fields::{each_leaf, flat};

/// Whether every leaf of `value` is what the one entry of its register holds, in the order in which they lie, and nothing
/// else was ever written to the record. `false` says nothing: then what shows must be folded and compared.
///
/// A register that holds several values, a part of a counter or a set, or the marker of a removed field has an entry that no
/// leaf is equal to; a sequence and what keeps one alive is left to the slow way, too.
pub(super) fn is_plainly_unchanged(view: &View<'_>, slot: Slot<'_>, value: &Value) -> bool {
    if slot.has_hidden(view.history) {
        return false;
    }
    let mut scalars = slot.scalars().with_paths().filter(|(path, _)| *path != LIFE);
    let mut encoded = Vec::new();
    let mut is_next = |is_path: &dyn Fn(&PathInfo) -> bool, leaf: &Value| {
        let next = scalars.next();
        next.is_some_and(|(path, scalar)| is_path(view.paths().info(path)) && scalar::is_of(leaf, scalar, &mut encoded))
    };
    let mut equal = true;
    match flat(value) {
        Some(mut fields) => equal = fields.all(|(name, leaf)| is_next(&|path| path.is_field(name), leaf)),
        None => each_leaf(value, &mut String::new(), &mut |suffix, leaf| {
            equal = equal && is_next(&|path| layout::is_suffix(&path.suffix, suffix), leaf);
        }),
    }
    equal && scalars.next().is_none()
}
