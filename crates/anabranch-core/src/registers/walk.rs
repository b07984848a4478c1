//! Walking over all records, in no order that means anything.

use super::page::Page;
use super::{RecordId, Registers, Slot};
use crate::history::History;

/// All records with what is there of each. Pages are opened as the walk comes to them.
pub(crate) struct Slots<'r> {
    registers: &'r Registers,
    history: &'r History,
    /// The page that is walked, and the records of it that come next.
    page: Option<&'r Page>,
    next: RecordId,
    pages_taken: u32,
}

impl<'r> Slots<'r> {
    pub(super) fn of(registers: &'r Registers, history: &'r History) -> Self {
        Self { registers, history, page: None, next: RecordId { page: 0, at: 0 }, pages_taken: 0 }
    }

    /// Turns to the next page; `None` after the last.
    #[cold]
    fn turn(&mut self) -> Option<()> {
        let number = self.pages_taken;
        if number as usize >= self.registers.pages.len() {
            return None;
        }
        (self.page, self.pages_taken) = (self.registers.page(self.history, number), number + 1);
        self.next = RecordId { page: number, at: 0 };
        Some(())
    }
}

impl<'r> Iterator for Slots<'r> {
    type Item = (RecordId, Slot<'r>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(page) = self.page.filter(|page| (self.next.at as usize) < page.len()) {
                let record = self.next;
                self.next.at += 1;
                return Some((record, page.slot(record.at)));
            }
            self.turn()?;
        }
    }
}
