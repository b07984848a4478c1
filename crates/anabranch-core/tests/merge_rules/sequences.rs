//! Texts and lists: edits of one merge, whoever made them and in whatever order they come.

use anabranch_core::commit::SpliceError;
use anabranch_core::testing::{RawSequence, raw_sequences};
use anabranch_core::{Author, ConflictKind, DeletePolicy, Document, FieldPolicy, Resolution, Splice};
use automerge::ReadDoc;

use crate::common::desk::{Desk, field, value};

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
fn equal_found_text_is_one_object_in_whatever_directory_it_was_found() {
    let mut parts = Vec::new();
    for (replica, text) in [("a", "buy oat milk and eggs"), ("b", "buy milk and six eggs")] {
        let mut desk = desk();
        desk.capture(replica, &[("1", START)]);
        desk.capture(replica, &[("1", &with_text(text))]);
        parts.push(desk);
    }
    for order in [[0, 1], [1, 0]] {
        let mut desk = desk();
        order.iter().for_each(|at| desk.merge(&parts[*at]));
        assert_eq!(raw_sequences(&desk.document).len(), 2, "one text and one list");
        shows_text(&desk, "buy oat milk and six eggs");
        desk.lists(&[]);
        assert_settled(&desk);
    }
}

#[test]
fn texts_that_differ_when_they_are_found_are_listed() {
    let mut desk = desk();
    desk.capture("a", &[("1", &with_text("one"))]);
    desk.capture("b", &[("1", &with_text("two"))]);
    assert_eq!(desk.conflicts().len(), 1, "{:?}", desk.conflicts());
    assert_eq!(desk.losers(ConflictKind::Value).len(), 1);
    assert!(["a", "b"].contains(&desk.losers(ConflictKind::Value)[0].as_str()));
}

#[test]
fn a_found_text_is_named_by_the_least_of_those_who_found_it() {
    let mut desk = desk();
    for replica in ["b", "a", "c"] {
        desk.capture(replica, &[("1", START)]);
    }
    let history = desk.document.history(&crate::common::desk::key("1"));
    let texts: Vec<_> = history.iter().filter(|write| write.field == Some(field("t"))).collect();
    assert_eq!(texts.len(), 1);
    assert_eq!((texts[0].replica.as_str(), texts[0].shown), ("a", true));
    assert_eq!(texts[0].value, Some(value(r#""buy milk and eggs""#)));
}

#[test]
fn a_text_declared_after_it_was_found_merges_too() {
    let mut desk = Desk::new();
    for replica in ["a", "b"] {
        desk.capture(replica, &[("1", START)]);
    }
    desk.policies(DeletePolicy::DeleteWins, &[("t", FieldPolicy::Text), ("l", FieldPolicy::List)]);
    shows_text(&desk, "buy milk and eggs");
    for together in [false, true] {
        let mut desk = desk.clone();
        desk.offer("a");
        desk.offer("b");
        if together {
            desk.capture("late", &[("1", START)]);
        }
        desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
        desk.capture("b", &[("1", &with_text("buy milk and six eggs"))]);
        shows_text(&desk, "buy oat milk and six eggs");
        desk.lists(&[]);
        desk.capture("later", &[("1", START)]);
        shows_text(&desk, "buy oat milk and six eggs");
        desk.lists(&[]);
        assert_settled(&desk);
    }
}

#[test]
fn a_text_that_was_found_as_a_leaf_too_hides_that_from_its_first_letter_on() {
    for edited in ["buy milk and egg", "buy milk and eggs!"] {
        for replica in ["a", "b", "late"] {
            let mut desk = Desk::new();
            ["a", "b"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", START)])));
            desk.policies(DeletePolicy::DeleteWins, &[("t", FieldPolicy::Text), ("l", FieldPolicy::List)]);
            desk.offer("a");
            desk.capture("late", &[("1", START)]);
            desk.capture(replica, &[("1", &with_text(edited))]);
            shows_text(&desk, edited);
            desk.lists(&[]);
            assert_settled(&desk);
        }
    }
}

#[test]
fn a_text_that_somebody_wrote_and_edited_hides_no_equal_one_that_was_found() {
    for found_as_leaf in [false, true] {
        let mut desk = desk();
        let records = ["{}", r#"{"t":"ours"}"#, r#"{"t":"ours!"}"#];
        records.iter().for_each(|record| drop(desk.capture("a", &[("1", record)])));
        if found_as_leaf {
            desk.schema.fields.clear();
        }
        desk.capture("b", &[("1", r#"{"t":"ours"}"#)]);
        desk.shows(&[("1", r#"{"t":"ours!"}"#)]);
        desk.lists(&[r#"1 t value: "ours!" | "ours""#]);
    }
}

#[test]
fn a_leaf_that_was_written_stays_one_until_the_next_put_writes_a_text() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"t":"x"}"#)]);
    desk.capture("a", &[("1", r#"{"t":"one two"}"#)]);
    desk.policies(DeletePolicy::DeleteWins, &[("t", FieldPolicy::Text)]);
    desk.shows(&[("1", r#"{"t":"one two"}"#)]);
    assert!(raw_sequences(&desk.document).is_empty());
    desk.offer("a");
    desk.capture("a", &[("1", r#"{"t":"one two three"}"#)]);
    assert_eq!(raw_sequences(&desk.document).len(), 1);
    desk.shows(&[("1", r#"{"t":"one two three"}"#)]);
    desk.lists(&[]);
    assert_settled(&desk);
}

#[test]
fn texts_made_concurrently_are_listed_unless_they_are_equal() {
    for (other, listed) in [("ours", 0), ("theirs", 1)] {
        let mut desk = desk();
        ["a", "b"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", r#"{"n":1}"#)])));
        desk.capture("a", &[("1", r#"{"n":1,"t":"ours"}"#)]);
        desk.capture("b", &[("1", &format!(r#"{{"n":1,"t":"{other}"}}"#))]);
        assert_eq!(desk.conflicts().len(), listed);
        assert_settled(&desk);
        // Who saw both and goes on writes what follows both.
        desk.offer("a");
        desk.capture("a", &[("1", r#"{"n":1,"t":"both"}"#)]);
        desk.shows(&[("1", r#"{"n":1,"t":"both"}"#)]);
        desk.lists(&[]);
    }
}

#[test]
fn an_edit_against_an_overwriting_is_a_conflict_of_two_values() {
    for (written, shown) in [(r#""t":5,"#, "5"), ("", "-")] {
        for pad in [true, false] {
            let mut desk = common_start();
            let other = format!(r#"{{"l":[1,2,3],{written}"n":1}}"#);
            let padding = r#"{"p":1,"q":1,"r":1,"s":1}"#;
            match pad {
                true => drop(desk.capture("a", &[("1", &other), (r#""zz""#, padding)])),
                false => drop(desk.capture("a", &[("1", &other)])),
            }
            let edited = with_text("buy milk and eggs!");
            desk.capture("b", &[("1", &edited)]);
            let conflicts = desk.conflicts();
            assert_eq!(conflicts.len(), 1, "{conflicts:?}");
            let text = r#""buy milk and eggs!""#;
            assert!(
                conflicts[0] == format!("1 t value: {text} | {shown}")
                    || shown != "-" && conflicts[0] == format!("1 t value: {shown} | {text}"),
                "{conflicts:?}"
            );
            assert_settled(&desk);
            // Who saw both ends it.
            desk.resolve("1", Resolution::Field(field("t"), value(r#""end""#)));
            desk.lists(&[]);
            assert_settled(&desk);
        }
    }
}

#[test]
fn an_overwriting_that_saw_every_edit_is_no_conflict() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
    desk.offer("b");
    desk.capture("b", &[("1", r#"{"l":[1,2,3],"n":1,"t":5}"#)]);
    desk.shows(&[("1", r#"{"l":[1,2,3],"n":1,"t":5}"#)]);
    desk.lists(&[]);
}

#[test]
fn edits_of_a_text_in_a_deleted_record_are_listed_for_each_who_made_them() {
    for policy in [DeletePolicy::DeleteWins, DeletePolicy::EditWins] {
        let mut desk = common_start();
        desk.schema.deletes = policy;
        desk.policies(policy, &[("t", FieldPolicy::Text), ("l", FieldPolicy::List)]);
        desk.capture("a", &[]);
        desk.capture("b", &[("1", &with_text("buy oat milk and eggs"))]);
        desk.capture("c", &[("1", &with_text("buy milk and six eggs"))]);
        let merged = with_text("buy oat milk and six eggs");
        match policy {
            DeletePolicy::DeleteWins => {
                desk.shows(&[]);
                desk.lists(&[&format!("1 - delete: - | {merged}, {merged}")]);
                let mut losers = desk.losers(ConflictKind::Delete);
                losers.sort();
                assert_eq!(losers, ["b", "c"]);
            }
            DeletePolicy::EditWins => {
                desk.shows(&[("1", &merged)]);
                desk.lists(&[&format!("1 - delete: {merged} | -")]);
            }
        }
        assert_settled(&desk);
    }
}

#[test]
fn a_record_found_again_with_the_text_that_was_deleted_is_no_edit() {
    let mut desk = common_start();
    desk.schema.deletes = DeletePolicy::EditWins;
    desk.policies(DeletePolicy::EditWins, &[("t", FieldPolicy::Text), ("l", FieldPolicy::List)]);
    desk.capture("a", &[]);
    desk.capture("new", &[("1", START)]);
    desk.shows(&[]);
    desk.capture("other", &[("1", &with_text("another"))]);
    assert_eq!(desk.records().len(), 1);
}

#[test]
fn elements_of_a_list_merge_in_their_order() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_list(r#"[0,1,2,3]"#))]);
    desk.capture("b", &[("1", &with_list(r#"[1,3,{"x":[4]}]"#))]);
    desk.shows(&[("1", &with_list(r#"[0,1,3,{"x":[4]}]"#))]);
    desk.lists(&[]);
    assert_settled(&desk);
}

#[test]
fn one_element_that_two_set_is_listed_and_no_conflict_in_a_receipt() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_list("[1,7,3]"))]);
    let commit = desk.capture("b", &[("1", &with_list("[1,8,3]"))]);
    assert_eq!((commit.receipt.merged, commit.receipt.conflicted), (1, 0));
    let shown = desk.show("1").unwrap();
    let conflicts = desk.conflicts();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    let either = ["1 l value: [1,7,3] | [1,8,3]", "1 l value: [1,8,3] | [1,7,3]"];
    assert!(either.contains(&conflicts[0].as_str()), "{conflicts:?}");
    assert!(shown == with_list("[1,7,3]") || shown == with_list("[1,8,3]"));
    assert_settled(&desk);
    desk.capture("c", &[("1", &with_list("[1,2,3,4]"))]);
    desk.offer("c");
    desk.capture("c", &[("1", &with_list("[1,9,3,4]"))]);
    desk.shows(&[("1", &with_list("[1,9,3,4]"))]);
    desk.lists(&[]);
}

#[test]
fn one_element_that_two_set_in_a_deleted_record_is_listed_as_each_of_them_set_it() {
    for [first, second] in [["b", "c"], ["c", "b"]] {
        let mut desk = common_start();
        desk.capture(first, &[("1", &with_list("[1,7,3]"))]);
        desk.capture("a", &[]);
        desk.capture(second, &[("1", &with_list("[1,8,3]"))]);
        desk.shows(&[]);
        desk.lists(&[&format!("1 - delete: - | {}, {}", with_list("[1,7,3]"), with_list("[1,8,3]"))]);
    }
}

#[test]
fn what_lost_inside_a_list_that_was_itself_overwritten_is_listed() {
    for [first, second] in [["b", "c"], ["c", "b"]] {
        let mut desk = common_start();
        desk.capture(first, &[("1", &with_list("[1,7,3]"))]);
        desk.capture("a", &[("1", &with_list("5"))]);
        desk.capture(second, &[("1", &with_list("[1,8,3]"))]);
        let text = desk.conflicts().join("; ");
        for value in ["5", "[1,7,3]", "[1,8,3]"] {
            let is_shown = desk.show("1") == Some(with_list(value));
            assert!(is_shown || text.contains(&format!("| {value}")), "{value} is neither shown nor listed: {text}");
        }
        assert_settled(&desk);
    }
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

#[test]
fn a_text_that_was_overwritten_shows_again_if_it_was_edited_later_by_who_did_not_see_that() {
    // A longer edit has the later counters.
    for (edited, is_later) in [("buy milk and eggs!", false), ("buy milk and eggs, and bread, and jam", true)] {
        let mut desk = desk();
        let with = |text: &str| format!(r#"{{"n":1,"t":{text}}}"#);
        let (number, text) = ("7".to_owned(), format!("\"{edited}\""));
        for replica in ["a", "b"] {
            desk.capture(replica, &[("1", &with(r#""buy milk and eggs""#))]);
        }
        desk.capture("a", &[("1", &with(&number))]);
        desk.capture("b", &[("1", &with(&text))]);
        let (shown, other) = if is_later { (text, number) } else { (number, text) };
        desk.shows(&[("1", &with(&shown))]);
        desk.lists(&[&format!("1 t value: {shown} | {other}")]);
    }
}
