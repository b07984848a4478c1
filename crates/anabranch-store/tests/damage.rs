//! Damage: found, named by file and place, never shown as contents.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use anabranch_store::{Access, FileDisk, InitError, OpenError, StoreDir};
use common::{commit, files, filled, name, open, shown};

#[test]
fn every_flipped_bit_is_noticed_or_harmless() {
    let disk = filled(3);
    let whole = shown(&open(&disk).unwrap());
    for (file, bytes) in files(&disk) {
        for at in 0..bytes.len() {
            for bit in [0, 3, 7] {
                let damaged = disk.copy();
                damaged.tamper(&file, |bytes| bytes[at] ^= 1 << bit);
                let opened = open(&damaged).and_then(|dir| dir.check_blobs().map(|()| dir));
                match opened {
                    Ok(dir) => panic!("{file}, byte {at}, bit {bit}: unnoticed; equal: {}", shown(&dir) == whole),
                    Err(OpenError::Damaged { path, offset, .. }) => {
                        assert!(path.ends_with(&file), "{path} is named for {file}");
                        assert!(offset as usize <= at, "{file}: {at} was flipped, {offset} is named");
                    }
                    Err(OpenError::Newer { .. }) if file == "ANABRANCH" || file.ends_with(".seg") => (),
                    Err(error) => panic!("{file}, byte {at}: {error}"),
                }
            }
        }
    }
}

#[test]
fn a_log_cut_at_any_byte_opens_with_what_is_whole_and_says_so() {
    let disk = filled(3);
    let segment = "log/00000001.seg";
    let length = files(&disk)[segment].len();
    let states: Vec<_> = (0..=3).map(|transactions| shown(&open(&filled(transactions)).unwrap())).collect();
    let mut seen = vec![0; states.len()];
    for cut in 0..length {
        let damaged = disk.copy();
        damaged.tamper(segment, |bytes| bytes.truncate(cut));
        let mut dir = open(&damaged).unwrap();
        let torn = dir.torn_tail().unwrap().clone();
        assert!(
            torn.was_committed && torn.path == format!("memory/{segment}") && torn.offset + torn.bytes == length as u64,
            "{torn:?}"
        );
        let at = states.iter().position(|state| *state == shown(&dir)).unwrap();
        seen[at] += 1;
        commit(&mut dir, 9).unwrap();
        assert_eq!(shown(&open(&damaged).unwrap()), shown(&dir));
    }
    assert!(seen[..3].iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn what_follows_the_committed_end_is_ignored_and_cut_off() {
    let disk = filled(2);
    let state = shown(&open(&disk).unwrap());
    for garbage in [vec![0; 100], vec![7; 3], b"ANBR\x01\0\0\0".to_vec()] {
        let torn = disk.copy();
        torn.tamper("log/00000001.seg", |bytes| bytes.extend(&garbage));
        let mut dir = open(&torn).unwrap();
        assert_eq!(shown(&dir), state);
        let tail = dir.torn_tail().unwrap();
        assert!(!tail.was_committed && tail.bytes == garbage.len() as u64);
        commit(&mut dir, 2).unwrap();
        let again = open(&torn).unwrap();
        assert_eq!(again.torn_tail(), None);
        assert_eq!(shown(&again), shown(&open(&filled(3)).unwrap()));
    }
}

#[test]
fn segments_follow_each_other_and_a_missing_one_is_named() {
    let disk = filled(0);
    for nth in 0..6 {
        commit(&mut open(&disk).unwrap().with_segment_bytes_target(700), nth).unwrap();
    }
    let segments: Vec<String> = disk.files().into_iter().filter(|file| file.ends_with(".seg")).collect();
    assert!(segments.len() >= 3, "{segments:?}");
    assert_eq!(shown(&open(&disk).unwrap()), shown(&open(&filled(6)).unwrap()));
    for segment in &segments {
        let damaged = disk.copy();
        damaged.lose(segment);
        assert!(
            matches!(open(&damaged).err().unwrap(), OpenError::MissingSegment { path } if path == format!("memory/{segment}"))
        );
    }
    let unmarked = disk.copy();
    unmarked.lose("ANABRANCH");
    assert!(matches!(open(&unmarked).err().unwrap(), OpenError::MissingSegment { path } if path == "memory/ANABRANCH"));
    let swapped = disk.copy();
    let second = files(&disk)["log/00000002.seg"].clone();
    swapped.tamper("log/00000001.seg", |bytes| *bytes = second);
    assert!(matches!(open(&swapped).err().unwrap(), OpenError::Damaged { .. }));
}

#[test]
fn a_missing_blob_is_told_apart_from_a_damaged_one() {
    let disk = filled(1);
    let dir = open(&disk).unwrap();
    let (hash, size) = dir.blobs().iter().next().map(|(hash, size)| (*hash, *size)).unwrap();
    assert_eq!(size, 300);
    assert_eq!(dir.blob(&hash).unwrap(), Some(vec![0; 300]));
    assert_eq!(dir.blob(&[9; 32]).unwrap(), None);
    let file = disk.files().into_iter().find(|file| file.starts_with("blobs/")).unwrap();
    disk.tamper(&file, |bytes| bytes.truncate(10));
    assert!(matches!(dir.blob(&hash), Err(OpenError::Damaged { path, .. }) if path == format!("memory/{file}")));
    assert!(matches!(dir.check_blobs(), Err(OpenError::Damaged { path, .. }) if path == format!("memory/{file}")));
    disk.lose(&file);
    assert_eq!(dir.blob(&hash).unwrap(), None);
    assert!(matches!(dir.check_blobs(), Err(OpenError::MissingBlob { path }) if path == format!("memory/{file}")));
}

#[test]
fn what_is_no_store_directory_is_not_touched() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("here");
    assert!(matches!(StoreDir::open(FileDisk::new(&path), Access::Write).err(), Some(OpenError::NotAStore { .. })));
    assert!(!path.exists());
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("letter.txt"), "dear").unwrap();
    assert!(matches!(StoreDir::init(&mut FileDisk::new(&path)), Err(InitError::NotEmpty { .. })));
    assert!(matches!(StoreDir::open(FileDisk::new(&path), Access::Read).err(), Some(OpenError::NotAStore { .. })));
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
    std::fs::write(path.join("ANABRANCH"), "anabranch store 2\nwhatever\n").unwrap();
    assert!(matches!(StoreDir::open(FileDisk::new(&path), Access::Read).err(), Some(OpenError::Newer { .. })));
    assert!(matches!(StoreDir::init(&mut FileDisk::new(&path)), Err(InitError::Exists { .. })));
}

#[test]
fn readers_share_a_directory_and_a_writer_has_it_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let open = |access| StoreDir::open(FileDisk::new(temporary.path().join("store")), access);
    StoreDir::init(&mut FileDisk::new(temporary.path().join("store"))).unwrap();
    let readers = (open(Access::Read).unwrap(), open(Access::Read).unwrap());
    assert!(matches!(open(Access::Write).err(), Some(OpenError::Locked { .. })));
    drop(readers);
    let mut writer = open(Access::Write).unwrap();
    assert!(matches!(open(Access::Read).err(), Some(OpenError::Locked { .. })));
    commit(&mut writer, 4).unwrap();
    let state = shown(&writer);
    drop(writer);
    assert_eq!(shown(&open(Access::Read).unwrap()), state);
    assert_eq!(open(Access::Read).unwrap().changes(&name("even")).len(), 2);
}
