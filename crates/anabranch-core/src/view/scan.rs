//! Reading all records where they lie.

use super::View;
use crate::lent::RecordRef;
use crate::registers::SlotsAt;

/// All records of a view, lent, in the order in which they lie.
pub(super) struct Scan<'v> {
    view: &'v View<'v>,
    slots: SlotsAt<'v>,
}

impl<'v> Scan<'v> {
    pub(super) fn of(view: &'v View<'v>) -> Self {
        Self { view, slots: view.registers.slots() }
    }
}

impl<'v> Iterator for Scan<'v> {
    type Item = RecordRef<'v>;

    // By hand: an adapter copies what it passes on, and what was written a moment ago is waited for.
    #[inline]
    fn next(&mut self) -> Option<RecordRef<'v>> {
        loop {
            let (record, slot) = self.slots.next()?;
            let lent = self.view.lend(record, slot);
            if lent.is_some() {
                return lent;
            }
        }
    }
}
