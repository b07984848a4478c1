//! Found values of a page that were overwritten: of every class one, further ones of which are not shown.

use super::StoredEntry;
use super::stored::NONE;
use super::values::StoredValue;

/// How many come before there must be more room for them. Small changes write to every page a little: if each page made room
/// once more whenever one comes, that would take longer than all else.
const ROOM: usize = 16;

/// A found value that was overwritten, and the one of its record before it, or `NONE`.
#[derive(Clone, Copy)]
struct Gone {
    entry: StoredEntry,
    before: u32,
}

/// Found values, those of each record linked from its last to its first.
#[derive(Clone, Default)]
pub(super) struct Overwritten {
    /// The first is none of any record: where the next one goes can be told, and loaded, before the first comes.
    all: Vec<Gone>,
}

impl Overwritten {
    /// None, with room for some.
    pub(super) fn with_room() -> Self {
        let nothing = StoredEntry { path: 0, counter: 0, change: 0, value: StoredValue::sequence(0, 0) };
        let mut all = Vec::with_capacity(ROOM);
        all.push(Gone { entry: nothing, before: NONE });
        Self { all }
    }

    /// Bytes that they take up.
    pub(super) fn resident_bytes(&self) -> usize {
        self.all.capacity() * size_of::<Gone>()
    }

    /// Adds one of a record whose last one is `before`; its position.
    pub(super) fn push(&mut self, entry: StoredEntry, before: u32) -> u32 {
        if self.all.is_empty() {
            *self = Self::with_room();
        }
        self.all.push(Gone { entry, before });
        (self.all.len() - 1) as u32
    }

    /// Those of a record whose last one is `last`, the last first.
    pub(super) fn of_record(&self, last: u32) -> impl Iterator<Item = &StoredEntry> + Clone {
        let gone = |at: u32| self.all.get(at as usize);
        std::iter::successors(gone(last), move |last| gone(last.before)).map(|gone| &gone.entry)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &StoredEntry> {
        self.all.iter().skip(1).map(|gone| &gone.entry)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut StoredEntry> {
        self.all.iter_mut().skip(1).map(|gone| &mut gone.entry)
    }

    /// A word of the line in front of where the next one goes, which mostly goes there, too.
    pub(super) fn last_line(&self) -> usize {
        self.all.last().map_or(0, |gone| gone.before as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(counter: u32) -> StoredEntry {
        StoredEntry { path: 0, counter, change: 0, value: StoredValue::sequence(0, 0) }
    }

    #[test]
    fn every_record_has_its_own_the_last_first() {
        for mut overwritten in [Overwritten::default(), Overwritten::with_room()] {
            let mut last = [NONE; 3];
            assert_eq!(overwritten.of_record(NONE).count(), 0);
            assert_eq!(overwritten.iter().count() + overwritten.iter_mut().count(), 0);
            for counter in 0..50 {
                let [last, ..] = last.get_mut(counter as usize % 3..).expect("one of three") else { unreachable!() };
                *last = overwritten.push(entry(counter), *last);
            }
            for (first, last) in (0..).zip(last) {
                let own: Vec<u32> = overwritten.of_record(last).map(|entry| entry.counter).collect();
                let expected: Vec<u32> = (0..50).filter(|counter| counter % 3 == first).rev().collect();
                assert_eq!(own, expected);
            }
            assert!(overwritten.iter().map(|entry| entry.counter).eq(0..50));
            overwritten.iter_mut().for_each(|entry| entry.counter += 1);
            assert!(overwritten.iter().map(|entry| entry.counter).eq(1..51));
        }
    }
}
