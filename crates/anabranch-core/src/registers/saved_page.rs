//! A page as it is saved (FORMAT.md §8.2): its records in the order of their identities, so that equal pages are equal
//! bytes, then the bytes of all values.

use super::page::{Page, StoredEntry};
use super::paths::Paths;
use super::saved_sequence;
use super::sequences::Held;
use super::slot::Entry;
use crate::change::code;
use crate::history::History;
use crate::layout;
use crate::saved::{Reader, Writer};
use crate::scalar::{Holds, Scalar, nests_within};

/// Encodes a page.
pub(super) fn encode(page: &Page) -> Vec<u8> {
    let mut order: Vec<u32> = (0..page.len() as u32).collect();
    order.sort_unstable_by_key(|at| page.identity(*at));
    let (mut writer, mut values) = (Writer::default(), Vec::new());
    writer.number(order.len() as u64);
    for at in order {
        writer.bytes(page.identity(at).as_bytes());
        writer.number(page.created(at));
        let mut overwritten: Vec<StoredEntry> = page.overwritten(at).copied().collect();
        overwritten.reverse();
        for run in [page.entries(at), &overwritten] {
            writer.number(run.len() as u64);
            for stored in run {
                writer.number(stored.path);
                writer.number(stored.counter);
                writer.number(stored.change);
                writer.number(stored.length_code);
                values.extend_from_slice(page.entry(stored).scalar.bytes);
            }
        }
        let held = page.entries(at).iter().filter_map(|stored| page.entry(stored).sequence);
        held.for_each(|held| saved_sequence::write(held, &mut writer));
        writer.number(page.buried(at).count() as u64);
        page.buried(at).for_each(|held| saved_sequence::write(held, &mut writer));
    }
    writer.bytes(&values);
    writer.out
}

/// Decodes a page of a document that has `paths` and `history`; `None` if it is none, or holds what no page holds.
pub(super) fn decode(bytes: &[u8], paths: &Paths, history: &History) -> Option<Page> {
    let changes = history.changes().len() as u32;
    let mut reader = Reader::new(bytes);
    let mut page = Page::default();
    let mut value_at = 0;
    let records = reader.count(5)?;
    page.slots.reserve_exact(records);
    let mut before = "";
    for at in 0..records as u32 {
        let identity = reader.text()?;
        let is_known = identity == layout::SCHEMA_IDENTITY || layout::is_identity(identity);
        if !is_known || identity <= before {
            return None;
        }
        before = identity;
        page.add_slot(identity);
        page.note_created(at, reader.number()?);
        for _ in 0..reader.count(4)? {
            let stored = entry(&mut reader, &mut value_at)?;
            page.push(at, stored);
        }
        for _ in 0..reader.count(4)? {
            let stored = entry(&mut reader, &mut value_at)?;
            page.note_overwritten(at, stored);
        }
        read_sequences(at, &mut reader, &mut page, history)?;
    }
    page.values = reader.bytes()?.to_vec().into();
    let whole = reader.is_at_end() && page.values.len() as u64 == value_at;
    let fits = |stored: &StoredEntry| {
        let holds = paths.infos().get(stored.path as usize).and_then(|info| info.holds);
        let code = stored.code();
        if code::is_sequence(code) {
            let held = page.sequences.get(stored.at as usize);
            let is_own = |held: &Held| {
                (held.path, held.change, held.id.counter) == (stored.path, stored.change, stored.counter)
                    && Entry::of_sequence(held).scalar.code == code
            };
            return holds.is_some_and(|(holds, _)| holds == Holds::Field) && held.is_some_and(is_own);
        }
        let value = page.values.get(stored.at, stored.bytes());
        let fits = |((holds, levels), bytes): ((Holds, usize), _)| {
            let scalar = Scalar { code, bytes };
            holds.fits(scalar) && nests_within(scalar, levels)
        };
        stored.change < changes && holds.zip(value).is_some_and(fits)
    };
    if !whole || !page.entries.iter().chain(page.all_overwritten()).all(fits) {
        return None;
    }
    page.build_index();
    Some(page)
}

fn entry(reader: &mut Reader<'_>, value_at: &mut u64) -> Option<StoredEntry> {
    let (path, counter, change, length_code) = (reader.number()?, reader.number()?, reader.number()?, reader.number()?);
    let at = *value_at;
    let stored = StoredEntry { path, counter, change, length_code, at };
    *value_at += stored.bytes() as u64;
    Some(stored)
}

fn is_sequence(stored: &StoredEntry) -> bool {
    code::is_sequence(stored.code())
}

/// Reads the sequences of the record at `at`: one for each entry that says that it is one, then those that were overwritten.
fn read_sequences(at: u32, reader: &mut Reader<'_>, page: &mut Page, history: &History) -> Option<()> {
    let from = page.slots.get(at as usize)?.entries_at as usize;
    for entry in from..page.entries.len() {
        if page.entries.get(entry).is_some_and(is_sequence) {
            let held = page.keep_sequence(saved_sequence::read(at, reader, history)?);
            page.entries.get_mut(entry)?.at = held;
        }
    }
    for _ in 0..reader.count(8)? {
        let held = page.keep_sequence(saved_sequence::read(at, reader, history)?);
        page.bury(at, held);
    }
    Some(())
}

#[cfg(test)]
mod tests;
