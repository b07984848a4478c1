//! Compacting: nothing that a directory says is changed, whatever fails, and damage is noticed as before.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use anabranch_core::{Author, CaptureKind, Document, Edit, Key, StoreSchema, StoreSnapshot, Value};
use anabranch_store::testing::MemoryDisk;
use anabranch_store::{CompactError, Note, OpenError, StoreDir};
use common::{commit, files, filled, name, open, shown};

const OPERATIONS_MAX: usize = 200;

fn compact(disk: &MemoryDisk) -> anabranch_store::Compaction {
    open(disk).unwrap().compact(&mut |_, _| ()).unwrap()
}

/// Transactions in small segments, and a last one that is worth sealing.
fn segmented() -> MemoryDisk {
    let disk = filled(0);
    (0..4).for_each(|nth| commit(&mut open(&disk).unwrap().with_segment_bytes_target(700), nth).unwrap());
    large(&disk);
    disk
}

/// The lengths of the files of the log.
fn log_files(disk: &MemoryDisk) -> BTreeMap<String, usize> {
    let files = files(disk).into_iter().filter(|(name, _)| name.starts_with("log/"));
    files.map(|(name, bytes)| (name, bytes.len())).collect()
}

fn large(disk: &MemoryDisk) {
    let mut dir = open(disk).unwrap();
    let mut transaction = dir.transaction();
    transaction.changes(&name("even"), &Note::default(), document_changes());
    transaction.commit().unwrap();
}

/// Honest changes: records that were found and then edited one by one.
fn document_changes() -> Vec<Vec<u8>> {
    let record = |nth: usize| {
        let value =
            Value::object([("name", Value::from(format!("name {nth}").as_str())), ("n", Value::Number(nth as f64))]);
        (Key::Number(nth as f64), value)
    };
    let records = (0..450).map(record).collect();
    let snapshot = StoreSnapshot { name: "s".into(), schema: StoreSchema::default(), complete: true, records };
    let mut document = Document::new();
    document.capture_store("desk", CaptureKind::First, &snapshot).unwrap();
    for nth in 0..20 {
        let base = document.known(&document.heads()).unwrap();
        let (key, value) = record(nth + 1000);
        document.change_at(&base, &[Edit::Put { key: Some(key), value }], &Author::person("desk")).unwrap();
    }
    document.change_bytes().map(|change| change.bytes.to_vec()).collect()
}

#[test]
fn what_a_directory_holds_stays_the_same_and_takes_less() {
    let disk = segmented();
    let (before, log) = (shown(&open(&disk).unwrap()), log_files(&disk));
    let planned = open(&disk).unwrap().to_compact().unwrap();
    let done = compact(&disk);
    assert_eq!(shown(&open(&disk).unwrap()), before);
    assert_eq!(planned.len(), done.segments as usize);
    assert!(open(&disk).unwrap().to_compact().unwrap().is_empty());
    assert!(done.segments >= 3 && done.bytes_after * 2 < done.bytes_before, "{done:?}");
    let bytes = |files: BTreeMap<String, usize>| files.values().map(|bytes| *bytes as u64).sum::<u64>();
    assert_eq!((bytes(log), bytes(log_files(&disk))), (done.bytes_before, done.bytes_after));
    let segments = open(&disk).unwrap().segments().unwrap();
    assert!(!segments.last().unwrap().is_sealed, "the last one is open");

    // Nothing is left to do, and the next transactions go on behind it.
    let files_before = files(&disk);
    assert_eq!(compact(&disk).segments, 0);
    assert_eq!(files(&disk), files_before);
    commit(&mut open(&disk).unwrap(), 6).unwrap();
    let plain = segmented();
    commit(&mut open(&plain).unwrap(), 6).unwrap();
    assert_eq!(shown(&open(&disk).unwrap()), shown(&open(&plain).unwrap()));
    large(&disk);
    large(&plain);
    assert!(compact(&disk).segments > 0);
    assert_eq!(shown(&open(&disk).unwrap()), shown(&open(&plain).unwrap()));
}

#[test]
fn changes_that_no_engine_made_are_kept_as_they_are() {
    let disk = filled(0);
    let changes: Vec<Vec<u8>> =
        (0..40).map(|nth| vec![nth; 1000]).chain([vec![], vec![0x85, 0x6f, 0x4a, 0x83]]).collect();
    let mut dir = open(&disk).unwrap();
    let mut transaction = dir.transaction();
    transaction.changes(&name("s"), &Note::default(), changes.clone());
    transaction.commit().unwrap();
    let done = dir.compact(&mut |_, _| ()).unwrap();
    assert_eq!(done.segments, 1);
    let read: Vec<Vec<u8>> = open(&disk).unwrap().changes(&name("s")).iter().map(|(bytes, _)| bytes.to_vec()).collect();
    assert_eq!(read, changes);
}

#[test]
fn a_fault_at_any_operation_changes_nothing_that_is_shown_and_the_next_call_goes_on() {
    let start = segmented();
    let state = shown(&open(&start).unwrap());
    let whole = start.copy();
    compact(&whole);
    let mut tried = 0;
    for n in 1..OPERATIONS_MAX {
        for for_good in [true, false] {
            let disk = start.copy();
            let mut dir = open(&disk).unwrap();
            if for_good {
                disk.fail_at(n)
            } else {
                disk.fail_once_at(n)
            }
            match dir.compact(&mut |_, _| ()) {
                // A single fault while what was left over is removed harms nobody.
                Ok(_) => continue,
                Err(CompactError::Keep(_)) => tried = n,
                Err(error) => panic!("operation {n}: {error}"),
            }
            disk.heal();
            assert_eq!(shown(&dir), state, "operation {n}");
            drop(dir);
            assert_eq!(shown(&open(&disk).unwrap()), state, "operation {n}");
            compact(&disk);
            assert_eq!(shown(&open(&disk).unwrap()), state, "operation {n}");
            assert_eq!(log_files(&disk), log_files(&whole), "operation {n}: nothing is left over");
        }
    }
    assert!((10..OPERATIONS_MAX - 1).contains(&tried), "{tried} operations");
}

#[test]
fn a_crash_at_any_operation_changes_nothing_that_is_shown() {
    let start = segmented();
    let state = shown(&open(&start).unwrap());
    for n in 1..OPERATIONS_MAX {
        for kept in [0, 7, 500, usize::MAX / 2] {
            let disk = start.copy();
            disk.fail_at(n);
            let done = open(&disk).unwrap().compact(&mut |_, _| ()).is_ok();
            disk.crash(kept);
            let dir = open(&disk).unwrap_or_else(|error| panic!("operation {n}, {kept} bytes kept: {error}"));
            assert_eq!(shown(&dir), state, "operation {n}, {kept} bytes kept");
            drop(dir);
            commit(&mut open(&disk).unwrap(), 77).unwrap();
            assert!(shown(&open(&disk).unwrap()).2.contains_key("run 77"));
            compact(&disk);
            assert!(shown(&open(&disk).unwrap()).2.contains_key("run 77"));
            if done {
                return;
            }
        }
    }
    panic!("compacting takes over {OPERATIONS_MAX} operations");
}

#[test]
fn every_flipped_byte_of_a_sealed_segment_is_named() {
    let disk = segmented();
    compact(&disk);
    let segments = open(&disk).unwrap().segments().unwrap();
    for segment in segments.iter().filter(|segment| segment.is_sealed) {
        let file = format!("log/{:08}.seg", segment.number);
        for at in 0..segment.bytes as usize {
            let damaged = disk.copy();
            damaged.tamper(&file, |bytes| bytes[at] ^= 1 << (at % 8));
            match open(&damaged).err() {
                Some(OpenError::Damaged { path, offset, .. }) => {
                    assert!(path.ends_with(&file) && offset as usize <= at, "{file}, byte {at}: {path} at {offset}");
                }
                other => panic!("{file}, byte {at}: {other:?}"),
            }
        }
        for cut in (0..segment.bytes as usize).step_by(7) {
            let damaged = disk.copy();
            damaged.tamper(&file, |bytes| bytes.truncate(cut));
            assert!(matches!(open(&damaged).err(), Some(OpenError::Damaged { .. })), "{file}, cut at {cut}");
        }
        let longer = disk.copy();
        longer.tamper(&file, |bytes| bytes.push(0));
        assert!(matches!(open(&longer).err(), Some(OpenError::Damaged { path, .. }) if path.ends_with(&file)));
    }
}

#[test]
fn a_log_that_lost_its_open_tail_goes_on_behind_the_sealed_segments() {
    let disk = segmented();
    compact(&disk);
    let last = open(&disk).unwrap().segments().unwrap().last().unwrap().number;
    disk.tamper(&format!("log/{last:08}.seg"), |bytes| bytes.truncate(10));
    let mut dir = open(&disk).unwrap();
    assert!(dir.torn_tail().unwrap().was_committed);
    let sealed = dir.segments().unwrap();
    assert!(sealed.iter().all(|segment| segment.is_sealed));
    assert_eq!(dir.compact(&mut |_, _| ()).unwrap().segments, 0);
    let before = files(&disk);
    disk.fail_once_at(3);
    commit(&mut dir, 6).unwrap_err();
    for segment in &sealed {
        let file = format!("log/{:08}.seg", segment.number);
        assert_eq!(files(&disk)[&file], before[&file], "a failed transaction cuts no sealed segment");
    }
    let mut dir = open(&disk).unwrap();
    commit(&mut dir, 6).unwrap();
    assert_eq!(shown(&open(&disk).unwrap()), shown(&dir));
}

#[test]
fn what_a_crash_left_behind_the_tail_is_cut_off_before_the_tail_is_sealed() {
    for garbage in [&b"ANBR\x01\0\0\0"[..], &[7; 300]] {
        let disk = segmented();
        let state = shown(&open(&disk).unwrap());
        let last = open(&disk).unwrap().segments().unwrap().last().unwrap().number;
        disk.tamper(&format!("log/{last:08}.seg"), |bytes| bytes.extend(garbage));
        let mut dir = open(&disk).unwrap();
        assert!(dir.torn_tail().is_some());
        assert!(dir.compact(&mut |_, _| ()).unwrap().segments > 0);
        let again = open(&disk).unwrap();
        assert_eq!((shown(&again), again.torn_tail()), (state, None));
    }
}

/// A sealed segment that reads back as another one is not put in its place.
#[test]
fn a_segment_that_was_damaged_meanwhile_is_left_as_it_is() {
    let disk = segmented();
    let mut dir = open(&disk).unwrap();
    disk.tamper("log/00000001.seg", |bytes| bytes[100] ^= 1);
    let damaged = files(&disk)["log/00000001.seg"].clone();
    assert!(
        matches!(dir.compact(&mut |_, _| ()), Err(CompactError::NotEqual { path }) if path.ends_with("00000001.seg"))
    );
    assert_eq!(files(&disk)["log/00000001.seg"], damaged);
}

/// One whole segment as it was sealed once: it must be read for ever (FORMAT.md §9.3).
#[test]
fn the_golden_sealed_segment_is_read() {
    let hex = |text: &str| -> Vec<u8> {
        let text = text.trim();
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let disk = segmented();
    let state = shown(&open(&disk).unwrap());
    let plain = files(&disk);
    compact(&disk);
    assert_ne!(plain.get("log/00000001.seg"), files(&disk).get("log/00000001.seg"));
    disk.tamper("log/00000001.seg", |bytes| *bytes = hex(include_str!("data/sealed-v1.hex")));
    assert_eq!(shown(&open(&disk).unwrap()), state);
}

#[test]
fn whoever_may_only_read_sees_a_compacted_directory() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("store");
    let open = |access| StoreDir::open(anabranch_store::FileDisk::new(&path), access).unwrap();
    StoreDir::init(&mut anabranch_store::FileDisk::new(&path)).unwrap();
    let mut dir = open(anabranch_store::Access::Write);
    let mut transaction = dir.transaction();
    transaction.changes(&name("s"), &Note::default(), document_changes());
    transaction.commit().unwrap();
    let before = shown(&dir);
    assert_eq!(dir.compact(&mut |_, _| ()).unwrap().segments, 1);
    drop(dir);
    assert_eq!(shown(&open(anabranch_store::Access::Read)), before);
    let names: Vec<_> = std::fs::read_dir(path.join("log")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}
