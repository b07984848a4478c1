//! Archives whose checksums are right and whose contents are not.

use anabranch_wire::{
    ArchiveHeader, BlockForm, BlockHeader, Note, encode_frame, frame_hash, limits::BLOCK_BYTES_MAX, transaction_digest,
};

use super::*;
use crate::blocks::{BlockWriter, compressor};

fn store(number: u32) -> Entry {
    Entry::Store { number, database: "shop".into(), store: "orders".into() }
}

fn changes(store: u32, bytes: u8) -> Entry {
    Entry::Changes { store, note: Note::default(), changes: vec![vec![bytes; 20], vec![]] }
}

/// The end that belongs behind these entries.
fn commit(entries: &[Entry]) -> Entry {
    let hashes =
        entries.iter().map(|entry| frame_hash(&encode_frame(entry).expect("it fits")).expect("it has a header"));
    Entry::Commit { entries: entries.len() as u32, digest: transaction_digest(&BEFORE, hashes) }
}

fn with_end(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.push(commit(&entries));
    entries
}

fn frames_bytes(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| encode_frame(entry).expect("it fits").len() as u64).sum()
}

fn block(entries: &[Entry]) -> Vec<u8> {
    let mut blocks = BlockWriter::behind(Vec::new()).expect("there is memory");
    for entry in entries {
        blocks.push(entry.clone(), &encode_frame(entry).expect("it fits")).expect("it is compressed");
    }
    blocks.finish().expect("it is compressed")
}

/// An archive of these blocks, whose header states so many bytes of frames more or less than there are.
fn archive(blocks: &[&[Entry]], more: i64) -> Vec<u8> {
    let frames: u64 = blocks.iter().map(|entries| frames_bytes(entries)).sum();
    let mut bytes = ArchiveHeader { frames_bytes: frames.saturating_add_signed(more) }.encode();
    blocks.iter().for_each(|entries| bytes.extend(block(entries)));
    bytes
}

/// The changes before the damage, and what is damaged where; nothing comes behind it.
fn read(bytes: &[u8]) -> (usize, Option<ReadArchiveError>) {
    let mut archive = match Archive::read(bytes) {
        Ok(archive) => archive,
        Err(error) => return (0, Some(error)),
    };
    let mut count = 0;
    loop {
        match archive.next() {
            None => return (count, None),
            Some(Ok(_)) => count += 1,
            Some(Err(error)) => {
                assert!(archive.next().is_none() && archive.next().is_none(), "{error}");
                return (count, Some(error));
            }
        }
    }
}

#[track_caller]
fn refused(bytes: &[u8], before: usize, at: usize, what: &'static str) {
    assert_eq!(read(bytes), (before, Some(Damage { at, what }.into())));
}

#[test]
fn an_archive_is_one_transaction_of_one_store_in_any_number_of_blocks() {
    let entries = with_end(vec![store(1), changes(1, 5), changes(1, 6)]);
    let [name, first, second, end] = &entries[..] else { panic!("four entries") };
    assert_eq!(read(&archive(&[&entries], 0)), (4, None));
    assert_eq!(read(&archive(&[&with_end(vec![store(1)])], 0)), (0, None));
    let each = [name, first, second, end].map(std::slice::from_ref);
    let cut = archive(&each, 0);
    assert_eq!(read(&cut), (4, None));
    let read = Archive::read(&cut).expect("it is one");
    assert_eq!(read.store().to_string(), "shop/orders");
    assert_eq!(read.unpacked_bytes(), frames_bytes(&entries));

    let [name, first, second, end] = each;
    let behind = |blocks: &[&[Entry]]| archive(blocks, 0).len();
    refused(&archive(&[name, second, first, end], 0), 4, behind(&[name, first, second]), "the archive's digest");
    refused(&archive(&[name, first, end], 0), 2, behind(&[name, first]), "the archive's digest");
    refused(&archive(&[name, first, second], 0), 4, behind(&[name, first, second]), "the archive's end is missing");
    let last = behind(&each);
    refused(&archive(&[name, first, second, end, end], 0), 4, last, "an entry behind the archive's end");
    refused(&archive(&[name, first, second, end, first], 0), 4, last, "an entry behind the archive's end");
    refused(&archive(&each, -1), 4, behind(&[name, first, second]), "a block beyond the end");
    refused(&archive(&each, 1), 4, last, "the blocks end too early");
}

#[test]
fn entries_that_no_archive_has_are_refused() {
    let first = ARCHIVE_HEADER_BYTES;
    refused(&ArchiveHeader { frames_bytes: 0 }.encode(), 0, first, "the store's name");
    for begin in [changes(1, 5), store(0), store(2), commit(&[])] {
        refused(&archive(&[&with_end(vec![begin])], 0), 0, first, "the store's name");
    }
    let blob = Entry::Blob { sha256: [1; 32], size: 5 };
    let database = Entry::Database { name: "shop".into(), version: None, stores: vec![] };
    for other in [store(1), store(2), changes(2, 5), changes(0, 5), blob, database] {
        let entries = with_end(vec![store(1), changes(1, 5), other]);
        refused(&archive(&[&entries], 0), 0, first, "an entry that no archive has");
    }
    let mut wrong = vec![store(1), changes(1, 5)];
    for end in [commit(&[store(1)]), commit(&[store(1), changes(1, 6)])] {
        wrong.push(end);
        refused(&archive(&[&wrong], 0), 0, first, "the archive's digest");
        wrong.pop();
    }
}

#[test]
fn a_bomb_is_refused_at_the_length_that_it_states() {
    let bomb = compressor().and_then(|mut zstd| zstd.compress(&vec![0; 64 << 20])).expect("it compresses");
    let archive = |packed_bytes: u32, frames_bytes: u32, stated: u64| {
        let stored_hash = *blake3::hash(&bomb).as_bytes();
        let stored_bytes = bomb.len() as u32;
        let header = BlockHeader { form: BlockForm::Frames, stored_bytes, packed_bytes, frames_bytes, stored_hash };
        [ArchiveHeader { frames_bytes: stated }.encode(), header.encode(), bomb.clone()].concat()
    };
    let at = ARCHIVE_HEADER_BYTES;
    for packed_bytes in [0, 1000, (64 << 20) - 1, (64 << 20) + 1] {
        refused(&archive(packed_bytes, 1000, 1000), 0, at, "a block's compression");
    }
    refused(&archive(64 << 20, 1000, 999), 0, at, "a block beyond the end");
    refused(&archive(64 << 20, 64 << 20, u64::MAX), 0, at, "a block's contents");
    refused(&archive(BLOCK_BYTES_MAX as u32 + 1, 1000, 1000), 0, at, "a block's header");
}
