//! Where the values of registers lie among those of their records.

use super::{Names, StoredEntry};
use crate::ahead::load_ahead;
use crate::registers::SEARCHED_ENTRIES;

/// Records whose entries are loaded to guess from: changes mostly set a few fields, in turn or all of each record.
const GUESSED_FROM: usize = 4;
/// Where nothing lies.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Where a value lies of the register of each op, among the entries of its record. In most records where it lies in the first of
/// them, so that nothing is searched and one line of each is waited for; large ones are not searched here.
pub(super) fn locate_values(names: &Names, paths: &[Option<u32>], entries: &[&[StoredEntry]]) -> Vec<u32> {
    let mut values = vec![NOWHERE; names.op_count()];
    let runs = || {
        let runs = names.runs().zip(entries).map(|((_, ops), entries)| (ops, *entries));
        runs.filter(|(_, entries)| (1..=SEARCHED_ENTRIES).contains(&entries.len()))
    };
    let some = runs().take(GUESSED_FROM).flat_map(|(_, entries)| entries.iter().step_by(2));
    load_ahead(some.map(StoredEntry::lines));
    let guesses =
        guess_places(paths, runs().flat_map(|(ops, entries)| ops.map(move |op| (names.suffix_of(op), entries))));
    let guess_of = |op| guesses.get(names.suffix_of(op)).copied().unwrap_or(usize::MAX);
    // Told first and loaded then: the shorter the loop that loads, the more of its loads a processor has under way.
    let mut guessed: Vec<&StoredEntry> = Vec::with_capacity(names.op_count());
    for (ops, entries) in runs() {
        for op in ops {
            guessed.extend(entries.get(guess_of(op)));
        }
    }
    load_ahead(guessed.iter().map(|entry| entry.lines()));
    for (ops, entries) in runs() {
        for (op, value) in ops.clone().zip(values.get_mut(ops).unwrap_or_default()) {
            if let Some(Some(path)) = paths.get(names.suffix_of(op)) {
                *value = position(entries, *path, guess_of(op)).map_or(NOWHERE, |at| at as u32);
            }
        }
    }
    values
}

/// Where the entry of each path lies in the first record of which some op names it; `usize::MAX` if there is none.
fn guess_places<'e>(paths: &[Option<u32>], ops: impl Iterator<Item = (usize, &'e [StoredEntry])>) -> Vec<usize> {
    let mut guesses = vec![usize::MAX; paths.len()];
    let mut missing = paths.iter().flatten().count();
    for (suffix, entries) in ops {
        if missing == 0 {
            break;
        }
        if let (Some(Some(path)), Some(guess @ &mut usize::MAX)) = (paths.get(suffix), guesses.get_mut(suffix))
            && let Some(place) = position(entries, *path, 0)
        {
            (*guess, missing) = (place, missing - 1);
        }
    }
    guesses
}

/// Where the first entry of a register lies among those of a record, perhaps at `guess`.
#[inline]
fn position(entries: &[StoredEntry], path: u32, guess: usize) -> Option<usize> {
    let is_own = |entry: &StoredEntry| entry.path == path;
    match entries.get(guess).is_some_and(is_own) {
        true => Some(guess),
        false => entries.iter().position(is_own),
    }
}
