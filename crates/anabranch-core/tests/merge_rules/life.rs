//! Deletions: nothing is ever deleted in automerge's sense, so that a deletion can be weighed against edits.

use anabranch_core::{ConflictKind, DeletePolicy, Resolution};

use crate::common::desk::Desk;

/// A desk on which devices a, b and c hold the same records.
fn common_start(records: &[(&str, &str)]) -> Desk {
    let mut desk = Desk::new();
    ["a", "b", "c"].iter().for_each(|replica| drop(desk.capture(replica, records)));
    desk
}

#[test]
fn a_deletion_hides_a_concurrent_edit_and_lists_it() {
    let mut desk = common_start(&[("1", r#"{"x":1,"y":1}"#)]);
    desk.capture("a", &[]);
    desk.capture("b", &[("1", r#"{"x":2,"y":1}"#)]);
    desk.shows(&[]);
    desk.lists(&[r#"1 - delete: - | {"x":2,"y":1}"#]);
}

#[test]
fn under_edit_wins_the_whole_record_comes_back_and_the_deletion_is_listed() {
    let mut desk = common_start(&[("1", r#"{"x":1,"y":1}"#)]);
    desk.policies(DeletePolicy::EditWins, &[]);
    desk.capture("b", &[("1", r#"{"x":2,"y":1}"#)]);
    desk.capture("a", &[]);
    desk.shows(&[("1", r#"{"x":2,"y":1}"#)]);
    desk.lists(&[r#"1 - delete: {"x":2,"y":1} | -"#]);
    assert_eq!(desk.losers(ConflictKind::Delete), ["a"]);
}

#[test]
fn a_record_hidden_by_a_deletion_is_one_line_with_an_entry_for_each_replica_that_edited_it() {
    let mut desk = common_start(&[("1", r#"{"x":1,"y":1,"z":1}"#)]);
    desk.capture("a", &[]);
    desk.capture("b", &[("1", r#"{"x":2,"y":3,"z":1}"#)]);
    desk.capture("c", &[("1", r#"{"x":1,"y":1,"z":4}"#)]);
    assert_eq!(desk.conflicts().len(), 1);
    assert_eq!(desk.losers(ConflictKind::Delete), ["b", "c"]);
}

#[test]
fn a_leaf_and_what_was_set_below_it_in_a_deleted_record_are_listed_as_each_was_set() {
    for [first, second] in [["b", "c"], ["c", "b"]] {
        let mut desk = common_start(&[("1", r#"{"o":{"p":1,"q":1}}"#)]);
        let edit = |replica: &str| if replica == "b" { r#"{"o":2}"# } else { r#"{"o":{"p":3,"q":1}}"# };
        desk.capture(first, &[("1", edit(first))]);
        desk.capture("a", &[]);
        desk.capture(second, &[("1", edit(second))]);
        desk.shows(&[]);
        let conflicts = desk.conflicts();
        assert_eq!(conflicts.len(), 1);
        for value in [r#"{"o":2}"#, r#"{"o":{"p":3}}"#] {
            assert!(conflicts[0].contains(value), "{value} is not listed: {conflicts:?}");
        }
    }
}

#[test]
fn an_edit_that_the_deletion_knew_is_no_conflict() {
    let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
    desk.capture("b", &[("1", r#"{"x":2}"#)]);
    let base = desk.heads();
    desk.run("r", &base, &[r#"{"op":"delete","key":1}"#]);
    desk.policies(DeletePolicy::EditWins, &[]);
    desk.shows(&[]);
    desk.lists(&[]);
}

#[test]
fn an_edit_is_known_if_one_of_two_deletions_knew_it() {
    let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
    desk.capture("b", &[("1", r#"{"x":2}"#)]);
    desk.capture("b", &[]);
    desk.capture("a", &[]);
    desk.policies(DeletePolicy::EditWins, &[]);
    desk.shows(&[]);
    desk.lists(&[]);
}

#[test]
fn two_deletions_are_no_conflict() {
    let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
    desk.capture("a", &[]);
    desk.capture("b", &[]);
    desk.shows(&[]);
    desk.lists(&[]);
}

#[test]
fn a_record_made_again_starts_from_nothing() {
    let mut desk = common_start(&[("1", r#"{"x":1,"y":{"z":1}}"#)]);
    desk.capture("a", &[]);
    desk.capture("a", &[("1", r#"{"n":1}"#)]);
    desk.shows(&[("1", r#"{"n":1}"#)]);
    desk.lists(&[]);
}

#[test]
fn a_record_made_again_with_what_it_held_is_there_again() {
    let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
    desk.capture("a", &[]);
    desk.capture("a", &[("1", r#"{"x":1}"#)]);
    desk.shows(&[("1", r#"{"x":1}"#)]);
    desk.lists(&[]);
    desk.capture("a", &[]);
    desk.shows(&[]);
    desk.lists(&[]);
}

#[test]
fn a_record_made_again_keeps_what_others_edited_concurrently() {
    let mut desk = common_start(&[("1", r#"{"x":1,"y":1}"#)]);
    desk.capture("a", &[]);
    desk.capture("b", &[("1", r#"{"x":1,"y":9}"#)]);
    desk.capture("a", &[("1", r#"{"n":1}"#)]);
    desk.shows(&[("1", r#"{"n":1,"y":9}"#)]);
}

#[test]
fn a_record_made_again_against_a_second_deletion_is_an_edit_of_it() {
    let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
    desk.capture("a", &[]);
    desk.capture("a", &[("1", r#"{"n":1}"#)]);
    desk.capture("b", &[]);
    desk.shows(&[]);
    desk.lists(&[r#"1 - delete: - | {"n":1}"#]);
    desk.policies(DeletePolicy::EditWins, &[]);
    desk.shows(&[("1", r#"{"n":1}"#)]);
}

#[test]
fn a_removed_field_against_an_edit_of_it_shows_the_edit_and_lists_the_removal() {
    for last in ["a", "b"] {
        let mut desk = common_start(&[("1", r#"{"x":1,"y":1}"#)]);
        let pad = [("0", "1"), ("1", r#"{"x":1,"y":1}"#)];
        desk.capture(last, &pad);
        let with_pad = |replica: &str, record: &'static str| match replica == last {
            true => vec![("0", "1"), ("1", record)],
            false => vec![("1", record)],
        };
        desk.capture("a", &with_pad("a", r#"{"y":1}"#));
        desk.capture("b", &with_pad("b", r#"{"x":2,"y":1}"#));
        assert_eq!(desk.show("1").unwrap(), r#"{"x":2,"y":1}"#);
        desk.lists(&["1 x value: 2 | -"]);
    }
}

#[test]
fn two_removals_of_a_field_are_no_conflict() {
    let mut desk = common_start(&[("1", r#"{"x":1,"y":1}"#)]);
    desk.capture("a", &[("1", r#"{"y":1}"#)]);
    desk.capture("b", &[("1", r#"{"y":1}"#)]);
    desk.shows(&[("1", r#"{"y":1}"#)]);
    desk.lists(&[]);
}

#[test]
fn the_delete_policy_reads_the_same_history_differently() {
    let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
    desk.capture("a", &[]);
    desk.capture("b", &[("1", r#"{"x":2}"#)]);
    let hidden = desk.heads();
    desk.policies(DeletePolicy::EditWins, &[]);
    desk.shows(&[("1", r#"{"x":2}"#)]);
    let shown = desk.heads();
    desk.policies(DeletePolicy::DeleteWins, &[]);
    desk.shows(&[]);
    let at = |heads| desk.document.at(&desk.known(heads)).record_count();
    assert_eq!((at(&hidden), at(&shown)), (0, 1));
    let batch = desk.document.record_changes(&desk.known(&hidden), &desk.known(&shown));
    assert_eq!(batch.changes.iter().map(|change| change.op()).collect::<Vec<_>>(), ['c']);
}

#[test]
fn keeping_or_deleting_ends_the_conflict() {
    for deletes in [DeletePolicy::DeleteWins, DeletePolicy::EditWins] {
        let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
        desk.policies(deletes, &[]);
        desk.capture("a", &[]);
        desk.capture("b", &[("1", r#"{"x":2}"#)]);
        let mut kept = desk.clone();
        kept.resolve("1", Resolution::Keep);
        kept.shows(&[("1", r#"{"x":2}"#)]);
        kept.lists(&[]);
        desk.resolve("1", Resolution::Delete);
        desk.shows(&[]);
        desk.lists(&[]);
    }
}

#[test]
fn a_resolved_field_has_the_value_and_no_conflict() {
    let mut desk = common_start(&[("1", r#"{"x":1}"#)]);
    desk.capture("a", &[("1", r#"{"x":2}"#)]);
    desk.capture("b", &[("1", r#"{"x":3}"#)]);
    assert_eq!(desk.conflicts().len(), 1);
    desk.resolve("1", Resolution::Field(crate::common::desk::field("x"), crate::common::desk::value("3")));
    desk.shows(&[("1", r#"{"x":3}"#)]);
    desk.lists(&[]);
}
