//! The changes of texts and lists: what they are written as for ever, and what they may not say.

use std::sync::Arc;

use anabranch_core::Document;
use anabranch_core::document::RefuseReason;
use anabranch_core::testing::derived_actor;
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, ObjId, ObjType, ROOT};

use super::sequences::desk;

/// FORMAT.md, "Texts and lists".
#[test]
fn the_changes_of_the_format_are_taken_and_made_alike_for_ever() {
    let mut desk = desk();
    let mut made: Vec<String> = Vec::new();
    let start = r#"{"t":"ab","l":[1,"x"]}"#;
    for (replica, record) in
        [("a", start), ("b", start), ("a", r#"{"t":"cab","l":[2,"x"]}"#), ("b", r#"{"t":"a","l":[1,"x",null]}"#)]
    {
        let commit = desk.capture(replica, &[("1", record)]);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        made.extend(commit.changes.iter().map(|change| -> String { hex(&change.bytes) }));
    }
    desk.shows(&[("1", r#"{"l":[2,"x",null],"t":"ca"}"#)]);
    if std::env::var_os("ANABRANCH_UPDATE_SNAPSHOTS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sequences-v1.hex");
        std::fs::write(path, made.join("\n") + "\n").unwrap();
    }
    let kept: Vec<&str> = include_str!("../data/sequences-v1.hex").lines().collect();
    assert_eq!(made, kept);
    let bytes = |line: &&str| -> Vec<u8> {
        (0..line.len() / 2).map(|at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let mut document = Document::new();
    let outcome = document.apply(kept.iter().map(|line| bytes(line).into()));
    assert_eq!((outcome.applied.len(), outcome.refused), (kept.len(), vec![]));
    assert_eq!(document.heads(), desk.heads());
}

/// What the guard says of a change that somebody made with automerge in the text `t` and the list `l` of a new record, under
/// the actor that it must have.
fn refusal(make: &dyn Fn(&mut AutoCommit, &ObjId, &ObjId)) -> Option<RefuseReason> {
    let made_by = |actor: Vec<u8>| {
        let mut automerge = AutoCommit::new().with_actor(automerge::ActorId::from(actor));
        let text = automerge.put_object(ROOT, "3k\0.t", ObjType::Text).unwrap();
        let list = automerge.put_object(ROOT, "3k\0.l", ObjType::List).unwrap();
        make(&mut automerge, &text, &list);
        automerge.commit_with(CommitOptions::default().with_time(0).with_message("anabranch 1\n1\nmallory\n"));
        let changes = automerge.get_changes(&[]);
        changes.iter().map(|change| Arc::<[u8]>::from(change.raw_bytes())).collect::<Vec<_>>()
    };
    let anybody = made_by([&[7; 15][..], &[5]].concat());
    let chain: Vec<&[u8]> = anybody.iter().map(|change| &**change).collect();
    let changes = match derived_actor(&chain) {
        Some(actor) => made_by(actor.0.to_vec()),
        None => anybody,
    };
    let outcome = Document::new().apply(changes);
    outcome.refused.into_iter().next().map(|refusal| refusal.reason)
}

#[test]
fn ops_in_sequences_that_no_store_writes_are_refused() {
    let honest = refusal(&|automerge, text, list| {
        automerge.splice_text(text, 0, 0, "ab").unwrap();
        automerge.insert(list, 0, 1i64).unwrap();
    });
    assert_eq!(honest, None);
    let value = refusal(&|automerge, text, _| automerge.insert(text, 0, 1i64).unwrap());
    assert!(matches!(value, Some(RefuseReason::Value { op: 2 })), "a number is no character: {value:?}");
    let value = refusal(&|automerge, _, list| automerge.insert(list, 0, vec![0u8]).unwrap());
    assert!(matches!(value, Some(RefuseReason::Value { op: 2 })), "an element is not absent: {value:?}");
    let place = refusal(&|automerge, _, list| {
        automerge.insert(list, 0, 1i64).unwrap();
        automerge.put(list, 0, 2i64).unwrap();
    });
    assert_eq!(place, Some(RefuseReason::Place { op: 3 }), "a commit writes no element twice");
    let foreign = refusal(&|automerge, _, list| drop(automerge.insert_object(list, 0, ObjType::Map).unwrap()));
    assert!(matches!(foreign, Some(RefuseReason::Undecodable(_))), "no maps: {foreign:?}");
    let foreign = refusal(&|automerge, _, _| automerge.delete(ROOT, "3k\0.l").unwrap());
    assert!(matches!(foreign, Some(RefuseReason::Undecodable(_))), "no deletions of registers: {foreign:?}");
    let counter = refusal(&|automerge, _, list| {
        automerge.insert(list, 0, automerge::ScalarValue::counter(1)).unwrap();
    });
    assert!(matches!(counter, Some(RefuseReason::Undecodable(_))), "no counters: {counter:?}");
    let schema = refusal(&|automerge, _, _| drop(automerge.put_object(ROOT, "0.fields", ObjType::Text).unwrap()));
    assert!(matches!(schema, Some(RefuseReason::Value { op: 2 })), "a schema is no text: {schema:?}");
}
