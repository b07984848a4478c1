//! Most records of a capture are what they were: told without folding their registers or building anything.

use crate::layout;
use crate::lent::{Row, ValueRef};
use crate::registers::{LIFE, PathInfo, Paths, Slot};
use crate::scalar::{self, Scalar};
use crate::string::JsString;
use crate::value::Value;
use crate::view::View;
use crate::view::fields::{each_leaf, flat};

/// Whether every leaf of `value` is what the one entry of its register holds, in the order in which they lie, and nothing
/// else was ever written to the record. `false` says nothing: then what shows must be folded and compared.
///
/// A register that holds several values, a part of a counter or a set, or the marker of a removed field has an entry that no
/// leaf is equal to; a sequence and what keeps one alive is left to the slow way, too.
pub(super) fn is_plainly_unchanged(view: &View<'_>, slot: Slot<'_>, value: &Value) -> bool {
    let Some(mut held) = Held::of(view, slot) else { return false };
    let mut encoded = Vec::new();
    let mut equal = true;
    match flat(value) {
        Some(mut fields) => {
            equal = fields.all(|(name, leaf)| {
                held.is_next(&|path| path.is_field(name), &mut |scalar| scalar::is_of(leaf, scalar, &mut encoded))
            });
        }
        None => each_leaf(value, &mut String::new(), &mut |suffix, leaf| {
            let is_path = |path: &PathInfo| layout::is_suffix(&path.suffix, suffix);
            equal = equal && held.is_next(&is_path, &mut |scalar| scalar::is_of(leaf, scalar, &mut encoded));
        }),
    }
    equal && held.is_all()
}

/// The same of a flat row.
pub(super) fn is_row_plainly_unchanged(view: &View<'_>, slot: Slot<'_>, row: Row<'_>) -> bool {
    let Some(mut held) = Held::of(view, slot) else { return false };
    let mut encoded = Vec::new();
    let is_same = |(name, value): (&JsString, ValueRef<'_>)| {
        held.is_next(&|path| path.is_field(name), &mut |scalar| scalar::is_of(value, scalar, &mut encoded))
    };
    row.fields().all(is_same) && held.is_all()
}

/// What a record holds, in the order in which it lies.
struct Held<'p, S> {
    paths: &'p Paths,
    scalars: S,
}

impl<'p> Held<'p, ()> {
    /// `None` if there is more of it than its entries, or less.
    fn of<'s>(view: &'p View<'_>, slot: Slot<'s>) -> Option<Held<'p, impl Iterator<Item = (u32, Scalar<'s>)>>> {
        let scalars = slot.scalars().with_paths().filter(|(path, _)| *path != LIFE);
        (!slot.has_hidden(view.history)).then_some(Held { paths: view.paths(), scalars })
    }
}

impl<'s, S: Iterator<Item = (u32, Scalar<'s>)>> Held<'_, S> {
    #[inline]
    fn is_next(&mut self, is_path: &dyn Fn(&PathInfo) -> bool, is_it: &mut dyn FnMut(Scalar<'s>) -> bool) -> bool {
        self.scalars.next().is_some_and(|(path, scalar)| is_path(self.paths.info(path)) && is_it(scalar))
    }

    fn is_all(&mut self) -> bool {
        self.scalars.next().is_none()
    }
}
