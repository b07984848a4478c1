//! How many entries were looked at, counted while tests run: what work is made of that whoever sends changes decides upon.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn count(entries: usize) {
    STEPS.set(STEPS.get() + entries as u64);
}

/// Those since it was asked last.
pub(crate) fn take() -> u64 {
    STEPS.replace(0)
}
