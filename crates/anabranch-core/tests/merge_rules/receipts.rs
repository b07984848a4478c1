//! Receipts: every row of the input is counted once, under the first outcome that fits.

use anabranch_core::json::read_value;
use anabranch_core::{Author, CommitOptions, DeletePolicy, Edit, FieldPolicy, Outcome, Receipt};

use crate::common::desk::Desk;

#[track_caller]
fn assert_adds_up(receipt: &Receipt) {
    let parts =
        [receipt.applied, receipt.merged, receipt.superseded, receipt.conflicted, receipt.unchanged, receipt.refused];
    assert_eq!(parts.iter().sum::<usize>(), receipt.rows, "{receipt:?}");
}

/// What became of the last row of a run at the common start, after device a captured `theirs`.
fn outcome(
    start: &[(&str, &str)],
    theirs: &[(&str, &str)],
    edit: &str,
    deletes: DeletePolicy,
    policy: FieldPolicy,
) -> Outcome {
    let mut desk = Desk::new();
    desk.capture("a", start);
    desk.policies(deletes, &[("x", policy)]);
    desk.offer("a");
    let base = desk.heads();
    desk.capture("a", theirs);
    let receipt = desk.run("r", &base, &[edit]).receipt;
    assert_adds_up(&receipt);
    assert_eq!((receipt.rows, receipt.details.len()), (1, 1));
    receipt.details[0].outcome
}

fn plain(theirs: &[(&str, &str)], edit: &str) -> Outcome {
    outcome(&[("1", r#"{"x":1,"y":1}"#)], theirs, edit, DeletePolicy::DeleteWins, FieldPolicy::LastWriter)
}

const SET_X: &str = r#"{"op":"merge","key":1,"set":{"x":2}}"#;
const DELETE: &str = r#"{"op":"delete","key":1}"#;

#[test]
fn applied_if_nobody_else_touched_the_record() {
    assert_eq!(plain(&[("1", r#"{"x":1,"y":1}"#)], SET_X), Outcome::Applied);
    assert_eq!(plain(&[("1", r#"{"x":1,"y":1}"#), ("2", "2")], SET_X), Outcome::Applied);
    assert_eq!(plain(&[("1", r#"{"x":1,"y":1}"#)], DELETE), Outcome::Applied);
}

#[test]
fn merged_if_somebody_wrote_other_fields_or_the_same_value() {
    assert_eq!(plain(&[("1", r#"{"x":1,"y":9}"#)], SET_X), Outcome::Merged);
    assert_eq!(plain(&[("1", r#"{"x":2,"y":1}"#)], SET_X), Outcome::Merged);
    assert_eq!(plain(&[], DELETE), Outcome::Merged);
}

#[test]
fn conflicted_if_the_same_field_was_written_with_another_value() {
    assert_eq!(plain(&[("1", r#"{"x":9,"y":1}"#)], SET_X), Outcome::Conflicted);
    assert_eq!(plain(&[("1", r#"{"y":1}"#)], SET_X), Outcome::Conflicted);
    assert_eq!(plain(&[("1", r#"{"x":9,"y":1}"#)], DELETE), Outcome::Conflicted);
    assert_eq!(plain(&[("1", r#"{"x":{"z":1},"y":1}"#)], SET_X), Outcome::Conflicted);
}

#[test]
fn an_edit_of_a_deleted_record_is_superseded_or_merged() {
    let start: &[(&str, &str)] = &[("1", r#"{"x":1,"y":1}"#)];
    let with = |deletes| outcome(start, &[], SET_X, deletes, FieldPolicy::LastWriter);
    assert_eq!(with(DeletePolicy::DeleteWins), Outcome::Superseded);
    assert_eq!(with(DeletePolicy::EditWins), Outcome::Merged);
}

#[test]
fn under_max_and_min_the_loser_is_superseded_if_ours_and_conflicted_if_theirs() {
    let start: &[(&str, &str)] = &[("1", r#"{"x":1}"#)];
    let with = |theirs, policy| outcome(start, theirs, SET_X, DeletePolicy::DeleteWins, policy);
    assert_eq!(with(&[("1", r#"{"x":9}"#)], FieldPolicy::Max), Outcome::Superseded);
    assert_eq!(with(&[("1", r#"{"x":0}"#)], FieldPolicy::Max), Outcome::Conflicted);
    assert_eq!(with(&[("1", r#"{"x":9}"#)], FieldPolicy::Min), Outcome::Conflicted);
    assert_eq!(with(&[("1", r#"{"x":0}"#)], FieldPolicy::Min), Outcome::Superseded);
}

#[test]
fn a_pipeline_hidden_by_a_person_is_superseded_under_people_over_pipelines() {
    let start: &[(&str, &str)] = &[("1", r#"{"x":1}"#)];
    let got = outcome(start, &[("1", r#"{"x":9}"#)], SET_X, DeletePolicy::DeleteWins, FieldPolicy::PeopleOverPipelines);
    assert_eq!(got, Outcome::Superseded);
}

#[test]
fn a_pipelines_value_is_superseded_where_a_person_removed_the_field() {
    let (start, theirs) = ([("1", r#"{"x":1,"y":1}"#)], [("1", r#"{"y":1}"#)]);
    let ours = outcome(&start, &theirs, SET_X, DeletePolicy::DeleteWins, FieldPolicy::PeopleOverPipelines);
    assert_eq!(ours, Outcome::Superseded);
}

#[test]
fn a_pipelines_removal_that_shows_instead_of_a_found_value_is_conflicted() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1,"y":1}"#)]);
    desk.policies(DeletePolicy::DeleteWins, &[("x", FieldPolicy::PeopleOverPipelines)]);
    let base = desk.heads();
    desk.capture("b", &[("1", r#"{"x":9,"y":1}"#)]);
    let receipt = desk.run("r", &base, &[r#"{"op":"merge","key":1,"unset":["x"]}"#]).receipt;
    assert_eq!(desk.records()[0].1, r#"{"y":1}"#);
    assert_eq!(receipt.details[0].outcome, Outcome::Conflicted);
}

#[test]
fn counters_and_sets_never_conflict() {
    let counted =
        outcome(&[("1", r#"{"x":1}"#)], &[("1", r#"{"x":9}"#)], SET_X, DeletePolicy::DeleteWins, FieldPolicy::Counter);
    assert_eq!(counted, Outcome::Merged);
    let edit = r#"{"op":"merge","key":1,"set":{"x":[1,2]}}"#;
    let united =
        outcome(&[("1", r#"{"x":[1]}"#)], &[("1", r#"{"x":[1,3]}"#)], edit, DeletePolicy::DeleteWins, FieldPolicy::Set);
    assert_eq!(united, Outcome::Merged);
}

/// What became of a run that made the field `x` concurrently with device a, and whether its value shows: the one whose ops
/// come later does.
fn made_concurrently(policy: FieldPolicy, theirs: &str, ours: &str, ours_is_later: bool) -> (Outcome, bool) {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"y":1}"#)]);
    desk.policies(DeletePolicy::DeleteWins, &[("x", policy)]);
    desk.schema.fields = desk.document.view().schema().fields.clone();
    desk.offer("a");
    let base = desk.heads();
    let padding = r#"{"p":1,"q":1,"r":1,"s":1}"#;
    let theirs = format!(r#"{{"x":{theirs},"y":1}}"#);
    let padded = [("0", padding), ("1", &*theirs)];
    desk.capture("a", if ours_is_later { &padded[1..] } else { &padded });
    let put = format!(r#"{{"op":"put","key":0,"value":{padding}}}"#);
    let merge = format!(r#"{{"op":"merge","key":1,"set":{{"x":{ours}}}}}"#);
    let padded = [&*put, &*merge];
    let receipt = desk.run("r", &base, if ours_is_later { &padded } else { &padded[1..] }).receipt;
    assert_adds_up(&receipt);
    assert_eq!(desk.conflicts().len(), 1, "what is hidden is listed");
    let shown = desk.show("1").unwrap();
    (receipt.details.last().unwrap().outcome, shown == format!(r#"{{"x":{ours},"y":1}}"#))
}

#[test]
fn counters_texts_and_lists_made_concurrently_never_conflict() {
    let cases = [
        (FieldPolicy::Counter, "9.5", "2.5"),
        (FieldPolicy::Text, r#""theirs""#, r#""ours""#),
        (FieldPolicy::List, "[1]", "[2]"),
    ];
    for (policy, theirs, ours) in cases {
        assert_eq!(made_concurrently(policy, theirs, ours, true), (Outcome::Merged, true), "{policy:?}");
        assert_eq!(made_concurrently(policy, theirs, ours, false), (Outcome::Superseded, false), "{policy:?}");
    }
}

#[test]
fn what_counts_for_nothing_in_a_counter_or_a_set_is_superseded() {
    let cases = [
        (FieldPolicy::Counter, "9.5", "2", Outcome::Superseded),
        (FieldPolicy::Counter, "9", "2", Outcome::Merged),
        (FieldPolicy::Set, "5", "[2]", Outcome::Superseded),
        (FieldPolicy::Set, "[5]", "[2]", Outcome::Merged),
        (FieldPolicy::Set, "[5]", "2", Outcome::Merged),
        (FieldPolicy::Set, "5", "5", Outcome::Merged),
    ];
    for (policy, theirs, ours, expected) in cases {
        let mut desk = Desk::new();
        desk.capture("a", &[("1", r#"{"y":1}"#)]);
        desk.policies(DeletePolicy::DeleteWins, &[("x", policy)]);
        desk.offer("a");
        let base = desk.heads();
        desk.run("theirs", &base, &[&format!(r#"{{"op":"merge","key":1,"set":{{"x":{theirs}}}}}"#)]);
        let edit = format!(r#"{{"op":"merge","key":1,"set":{{"x":{ours}}}}}"#);
        let receipt = desk.run("ours", &base, &[&edit]).receipt;
        assert_adds_up(&receipt);
        let detail = &receipt.details[0];
        assert_eq!(detail.outcome, expected, "{policy:?}: {ours} beside {theirs}");
        assert_eq!(detail.field.is_some(), expected == Outcome::Superseded);
    }
}

#[test]
fn ours_that_equals_the_greatest_of_others_is_not_superseded() {
    for value in ["7", "5"] {
        let mut desk = Desk::new();
        desk.capture("a", &[("1", r#"{"x":1}"#)]);
        desk.policies(DeletePolicy::DeleteWins, &[("x", FieldPolicy::Max)]);
        desk.offer("a");
        desk.offer("b");
        let base = desk.heads();
        // Device a writes 7 with a counter above the run's, device b a lesser number.
        desk.capture("a", &[("0", r#"{"p":1,"q":1,"r":1}"#), ("1", r#"{"x":1}"#)]);
        desk.capture("a", &[("0", r#"{"p":1,"q":1,"r":1}"#), ("1", r#"{"x":7}"#)]);
        desk.capture("b", &[("1", r#"{"x":5}"#)]);
        let edit = format!(r#"{{"op":"merge","key":1,"set":{{"x":{value}}}}}"#);
        let receipt = desk.run("r", &base, &[&edit]).receipt;
        let expected = if value == "7" { Outcome::Conflicted } else { Outcome::Superseded };
        assert_eq!(receipt.details[0].outcome, expected, "{value}");
    }
}

#[test]
fn unchanged_if_the_row_equals_the_base_or_deletes_what_is_not_there() {
    let theirs: &[(&str, &str)] = &[("1", r#"{"x":9,"y":1}"#)];
    assert_eq!(plain(theirs, r#"{"op":"put","key":1,"value":{"x":1,"y":1}}"#), Outcome::Unchanged);
    assert_eq!(plain(theirs, r#"{"op":"delete","key":7}"#), Outcome::Unchanged);
    assert_eq!(plain(theirs, r#"{"op":"merge","key":1,"set":{},"unset":["nothing"]}"#), Outcome::Unchanged);
}

#[test]
fn a_put_is_diffed_field_by_field_against_the_base() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1,"y":1,"z":1}"#)]);
    let base = desk.heads();
    desk.capture("a", &[("1", r#"{"x":1,"y":9,"z":1}"#)]);
    let receipt = desk.run("r", &base, &[r#"{"op":"put","key":1,"value":{"x":2,"y":1}}"#]).receipt;
    assert_eq!(receipt.merged, 1);
    desk.shows(&[("1", r#"{"x":2,"y":9}"#)]);
}

#[test]
fn a_merge_touches_only_the_fields_that_it_names() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1,"o":{"p":1,"q":1},"y":1}"#)]);
    let base = desk.heads();
    desk.run("r", &base, &[r#"{"op":"merge","key":1,"set":{"o.p":2},"unset":["y"]}"#]);
    desk.shows(&[("1", r#"{"o":{"p":2,"q":1},"x":1}"#)]);
}

#[test]
fn if_a_row_is_refused_nothing_of_the_run_is_committed_unless_partial() {
    let rows = [
        r#"{"op":"merge","key":1,"set":{"x":2}}"#,
        r#"{"op":"merge","key":7,"set":{"x":2}}"#,
        r#"{"op":"delete","key":1}"#,
        r#"{"op":"put","key":2,"value":2}"#,
    ];
    let rows: Vec<_> = rows.iter().map(|row| Edit::from_json(row.as_bytes())).collect();
    for partial in [false, true] {
        let mut desk = Desk::new();
        desk.capture("a", &[("1", r#"{"x":1}"#)]);
        let before = desk.heads();
        let base = desk.known(&before);
        let commit =
            desk.document.commit_rows(&base, &rows, &Author::run("r", "pipe"), CommitOptions { partial }).unwrap();
        assert_adds_up(&commit.receipt);
        assert_eq!((commit.receipt.rows, commit.receipt.refused), (4, 2));
        assert_eq!(desk.heads() == before, !partial);
        match partial {
            true => desk.shows(&[("1", r#"{"x":2}"#), ("2", "2")]),
            false => desk.shows(&[("1", r#"{"x":1}"#)]),
        }
    }
}

#[test]
fn a_row_of_an_unlikely_key_is_refused_or_taken_but_never_lost() {
    let edits = [
        Edit::from_json(br#"{"op":"put","value":1}"#),
        Edit::from_json(br#"{"op":"put","key":null,"value":1}"#),
        Edit::from_json(br#"{"op":"delete"}"#),
        Edit::from_json(b"no json"),
        Edit::from_json(br#"{"op":"put","key":[],"value":{"$idb":"undefined"}}"#),
    ];
    let mut desk = Desk::new();
    let base = desk.known(&desk.heads());
    let commit =
        desk.document.commit_rows(&base, &edits, &Author::run("r", "pipe"), CommitOptions { partial: true }).unwrap();
    assert_adds_up(&commit.receipt);
    assert_eq!((commit.receipt.rows, commit.receipt.applied, commit.receipt.refused), (5, 1, 4));
    assert_eq!(
        desk.document.view().get(&anabranch_core::Key::Array(vec![])),
        Some(read_value(br#"{"$idb":"undefined"}"#).unwrap())
    );
}

#[test]
fn a_run_committed_twice_gives_the_same_receipt_and_changes_nothing() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#), ("2", r#"{"x":1}"#)]);
    let base = desk.heads();
    desk.capture("a", &[("1", r#"{"x":1}"#), ("2", r#"{"x":1,"y":1}"#)]);
    let edits = [r#"{"op":"merge","key":1,"set":{"x":2}}"#, r#"{"op":"merge","key":2,"set":{"x":2}}"#];
    let first = desk.run("r", &base, &edits);
    let heads = desk.heads();
    let second = desk.run("r", &base, &edits);
    assert_eq!(desk.heads(), heads);
    assert_eq!(second.changes, []);
    assert_eq!(second.own_heads, first.own_heads);
    assert_eq!(second.receipt, first.receipt);
}

#[test]
fn a_captures_rows_are_the_records_that_differ_from_the_baseline() {
    let mut desk = Desk::new();
    let first = desk.capture("a", &[("1", "1"), ("2", "2"), ("3", "3")]).receipt;
    assert_eq!((first.rows, first.applied), (3, 3));
    let second = desk.capture("a", &[("1", "1"), ("2", "4"), ("5", "5")]).receipt;
    assert_eq!((second.rows, second.applied), (3, 3));
    desk.capture("b", &[("1", "1")]);
    let third = desk.capture("b", &[("1", "9")]).receipt;
    assert_eq!((third.rows, third.conflicted + third.merged + third.applied), (1, 1));
    assert_adds_up(&third);
}
