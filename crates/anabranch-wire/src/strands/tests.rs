//! Whatever a change is, it comes back; whatever strands say, they cost what they may.

use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::entry::Note;
use crate::leb128::{write_signed, write_unsigned};

/// A change chunk around a body, its length and checksum right.
fn chunk(body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![1];
    write_text(body, &mut hashed);
    let hash = Sha256::digest(&hashed);
    [&[0x85, 0x6f, 0x4a, 0x83][..], hash.get(..4).expect("it has 32 bytes"), &hashed].concat()
}

fn changes_entry(changes: Vec<Vec<u8>>) -> Entry {
    Entry::Changes { store: 7, note: Note { time_ms: Some(-3), source: "a file".into() }, changes }
}

/// Whether all of it comes back, and how many of the changes were unravelled.
fn check(changes: &[Vec<u8>]) -> usize {
    let entries = vec![
        Entry::Store { number: 7, database: "d".into(), store: "s".into() },
        changes_entry(changes.to_vec()),
        Entry::Commit { entries: 2, digest: [9; 32] },
    ];
    let strands = unravel(&entries).expect("so few changes fit");
    let bytes = changes.iter().map(Vec::len).sum();
    assert_eq!(ravel(&strands, bytes).expect("it was just unravelled"), entries);
    if let Some(less) = usize::checked_sub(bytes, 1) {
        assert_eq!(ravel(&strands, less), None, "a byte more than is allowed");
    }
    changes.iter().filter(|change| Parts::read(change).is_some()).count()
}

#[derive(Clone, Debug)]
enum Op {
    Named(Vec<u8>, u8, Vec<u8>),
    Nameless(u8, Vec<u8>),
}

fn op() -> impl Strategy<Value = Op> {
    let value = || (0u8..16, vec(any::<u8>(), 0..6));
    let name = prop_oneof![
        ("[ab]{0,2}", "[.=xy]{0,2}").prop_map(|(key, field)| format!("3{key}\0{field}").into_bytes()),
        vec(any::<u8>(), 0..4),
    ];
    prop_oneof![
        4 => (name, value()).prop_map(|(name, (code, value))| Op::Named(name, code, value)),
        1 => value().prop_map(|(code, value)| Op::Nameless(code, value)),
    ]
}

/// A column of the runs of equal rows; single rows in runs of their own.
fn column<T: PartialEq>(rows: &[Option<T>], write: impl Fn(&T, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    for run in rows.chunk_by(|one, next| one == next) {
        match run.first().expect("a run has a row") {
            None => {
                write_signed(0, &mut out);
                write_unsigned(run.len() as u64, &mut out);
            }
            Some(value) => {
                write_signed(if run.len() > 1 { run.len() as i64 } else { -1 }, &mut out);
                write(value, &mut out);
            }
        }
    }
    out
}

fn body(deps: &[Hash], ops: &[Op], other: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_unsigned(deps.len() as u64, &mut out);
    deps.iter().for_each(|hash| out.extend(hash));
    write_text(&[5; 16], &mut out);
    out.extend([1, 1, 0]);
    write_text(b"anabranch 1", &mut out);
    write_unsigned(1, &mut out);
    write_text(&[6; 16], &mut out);
    let names: Vec<Option<&Vec<u8>>> =
        ops.iter().map(|op| if let Op::Named(name, ..) = op { Some(name) } else { None }).collect();
    let metas: Vec<Option<u64>> = ops
        .iter()
        .map(|(Op::Named(_, code, value) | Op::Nameless(code, value))| {
            Some((value.len() as u64) << 4 | u64::from(*code))
        })
        .collect();
    let values: Vec<u8> =
        ops.iter().flat_map(|(Op::Named(_, _, value) | Op::Nameless(_, value))| value.clone()).collect();
    let columns = [
        (0x15, column(&names, |name, out| write_text(name, out))),
        (0x42, other.to_vec()),
        (0x56, column(&metas, |meta, out| write_unsigned(*meta, out))),
        (0x57, values),
        (0x70, other.to_vec()),
    ];
    let columns: Vec<_> = columns.into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
    write_unsigned(columns.len() as u64, &mut out);
    for (specification, bytes) in &columns {
        write_unsigned(*specification, &mut out);
        write_unsigned(bytes.len() as u64, &mut out);
    }
    columns.iter().for_each(|(_, bytes)| out.extend(bytes));
    out
}

/// Changes of which each depends on the one before and on one from elsewhere.
fn chain(of: &[(Vec<Op>, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut deps: Vec<Hash> = Vec::new();
    let mut changes = Vec::new();
    for (ops, other) in of {
        let change = chunk(&body(&deps, ops, other));
        let hash = Sha256::digest(change.get(8..).expect("a chunk is longer"));
        deps = vec![hash.into(), [8; 32]];
        changes.push(change);
    }
    changes
}

proptest! {
    #[test]
    fn changes_come_back(of in vec((vec(op(), 0..12), vec(any::<u8>(), 0..4)), 0..5)) {
        let changes = chain(&of);
        prop_assert_eq!(check(&changes), changes.len(), "all are unravelled");
    }

    /// Checksums are made right again, so that it is what they protect that is read.
    #[test]
    fn changed_changes_come_back_too(
        of in vec((vec(op(), 0..8), vec(any::<u8>(), 0..4)), 1..3),
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut changes = chain(&of);
        for (ops, other) in &of {
            let mut body = body(&[], ops, other);
            let at = at.index(body.len());
            if cut { body.truncate(at) } else if let Some(slot) = body.get_mut(at) { *slot = byte }
            changes.push(chunk(&body));
        }
        check(&changes);
    }

    #[test]
    fn any_bytes_come_back(changes in vec(vec(any::<u8>(), 0..40), 0..5)) {
        check(&changes);
    }

    #[test]
    fn changed_strands_are_refused_or_say_something_else(
        of in vec((vec(op(), 0..8), vec(any::<u8>(), 0..4)), 1..3),
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let changes = chain(&of);
        let mut strands = unravel(&[changes_entry(changes)]).expect("it fits");
        let at = at.index(strands.len());
        *strands.get_mut(at).expect("an index within") = byte;
        if let Some(entries) = ravel(&strands, 10_000) {
            let bytes: usize = entries.iter().map(|entry| match entry {
                Entry::Changes { changes, .. } => changes.iter().map(Vec::len).sum(),
                _ => 0,
            }).sum();
            prop_assert!(bytes <= 10_000);
        }
    }
}

#[test]
fn names_without_end_and_more_classes_than_there_may_be_come_back() {
    let named = |name: String| Op::Named(name.into_bytes(), 6, b"v".to_vec());
    let many = |count: usize| (0..count).map(|nth| named(format!("3key\0field {nth}"))).collect::<Vec<_>>();
    for ops in [many(3 * crate::limits::STRAND_CLASSES_MAX), vec![named("no end".into()); 3], vec![named("".into())]] {
        let changes = chain(&[(ops.clone(), vec![]), (ops, vec![])]);
        assert_eq!(check(&changes), 2);
    }
}

#[test]
fn a_change_of_too_many_ops_goes_along_as_it_is() {
    let nameless = |count| vec![Op::Nameless(1, vec![]); count];
    let max = crate::limits::CHANGE_OPS_MAX;
    assert_eq!(check(&chain(&[(nameless(max), vec![])])), 1);
    assert_eq!(check(&chain(&[(nameless(max + 1), vec![])])), 0);
}

/// A few bytes a change ask for 100,000 rows each: a block admits only so many of them.
#[test]
fn rows_beyond_those_of_a_block_are_refused() {
    let change = chunk(&body(&[], &vec![Op::Nameless(1, vec![]); crate::limits::CHANGE_OPS_MAX], &[]));
    let changes = vec![change; 50];
    let bytes: usize = changes.iter().map(Vec::len).sum();
    assert!(bytes < 10_000, "{bytes}");
    let mut strands = Strands::<Vec<u8>>::default();
    let mut unraveller = Unraveller::default();
    let Entry::Changes { store, note, .. } = changes_entry(vec![]) else { unreachable!("it has changes") };
    let bare = Entry::Changes { store, note, changes: vec![] };
    write_text(&payload::encode(&bare).expect("it fits"), &mut strands.outline);
    write_unsigned(changes.len() as u64, &mut strands.outline);
    for change in &changes {
        unraveller.memory.rows = 0;
        unraveller.change(change, &mut strands);
    }
    assert_eq!(ravel(&strands.encode(), bytes), None);
    assert_eq!(check(&changes), changes.len(), "beyond the bound they go along as they are");
}

/// A head of a megabyte is said once and meant a thousand times.
#[test]
fn names_that_would_grow_beyond_the_room_are_refused() {
    let name = Op::Named([vec![b'x'; 1 << 20], vec![0, b'a']].concat(), 1, vec![]);
    let other = Op::Named([vec![b'x'; 1 << 20], vec![0, b'b']].concat(), 1, vec![]);
    let ops: Vec<Op> = (0..20).map(|nth| if nth % 2 == 0 { name.clone() } else { other.clone() }).collect();
    let strands = unravel(&[changes_entry(chain(&[(ops, vec![])]))]).expect("it fits");
    assert!(strands.len() < 3 << 20, "{}", strands.len());
    assert_eq!(ravel(&strands, 4 << 20), None);
    assert!(ravel(&strands, 21 << 20).is_some());
}
