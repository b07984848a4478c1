//! Caches of documents: whatever becomes of them, what is shown is what the log says.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use anabranch_core::{
    Author, CaptureKind, Document, Edit, FieldPath, Key, Record, RecordChange, StoreSchema, StoreSnapshot, Value,
};
use anabranch_store::testing::MemoryDisk;
use anabranch_store::{Access, Note, StoreDir, StoreName};
use common::{files, filled, name, open, shown};

const OPERATIONS_MAX: usize = 200;

fn store() -> StoreName {
    name("people")
}

fn person(nth: usize) -> (Key, Value) {
    let fields = [("name", format!("name {nth}")), ("city", format!("city {}", nth % 7))];
    let value = Value::object(fields.map(|(field, text)| (field, Value::from(text.as_str()))));
    (Key::Number(nth as f64), value)
}

/// Commits what a document does to the log.
fn change(disk: &MemoryDisk, work: impl FnOnce(&mut Document)) {
    let mut dir = open(disk).unwrap();
    let mut document = from_log(&dir);
    let before = document.change_count();
    work(&mut document);
    let new: Vec<Vec<u8>> = document.change_bytes().skip(before).map(|change| change.bytes.to_vec()).collect();
    let mut transaction = dir.transaction();
    transaction.changes(&store(), &Note::default(), new);
    transaction.commit().unwrap();
}

fn import(disk: &MemoryDisk) {
    change(disk, |document| {
        let records = (0..2200).map(person).collect();
        let snapshot = StoreSnapshot { name: "s".into(), schema: StoreSchema::default(), complete: true, records };
        document.capture_store("desk", CaptureKind::First, &snapshot).unwrap();
    });
}

fn edit(disk: &MemoryDisk, nth: usize, city: &str) {
    change(disk, |document| {
        let base = document.known(&document.heads()).unwrap();
        let set = vec![(FieldPath(vec!["city".into()]), Value::from(city))];
        let edit = Edit::Merge { key: Key::Number(nth as f64), set, unset: vec![] };
        document.change_at(&base, &[edit], &Author::person("desk")).unwrap();
    });
}

fn from_log(dir: &StoreDir) -> Document {
    let (document, outcome) = Document::load(dir.changes(&store()).iter().map(|(bytes, _)| bytes.clone()));
    assert!(outcome.refused.is_empty() && outcome.waiting == 0);
    document
}

type Says = (Vec<Record>, Vec<RecordChange>, Vec<Vec<u8>>);

/// All that a document says: what shows, how it came there, and the bytes of its history.
fn says(document: &Document) -> Says {
    let known = |heads| document.known(&heads).unwrap();
    let changes = document.record_changes(&known(Default::default()), &known(document.heads())).changes;
    let bytes = document.change_bytes().map(|change| change.bytes.to_vec()).collect();
    (document.view().records().collect(), changes, bytes)
}

fn keep(disk: &MemoryDisk) {
    let mut dir = open(disk).unwrap();
    let document = dir.cached(&store()).map_or_else(|| from_log(&dir), |cached| cached.document);
    dir.keep(&store(), &document).unwrap();
}

fn cached_disk() -> MemoryDisk {
    let disk = filled(2);
    import(&disk);
    keep(&disk);
    disk
}

fn cache_files(disk: &MemoryDisk) -> Vec<String> {
    disk.files().into_iter().filter(|file| file.starts_with("cache/")).collect()
}

#[test]
fn a_cached_document_says_what_the_log_says_and_takes_what_came_since() {
    let disk = cached_disk();
    assert!(cache_files(&disk).len() > 2, "an index and several pages");
    let dir = open(&disk).unwrap();
    let cached = dir.cached(&store()).unwrap();
    assert_eq!(cached.behind, 0);
    assert_eq!(says(&cached.document), says(&from_log(&dir)));
    assert!(!cached.health.is_damaged());
    drop(dir);
    (0..5).for_each(|nth| edit(&disk, nth * 400, "Nuuk"));
    let dir = open(&disk).unwrap();
    let cached = dir.cached(&store()).unwrap();
    assert_eq!(cached.behind, 5);
    assert_eq!(says(&cached.document), says(&from_log(&dir)));
    drop(dir);

    // Kept again, only what changed is written, and nothing that is not named stays.
    let before = files(&disk);
    keep(&disk);
    let after = files(&disk);
    let new = after.keys().filter(|file| !before.contains_key(*file)).count();
    let gone = before.keys().filter(|file| !after.contains_key(*file)).count();
    assert!(new == gone && (1..=5).contains(&new), "{new} new, {gone} gone");
    assert_eq!(open(&disk).unwrap().cached(&store()).unwrap().behind, 0);
}

#[test]
fn compacting_changes_nothing_for_a_cache() {
    let disk = cached_disk();
    open(&disk).unwrap().compact(&mut |_, _| ()).unwrap();
    edit(&disk, 3, "Nuuk");
    let dir = open(&disk).unwrap();
    let cached = dir.cached(&store()).unwrap();
    assert_eq!(says(&cached.document), says(&from_log(&dir)));
}

#[test]
fn every_flipped_byte_changes_no_answer() {
    let disk = cached_disk();
    edit(&disk, 7, "Nuuk");
    let expected = says(&from_log(&open(&disk).unwrap()));
    for file in cache_files(&disk) {
        let length = files(&disk)[&file].len();
        let step = (length / 8).max(1);
        for at in (0..length).step_by(step).chain([length - 1]) {
            let damaged = disk.copy();
            damaged.tamper(&file, |bytes| bytes[at] ^= 1 << (at % 8));
            let dir = open(&damaged).unwrap();
            match dir.cached(&store()) {
                None => assert!(file.ends_with("index"), "{file}, byte {at}: opened without"),
                Some(cached) => {
                    assert!(!file.ends_with("index"), "{file}, byte {at}: a flipped byte of the index goes unnoticed");
                    assert_eq!(says(&cached.document), expected, "{file}, byte {at}");
                    assert!(cached.health.is_damaged(), "{file}, byte {at}");
                }
            }
        }
    }
}

#[test]
fn a_file_that_is_gone_or_cut_changes_no_answer_and_the_cache_is_made_anew() {
    let disk = cached_disk();
    let expected = says(&from_log(&open(&disk).unwrap()));
    for file in cache_files(&disk) {
        for cut in [None, Some(9)] {
            let damaged = disk.copy();
            match cut {
                None => damaged.lose(&file),
                Some(length) => damaged.tamper(&file, |bytes| bytes.truncate(length)),
            }
            let mut dir = open(&damaged).unwrap();
            let document = dir.cached(&store()).map_or_else(|| from_log(&dir), |cached| cached.document);
            assert_eq!(says(&document), expected, "{file}, {cut:?}");
            if cut.is_none() {
                // A lost page is noticed when the cache is kept, and not named again.
                dir.keep(&store(), &document).unwrap();
                drop(dir);
                keep(&damaged);
                let cached = open(&damaged).unwrap().cached(&store()).unwrap();
                assert_eq!(says(&cached.document), expected);
                assert!(!cached.health.is_damaged());
            }
        }
    }
}

#[test]
fn the_cache_of_another_log_is_not_taken() {
    let disk = cached_disk();
    let other = filled(3);
    import(&other);
    edit(&other, 1, "Nuuk");
    keep(&other);
    let expected = says(&from_log(&open(&disk).unwrap()));
    for file in cache_files(&disk).into_iter().filter(|file| file.ends_with("index")) {
        let theirs = files(&other)[&file].clone();
        disk.tamper(&file, |bytes| *bytes = theirs);
    }
    let dir = open(&disk).unwrap();
    assert!(dir.cached(&store()).is_none());
    drop(dir);
    keep(&disk);
    assert_eq!(says(&open(&disk).unwrap().cached(&store()).unwrap().document), expected);

    // Nor one of a log of which the end is gone.
    edit(&disk, 1, "Nuuk");
    keep(&disk);
    disk.tamper("log/00000001.seg", |bytes| bytes.truncate(bytes.len() - 1));
    let dir = open(&disk).unwrap();
    assert!(dir.torn_tail().unwrap().was_committed);
    assert!(dir.cached(&store()).is_none());
}

#[test]
fn a_document_that_is_not_what_the_log_says_is_not_kept() {
    let disk = filled(1);
    import(&disk);
    let mut dir = open(&disk).unwrap();
    let mut document = from_log(&dir);
    let base = document.known(&document.heads()).unwrap();
    document.change_at(&base, &[Edit::Delete { key: Key::Number(1.0) }], &Author::person("desk")).unwrap();
    dir.keep(&store(), &document).unwrap();
    dir.keep(&store(), &Document::new()).unwrap();
    dir.keep(&name("nobody's"), &document).unwrap();
    assert!(cache_files(&disk).is_empty());
    let document = from_log(&dir);
    dir.keep(&store(), &document).unwrap();
    assert!(dir.cached(&store()).is_some());
    dir.forget(&store()).unwrap();
    assert!(dir.cached(&store()).is_none() && cache_files(&disk).is_empty());
    dir.forget(&store()).unwrap();
}

#[test]
fn a_fault_or_a_crash_while_a_cache_is_kept_changes_no_answer() {
    let start = cached_disk();
    (0..3).for_each(|nth| edit(&start, nth * 500, "Nuuk"));
    let state = shown(&open(&start).unwrap());
    let expected = says(&from_log(&open(&start).unwrap()));
    let mut tried = 0;
    for n in 1..OPERATIONS_MAX {
        let mut is_done = false;
        for kept in [None, Some(100)] {
            let disk = start.copy();
            let mut dir = open(&disk).unwrap();
            let document = dir.cached(&store()).unwrap().document;
            disk.fail_at(n);
            is_done = dir.keep(&store(), &document).is_ok();
            drop(dir);
            match kept {
                None => disk.heal(),
                Some(kept) => disk.crash(kept),
            }
            let dir = open(&disk).unwrap();
            assert_eq!(shown(&dir), state, "operation {n}");
            let document = dir.cached(&store()).map_or_else(|| from_log(&dir), |cached| cached.document);
            assert_eq!(says(&document), expected, "operation {n}, {kept:?}");
            drop(dir);
            keep(&disk);
            assert_eq!(
                says(&open(&disk).unwrap().cached(&store()).unwrap().document),
                expected,
                "operation {n}, {kept:?}"
            );
        }
        if is_done {
            break;
        }
        tried = n;
    }
    assert!((5..OPERATIONS_MAX - 1).contains(&tried), "{tried} operations");
}

#[test]
fn readers_use_a_cache_and_write_nothing() {
    let disk = cached_disk();
    let before = files(&disk);
    let dir = StoreDir::open(disk.clone(), Access::Read).unwrap();
    let cached = dir.cached(&store()).unwrap();
    let document = cached.document;
    assert_eq!(document.view().record_count(), 2200);
    let reader = std::thread::spawn(move || says(&document));
    assert_eq!(reader.join().unwrap(), says(&from_log(&dir)));
    assert_eq!(files(&disk), before);
}
