//! The meet of what readers have read: where history may be trimmed and nobody notices.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::testing::with_pages_of;
use anabranch_core::{Author, ChangeHash, Document, Edit, Heads, Key, KnownHeads, UnknownHeads, Value};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::{records, shuffled};

/// What each change depends on.
type Graph = BTreeMap<ChangeHash, Vec<ChangeHash>>;

fn graph(document: &Document) -> Graph {
    document.changes().map(|change| (change.hash, change.deps)).collect()
}

/// Everything that is in the past of `heads`, these included.
fn past(graph: &Graph, heads: &Heads) -> BTreeSet<ChangeHash> {
    let (mut past, mut next) = (BTreeSet::new(), heads.hashes().to_vec());
    while let Some(hash) = next.pop() {
        if past.insert(hash) {
            next.extend(&graph[&hash]);
        }
    }
    past
}

/// The meet, set by set: what is in the past of all, and what was trimmed before.
fn naive_meet(graph: &Graph, floor: &Heads, readers: &[KnownHeads]) -> Heads {
    let pasts = readers.iter().map(|reader| past(graph, reader.heads()));
    let mut common = pasts.reduce(|a, b| a.intersection(&b).copied().collect()).unwrap_or_default();
    common.extend(past(graph, floor));
    let built_upon: BTreeSet<ChangeHash> = common.iter().flat_map(|hash| graph[hash].clone()).collect();
    common.difference(&built_upon).copied().collect()
}

/// Trims a document twice, at the meets of some of `seen` and then of later ones, and asks for all that they still read.
pub(crate) fn check(whole: &Document, seen: &[Heads], seed: u64) -> Result<(), TestCaseError> {
    let known = |document: &Document| -> Vec<KnownHeads> {
        shuffled(seen, seed).iter().chain([&whole.heads()]).filter_map(|heads| document.known(heads).ok()).collect()
    };
    let graph = graph(whole);
    let mut trimmed = whole.clone();
    for count in [4, 3, 2, 1] {
        let mut readers = known(&trimmed);
        // The last ones, those at the heads of all among them, and now and then one that has read nothing.
        readers.drain(..readers.len().saturating_sub(count));
        if (seed >> count).is_multiple_of(8) {
            readers.push(trimmed.known(&Heads::empty()).unwrap());
        }
        let floor = trimmed.floor().heads().clone();
        let meet = trimmed.meet(&readers);
        prop_assert_eq!(meet.heads(), &naive_meet(&graph, &floor, &readers));
        prop_assert_eq!(&trimmed.known(meet.heads()).unwrap(), &meet, "what was met is known");
        let gone: BTreeSet<_> = trimmed.trim(&meet).unwrap().into_iter().map(|change| change.hash).collect();
        let expected: BTreeSet<_> = past(&graph, meet.heads()).difference(&past(&graph, &floor)).copied().collect();
        prop_assert_eq!(gone, expected);
        check_readers(&trimmed, whole, &readers)?;
        // Who has read all of that and no more is where the floor is now; there it stays, whoever reads.
        prop_assert_eq!(&trimmed.meet(&[]), &meet);
        prop_assert_eq!(trimmed.meet(readers.iter().chain([&meet])), meet);
    }
    prop_assert_eq!(records::of(&trimmed), records::of(whole));
    Ok(())
}

/// What readers stand at is read as ever.
fn check_readers(trimmed: &Document, whole: &Document, readers: &[KnownHeads]) -> Result<(), TestCaseError> {
    for reader in readers {
        let (ours, theirs) = (trimmed.known(reader.heads()), whole.known(reader.heads()));
        prop_assert!(ours.is_ok(), "a reader's heads are {:?}", ours);
        prop_assert_eq!(records::at(trimmed, &ours.unwrap()), records::at(whole, &theirs.unwrap()));
    }
    Ok(())
}

fn put(document: &mut Document, base: &Heads, nth: usize) -> Heads {
    let base = document.known(base).unwrap();
    let edit = Edit::Put { key: Some(Key::Number(nth as f64)), value: Value::Number(nth as f64) };
    document.change_at(&base, &[edit], &Author::person("desk")).unwrap().own_heads
}

/// Changes of the common part of an uneven history.
const TRUNK: usize = 60;

/// Three strands that join again and again, and then branches from different points of it, of different lengths, that seldom
/// do. What the branches are at is told.
fn uneven(branches: usize, seed: u64) -> (Document, Vec<Heads>) {
    let mut document = with_pages_of(3);
    let (mut tips, mut seen) = (vec![Heads::empty(); 3], Vec::new());
    for nth in 0..TRUNK + branches * 4 {
        let draw = (seed ^ nth as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        if nth == TRUNK {
            tips = (0..branches).map(|branch| tips[branch % 3].clone()).collect();
        }
        let (branch, other) = (draw as usize % tips.len(), (draw >> 16) as usize % tips.len());
        let mut base = tips[branch].hashes().to_vec();
        if (draw >> 40).is_multiple_of(if nth < TRUNK { 2 } else { 20 }) {
            base.extend(tips[other].hashes());
        }
        tips[branch] = put(&mut document, &base.into(), nth);
        if nth >= TRUNK {
            seen.push(tips[branch].clone());
        }
    }
    (document, seen)
}

#[test]
fn more_readers_than_are_walked_at_once_meet_where_all_their_pasts_do() {
    for (branches, seed) in [(1, 1), (7, 2), (70, 3), (150, 4)] {
        let (document, seen) = uneven(branches, seed);
        let graph = graph(&document);
        let mut trimmed_at = BTreeSet::new();
        for seed in 0..12 {
            let readers = 1 + shuffled(&[0, 1, 2, 5, 62, 63, 64, 127, 128, 200], seed)[0];
            let readers: Vec<KnownHeads> =
                shuffled(&seen, seed).iter().take(readers).map(|heads| document.known(heads).unwrap()).collect();
            let meet = document.meet(&readers);
            assert_eq!(*meet.heads(), naive_meet(&graph, &Heads::empty(), &readers), "{branches} branches, {seed}");
            trimmed_at.insert(meet.heads().clone());
        }
        // All at the newest of each branch, as replicas are that keep up.
        let newest: Vec<KnownHeads> =
            seen.iter().rev().take(branches).map(|heads| document.known(heads).unwrap()).collect();
        assert_eq!(*document.meet(&newest).heads(), naive_meet(&graph, &Heads::empty(), &newest));
        assert!(trimmed_at.len() > 1, "{branches} branches: readers meet at one point only");
    }
}

#[test]
fn a_single_reader_on_a_branch_of_its_own_is_never_overlooked() {
    for before in [0, 1, 62, 63, 64, 65, 127, 128, 129] {
        let mut document = Document::new();
        let trunk: Vec<Heads> = (0..3)
            .scan(Heads::empty(), |tip, nth| {
                *tip = put(&mut document, tip, nth);
                Some(tip.clone())
            })
            .collect();
        let mut line = vec![trunk[2].clone()];
        for nth in 0..before {
            line.push(put(&mut document, &line[nth], 10 + nth));
        }
        let aside = put(&mut document, &trunk[1], 1000);
        let known: Vec<KnownHeads> = line.iter().chain([&aside]).map(|heads| document.known(heads).unwrap()).collect();
        assert_eq!(*document.meet(&known).heads(), trunk[1], "beside {before}");
        assert_eq!(*document.meet(&known[..=before]).heads(), trunk[2], "{before} alone");
    }
}

#[test]
fn where_somebody_has_read_nothing_or_less_than_the_floor_the_floor_stays() {
    let mut document = Document::new();
    let mut seen = vec![Heads::empty()];
    (0..5).for_each(|nth| seen.push(put(&mut document, &seen[nth], nth)));
    let at = |document: &Document, nth: usize| document.known(&seen[nth]).unwrap();
    let (nothing, stale) = (at(&document, 0), at(&document, 2));
    assert_eq!(document.meet(&[]), nothing);
    assert_eq!(document.meet([&at(&document, 3), &nothing]), nothing);
    assert_eq!(document.trim(&document.meet([&at(&document, 3), &at(&document, 5)])).unwrap().len(), 3);
    let floor = document.floor().clone();
    assert_eq!(*floor.heads(), seen[3]);
    // Heads that were known before the floor rose above them are no way down.
    for readers in [vec![], vec![&nothing], vec![&stale], vec![&stale, &floor]] {
        assert_eq!(document.meet(readers), floor);
    }
    assert_eq!(document.trim(&document.meet([&stale])).unwrap(), vec![]);
    assert!(matches!(document.known(&seen[2]), Err(UnknownHeads::Trimmed { .. })));
    assert_eq!(*document.meet([&at(&document, 4), &at(&document, 5)]).heads(), seen[4]);
}
