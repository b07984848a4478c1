//! Pages from somewhere: what is no page is none, and what is one is saved as it came.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use super::*;
use crate::commit::CaptureKind;
use crate::document::Document;
use crate::json::{parse_field_path, read_key, read_value};
use crate::layout::Hashes;
use crate::registers::Held;
use crate::scalar::Holds;
use crate::schema::{FieldPolicy, StoreSchema};
use crate::snapshot::StoreSnapshot;
use crate::testing::{MemorySource, put};

/// Captures the records of a replica.
fn capture(document: &mut Document, replica: &str, kind: CaptureKind, records: &[(&str, &str)]) {
    let policy = |field: &str, policy| (parse_field_path(field).unwrap(), policy);
    let fields = [policy("t", FieldPolicy::Text), policy("l", FieldPolicy::List), policy("c", FieldPolicy::Counter)];
    let records =
        records.iter().map(|(key, value)| (read_key(key.as_bytes()).unwrap(), read_value(value.as_bytes()).unwrap()));
    let store = StoreSnapshot {
        name: "s".into(),
        schema: StoreSchema { fields: fields.into(), ..StoreSchema::default() },
        complete: true,
        records: records.collect(),
    };
    document.capture_store(replica, kind, &store).unwrap();
}

/// A document of few records with all that a page holds: conflicts, found values that were overwritten, counters, texts and
/// lists that were edited, and some that were overwritten.
fn story() -> Document {
    let mut document = Document::new();
    let start = r#"{"t":"buy milk","l":[1,2],"n":1,"c":1}"#;
    for replica in ["a", "b", "c"] {
        capture(&mut document, replica, CaptureKind::First, &[("1", start), (r#""k""#, r#"{"n":2,"b":false}"#)]);
    }
    let baseline = document.known(&document.heads()).unwrap();
    for (replica, value) in [
        ("a", r#"{"t":"buy oat milk","l":[1,3],"n":2,"c":3}"#),
        ("b", r#"{"t":"buy milk, eggs","l":[0,1,2],"n":3,"c":4}"#),
        ("c", r#"{"t":7,"l":[1,2,5],"n":1,"c":1,"x":{"y":[1,"z"]}}"#),
    ] {
        let kind = CaptureKind::Next { baseline: baseline.clone(), left_out: Default::default() };
        capture(&mut document, replica, kind, &[("1", value), ("2", r#"{"n":0.5}"#)]);
    }
    document
}

/// The saved page of a document that has one.
fn only_page(document: &Document) -> Vec<u8> {
    let pages = document.registers.written_pages();
    let [(_, _, bytes)] = pages.as_slice() else { panic!("{} pages", pages.len()) };
    bytes.to_vec()
}

#[test]
fn a_page_is_decoded_exactly_if_it_is_what_its_records_are_encoded_as() {
    let document = story();
    let bytes = only_page(&document);
    let read = |bytes: &[u8]| decode(bytes, &document.registers.paths, &document.history);
    let whole = read(&bytes).unwrap();
    assert_eq!(encode(&whole), bytes);
    let mut records = 0..whole.len() as u32;
    assert!(whole.all_entries().count() > whole.entries.len() && records.any(|at| whole.buried(at).count() > 0));
    // A change that wrote a sequence is named once, however many of its ops did.
    let changes = |held: &Held| held.edits().iter().map(|edit| edit.change).collect::<Vec<_>>();
    assert!(whole.sequences.iter().any(|held| held.edits().len() > 1));
    assert!(whole.sequences.iter().all(|held| changes(held).is_sorted_by(|a, b| a < b)));
    for end in 0..bytes.len() {
        assert!(read(bytes.get(..end).unwrap()).is_none(), "{end}");
    }
    assert!(read(&[&bytes[..], &[0]].concat()).is_none());
    let (mut accepted, mut refused) = (0, 0);
    for at in 0..bytes.len() {
        for change in [|byte| byte ^ 1, |byte| byte ^ 0x80, |byte: u8| byte.wrapping_add(1), |_| 0, |_| 0x7f] {
            let mut forged = bytes.clone();
            forged.iter_mut().skip(at).take(1).for_each(|byte| *byte = change(*byte));
            match read(&forged) {
                Some(page) => {
                    assert_eq!(encode(&page), forged, "byte {at} was {:?}", bytes.get(at));
                    is_readable(&page, &document);
                    accepted += 1;
                }
                None => refused += 1,
            }
        }
    }
    // Numbers and letters of values are as good as others.
    assert!(accepted > 500 && refused > 500, "{accepted} accepted, {refused} refused");
}

/// Everything in a page that was accepted is there, and of the kind that belongs there.
fn is_readable(page: &Page, document: &Document) {
    let (paths, history) = (&document.registers.paths, &document.history);
    for at in 0..page.len() as u32 {
        let slot = page.slot(at);
        let identity = slot.identity();
        assert_eq!(page.find(identity.as_bytes(), Hashes::of_identity(identity.as_bytes())), Some(at));
        for entry in slot.entries().chain(page.overwritten(at).map(|stored| page.entry(stored))) {
            let (holds, levels) = Holds::of(&paths.info(entry.path).suffix).unwrap();
            match entry.sequence {
                Some(held) => {
                    assert_eq!((held.path, held.change, held.id.counter), (entry.path, entry.change, entry.counter));
                }
                None => assert!(holds.fits(entry.scalar) && nests_within(entry.scalar, levels)),
            }
            entry.is_found(history);
            slot.is_hidden(&entry, history);
        }
        for held in slot.entries().filter_map(|entry| entry.sequence).chain(page.buried(at)) {
            assert_eq!(Holds::of(&paths.info(held.path).suffix).map(|(holds, _)| holds), Some(Holds::Field));
            assert_eq!(held.edits().first().map(|edit| edit.change), Some(held.change));
            assert!(held.made_with() <= held.sequence.size() && held.sequence.is_boundary(held.made_with()));
            held.value();
        }
    }
}

#[test]
fn records_that_are_made_one_after_the_other_hold_their_own_values_and_no_others() {
    let mut document = Document::new();
    let records = [("1", r#"{"n":"first"}"#), ("2", r#"{"n":"second"}"#), ("3", r#"{"n":"third"}"#)];
    capture(&mut document, "a", CaptureKind::First, &records);
    let page = document.registers.page(&document.history, 0).unwrap();
    let own: usize = page.all_entries().map(|stored| stored.value.bytes_elsewhere()).sum();
    assert!(own > 0);
    assert_eq!(page.value_bytes(), own);
}

#[test]
fn values_that_were_overwritten_leave_nothing_behind_in_a_page_unless_they_were_found() {
    let mut document = Document::new();
    let mut bytes = Vec::new();
    for nth in 0..100 {
        put(&mut document, &format!(r#"{{"n":{nth}}}"#));
        bytes.push(only_page(&document).len());
    }
    assert!(bytes.iter().all(|bytes| *bytes < 100), "{bytes:?}");
}

#[test]
fn saved_pages_are_closed_until_those_that_are_open_fit_the_budget() {
    let mut document = story();
    let (open, page) = (document.resident_bytes(), only_page(&document).len());
    assert!(open >= page, "{open} bytes for {page} on a disk");
    assert_eq!((document.evict(0), document.resident_bytes()), (open, open), "nothing is saved yet");
    let (saved, source) = (document.save(), Arc::new(MemorySource::default()));
    source.keep(&saved, &document);
    document.note_saved(&saved, source);
    assert_eq!((document.evict(open), document.resident_bytes()), (open, open), "all fit");
    assert_eq!((document.evict(open - 1), document.resident_bytes()), (0, 0));
    assert_eq!(document.view().record_count(), 2);
    assert!(document.resident_bytes() >= page);
}
