//! Diffing a row: a flat record of which nothing is built unless it differs from what the base shows.

use super::{Target, unchanged};
use crate::commit::plan::Plan;
use crate::lent::Row;
use crate::scalar::Scalar;
use crate::view::View;

impl Plan {
    /// The same as [`Plan::put`] of the record that a row is.
    pub(in crate::commit) fn put_row(&mut self, view: &View<'_>, target: Target<'_>, row: Row<'_>) -> bool {
        match target {
            _ if !row.is_flat() || self.has_sequences() => (),
            Target::New(identity) => {
                self.create_row(view, identity, row);
                return false;
            }
            Target::Known(record) => {
                let slot = view.registers.slot(record);
                slot.touch();
                if view.life(slot).is_shown() && unchanged::is_row_plainly_unchanged(view, slot, row) {
                    return true;
                }
            }
        }
        self.put(view, target, &row.to_value(), None)
    }

    fn create_row(&mut self, view: &View<'_>, identity: &str, row: Row<'_>) {
        self.set(view, identity, None, "", |_| Scalar::PRESENT.code);
        self.set_fields_of_row(identity, row);
    }
}
