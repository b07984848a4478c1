//! A page as it is saved (FORMAT.md §8.2): its records in the order of their identities, so that equal pages are equal
//! bytes, then the bytes of all values.

use super::page::{Keep, Page, Runs, StoredEntry, StoredValue, Values};
use super::paths::Paths;
use super::saved_sequence;
use crate::change::code;
use crate::history::History;
use crate::layout;
use crate::saved::{Reader, Writer};
use crate::scalar::nests_within;

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
                writer.number(stored.value.length_code());
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
            let stored = entry(&mut reader, &mut value_at).filter(|stored| !is_sequence(stored))?;
            page.add_overwritten(at, stored);
        }
        read_sequences(at, &mut reader, &mut page, (paths, history))?;
    }
    let values = reader.bytes()?;
    if !reader.is_at_end() || values.len() as u64 != value_at {
        return None;
    }
    let mut kept = Runs::with_capacity(page.all_entries().map(|stored| stored.value.bytes_elsewhere()).sum());
    let (entries, sequences) = page.entries_mut();
    for stored in entries {
        if is_sequence(stored) {
            let held = sequences.get(stored.value.at() as usize)?;
            if (held.path, held.change, held.id.counter) != (stored.path, stored.change, stored.counter) {
                return None;
            }
            continue;
        }
        let (holds, levels) = paths.infos().get(stored.path as usize)?.holds?;
        let scalar = stored.value.among(values)?;
        if stored.change >= changes || !holds.fits(scalar) || !nests_within(scalar, levels) {
            return None;
        }
        stored.value = kept.keep(scalar);
    }
    page.values = Values::of(kept)?;
    page.build_index();
    Some(page)
}

fn entry(reader: &mut Reader<'_>, value_at: &mut u64) -> Option<StoredEntry> {
    let (path, counter, change, length_code) = (reader.number()?, reader.number()?, reader.number()?, reader.number()?);
    let at = *value_at;
    let value = StoredValue::announced(length_code, at);
    *value_at += value.len() as u64;
    Some(StoredEntry { path, counter, change, value })
}

fn is_sequence(stored: &StoredEntry) -> bool {
    code::is_sequence(stored.value.code())
}

/// Reads the sequences of the record at `at`: one for each entry that says that it is one, then those that were overwritten.
fn read_sequences(
    at: u32,
    reader: &mut Reader<'_>,
    page: &mut Page,
    (paths, history): (&Paths, &History),
) -> Option<()> {
    let from = page.slots.get(at as usize)?.entries_at as usize;
    for entry in from..page.entries.len() {
        if page.entries.get(entry).is_some_and(is_sequence) {
            let value = page.keep_sequence(saved_sequence::read(at, reader, paths, history)?);
            let announced = std::mem::replace(&mut page.entries.get_mut(entry)?.value, value);
            if announced.length_code() != value.length_code() {
                return None;
            }
        }
    }
    for _ in 0..reader.count(8)? {
        let held = page.keep_sequence(saved_sequence::read(at, reader, paths, history)?);
        page.bury(at, &held);
    }
    Some(())
}

#[cfg(test)]
mod tests;
