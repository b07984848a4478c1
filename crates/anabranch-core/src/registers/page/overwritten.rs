//! Found values of a page that were overwritten: of every class one, further ones of which are not shown.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::StoredEntry;
use super::stored::NONE;
use super::values::{StoredValue, Values};
use crate::layout::NameHash;
use crate::scalar::Scalar;

/// How many come before there must be more room for them. Small changes write to every page a little: if each page made room
/// once more whenever one comes, that would take longer than all else.
const ROOM: usize = 16;

/// Up to so many of one record are looked through. Whoever sends changes decides how many there are, and each value of the
/// record is held against them. Tests of whole histories look others up wherever there are several.
const SEARCHED: u32 = if cfg!(feature = "testing") { 1 } else { 32 };

/// A found value that was overwritten, and the one of its record before it, or `NONE`.
#[derive(Clone, Copy)]
struct Gone {
    entry: StoredEntry,
    before: u32,
    /// How many of its record there are up to this one.
    count: u32,
}

/// What tells found values apart: equal ones of one register are one class.
type Class<'v> = (u32, Scalar<'v>);

/// Found values, those of each record linked from its last to its first.
#[derive(Clone, Default)]
pub(super) struct Overwritten {
    /// The first is none of any record: where the next one goes can be told, and loaded, before the first comes.
    all: Vec<Gone>,
    by_class: Option<Box<ByClass>>,
}

/// Where those of the records lie that have more than are looked through, by record and class.
#[derive(Clone, Default)]
struct ByClass(BTreeMap<u32, HashTable<u32>>);

impl Gone {
    fn class<'v>(&'v self, values: &'v Values) -> Class<'v> {
        (self.entry.path, values.scalar(&self.entry.value))
    }
}

fn hash((path, Scalar { code, bytes }): Class<'_>) -> u64 {
    NameHash::default().hash_one((path, code, bytes))
}

impl Overwritten {
    /// None, with room for some.
    pub(super) fn with_room() -> Self {
        let nothing = StoredEntry { path: 0, counter: 0, change: 0, value: StoredValue::sequence(0, 0) };
        let mut all = Vec::with_capacity(ROOM);
        all.push(Gone { entry: nothing, before: NONE, count: 0 });
        Self { all, by_class: None }
    }

    /// Bytes that they take up.
    pub(super) fn resident_bytes(&self) -> usize {
        let tables = self.by_class.iter().flat_map(|by_class| by_class.0.values());
        self.all.capacity() * size_of::<Gone>() + tables.map(HashTable::allocation_size).sum::<usize>()
    }

    /// Adds one of a record whose last one is `before`; its position.
    pub(super) fn push(&mut self, entry: StoredEntry, before: u32) -> u32 {
        if self.all.is_empty() {
            *self = Self::with_room();
        }
        let count = 1 + self.count(before);
        self.all.push(Gone { entry, before, count });
        (self.all.len() - 1) as u32
    }

    /// How many there are of a record whose last one is `last`.
    fn count(&self, last: u32) -> u32 {
        self.all.get(last as usize).map_or(0, |last| last.count)
    }

    /// Whether there are more of a record whose last one is `last` than are looked through.
    pub(super) fn are_many(&self, last: u32) -> bool {
        self.count(last) > SEARCHED
    }

    /// Lets the last one of a record be found, or all of them if none was let before.
    pub(super) fn index(&mut self, record: u32, last: u32, values: &Values) {
        if !self.are_many(last) {
            return;
        }
        let Self { all, by_class } = self;
        let table = by_class.get_or_insert_default().0.entry(record).or_default();
        let class_of = |at: u32| all.get(at as usize).expect("what was added stays").class(values);
        let known = table.len() as u32;
        let chain = std::iter::successors(Some(last), |at| all.get(*at as usize).map(|gone| gone.before));
        let new = chain.take_while(|at| all.get(*at as usize).is_some_and(|gone| gone.count > known));
        for at in new {
            table.insert_unique(hash(class_of(at)), at, |at| hash(class_of(*at)));
        }
    }

    /// Whether one of this class is among those of a record whose last one is `last`, which were let be found.
    pub(super) fn contains(&self, (record, last): (u32, u32), class: Class<'_>, values: &Values) -> bool {
        let is_it = |at: &u32| {
            #[cfg(test)]
            crate::steps::count(1);
            self.all.get(*at as usize).is_some_and(|gone| gone.class(values) == class)
        };
        if self.are_many(last) {
            let table = self.by_class.as_ref().and_then(|by_class| by_class.0.get(&record));
            return table.expect("those that are many are indexed").find(hash(class), is_it).is_some();
        }
        #[cfg(test)]
        crate::steps::count(self.count(last) as usize);
        let has_path = |gone: &&Gone| gone.entry.path == class.0;
        self.chain(last).filter(has_path).any(|gone| gone.class(values) == class)
    }

    fn chain(&self, last: u32) -> impl Iterator<Item = &Gone> + Clone {
        let gone = |at: u32| self.all.get(at as usize);
        std::iter::successors(gone(last), move |last| gone(last.before))
    }

    /// Those of a record whose last one is `last`, the last first.
    pub(super) fn of_record(&self, last: u32) -> impl Iterator<Item = &StoredEntry> + Clone {
        self.chain(last).map(|gone| &gone.entry)
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
    use crate::change::code;
    use crate::registers::page::Keep;

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

    #[test]
    fn classes_are_found_however_many_there_are_and_whenever_they_were_let_be_found() {
        let mut values = Values::default();
        let path_of = |nth: u32| nth % 3;
        let bytes_of = |nth: u32| format!("text {}", nth / 2).into_bytes();
        let entries: Vec<StoredEntry> = (0..3 * SEARCHED)
            .map(|nth| {
                let value = values.keep(Scalar { code: code::STR, bytes: &bytes_of(nth) });
                StoredEntry { path: path_of(nth), counter: nth, change: 0, value }
            })
            .collect();
        for indexed_from in [0, SEARCHED, SEARCHED + 1, 2 * SEARCHED + 5] {
            let (mut overwritten, mut last) = (Overwritten::default(), [NONE; 2]);
            for (nth, entry) in (0..).zip(&entries) {
                // The second record has every other.
                for (_, last) in (0..).zip(&mut last).filter(|(record, _)| *record == 0 || nth % 2 == 0) {
                    *last = overwritten.push(*entry, *last);
                }
                if nth >= indexed_from {
                    (0..).zip(last).for_each(|(record, last)| overwritten.index(record, last, &values));
                }
                let [zero, one] = last;
                if nth < indexed_from && overwritten.are_many(zero) {
                    continue;
                }
                for other in 0..entries.len() as u32 {
                    let bytes = bytes_of(other);
                    let class = (path_of(other), Scalar { code: code::STR, bytes: &bytes });
                    let found = |last| overwritten.contains(last, class, &values);
                    let is_it = |have: u32| have / 2 == other / 2 && path_of(have) == path_of(other);
                    assert_eq!(found((0, zero)), (0..=nth).any(is_it), "{other} after {nth}");
                    assert_eq!(found((1, one)), (0..=nth).step_by(2).any(is_it), "{other} after {nth}");
                }
            }
            assert!(last.iter().all(|last| overwritten.are_many(*last)) && overwritten.resident_bytes() > 0);
            let class = (0, Scalar { code: code::STR, bytes: b"text 0" });
            assert!(!overwritten.contains((2, NONE), class, &values));
        }
    }
}
