//! Commits: chains of changes that are taken whole or not at all, upon heads that the document has.

use std::sync::Arc;

use anabranch_core::{
    Author, ChangeBytes, ChangeHash, DeletePolicy, Document, Edit, Heads, Key, Origin, UnknownHeads, Value,
};

use crate::common::desk::{Desk, key, value};

/// A desk on which one capture made several changes.
fn long_commit(replica: &str, records: usize) -> (Desk, Vec<ChangeBytes>) {
    let records: Vec<(String, String)> = (0..records).map(|at| (at.to_string(), format!(r#"{{"n":{at}}}"#))).collect();
    let mut desk = Desk::new();
    let commit = desk.capture(replica, &crate::common::desk::borrowed(&records));
    (desk, commit.changes)
}

fn bytes(changes: &[ChangeBytes]) -> Vec<Arc<[u8]>> {
    changes.iter().map(|change| change.bytes.clone()).collect()
}

#[test]
fn the_records_that_were_touched_are_told_in_order_and_once() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#), ("2", r#"{"x":1}"#), ("3", r#"{"x":1}"#), ("4", r#"{"x":1}"#)]);
    let base = desk.heads();
    let told = |desk: &Desk, from: &Heads| desk.document.touched(&desk.known(from), &desk.known(&desk.heads()));
    assert_eq!(told(&desk, &base), []);
    desk.run("r", &base, &[r#"{"op":"merge","key":3,"set":{"x":2,"y":2}}"#, r#"{"op":"delete","key":1}"#]);
    let between = desk.heads();
    desk.policies(DeletePolicy::EditWins, &[]);
    desk.run("s", &base, &[r#"{"op":"merge","key":3,"set":{"x":2}}"#, r#"{"op":"put","key":9,"value":"new"}"#]);
    assert_eq!(told(&desk, &base), [3, 1, 9].map(|at| key(&at.to_string())));
    assert_eq!(told(&desk, &between), [3, 9].map(|at| key(&at.to_string())));
}

#[test]
fn an_incomplete_chain_is_not_shown_and_shows_once_it_is_complete() {
    let (desk, changes) = long_commit("a", 350);
    assert_eq!(changes.len(), 4);
    for missing in 0..changes.len() {
        let mut other = Document::new();
        let some: Vec<_> = changes
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != missing)
            .map(|(_, change)| change.bytes.clone())
            .collect();
        let outcome = other.apply(some);
        assert_eq!((outcome.applied.len(), outcome.waiting), (0, 3));
        assert_eq!((other.heads(), other.view().record_count()), (Heads::empty(), 0));
        let outcome = other.apply([changes[missing].bytes.clone()]);
        assert_eq!((outcome.applied.len(), outcome.waiting), (4, 0));
        assert_eq!(other.heads(), desk.heads());
        assert_eq!(other.view().record_count(), 350);
    }
}

#[test]
fn only_the_last_change_of_a_chain_can_be_a_head() {
    let (desk, changes) = long_commit("a", 250);
    assert_eq!(desk.heads(), Heads::from(vec![changes[2].hash]));
    for inside in &changes[..2] {
        assert!(desk.document.known(&Heads::from(vec![inside.hash])).is_err());
    }
}

#[test]
fn unknown_heads_are_an_error() {
    let desk = long_commit("a", 1).0;
    let unknown = ChangeHash([7; 32]);
    let error = desk.document.known(&Heads::from(vec![unknown])).unwrap_err();
    assert_eq!(error, UnknownHeads::Unknown { hashes: vec![unknown] });
    let mixed: Heads = desk.heads().hashes().iter().copied().chain([unknown]).collect();
    assert!(desk.document.known(&mixed).is_err());
    assert!(Document::new().known(&desk.heads()).is_err());
    assert!(desk.document.known(&Heads::empty()).is_ok());
}

#[test]
fn one_refused_change_refuses_its_chain_and_nothing_else() {
    let (mut desk, changes) = long_commit("a", 250);
    let (other, innocent) = long_commit("b", 3);
    desk.merge(&other);
    for broken in 0..changes.len() {
        let mut batch = bytes(&changes);
        batch[broken] = mutated(&batch[broken], |bytes| flip_in(bytes, b"n"));
        batch.extend(bytes(&innocent));
        let mut document = Document::new();
        document.apply(batch);
        assert_eq!(document.heads(), other.heads());
        // What is honest can still come.
        document.apply(bytes(&changes));
        assert_eq!(document.heads(), desk.heads());
    }
}

#[test]
fn a_forged_change_beside_an_honest_chain_does_not_keep_the_chain_out() {
    let (desk, changes) = long_commit("a", 250);
    for forged_at in 0..changes.len() {
        for nth in 0..12 {
            let forged = mutated(&changes[forged_at].bytes, |bytes| flip_nth(bytes, b"n", nth));
            let mut batch = bytes(&changes);
            batch.push(forged);
            for turn in 0..batch.len() {
                let mut document = Document::new();
                let mut batch = batch.clone();
                batch.rotate_left(turn);
                document.apply(batch);
                assert_eq!(document.heads(), desk.heads(), "change {forged_at}, mutation {nth}, turn {turn}");
            }
        }
    }
}

/// The change with some bytes changed and its checksum computed again, as an attacker would.
fn mutated(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Arc<[u8]> {
    let mut bytes = bytes.to_vec();
    change(&mut bytes);
    let digest = crate::common::sha256(&bytes[8..]);
    bytes[4..8].copy_from_slice(&digest[..4]);
    bytes.into()
}

fn flip_in(bytes: &mut [u8], what: &[u8]) {
    flip_nth(bytes, what, 3);
}

/// Changes the `nth` occurrence of a field's name into another name.
fn flip_nth(bytes: &mut [u8], what: &[u8], nth: usize) {
    let found: Vec<usize> =
        (0..bytes.len() - 1).filter(|at| bytes[*at] == b'.' && bytes[at + 1..].starts_with(what)).collect();
    bytes[found[nth] + 1] ^= 2;
}

#[test]
fn a_capture_at_an_old_baseline_does_not_outrank_what_was_merged_meanwhile() {
    let mut desk = Desk::new();
    let start: &[(&str, &str)] = &[("1", r#"{"x":0}"#)];
    desk.capture("a", start);
    desk.capture("b", start);
    for x in 1..5 {
        desk.capture("a", &[("1", &format!(r#"{{"x":{x}}}"#))]);
    }
    // Device b wrote long ago and comes only now.
    desk.capture("b", &[("1", r#"{"x":"late"}"#)]);
    desk.shows(&[("1", r#"{"x":4}"#)]);
    desk.lists(&[r#"1 x value: 4 | "late""#]);
}

#[test]
fn a_run_at_an_old_base_does_not_outrank_what_was_merged_meanwhile() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":0}"#)]);
    let base = desk.heads();
    for x in 1..5 {
        desk.capture("a", &[("1", &format!(r#"{{"x":{x}}}"#))]);
    }
    desk.run("r", &base, &[r#"{"op":"merge","key":1,"set":{"x":"late"}}"#]);
    desk.shows(&[("1", r#"{"x":4}"#)]);
}

#[test]
fn equal_captures_are_equal_bytes_wherever_they_run() {
    let records: &[(&str, &str)] = &[("1", r#"{"x":0}"#), ("2", "[]")];
    let (mut one, mut two) = (Desk::new(), Desk::new());
    two.capture("other", &[("1", r#"{"x":7}"#)]);
    assert_eq!(one.capture("a", records).changes, two.capture("a", records).changes);
    let records: &[(&str, &str)] = &[("1", r#"{"x":1}"#)];
    assert_eq!(one.capture("a", records).changes, two.capture("a", records).changes);
}

/// A document with as many heads as there are writers.
fn many_heads(count: usize) -> Document {
    let mut document = Document::new();
    let empty = document.known(&Heads::empty()).unwrap();
    for writer in 0..count {
        let put = Edit::Put { key: Some(Key::Number(writer as f64)), value: value(r#"{"x":1}"#) };
        document.change_at(&empty, &[put], &Author::person(&format!("w{writer}"))).unwrap();
    }
    assert_eq!(document.heads().hashes().len(), count);
    document
}

#[test]
fn a_commit_upon_forty_heads_makes_merge_changes_and_two_replicas_make_the_same_ones() {
    for count in [16, 17, 40, 257] {
        let commit = |name: &str| {
            let mut document = many_heads(count);
            let base = document.known(&document.heads()).unwrap();
            let put = Edit::Put { key: Some(Key::Number(-1.0)), value: Value::from(name) };
            let commit = document.change_at(&base, &[put], &Author::person(name)).unwrap();
            assert_eq!(commit.receipt.applied, 1);
            (document, commit)
        };
        let ((mut a, of_a), (mut b, of_b)) = (commit("a"), commit("b"));
        assert_eq!(of_a.changes.len() > 1, count > 16);
        let merges = of_a.changes.len() - 1;
        assert_eq!(of_a.changes[..merges], of_b.changes[..merges]);
        assert_eq!(a.heads(), of_a.own_heads);
        a.apply(b.change_bytes().map(|change| change.bytes).collect::<Vec<_>>());
        b.apply(a.change_bytes().map(|change| change.bytes).collect::<Vec<_>>());
        assert_eq!(a.heads(), b.heads());
        assert_eq!(a.heads().hashes().len(), 2);
        assert!(a.changes().all(|change| change.deps.len() <= 16));
        assert_eq!(a.view().record_count(), count + 1);
    }
}

#[test]
fn capturing_upon_many_heads_what_is_shown_changes_nothing() {
    let mut document = many_heads(40);
    let before = document.heads();
    let store = anabranch_core::StoreSnapshot {
        name: "s".into(),
        schema: Default::default(),
        complete: true,
        records: document.view().records().map(|record| (record.key, record.value)).collect(),
    };
    let baseline = document.known(&before).unwrap();
    let kind = anabranch_core::CaptureKind::Next { baseline, left_out: Default::default() };
    let commit = document.capture_store("a", kind, &store);
    // The schema is new, so that there may be a commit; the records are not.
    let commit = commit.unwrap();
    assert_eq!(commit.receipt.rows, 0);
}

#[test]
fn a_range_between_unrelated_heads_leads_from_one_to_the_other() {
    let mut desk = Desk::new();
    let a = desk.capture("a", &[("1", r#"{"x":1}"#), ("2", "2")]).own_heads;
    let b = desk.capture("b", &[("1", r#"{"x":2}"#), ("3", "3")]).own_heads;
    let batch = desk.document.record_changes(&desk.known(&a), &desk.known(&b));
    let mut ops: Vec<(String, char)> =
        batch.changes.iter().map(|change| (anabranch_core::json::key_to_string(&change.key), change.op())).collect();
    ops.sort();
    assert_eq!(ops, [("1".into(), 'u'), ("2".into(), 'd'), ("3".into(), 'c')]);
}

#[test]
fn the_origin_of_a_record_change_is_a_pipelines_only_if_every_write_is() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#), ("2", r#"{"x":1}"#)]);
    let from = desk.heads();
    desk.run("r1", &from, &[r#"{"op":"merge","key":1,"set":{"x":2}}"#, r#"{"op":"merge","key":2,"set":{"x":2}}"#]);
    desk.capture("a", &[("1", r#"{"x":1}"#), ("2", r#"{"x":1,"y":1}"#)]);
    let batch = desk.document.record_changes(&desk.known(&from), &desk.known(&desk.heads()));
    let origins: Vec<_> = batch
        .changes
        .iter()
        .map(|change| (anabranch_core::json::key_to_string(&change.key), change.origin.label()))
        .collect();
    assert!(origins.contains(&("1".into(), "pipe")));
    assert!(origins.contains(&("2".into(), "person")));
}

#[test]
fn a_run_without_a_label_is_a_persons_wherever_it_is_read() {
    let mut document = Document::new();
    let base = document.known(&document.heads()).unwrap();
    let put = Edit::Put { key: Some(Key::Number(1.0)), value: Value::from("x") };
    let commit = document.change_at(&base, &[put], &Author::run("run 1", "")).unwrap();
    let (elsewhere, _) = Document::load(commit.changes.into_iter().map(|change| change.bytes));
    for document in [document, elsewhere] {
        let writes = document.history(&Key::Number(1.0));
        assert!(!writes.is_empty() && writes.iter().all(|write| write.origin == Origin::Person), "{writes:?}");
    }
}
