//! Archives of what was trimmed: with the rest they are the whole history again, and damage never makes another one of it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use anabranch_core::{
    Author, ChangeBytes, Conflict, Document, Edit, FieldPath, FieldPolicy, Heads, Key, Record, StoreSchema,
    UnknownHeads, Value,
};
use anabranch_store::testing::MemoryDisk;
use anabranch_store::{Archive, Disk, ReadArchiveError, StoreName, WriteArchiveError, encode_archive, write_archive};
use proptest::prelude::*;

const PATH: &str = "archive/notes-1";

fn name() -> StoreName {
    StoreName { database: "desk".into(), store: "notes ✓".into() }
}

fn put(document: &mut Document, base: &Heads, who: &str, key: u32, text: &str) -> Heads {
    let value = Value::object([("text", Value::from(text)), ("by", Value::from(who)), ("n", Value::Number(0.5))]);
    let edit = Edit::Put { key: Some(Key::Number(f64::from(key))), value };
    change(document, base, who, edit)
}

fn change(document: &mut Document, base: &Heads, who: &str, edit: Edit) -> Heads {
    let base = document.known(base).unwrap();
    document.change_at(&base, &[edit], &Author::person(who)).unwrap().own_heads
}

/// Two people write the same few notes, side by side, again and again; `rounds` times one takes what the other did. The
/// heads after each round are told.
fn written(rounds: u32) -> (Document, Vec<Heads>) {
    let mut document = Document::new();
    let text = FieldPath(vec!["text".into()]);
    let schema = StoreSchema { fields: [(text, FieldPolicy::Text)].into(), ..StoreSchema::default() };
    document.set_schema(&schema, &Author::person("admin")).unwrap();
    let mut seen = Vec::new();
    for round in 0..rounds {
        let base = document.heads();
        let ada = put(&mut document, &base, "ada", round % 5, &format!("written by Ada {round}"));
        put(&mut document, &base, "bob", round % 3, &format!("round {round}: written by Bob"));
        put(&mut document, &ada, "ada", 100 + round, "only hers");
        if round % 4 == 3 {
            change(&mut document, &base, "bob", Edit::Delete { key: Key::Number(f64::from(round % 5)) });
        }
        seen.push(document.heads());
    }
    (document, seen)
}

fn says(document: &Document) -> (Heads, Vec<Record>, Vec<Conflict>) {
    (document.heads(), document.view().records().collect(), document.view().conflicts())
}

fn changes_of(archive: &[u8]) -> Result<Vec<Arc<[u8]>>, ReadArchiveError> {
    Archive::read(archive)?.collect()
}

fn bytes_of(changes: impl IntoIterator<Item = ChangeBytes>) -> Vec<Arc<[u8]>> {
    changes.into_iter().map(|change| change.bytes).collect()
}

/// Trims at the heads `at`, and gives the archive of what went.
fn trimmed(document: &mut Document, at: &Heads) -> Vec<u8> {
    let floor = document.known(at).unwrap();
    let gone = document.trim(&floor).unwrap();
    assert!(!gone.is_empty());
    encode_archive(&name(), &gone).unwrap()
}

#[test]
fn an_archive_and_the_untrimmed_rest_are_the_whole_history() {
    let (whole, seen) = written(40);
    let mut document = whole.clone();
    let archives = [trimmed(&mut document, &seen[12]), trimmed(&mut document, &seen[30])];
    let rest = bytes_of(document.change_bytes());
    let archived: Vec<_> = archives.iter().flat_map(|archive| changes_of(archive).unwrap()).collect();
    assert!(!rest.is_empty() && archived.len() > rest.len());
    let plain: usize = archived.iter().map(|change| change.len()).sum();
    let packed: usize = archives.iter().map(Vec::len).sum();
    assert!(packed * 2 < plain, "{packed} bytes of {plain}");
    for archive in &archives {
        assert_eq!(*Archive::read(archive).unwrap().store(), name());
    }

    let mut again = Document::new();
    let outcome = again.apply(archived.iter().chain(&rest).cloned());
    assert_eq!((outcome.refused, outcome.waiting), (vec![], 0));
    assert_eq!(says(&again), says(&whole));
    let sorted = |document: &Document| {
        let mut all = bytes_of(document.change_bytes());
        all.sort();
        all
    };
    assert_eq!(sorted(&again), sorted(&whole), "every change is back, byte by byte");
    for heads in &seen {
        let records = |document: &Document| document.at(&document.known(heads).unwrap()).records().collect::<Vec<_>>();
        assert_eq!(records(&again), records(&whole));
    }
    assert!(matches!(document.known(&seen[29]), Err(UnknownHeads::Trimmed { .. })));
}

#[test]
fn a_replica_below_the_floor_takes_what_it_missed_from_the_archive() {
    let (whole, seen) = written(24);
    let mut away = Document::new();
    let until = whole.known(&seen[5]).unwrap();
    let missed = whole.changes_since(&until);
    let known: Vec<_> = bytes_of(whole.change_bytes()).into_iter().take(whole.change_count() - missed).collect();
    away.apply(known);
    assert_eq!(away.heads(), seen[5]);
    let unsent = put(&mut away, &seen[5], "cleo", 1, "written away from everybody");

    let mut hub = whole.clone();
    let archive = trimmed(&mut hub, &seen[20]);
    assert_eq!(hub.apply(bytes_of(away.change_bytes())).refused, vec![]);
    // The hub alone cannot bring it up to date: what it missed waits for what was trimmed.
    let mut lonely = away.clone();
    assert!(lonely.apply(bytes_of(hub.change_bytes())).waiting > 0);
    assert_eq!(lonely.heads(), unsent);
    let outcome = away.apply(changes_of(&archive).unwrap().into_iter().chain(bytes_of(hub.change_bytes())));
    assert_eq!((outcome.refused, outcome.waiting), (vec![], 0));
    assert_eq!(says(&away), says(&hub));
}

#[test]
fn no_flipped_cut_or_added_byte_makes_other_changes_of_an_archive() {
    let (mut document, seen) = written(4);
    let archive = trimmed(&mut document, &seen[3]);
    let whole = changes_of(&archive).unwrap();
    assert!(whole.len() > 8 && archive.len() < 8_000, "{} bytes", archive.len());
    let mut damages: Vec<(String, Vec<u8>)> = Vec::new();
    for at in 0..archive.len() {
        for bit in 0..8 {
            let mut flipped = archive.clone();
            flipped[at] ^= 1 << bit;
            damages.push((format!("bit {bit} of byte {at} flipped"), flipped));
        }
        damages.push((format!("cut at {at}"), archive[..at].to_vec()));
        let without = [&archive[..at], &archive[at + 1..]].concat();
        damages.push((format!("without byte {at}"), without));
        damages.push((format!("a byte more at {at}"), [&archive[..at], &[0], &archive[at..]].concat()));
    }
    damages.push(("twice".into(), [&archive[..], &archive].concat()));
    damages.push(("a byte more".into(), [&archive[..], &[0]].concat()));
    for (what, bytes) in damages {
        let mut came = Vec::new();
        let error = match Archive::read(&bytes) {
            Err(error) => error,
            Ok(mut read) => loop {
                match read.next() {
                    Some(Ok(change)) => came.push(change),
                    Some(Err(error)) => break error,
                    None => panic!("{what}: goes unnoticed"),
                }
            },
        };
        assert!(whole.starts_with(&came), "{what}: other changes come before {error}");
        match error {
            ReadArchiveError::NotAnArchive => assert!(!bytes.starts_with(b"ANBRARC1"), "{what}"),
            ReadArchiveError::Damaged { offset, .. } => assert!(offset <= bytes.len() as u64, "{what}: {offset}"),
        }
    }
}

#[test]
fn an_archive_of_many_blocks_comes_back_in_order_and_damage_in_the_last_names_its_place() {
    let changes: Vec<ChangeBytes> = (0..40u32)
        .map(|nth| {
            let noise = (0..50_000u32).flat_map(|at| (at * at).wrapping_mul(nth * 2 + 0x9E37_79B9).to_le_bytes());
            ChangeBytes { hash: anabranch_core::ChangeHash([nth as u8; 32]), bytes: noise.collect() }
        })
        .collect();
    let archive = encode_archive(&name(), &changes).unwrap();
    assert_eq!(changes_of(&archive).unwrap(), bytes_of(changes.clone()));
    let mut damaged = archive.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let read: Vec<_> = Archive::read(&damaged).unwrap().collect();
    let came = read.iter().filter(|change| change.is_ok()).count();
    assert!((10..40).contains(&came) && read.len() == came + 1, "{came} changes come before the last block");
    let Some(Err(ReadArchiveError::Damaged { offset, what: "a block's contents" })) = read.last() else {
        panic!("{:?}", read.last())
    };
    assert!(archive[*offset as usize..].starts_with(b"ANBZ"), "the place is where a block begins");
}

#[test]
fn nothing_to_archive_is_an_archive_of_nothing() {
    let archive = encode_archive(&name(), &[]).unwrap();
    assert_eq!(changes_of(&archive).unwrap(), Vec::<Arc<[u8]>>::new());
}

/// One archive of version 1 in hexadecimal, and behind it the changes that it holds, a line each.
#[test]
fn the_golden_archive_is_read_for_ever() {
    let hex = |line: &str| -> Vec<u8> {
        (0..line.len() / 2).map(|at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let mut lines = include_str!("data/archive-v1.hex").lines().map(hex);
    let archive = lines.next().unwrap();
    assert_eq!(*Archive::read(&archive).unwrap().store(), name());
    let expected: Vec<Arc<[u8]>> = lines.map(Arc::from).collect();
    assert_eq!(changes_of(&archive).unwrap(), expected);
    let mut document = Document::new();
    assert_eq!(document.apply(expected).refused, vec![]);
    assert_eq!(document.view().record_count(), 4);
}

/// What is there under a name: nothing, or all of the archive.
fn is_whole_or_absent(disk: &MemoryDisk, expected: &[Arc<[u8]>]) -> bool {
    disk.read(PATH).map_or(true, |bytes| changes_of(&bytes).unwrap() == expected)
}

#[test]
fn after_a_fault_or_a_crash_an_archive_is_whole_or_not_there_and_can_be_written_again() {
    let (mut document, seen) = written(6);
    let floor = document.known(&seen[4]).unwrap();
    let gone = document.trim(&floor).unwrap();
    let expected = bytes_of(gone.clone());
    let mut tried = 0;
    for n in 1..50 {
        let mut is_done = false;
        for crashes in [false, true] {
            let disk = MemoryDisk::default();
            disk.fail_at(n);
            let done = write_archive(&mut disk.clone(), PATH, &name(), &gone);
            is_done = done.is_ok();
            if crashes {
                disk.crash(100)
            } else {
                disk.heal()
            }
            assert!(is_whole_or_absent(&disk, &expected), "operation {n}");
            match done {
                Ok(bytes) => assert_eq!(disk.read(PATH).unwrap().len() as u64, bytes, "it is durable"),
                Err(WriteArchiveError::Write { path, .. }) => assert_eq!(path, format!("memory/{PATH}")),
                Err(error) => panic!("operation {n}: {error}"),
            }
            write_archive(&mut disk.clone(), PATH, &name(), &gone).unwrap();
            assert_eq!(disk.files(), [PATH], "operation {n}: nothing is left over");
            assert!(changes_of(&disk.read(PATH).unwrap()).unwrap() == expected);
        }
        if is_done {
            break;
        }
        tried = n;
    }
    assert!((4..49).contains(&tried), "{tried} operations");
}

#[test]
fn another_file_is_never_replaced() {
    let (mut document, seen) = written(6);
    let gone = document.trim(&document.known(&seen[4]).unwrap()).unwrap();
    let mut disk = MemoryDisk::default();
    write_archive(&mut disk, PATH, &name(), &gone[..3]).unwrap();
    let before = disk.read(PATH).unwrap();
    let other = StoreName { store: "others".into(), ..name() };
    for (store, changes) in [(&name(), &gone[..]), (&name(), &gone[..2]), (&other, &gone[..3])] {
        let refused = write_archive(&mut disk, PATH, store, changes);
        assert!(matches!(refused, Err(WriteArchiveError::Exists { path }) if path.ends_with(PATH)));
        assert_eq!(disk.read(PATH).unwrap(), before);
    }
    write_archive(&mut disk, PATH, &name(), &gone[..3]).unwrap();
    disk.write(PATH, b"a letter").unwrap();
    assert!(matches!(write_archive(&mut disk, PATH, &name(), &gone[..3]), Err(WriteArchiveError::Exists { .. })));
    assert_eq!(disk.files(), [PATH]);
}

proptest! {
    /// Whatever the bytes, behind an honest beginning or none: an end, within what they state.
    #[test]
    fn any_bytes_end_in_changes_or_an_error(junk in proptest::collection::vec(any::<u8>(), 0..400), keep in 0usize..300) {
        let (mut document, seen) = written(2);
        let honest = trimmed(&mut document, &seen[1]);
        let bytes = [&honest[..keep.min(honest.len() - 1)], &junk].concat();
        prop_assert!(changes_of(&bytes).is_err());
        prop_assert!(changes_of(&junk).is_err());
    }
}
