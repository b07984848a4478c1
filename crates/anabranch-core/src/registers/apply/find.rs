//! Finding the values that an op saw among those of its record. Whoever sends changes decides how many there are of both.

use hashbrown::HashMap;

use super::super::page::{Page, StoredEntry};
use crate::history::History;

/// Entries up to which a record is searched one by one, and searches after which a larger one is not.
pub(crate) const SEARCHED_ENTRIES: usize = 64;
pub(crate) const SEARCHES_MAX: u32 = 8;

/// An op by its register, its counter and the position of its actor.
type Op = (u32, u32, u32);

/// Where the entries of the record lie that is written, once it was searched often.
#[derive(Default)]
pub(super) struct Finder {
    searches: u32,
    /// Where an entry of the register lay when somebody looked.
    lies: Option<u32>,
    places: Option<HashMap<Op, u32, foldhash::fast::FixedState>>,
    /// How many entries were looked at: what the work of setting registers is made of.
    #[cfg(test)]
    pub(super) steps: u64,
}

impl Finder {
    /// Another record follows.
    pub(super) fn begin_record(&mut self) {
        (self.searches, self.places) = (0, None);
    }

    /// Another register of the record follows, an entry of which lay at `lies` when somebody looked.
    pub(super) fn begin_register(&mut self, lies: Option<u32>) {
        self.lies = lies;
    }

    /// Where the entry of an op lies in its record.
    pub(super) fn find(&mut self, page: &Page, record: u32, history: &History, op: Op) -> Option<usize> {
        let entries = page.entries(record);
        // An actor is looked up for what is of the right counter alone.
        let is_op = |have: &StoredEntry| (have.path, have.counter) == (op.0, op.1) && op_of(have, history) == op;
        if let Some(lies) = self.lies.filter(|lies| entries.get(*lies as usize).is_some_and(is_op)) {
            return Some(lies as usize);
        }
        if self.places.is_none() && entries.len() > SEARCHED_ENTRIES {
            self.searches += 1;
            if self.searches > SEARCHES_MAX {
                self.count(entries.len());
                let places = entries.iter().zip(0..).map(|(entry, at)| (op_of(entry, history), at));
                self.places = Some(places.collect());
            }
        }
        if let Some(places) = &self.places {
            return places.get(&op).map(|at| *at as usize);
        }
        self.count(entries.len());
        entries.iter().position(is_op)
    }

    /// Puts `new` in the place of the entry at `at`.
    pub(super) fn replace(&mut self, page: &mut Page, record: u32, at: usize, new: StoredEntry, history: &History) {
        if let Some(places) = &mut self.places {
            page.entries(record).get(at).map(|gone| places.remove(&op_of(gone, history)));
            places.insert(op_of(&new, history), at as u32);
        }
        page.replace(record, at, new);
    }

    /// Takes the entry at `at` out, whose place the last one takes.
    pub(super) fn remove(&mut self, page: &mut Page, record: u32, at: usize, history: &History) {
        if let (Some(places), [.., last]) = (&mut self.places, page.entries(record)) {
            places.insert(op_of(last, history), at as u32);
            page.entries(record).get(at).map(|gone| places.remove(&op_of(gone, history)));
        }
        page.remove(record, at);
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, page: &mut Page, record: u32, new: StoredEntry, history: &History) {
        if let Some(places) = &mut self.places {
            places.insert(op_of(&new, history), page.entries(record).len() as u32);
        }
        page.push(record, new);
    }

    #[cfg(test)]
    fn count(&mut self, steps: usize) {
        self.steps += steps as u64;
    }

    #[cfg(not(test))]
    fn count(&mut self, _steps: usize) {}
}

fn op_of(entry: &StoredEntry, history: &History) -> Op {
    (entry.path, entry.counter, history.author_of(entry.change))
}
