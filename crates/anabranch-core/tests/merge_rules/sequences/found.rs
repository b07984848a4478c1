//! Texts and lists that several replicas found.

use super::*;

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
