//! Found values: what a replica held when it was first captured was written by nobody we know.

use anabranch_core::{ConflictKind, DeletePolicy};

use crate::common::desk::{Desk, in_every_order};

/// Device a's steps are 0 and 1, device b's are 2 and 3: every order that keeps each device's own.
const ORDERS: &[&[usize]] = &[&[0, 1, 2, 3], &[0, 2, 1, 3], &[0, 2, 3, 1], &[2, 0, 1, 3], &[2, 0, 3, 1], &[2, 3, 0, 1]];
/// The same where device b is captured once.
const ORDERS_OF_THREE: &[&[usize]] = &[&[0, 1, 2], &[0, 2, 1], &[2, 0, 1]];

#[test]
fn what_two_devices_found_equal_is_no_conflict() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1,"o":{"y":[2]}}"#)]);
    desk.capture("b", &[("1", r#"{"x":1,"o":{"y":[2]}}"#)]);
    desk.shows(&[("1", r#"{"x":1,"o":{"y":[2]}}"#)]);
    desk.lists(&[]);
}

#[test]
fn what_two_devices_found_is_united_field_by_field() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#), ("2", r#"{"only":"a"}"#)]);
    desk.capture("b", &[("1", r#"{"y":2}"#), ("3", r#"{"only":"b"}"#)]);
    desk.shows(&[("1", r#"{"x":1,"y":2}"#), ("2", r#"{"only":"a"}"#), ("3", r#"{"only":"b"}"#)]);
    desk.lists(&[]);
}

#[test]
fn a_first_capture_never_deletes() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", "{}"), ("2", "{}")]);
    desk.capture("b", &[]);
    desk.shows(&[("1", "{}"), ("2", "{}")]);
}

#[test]
fn an_edit_of_a_found_value_meets_its_equal_without_conflict() {
    let steps: &[&dyn Fn(&mut Desk)] = &[
        &|desk| drop(desk.capture("a", &[("1", r#"{"x":1,"y":1}"#)])),
        &|desk| drop(desk.capture("a", &[("1", r#"{"x":2,"y":1}"#)])),
        &|desk| drop(desk.capture("b", &[("1", r#"{"x":1,"y":1}"#)])),
        &|desk| drop(desk.capture("b", &[("1", r#"{"x":1,"y":3}"#)])),
    ];
    in_every_order(steps, ORDERS, &|desk| {
        desk.shows(&[("1", r#"{"x":2,"y":3}"#)]);
        desk.lists(&[]);
    });
}

#[test]
fn a_found_field_that_one_device_removes_stays_removed() {
    let steps: &[&dyn Fn(&mut Desk)] = &[
        &|desk| drop(desk.capture("a", &[("1", r#"{"x":1,"y":1}"#)])),
        &|desk| drop(desk.capture("a", &[("1", r#"{"y":1}"#)])),
        &|desk| drop(desk.capture("b", &[("1", r#"{"x":1,"y":1}"#)])),
    ];
    in_every_order(steps, ORDERS_OF_THREE, &|desk| {
        desk.shows(&[("1", r#"{"y":1}"#)]);
        desk.lists(&[]);
    });
}

#[test]
fn a_found_record_that_one_device_deletes_stays_deleted() {
    for deletes in [DeletePolicy::DeleteWins, DeletePolicy::EditWins] {
        let steps: &[&dyn Fn(&mut Desk)] = &[
            &|desk| drop(desk.capture("a", &[("1", r#"{"x":1}"#), ("2", "2")])),
            &|desk| drop(desk.capture("a", &[("2", "2")])),
            &|desk| drop(desk.capture("b", &[("1", r#"{"x":1}"#), ("2", "2")])),
        ];
        in_every_order(steps, ORDERS_OF_THREE, &|desk| {
            let mut desk = desk.clone();
            desk.policies(deletes, &[]);
            desk.shows(&[("2", "2")]);
            desk.lists(&[]);
        });
    }
}

#[test]
fn different_found_values_are_listed() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#)]);
    desk.capture("b", &[("1", r#"{"x":2}"#)]);
    let shown = desk.show("1").unwrap();
    match shown.as_str() {
        r#"{"x":1}"# => desk.lists(&["1 x value: 1 | 2"]),
        _ => desk.lists(&["1 x value: 2 | 1"]),
    }
}

#[test]
fn a_found_value_ranks_below_a_written_one_whatever_their_counters() {
    let mut desk = Desk::new();
    desk.capture("a", &[("9", r#"{"x":1}"#)]);
    desk.capture("a", &[("9", r#"{"x":2}"#)]);
    let many: Vec<(String, String)> = (0..9).map(|at| (at.to_string(), r#"{"p":1,"q":2}"#.to_owned())).collect();
    let mut all = crate::common::desk::borrowed(&many);
    all.push(("9", r#"{"x":3}"#));
    desk.capture("b", &all);
    assert_eq!(desk.show("9").unwrap(), r#"{"x":2}"#);
    desk.lists(&["9 x value: 2 | 3"]);
}

#[test]
fn overwriting_one_of_equal_found_values_overwrites_all_but_no_other() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#)]);
    desk.capture("b", &[("1", r#"{"x":1}"#)]);
    desk.capture("c", &[("1", r#"{"x":7}"#)]);
    desk.capture("a", &[("1", r#"{"x":2}"#)]);
    desk.shows(&[("1", r#"{"x":2}"#)]);
    desk.lists(&["1 x value: 2 | 7"]);
    desk.capture("d", &[("1", r#"{"x":1}"#)]);
    desk.lists(&["1 x value: 2 | 7"]);
}

#[test]
fn a_written_value_that_equals_an_overwritten_found_one_is_a_write_like_any_other() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#)]);
    desk.capture("b", &[("1", r#"{"x":1}"#)]);
    desk.capture("a", &[("1", r#"{"x":2}"#)]);
    desk.capture("a", &[("1", r#"{"x":1}"#)]);
    desk.lists(&[]);
    desk.capture("b", &[("1", r#"{"x":3}"#)]);
    desk.shows(&[("1", r#"{"x":1}"#)]);
    desk.lists(&["1 x value: 1 | 3"]);
}

#[test]
fn a_record_written_elsewhere_with_an_overwritten_found_value_conflicts() {
    let mut desk = Desk::new();
    desk.capture("b", &[]);
    desk.capture("a", &[("1", r#"{"x":1}"#)]);
    desk.capture("a", &[("1", r#"{"x":2}"#)]);
    desk.capture("b", &[("1", r#"{"x":1}"#)]);
    assert_eq!(desk.conflicts().len(), 1);
}

#[test]
fn found_contents_that_differ_from_a_deleted_record_count_as_an_edit() {
    let steps: &[&dyn Fn(&mut Desk)] = &[
        &|desk| drop(desk.capture("a", &[("1", r#"{"x":1,"y":1}"#)])),
        &|desk| drop(desk.capture("a", &[])),
        &|desk| drop(desk.capture("b", &[("1", r#"{"x":1,"y":5}"#)])),
    ];
    in_every_order(steps, ORDERS_OF_THREE, &|desk| {
        desk.shows(&[]);
        desk.lists(&[r#"1 - delete: - | {"x":1,"y":5}"#]);
        assert_eq!(desk.losers(ConflictKind::Delete), ["b"]);
        let mut desk = desk.clone();
        desk.policies(DeletePolicy::EditWins, &[]);
        assert_eq!(desk.losers(ConflictKind::Delete), ["a"]);
        assert!(desk.show("1").is_some());
    });
}

#[test]
fn what_a_replica_found_after_a_deletion_is_listed_and_not_what_it_had_found_before() {
    for (before, after) in [("1", "5"), ("5", "1")] {
        for more in [0, 1, 5] {
            let mut desk = Desk::new();
            let record = |x: &str| format!(r#"{{"x":{x}}}"#);
            desk.capture("b", &[("1", &record(before))]);
            desk.capture("a", &[("1", &record(before))]);
            desk.capture("a", &[]);
            // Ops of other records come first, so that either of the two has the later counter.
            let others: Vec<(String, String)> =
                (0..more).map(|nth| (format!("0.{}", nth + 1), "{}".to_owned())).collect();
            let mut found = crate::common::desk::borrowed(&others);
            let again = record(after);
            found.push(("1", &again));
            desk.capture_lost("b", &found);
            desk.lists(&[&format!("1 - delete: - | {again}")]);
        }
    }
}

#[test]
fn found_contents_that_equal_a_written_and_deleted_record_are_no_edit() {
    let steps: &[&dyn Fn(&mut Desk)] = &[
        &|desk| {
            desk.capture("a", &[]);
            desk.capture("a", &[("1", r#"{"x":1}"#)]);
        },
        &|desk| drop(desk.capture("a", &[])),
        &|desk| drop(desk.capture("b", &[("1", r#"{"x":1}"#)])),
    ];
    for deletes in [DeletePolicy::DeleteWins, DeletePolicy::EditWins] {
        in_every_order(steps, ORDERS_OF_THREE, &|desk| {
            let mut desk = desk.clone();
            desk.policies(deletes, &[]);
            desk.shows(&[]);
            desk.lists(&[]);
        });
    }
}

#[test]
fn one_name_for_a_found_value_is_the_least_by_bytes() {
    for names in [["m", "Z", "b"], ["b", "m", "Z"], ["Z", "b", "m"]] {
        let mut desk = Desk::new();
        names.iter().for_each(|name| drop(desk.capture(name, &[("1", r#"{"x":1}"#)])));
        desk.capture("w", &[]);
        desk.capture("w", &[("1", r#"{"x":2}"#)]);
        desk.lists(&["1 x value: 2 | 1"]);
        assert_eq!(desk.losers(ConflictKind::Value), ["Z"]);
    }
}

#[test]
fn directories_of_one_capture_each_merge_to_what_one_directory_holds() {
    let rounds = [r#"{"x":1,"y":1,"z":1}"#, r#"{"x":2,"y":1,"z":1}"#, r#"{"x":2,"y":1}"#];
    let others = [r#"{"x":1,"y":1,"z":1}"#, r#"{"x":1,"y":3,"z":1}"#, r#"{"x":1,"y":3,"z":1,"n":1}"#];
    let play = |desk: &mut Desk, replica: &str, rounds: &[&str]| {
        rounds.iter().for_each(|round| drop(desk.capture(replica, &[("1", round)])));
    };
    let (mut one, mut a, mut b) = (Desk::new(), Desk::new(), Desk::new());
    play(&mut one, "a", &rounds);
    play(&mut one, "b", &others);
    play(&mut a, "a", &rounds);
    play(&mut b, "b", &others);
    let (mut ab, mut ba) = (a.clone(), b.clone());
    ab.merge(&b);
    ba.merge(&a);
    for desk in [&ab, &ba] {
        assert_eq!(desk.heads(), one.heads());
        assert_eq!((desk.records(), desk.conflicts()), (one.records(), one.conflicts()));
    }
    one.shows(&[("1", r#"{"x":2,"y":3,"n":1}"#)]);
}

#[test]
fn a_class_of_found_values_ranks_by_the_last_of_them_and_is_named_by_the_least_owner() {
    let mut desk = Desk::new();
    desk.capture("a", &[(r#""k""#, r#"{"y":{"n":0}}"#)]);
    desk.capture("b", &[("1", "{}"), (r#""k""#, r#"{"y":5}"#)]);
    // The later op of the two that found y.n comes after the one that found y.
    desk.capture_lost("a", &[("1", "{}"), ("2", "{}"), ("3", "{}"), (r#""k""#, r#"{"y":{"n":0}}"#)]);
    desk.shows(&[("1", "{}"), ("2", "{}"), ("3", "{}"), (r#""k""#, r#"{"y":{"n":0}}"#)]);
}
