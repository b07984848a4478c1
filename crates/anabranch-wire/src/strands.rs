//! Strands (FORMAT.md §9.2): entries unravelled, so that bytes which are alike lie side by side when a block is compressed.
//!
//! Reversible for any entry: a change whose bytes are not in the form that this reads goes along as it is.

use std::collections::BTreeMap;

use crate::entry::{Entry, Hash};
use crate::leb128::{read_unsigned, write_unsigned};
use crate::limits::{BLOCK_CHANGES_MAX, BLOCK_ROWS_MAX, FRAME_BYTES_MAX};
use crate::payload;

mod change;
mod columns;
mod names;
mod table;
#[cfg(test)]
mod tests;

use change::Parts;
use columns::{take_bytes, take_text, write_text};
use names::Names;
use table::Strands;

/// What stands before a change in the outline: that its bytes follow each other in the strand of whole changes.
const WHOLE: u8 = 0;
/// Or that it was unravelled.
const UNRAVELLED: u8 = 1;

/// What both directions remember from change to change.
#[derive(Default)]
struct Memory {
    /// The hashes of the changes that were unravelled.
    hashes: Vec<Hash>,
    names: Names,
    rows: usize,
}

impl Memory {
    /// Whether so many rows more are within the bound of a block.
    fn admits(&mut self, rows: usize) -> bool {
        let sum = self.rows.saturating_add(rows);
        let fits = sum <= BLOCK_ROWS_MAX;
        if fits {
            self.rows = sum;
        }
        fits
    }
}

/// Unravels entries; `None` if there are more changes than a block may have.
pub(crate) fn unravel(entries: &[Entry]) -> Option<Vec<u8>> {
    let (mut unraveller, mut strands) = (Unraveller::default(), Strands::default());
    let mut room = BLOCK_CHANGES_MAX;
    for entry in entries {
        let Entry::Changes { store, note, changes } = entry else {
            write_text(&payload::encode(entry).ok()?, &mut strands.outline);
            continue;
        };
        room = room.checked_sub(changes.len())?;
        let bare = Entry::Changes { store: *store, note: note.clone(), changes: Vec::new() };
        write_text(&payload::encode(&bare).ok()?, &mut strands.outline);
        write_unsigned(changes.len() as u64, &mut strands.outline);
        changes.iter().for_each(|change| unraveller.change(change, &mut strands));
    }
    Some(strands.encode())
}

#[derive(Default)]
struct Unraveller {
    memory: Memory,
    positions: BTreeMap<Hash, usize>,
}

impl Unraveller {
    fn change(&mut self, change: &[u8], strands: &mut Strands<Vec<u8>>) {
        match Parts::read(change).filter(|parts| self.memory.admits(parts.rows())) {
            Some(parts) => {
                strands.outline.push(UNRAVELLED);
                self.dependencies(&parts, strands);
                parts.write(&mut self.memory.names, strands);
            }
            None => {
                strands.outline.push(WHOLE);
                write_text(change, &mut strands.whole);
            }
        }
    }

    fn dependencies(&mut self, parts: &Parts<'_>, strands: &mut Strands<Vec<u8>>) {
        let count = self.memory.hashes.len();
        write_unsigned(parts.deps.len() as u64, &mut strands.deps);
        for dep in &parts.deps {
            let position = <&Hash>::try_from(*dep).ok().and_then(|hash| self.positions.get(hash));
            write_unsigned(position.map_or(0, |position| (count - position) as u64), &mut strands.deps);
            if position.is_none() {
                strands.hashes.extend(*dep);
            }
        }
        self.positions.insert(parts.hash, count);
        self.memory.hashes.push(parts.hash);
    }
}

/// Ravels the entries that [`unravel`] took, if their changes have at most `bytes_max` bytes together; `None` if these are
/// no strands.
pub(crate) fn ravel(bytes: &[u8], bytes_max: usize) -> Option<Vec<Entry>> {
    let mut strands = Strands::decode(bytes)?;
    let (mut memory, mut entries) = (Memory::default(), Vec::new());
    let (mut room, mut changes_left) = (bytes_max, BLOCK_CHANGES_MAX as u64);
    while !strands.outline.is_empty() {
        let payload = take_text(&mut strands.outline).filter(|payload| payload.len() <= FRAME_BYTES_MAX)?;
        let mut entry = payload::decode(payload).ok()?;
        if let Entry::Changes { changes, .. } = &mut entry {
            if !changes.is_empty() {
                return None;
            }
            let count = read_unsigned(&mut strands.outline)?;
            changes_left = changes_left.checked_sub(count)?;
            for _ in 0..count {
                let change = match take_bytes(&mut strands.outline, 1)? {
                    [WHOLE] => take_text(&mut strands.whole)?.to_vec(),
                    [UNRAVELLED] => change::ravel(&mut memory, &mut strands, room)?,
                    _ => return None,
                };
                room = room.checked_sub(change.len())?;
                changes.push(change);
            }
        }
        entries.push(entry);
    }
    strands.are_used_up().then_some(entries)
}
