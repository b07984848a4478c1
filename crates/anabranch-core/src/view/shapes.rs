//! Shapes: most records of a store have the same registers, each with one value that shows. What follows from the registers
//! alone is found out once for all of them, and their values are read out without being folded.

use std::rc::Rc;

use super::View;
use super::fields::place;
use crate::lent::FieldAt;
use crate::registers::{LIFE, Lendable, Paths, Scalars, Slot};
use crate::scalar::Scalar;
use crate::value::{Object, Value};

/// Shapes that are kept at hand.
const SHAPES_MAX: usize = 8;

/// What records with the same registers have in common.
struct Shape {
    /// The registers, in the order in which their entries lie.
    paths: Box<[u32]>,
    /// How such a record is read; `None` if its registers must be folded.
    layout: Option<Layout>,
}

/// How the entries of a record make up its value.
struct Layout {
    /// The entry that holds its life.
    life: usize,
    /// The entry of every field, in the order of their names.
    fields: Rc<[FieldAt]>,
    /// Entries that must say the same: of registers that several replicas found, or wrote alike.
    again: Vec<(usize, usize)>,
}

/// The shapes that were met last.
#[derive(Default)]
pub(super) struct Shapes(Vec<Shape>);

impl Shapes {
    /// The shape of a record, which comes first from now on.
    fn of(&mut self, slot: Slot<'_>, paths: &Paths) -> &Shape {
        let is_own = |shape: &Shape| slot.scalars().are_of(&shape.paths);
        match self.0.iter().position(is_own) {
            Some(0) => (),
            Some(at) => self.0.swap(0, at),
            None => {
                self.0.truncate(SHAPES_MAX - 1);
                let own: Box<[u32]> = slot.entries().map(|entry| entry.path).collect();
                let layout = Layout::of(&own, paths);
                self.0.insert(0, Shape { paths: own, layout });
            }
        }
        self.0.first().expect("it was just put there")
    }
}

impl Layout {
    /// `None` if a register holds a part of a value, or a field may stand against an object.
    fn of(entries: &[u32], paths: &Paths) -> Option<Self> {
        let mut sorted: Vec<(&str, usize)> =
            entries.iter().enumerate().map(|(at, path)| (&*paths.info(*path).suffix, at)).collect();
        sorted.sort_unstable();
        let is_plain = |path: &u32| paths.info(*path).part_of.is_none() && !paths.info(*path).has_below;
        if !entries.iter().all(is_plain) {
            return None;
        }
        let alike = |pair: &[(&str, usize)]| match pair {
            [(a, at), (b, next)] if a == b => Some((*at, *next)),
            _ => None,
        };
        let again = sorted.windows(2).filter_map(alike).collect();
        sorted.dedup_by_key(|(suffix, _)| *suffix);
        let life = entries.iter().position(|path| *path == LIFE)?;
        let names = |at: usize| Some(paths.info(*entries.get(at)?).field.0.clone().into_boxed_slice());
        let field = |entry: usize| Some(FieldAt { entry, names: names(entry)? });
        let fields = sorted.into_iter().filter(|(_, at)| *at != life).filter_map(|(_, at)| field(at)).collect();
        Some(Self { life, fields, again })
    }
}

impl View<'_> {
    /// What a record is made of that is there and whose every register shows the one value that it holds; `None` says
    /// nothing.
    #[inline(always)]
    pub(super) fn plain<'p>(&self, slot: Slot<'p>) -> Option<Plain<'p>> {
        let scalars = slot.scalars();
        let lendable = scalars.lendable();
        if slot.has_hidden(self.history) || lendable == Lendable::HasSequences {
            return None;
        }
        let mut shapes = self.shapes.borrow_mut();
        let Layout { life, fields, again } = shapes.of(slot, self.paths()).layout.as_ref()?;
        let is_present = scalars.get(*life)? == Scalar::PRESENT;
        let are_equal = again.iter().all(|(a, b)| scalars.get(*a) == scalars.get(*b));
        let can_be_lent = lendable == Lendable::All;
        (is_present && are_equal).then(|| Plain { scalars, fields: fields.clone(), can_be_lent })
    }
}

/// A record that need not be folded.
pub(super) struct Plain<'p> {
    pub(super) scalars: Scalars<'p>,
    pub(super) fields: Rc<[FieldAt]>,
    pub(super) can_be_lent: bool,
}

impl Plain<'_> {
    /// The value that its fields make up.
    pub(super) fn build(&self) -> Value {
        let mut value = Value::Object(Object::default());
        for FieldAt { entry, names } in &*self.fields {
            let leaf = self.scalars.get(*entry).map(Scalar::to_value);
            // A removed field has no value.
            let leaf = leaf.and_then(|leaf| leaf.expect("scalars are checked before they are applied"));
            leaf.into_iter().for_each(|leaf| place(&mut value, names, leaf));
        }
        value
    }
}
