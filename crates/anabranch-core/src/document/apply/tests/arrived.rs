//! What is kept of changes between their coming and their being taken: nothing is decoded or looked up twice without need.

use super::arrived::ReadChange;
use super::guard::{check_chain, header_of};
use super::*;
use crate::change::UncheckedChange;
use crate::parallel::TOGETHER;
use crate::testing::{raw_registers, with_pages_of};

/// Bytes of the tables of a change up to which they are kept, however many are read at once.
const KEPT_BYTES: usize = 1024 * 1024;

/// What is read of a change; `None` if it is known.
fn read(document: &Document, change: &ChangeBytes) -> Option<ReadChange> {
    let mut arriving = [Arriving::Bytes(change.bytes.clone())].into_iter();
    let [read] = document.read_together(&mut arriving, Limits::default(), false).try_into().ok().unwrap();
    let Arrived { hash, change: read } = read.unwrap();
    assert_eq!(hash, change.hash);
    read.map(|read| read.unwrap())
}

/// A change of so many ops, the first of which has so many predecessors.
fn change_of(ops: usize, preds: u32) -> ChangeBytes {
    let op = Op { name: field("k", "x"), code: code::NULL, value: vec![], preds: vec![] };
    let mut ops = vec![op; ops];
    ops[0].preds = (1..=preds).map(|counter| (counter, ActorId([5; 16]))).collect();
    Chain::new("a", vec![ops]).make().remove(0)
}

#[test]
fn what_is_read_together_with_others_stays_decoded_if_it_is_small() {
    let document = Document::new();
    let kept_bytes = |change: &ChangeBytes| read(&document, change).unwrap().change.table_bytes();
    let op_bytes = kept_bytes(&change_of(1, 0));
    let pred_bytes = kept_bytes(&change_of(1, 1)) - op_bytes;
    let is_whole = |preds: &usize| (KEPT_BYTES - preds * pred_bytes).is_multiple_of(op_bytes);
    let preds = (0..op_bytes).find(is_whole).unwrap();
    let ops = (KEPT_BYTES - preds * pred_bytes) / op_bytes;
    assert_eq!(kept_bytes(&change_of(ops, preds as u32)), KEPT_BYTES);
    let above = if TOGETHER == 1 { KEPT_BYTES + pred_bytes } else { 0 };
    assert_eq!(kept_bytes(&change_of(ops, preds as u32 + 1)), above);
    assert_eq!(kept_bytes(&change_of(1_000, 0)), 1_000 * op_bytes);
}

#[test]
fn what_is_here_or_waits_is_not_decoded_again() {
    let here = Chain::of("a", set("k", "x", "1")).make();
    let waits = Chain::new("b", vec![vec![set("k", "x", "1")], vec![set("l", "x", "1")]]).make();
    let mut document = with(&[&here]);
    assert_eq!(document.apply([waits[0].bytes.clone()]).waiting, 1);
    assert!(read(&document, &here[0]).is_none() && read(&document, &waits[0]).is_none());
    assert!(read(&document, &waits[1]).is_some());
}

#[test]
fn what_waits_is_kept_decoded_up_to_the_last_byte_of_its_bound() {
    let mut document = Document::new();
    let changes: Vec<ChangeBytes> =
        ["a", "b", "c"].iter().flat_map(|by| Chain::of(by, set("k", "x", "1")).make()).collect();
    let own = read(&document, &changes[0]).unwrap().change.table_bytes();
    document.waiting.bounds.table_bytes = 2 * own;
    let mut kept = Vec::new();
    for change in &changes {
        let read = read(&document, change).unwrap();
        document.waiting.insert(read, &document.history);
        kept.push(document.waiting.table_bytes());
    }
    assert_eq!(kept, [own, 2 * own, 2 * own]);
}

#[test]
fn what_the_guard_looked_up_is_kept_for_applying_it() {
    let document = with(&[&Chain::of("a", set("k", "x", "1")).make()]);
    let ops = |at: usize| (0..50).map(|field| set(&at.to_string(), &field.to_string(), "1")).collect();
    let made = Chain::new("b", (0..3).map(ops).collect()).make();
    let read = |change: &ChangeBytes| UncheckedChange::from_bytes(change.bytes.clone(), Limits::default()).unwrap();
    let chain: Vec<_> = made.iter().map(read).map(Arc::new).collect();
    let known = Known { history: &document.history, registers: &document.registers };
    for thorough in [true, false] {
        let header = header_of(&chain).ok().unwrap();
        let checked = check_chain(known, header, chain.clone(), thorough).ok().unwrap();
        let kept: Vec<bool> = checked.changes().iter().map(|change| change.located().is_some()).collect();
        assert_eq!(kept, [thorough; 3]);
        for located in checked.changes().iter().filter_map(|change| change.located()) {
            // Each op and each suffix takes two numbers of four bytes and of eight, and there is one record.
            assert!((50 * 24..50 * 24 + 100).contains(&located.table_bytes()), "{}", located.table_bytes());
        }
    }
}

#[test]
fn what_was_looked_up_is_looked_up_again_where_a_change_before_moved_it() {
    let base = Chain::new("a", vec![(0..12).map(|at| set(&format!("old {at}"), "x", "1")).collect()]);
    let news = (0..60).map(|at| set(&format!("new {at}"), "x", "1")).collect();
    let overwrite = |at: u32| {
        let preds = vec![(at + 1, base.actor())];
        Op { preds, ..set(&format!("old {at}"), "x", "2") }
    };
    // The first change splits the page in which the guard has found what the second one overwrites.
    let chain = Chain::new("b", vec![news, (0..12).map(overwrite).collect()]).after(&base.make()).make();
    let documents = [16, 1024].map(|records| {
        let mut document = with_pages_of(records);
        document.apply(bytes(&base.make()));
        lands(&mut document, &chain);
        raw_registers(&document)
    });
    let [split, whole] = &documents;
    assert_eq!(split, whole);
    assert!((0..12).all(|at| whole[&field(&format!("old {at}"), "x")].len() == 1));
}
