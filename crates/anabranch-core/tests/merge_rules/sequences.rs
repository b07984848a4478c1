//! Texts and lists: edits of one merge, whoever made them and in whatever order they come.

use anabranch_core::commit::SpliceError;
use anabranch_core::testing::{RawSequence, raw_sequences};
use anabranch_core::{Author, ConflictKind, DeletePolicy, Document, FieldPolicy, Resolution, Splice};
use automerge::ReadDoc;

use crate::common::desk::{Desk, field, value};

mod found;
mod lists;
mod overwritten;

const START: &str = r#"{"t":"buy milk and eggs","l":[1,2,3],"n":1}"#;

/// A desk whose sources say that `t` is a text and `l` a list.
pub(crate) fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.schema.fields = [(field("t"), FieldPolicy::Text), (field("l"), FieldPolicy::List)].into();
    desk
}

/// Replicas a, b and c that found the same record.
fn common_start() -> Desk {
    let mut desk = desk();
    ["a", "b", "c"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", START)])));
    desk
}

fn with_text(text: &str) -> String {
    format!(r#"{{"l":[1,2,3],"n":1,"t":"{text}"}}"#)
}

fn with_list(list: &str) -> String {
    format!(r#"{{"l":{list},"n":1,"t":"buy milk and eggs"}}"#)
}

#[track_caller]
fn shows_text(desk: &Desk, text: &str) {
    desk.shows(&[("1", &with_text(text))]);
}

/// What is shown, captured again, is no change; and old heads read as they did.
#[track_caller]
fn assert_settled(desk: &Desk) {
    let mut again = desk.clone();
    let records = again.offer("fresh");
    let before = again.heads();
    let commit = again.capture("fresh", &crate::common::desk::borrowed(&records));
    assert_eq!((commit.receipt.rows, again.heads()), (0, before));
    let (loaded, outcome) = Document::load(desk.document.change_bytes().map(|change| change.bytes));
    assert_eq!(outcome.refused, vec![]);
    assert_eq!(raw_sequences(&loaded), raw_sequences(&desk.document));
}

#[test]
fn two_peoples_edits_of_one_note_both_survive() {
    let mut desk = common_start();
    let first = desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
    assert_eq!(first.receipt.merged, 1, "others found the record too");
    let second = desk.capture("b", &[("1", &with_text("buy milk and six eggs"))]);
    assert_eq!((second.receipt.merged, second.receipt.conflicted), (1, 0));
    shows_text(&desk, "buy oat milk and six eggs");
    desk.lists(&[]);
    let third = desk.capture("c", &[("1", &with_text("milk and eggs"))]);
    assert_eq!(third.receipt.merged, 1);
    shows_text(&desk, "oat milk and six eggs");
    assert_settled(&desk);
}

#[test]
fn a_text_of_more_ops_than_a_change_may_hold_is_put_and_edited() {
    let mut desk = desk();
    let text = "lorem ipsum dolor sit amet\\n".repeat(4_500);
    let found = ["a", "b"].map(|replica| desk.capture(replica, &[("1", &with_text(&text))]));
    assert!(found[0].changes.len() > 3 && found[1].changes.len() == 1, "the text is found once, in several changes");
    assert_eq!(desk.conflicts(), Vec::<String>::new());
    let begun = format!("title\\n{text}");
    let ended = format!("{text}end\\n");
    desk.capture("a", &[("1", &with_text(&begun))]);
    let commit = desk.capture("b", &[("1", &with_text(&ended))]);
    assert!(commit.changes.iter().map(|change| change.bytes.len()).sum::<usize>() < 1000);
    shows_text(&desk, &format!("title\\n{text}end\\n"));
}

#[test]
fn what_is_no_text_or_list_is_a_value_like_any_other() {
    let lone = r#"{"$idb":"utf16","v":"d83d0041"}"#;
    for odd in [lone, "5", r#"{"x":1}"#, r#"{"$idb":"set","v":[1]}"#] {
        let mut desk = common_start();
        let record = format!(r#"{{"l":{odd},"n":1,"t":{odd}}}"#);
        desk.capture("a", &[("1", &record)]);
        desk.shows(&[("1", &record)]);
        desk.lists(&[]);
        assert_settled(&desk);
        desk.capture("a", &[("1", START)]);
        desk.shows(&[("1", START)]);
        desk.lists(&[]);
        assert_settled(&desk);
    }
}

#[test]
fn texts_in_records_of_generated_keys_merge() {
    let mut desk = Desk::generating();
    desk.schema.fields = [(field("t"), FieldPolicy::Text)].into();
    ["a", "b"].iter().for_each(|replica| drop(desk.capture(replica, &[])));
    desk.capture("a", &[("1", r#"{"id":1,"t":"from a"}"#)]);
    desk.capture("b", &[("1", r#"{"id":1,"t":"from b"}"#)]);
    assert_eq!(desk.records().len(), 2);
    let records = desk.offer("a");
    desk.offer("b");
    let edited = |from: &str, to: &str| -> Vec<(String, String)> {
        records.iter().map(|(key, record)| (key.clone(), record.replace(from, to))).collect()
    };
    desk.capture("a", &crate::common::desk::borrowed(&edited("from a", "this is from a")));
    desk.capture("b", &crate::common::desk::borrowed(&edited("from a", "from a and b")));
    let shown: Vec<String> = desk.records().into_iter().map(|(_, record)| record).collect();
    assert!(shown.iter().any(|record| record.contains("this is from a and b")), "{shown:?}");
    assert_settled(&desk);
}

#[test]
fn a_pipelines_edits_at_an_old_base_merge_with_a_persons() {
    let mut desk = common_start();
    let base = desk.heads();
    desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
    let commit = desk.run("r", &base, &[r#"{"op":"merge","key":1,"set":{"t":"buy milk and six eggs"}}"#]);
    assert_eq!((commit.receipt.merged, commit.receipt.conflicted), (1, 0));
    shows_text(&desk, "buy oat milk and six eggs");
    assert_eq!(desk.document.touched(&desk.known(&base), &desk.known(&desk.heads())), [crate::common::desk::key("1")]);
    let batch = desk.document.record_changes(&desk.known(&base), &desk.known(&desk.heads()));
    assert_eq!(batch.changes.len(), 1);
    assert_eq!(batch.changes[0].before, Some(value(START)));
    assert_eq!(batch.changes[0].after, Some(value(&with_text("buy oat milk and six eggs"))));
    let history = desk.document.history(&crate::common::desk::key("1"));
    let texts: Vec<_> = history.iter().filter(|write| write.field == Some(field("t"))).collect();
    let by: Vec<_> = texts.iter().map(|write| (write.replica.as_str(), write.visible)).collect();
    assert_eq!(by, [("a", true), ("a", true), ("r", true)]);
    assert_eq!(texts.iter().filter(|write| write.shown).count(), 1);
    assert_eq!(texts[2].value, Some(value(r#""buy oat milk and six eggs""#)));
}

#[test]
fn a_text_that_was_made_below_the_floor_has_a_history_above_it() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
    desk.offer("a");
    let floor = desk.known(&desk.heads());
    desk.document.trim(&floor).unwrap();
    desk.capture("a", &[("1", &with_text("buy oat milk and six eggs"))]);
    desk.capture("a", &[("1", &with_text("buy oat milk"))]);
    let history = desk.document.history(&crate::common::desk::key("1"));
    let texts: Vec<_> = history.iter().filter(|write| write.field == Some(field("t"))).collect();
    // What shows, as the op that is left of below the floor, and every edit since with the text as it left it.
    let read: Vec<_> = texts.iter().map(|write| (write.value.clone().unwrap(), write.shown)).collect();
    let then = |text: &str, shown| (value(&format!("\"{text}\"")), shown);
    let since = [then("buy oat milk and six eggs", false), then("buy oat milk", true)];
    assert_eq!(read, [&[then("buy oat milk", false)], &since[..]].concat());
}

#[test]
fn a_policy_that_goes_leaves_the_text_and_what_is_put_then_is_a_leaf() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
    desk.schema.fields.clear();
    desk.policies(DeletePolicy::DeleteWins, &[]);
    shows_text(&desk, "buy oat milk and eggs");
    assert_settled(&desk);
    desk.offer("a");
    desk.capture("a", &[("1", &with_text("another"))]);
    shows_text(&desk, "another");
    let texts = raw_sequences(&desk.document).into_values().filter(|one| matches!(one, RawSequence::Text(_)));
    assert_eq!(texts.count(), 0);
    desk.lists(&[]);
}

#[test]
fn stock_automerge_reads_the_same_texts_under_the_registers_names() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
    desk.capture("b", &[("1", &with_text("buy milk and six \u{1F95A}"))]);
    desk.capture("c", &[("1", &with_list("[1,7,3,4]"))]);
    let automerge = desk.document.to_automerge().unwrap();
    let name = automerge.keys(automerge::ROOT).find(|name| name.ends_with(".t")).unwrap();
    let (_, text) = automerge.get(automerge::ROOT, name.as_str()).unwrap().unwrap();
    assert_eq!(automerge.text(&text).unwrap(), "buy oat milk and six \u{1F95A}");
    let name = automerge.keys(automerge::ROOT).find(|name| name.ends_with(".l")).unwrap();
    let (_, list) = automerge.get(automerge::ROOT, name.as_str()).unwrap().unwrap();
    let items: Vec<i64> =
        (0..automerge.length(&list)).map(|at| automerge.get(&list, at).unwrap().unwrap().0.as_i64().unwrap()).collect();
    assert_eq!(items, [1, 7, 3, 4]);
}

#[test]
fn a_text_is_edited_where_somebody_typed_counting_code_units() {
    let mut desk = desk();
    desk.capture("a", &[("1", "{\"t\":\"a\u{1F600}aa\"}")]);
    let (base, key, author) = (desk.heads(), crate::common::desk::key("1"), Author::person("editor"));
    let place = (&key, &field("t"));
    let splice = |desk: &mut Desk, at, delete, insert| {
        let known = desk.known(&base);
        desk.document.splice(&known, place, &Splice { at, delete, insert }, &author).map(|commit| commit.receipt.rows)
    };
    // Two type at the base: one behind the face, one over the last letter.
    assert_eq!(splice(&mut desk, 3, 0, "x"), Ok(1));
    assert_eq!(splice(&mut desk, 4, 1, "z"), Ok(1));
    desk.shows(&[("1", "{\"t\":\"a\u{1F600}xaz\"}")]);
    desk.lists(&[]);
    for (at, delete, bad) in [(2, 0, 2), (0, 2, 2), (6, 0, 6), (5, 1, 6)] {
        assert_eq!(splice(&mut desk, at, delete, ""), Err(SpliceError::Position { at: bad }));
    }
    let nothing = desk.document.splice(
        &desk.known(&base),
        (&key, &field("n")),
        &Splice { at: 0, delete: 0, insert: "" },
        &author,
    );
    assert_eq!(nothing.err(), Some(SpliceError::NoText));
    assert_settled(&desk);
}
