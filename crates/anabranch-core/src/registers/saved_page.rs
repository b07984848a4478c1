//! A page as it is saved (FORMAT.md §8.2): its records in the order of their identities, so that equal pages are equal
//! bytes, then the bytes of all values.

use super::page::{Page, StoredEntry};
use super::paths::Paths;
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
        for run in [page.entries(at), page.overwritten(at)] {
            writer.number(run.len() as u64);
            for stored in run {
                writer.number(stored.path);
                writer.number(stored.counter);
                writer.number(stored.change);
                writer.number(stored.length_code);
                values.extend_from_slice(page.entry(stored).scalar.bytes);
            }
        }
    }
    writer.bytes(&values);
    writer.out
}

/// Decodes a page of a document that has `paths` and `changes` changes; `None` if it is none, or holds what no page holds.
pub(super) fn decode(bytes: &[u8], paths: &Paths, changes: u32) -> Option<Page> {
    let mut reader = Reader::new(bytes);
    let mut page = Page::default();
    let mut value_at = 0;
    let records = reader.count(5)?;
    page.slots.reserve_exact(records);
    let mut before = "";
    for at in 0..records as u32 {
        let identity = reader.text()?;
        let is_known = identity == layout::SCHEMA_IDENTITY || layout::read_identity(identity).is_some();
        if !is_known || at > 0 && identity <= before {
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
    }
    page.values = reader.bytes()?.to_vec();
    let whole = reader.is_at_end() && page.values.len() as u64 == value_at;
    let holds: Vec<Option<(Holds, usize)>> = paths.infos().iter().map(|info| Holds::of(&info.suffix)).collect();
    let fits = |stored: &StoredEntry| {
        let holds = holds.get(stored.path as usize).copied().flatten();
        let code = (stored.length_code & 15) as u8;
        let from = stored.at as usize;
        let value = page.values.get(from..from + (stored.length_code >> 4) as usize);
        let fits = |((holds, levels), bytes): ((Holds, usize), _)| {
            let scalar = Scalar { code, bytes };
            holds.fits(scalar) && nests_within(scalar, levels)
        };
        stored.change < changes && holds.zip(value).is_some_and(fits)
    };
    if !whole || !page.entries.iter().chain(page.overwritten.values().flatten()).all(fits) {
        return None;
    }
    page.build_index();
    Some(page)
}

fn entry(reader: &mut Reader<'_>, value_at: &mut u64) -> Option<StoredEntry> {
    let (path, counter, change, length_code) = (reader.number()?, reader.number()?, reader.number()?, reader.number()?);
    let at = *value_at;
    *value_at += u64::from(length_code >> 4);
    Some(StoredEntry { path, counter, change, length_code, at })
}
