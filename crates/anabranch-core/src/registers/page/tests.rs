//! What a page holds, what it wastes and what it takes up, whatever was done to it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::layout::{Hashes, hash_key};
use crate::sequence::{Sequence, SequenceKind};

const IDENTITIES: [&str; 3] = ["3a\0", "3b\0", "3b\0@0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"];

/// A page of three records without values, two of which claim one key.
fn page() -> Page {
    let mut page = Page::default();
    for (at, identity) in (0..).zip(IDENTITIES) {
        assert_eq!(page.insert(identity, Hashes::of_identity(identity.as_bytes())), at);
    }
    page
}

/// An entry of the page, of a register that is told by its counter.
fn entry(page: &mut Page, counter: u32, bytes: usize) -> StoredEntry {
    let bytes = vec![counter as u8 & 0x7f; bytes];
    let code = if counter.is_multiple_of(2) { code::STR } else { code::BYTES };
    let value = page.values.keep(Scalar { code, bytes: &bytes });
    StoredEntry { path: counter % 7, counter, change: 0, value }
}

fn is_as(page: &Page, expected: &[Vec<StoredEntry>; 3]) {
    let live: usize = expected.iter().flatten().map(|stored| stored.value.bytes_elsewhere()).sum();
    assert_eq!(page.value_bytes(), live);
    assert_eq!(page.wasted_entries, page.entries.len() - expected.iter().map(Vec::len).sum::<usize>());
    for (at, expected) in (0..).zip(expected) {
        assert_eq!(page.entries(at), expected.as_slice());
        for stored in expected {
            assert_eq!(page.entry(stored).scalar.bytes, vec![stored.counter as u8 & 0x7f; stored.value.len()]);
        }
    }
}

#[test]
fn records_hold_what_was_put_into_them_and_all_else_is_waste() {
    let mut page = page();
    let mut expected: [Vec<StoredEntry>; 3] = Default::default();
    let mut gone = [0; 3];
    let mut random = 1u32;
    for counter in 0..3_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (record, what, index) = ((random >> 8) % 3, (random >> 12) % 8, (random >> 16) as usize);
        let own = &mut expected[record as usize];
        match what {
            0 | 1 if !own.is_empty() => {
                let index = index % own.len();
                page.remove(record, index);
                own.swap_remove(index);
            }
            2 | 3 if !own.is_empty() => {
                let index = index % own.len();
                own[index] = entry(&mut page, counter, index % 40);
                page.replace(record, index, own[index]);
            }
            4 if !own.is_empty() => {
                page.note_overwritten(record, own[0]);
                gone[record as usize] += 1;
            }
            _ => {
                let new = entry(&mut page, counter, index % 40);
                page.push(record, new);
                own.push(new);
            }
        }
        if counter % 50 == 0 {
            is_as(&page, &expected);
        }
    }
    let lean = page.only(|_| true);
    assert_eq!((lean.wasted_entries, lean.wasted_bytes, lean.len()), (0, 0, 3));
    for (at, identity) in (0..).zip(IDENTITIES) {
        let found = lean.find(identity.as_bytes(), Hashes::of_identity(identity.as_bytes())).unwrap();
        let told = |page: &Page, at| -> Vec<(u32, u32, Vec<u8>)> {
            let slot = page.slot(at);
            slot.entries().map(|entry| (entry.path, entry.counter, entry.scalar.bytes.to_vec())).collect()
        };
        assert_eq!(told(&lean, found), told(&page, at));
        assert_eq!(lean.overwritten(found).count(), gone[at as usize]);
    }
    assert_eq!(lean.claimants("3b\0", hash_key("3b\0")).count(), 2);
    assert_eq!(page.only(|hash| hash == hash_key("3a\0")).keys().collect::<Vec<_>>(), ["3a\0"]);
}

#[test]
fn a_page_is_written_anew_once_half_of_it_and_a_good_deal_is_waste() {
    let with = |values: usize, wasted_bytes, entries: usize, wasted_entries| {
        let blank = StoredEntry { path: 0, counter: 0, change: 0, value: StoredValue::sequence(code::LIST, 0) };
        let (mut kept, entries) = (Values::default(), vec![blank; entries]);
        kept.keep(Scalar { code: code::STR, bytes: &vec![b'x'; values] });
        Page { values: kept, wasted_bytes, entries, wasted_entries, ..Page::default() }.is_wasteful()
    };
    let bytes = 64 * 1024 + 1;
    assert!(with(2 * bytes - 1, bytes, 0, 0));
    assert!(!with(2 * bytes, bytes, 0, 0));
    assert!(!with(bytes, bytes - 1, 0, 0));
    assert!(with(0, 0, 2 * 4097 - 1, 4097));
    assert!(!with(0, 0, 2 * 4097, 4097));
    assert!(!with(0, 0, 4097, 4096));
    assert!(!with(0, 0, 0, 0));
}

#[test]
fn what_a_page_takes_up_is_told_whatever_it_is_made_of() {
    let is_about = |page: &Page, bytes: usize| {
        let told = page.resident_bytes();
        assert!((bytes..3 * bytes).contains(&told), "{told} told, {bytes} put in");
    };
    let mut values = page();
    for counter in 0..100 {
        entry(&mut values, counter, 1_000);
    }
    is_about(&values, 100_000);
    let mut entries = page();
    (0..5_000).for_each(|counter| {
        let new = entry(&mut entries, counter, 0);
        entries.push(0, new);
    });
    is_about(&entries, 5_000 * size_of::<StoredEntry>());
    let mut gone = page();
    (0..5_000).for_each(|counter| {
        let new = entry(&mut gone, counter, 0);
        gone.note_overwritten(0, new);
    });
    is_about(&gone, 5_000 * (size_of::<StoredEntry>() + size_of::<u32>()));
    let mut records = Page::default();
    let mut bytes = 0;
    for at in 0..2_000 {
        let identity = format!("3{at}\0");
        records.insert(&identity, Hashes::of_identity(identity.as_bytes()));
        bytes += identity.len() + size_of::<StoredSlot>() + 2 * size_of::<u32>() + 1;
    }
    is_about(&records, bytes);
    let mut long = Page::default();
    for at in 0..50 {
        long.insert(&format!("3{at}{}\0", "k".repeat(2_000)), Hashes { key: at, own: at as u32 });
    }
    is_about(&long, 100_000);
    let mut held = page();
    let id = |counter| OpId { actor: 0, counter };
    for at in 0..500 {
        held.keep_sequence(Held::new(SequenceKind::Text, id(at), 0, 0, 0));
    }
    is_about(&held, 500 * (size_of::<Held>() + Sequence::new(SequenceKind::Text).resident_bytes()));
}

#[test]
fn values_are_of_the_registers_of_which_they_lie_there_in_that_order() {
    let mut page = page();
    for counter in [3, 1, 8] {
        // Their paths are 3, 1 and 1.
        let new = entry(&mut page, counter, 2);
        page.push(0, new);
    }
    let is_of = |paths: &[u32]| page.slot(0).scalars().are_of(paths);
    assert!(is_of(&[3, 1, 1]));
    for others in [&[][..], &[3], &[3, 1], &[3, 1, 1, 1], &[1, 3, 1], &[1, 3, 3], &[4, 5, 6], &[3, 1, 2], &[2, 1, 1]] {
        assert!(!is_of(others), "{others:?}");
    }
    assert!(page.slot(1).scalars().are_of(&[]) && !page.slot(1).scalars().are_of(&[3]));
}

#[test]
fn records_are_found_whatever_hashes_they_share() {
    let mut page = Page::with_room_for(&Expected { records: 200, ..Expected::default() });
    let identities: Vec<String> = (0..200).map(|at| format!("3{}{at}\0", "k".repeat(at % 40))).collect();
    let hashes = |at: usize| Hashes { key: (at as u64 % 7) << 28, own: (at as u32 % 3) << 12 };
    for (at, identity) in identities.iter().enumerate() {
        assert_eq!(page.find(identity.as_bytes(), hashes(at)), None);
        assert_eq!(page.find_alike(hashes(at)), (at >= 21).then_some(at as u32 % 21));
        assert_eq!(page.insert(identity, hashes(at)), at as u32);
    }
    for (at, identity) in identities.iter().enumerate() {
        assert_eq!(page.find(identity.as_bytes(), hashes(at)), Some(at as u32));
        assert_eq!(page.find(identity.as_bytes(), Hashes { own: 3 << 12, ..hashes(at) }), None);
        assert!(page.is(at as u32, identity.as_bytes()) && !page.is(at as u32, &identity.as_bytes()[1..]));
    }
}
