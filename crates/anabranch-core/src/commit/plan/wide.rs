//! Wide records: what one register of many holds is found by its path. To look through all of them for each that is set
//! would be quadratic.

use crate::registers::{SEARCHED_ENTRIES, Slot};
use crate::view::View;

/// Entries up to which a record is searched. Tests of whole histories take more for many.
const SEARCHED: usize = if cfg!(feature = "testing") { 2 } else { SEARCHED_ENTRIES };

/// The registers of a wide record that ops are planned for.
#[derive(Default)]
pub(super) struct Wide {
    identity: String,
    /// The path of every entry, and where it lies among them.
    entries: Vec<(u32, u32)>,
    /// The field of every increment and element that is not removed, and its own path.
    parts: Vec<(u32, u32)>,
}

impl Wide {
    /// Makes this the registers of a record if it is a wide one; whether it is.
    pub(super) fn turn_to(&mut self, view: &View<'_>, slot: Slot<'_>) -> bool {
        if slot.entries().len() <= SEARCHED {
            return false;
        }
        if self.identity != slot.identity() {
            self.identity = slot.identity().to_owned();
            self.entries = slot.paths().zip(0..).collect();
            self.parts = parts(view, slot).collect();
            self.entries.sort_unstable();
            self.parts.sort_unstable();
        }
        true
    }

    /// Where the entries of a register lie.
    pub(super) fn entries_of(&self, path: u32) -> impl Iterator<Item = u32> {
        with(&self.entries, path)
    }

    /// The registers of the parts of a field.
    pub(super) fn parts_of(&self, field: u32) -> impl Iterator<Item = u32> {
        with(&self.parts, field)
    }
}

/// The field of every increment and element of a record that is not removed, and its own path.
pub(super) fn parts(view: &View<'_>, slot: Slot<'_>) -> impl Iterator<Item = (u32, u32)> {
    let there = slot.entries().filter(|entry| !entry.scalar.is_absent());
    there.filter_map(|entry| Some((view.paths().info(entry.path).part_of?, entry.path)))
}

fn with(ascending: &[(u32, u32)], wanted: u32) -> impl Iterator<Item = u32> {
    let from = ascending.partition_point(|(own, _)| *own < wanted);
    let own = ascending.iter().skip(from).take_while(move |(own, _)| *own == wanted);
    own.map(|(_, other)| *other)
}
