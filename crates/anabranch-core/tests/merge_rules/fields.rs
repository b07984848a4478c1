//! Fields: plain objects merge per leaf, everything else is one value; a leaf may stand against an object.

use anabranch_core::{CaptureKind, ConflictKind, Resolution};

use crate::common::desk::{Desk, borrowed, field, value};

fn common_start(record: &str) -> Desk {
    let mut desk = Desk::new();
    ["a", "b", "c"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", record)])));
    desk
}

/// Devices a and b change the common start; `later` writes once more before, so that its op counters are higher.
fn diverged(start: &str, a: &str, b: &str, later: &str) -> Desk {
    let mut desk = common_start(start);
    let pad = ("0", r#"{"p":1,"q":1,"r":1,"s":1,"t":1,"u":1}"#);
    let records = |replica: &str, record: &'static str| match replica == later {
        true => vec![pad, ("1", record)],
        false => vec![("1", record)],
    };
    let leak = |text: &str| -> &'static str { String::leak(text.to_owned()) };
    desk.capture(later, &records(later, leak(start)));
    desk.capture("a", &records("a", leak(a)));
    desk.capture("b", &records("b", leak(b)));
    desk
}

/// What every listed conflict must be: shown as the record holds it, with others that differ.
#[track_caller]
fn assert_conflicts_show_what_the_record_holds(desk: &Desk) {
    let view = desk.document.view();
    let mut places = Vec::new();
    for conflict in view.conflicts() {
        if conflict.kind == ConflictKind::Value {
            let path = conflict.field.clone().unwrap_or_default();
            let held = view.get(&conflict.key).and_then(|record| at(&record, &path.0).cloned());
            assert_eq!(conflict.shown, held, "{:?}", desk.conflicts());
            assert!(conflict.others.iter().all(|other| other.value != conflict.shown), "{:?}", desk.conflicts());
        }
        assert!(!conflict.others.is_empty(), "{:?}", desk.conflicts());
        places.push((conflict.key, conflict.kind, conflict.field));
    }
    assert!(places.is_sorted_by(|a, b| a < b), "one place is listed twice: {:?}", desk.conflicts());
}

fn at<'v>(value: &'v anabranch_core::Value, path: &[anabranch_core::JsString]) -> Option<&'v anabranch_core::Value> {
    path.iter().try_fold(value, |value, name| match value {
        anabranch_core::Value::Object(object) => object.iter().find(|(have, _)| *have == name).map(|(_, value)| value),
        _ => None,
    })
}

/// The replica takes what is shown and is captured again: nothing is committed.
#[track_caller]
fn assert_capturing_what_is_shown_changes_nothing(desk: &Desk) {
    let mut desk = desk.clone();
    let before = desk.heads();
    let records = desk.offer("c");
    desk.capture("c", &borrowed(&records));
    assert_eq!(desk.heads(), before, "{records:?}");
}

#[test]
fn plain_objects_merge_per_leaf() {
    for later in ["a", "b"] {
        let desk = diverged(
            r#"{"o":{"x":1,"y":{"z":1}}}"#,
            r#"{"o":{"x":2,"y":{"z":1}}}"#,
            r#"{"o":{"x":1,"y":{"z":1,"n":3}}}"#,
            later,
        );
        assert_eq!(desk.show("1").unwrap(), r#"{"o":{"x":2,"y":{"n":3,"z":1}}}"#);
        desk.lists(&[]);
    }
}

#[test]
fn arrays_are_one_value() {
    let desk = diverged(r#"{"l":[1]}"#, r#"{"l":[1,2]}"#, r#"{"l":[1,3]}"#, "b");
    assert_eq!(desk.show("1").unwrap(), r#"{"l":[1,3]}"#);
    desk.lists(&["1 l value: [1,3] | [1,2]"]);
}

#[test]
fn the_last_writer_in_lamport_order_shows() {
    for (later, shown, other) in [("a", 2, 3), ("b", 3, 2)] {
        let desk = diverged(r#"{"x":1}"#, r#"{"x":2}"#, r#"{"x":3}"#, later);
        assert_eq!(desk.show("1").unwrap(), format!(r#"{{"x":{shown}}}"#));
        desk.lists(&[&format!("1 x value: {shown} | {other}")]);
    }
}

#[test]
fn concurrent_writes_of_equal_values_are_no_conflict() {
    let desk = diverged(r#"{"x":1}"#, r#"{"x":2}"#, r#"{"x":2}"#, "a");
    desk.lists(&[]);
}

#[test]
fn numbers_of_different_bits_are_different_values() {
    let desk = diverged(r#"{"x":1}"#, r#"{"x":0}"#, r#"{"x":{"$idb":"number","v":"-0"}}"#, "b");
    desk.lists(&[r#"1 x value: {"$idb":"number","v":"-0"} | 0"#]);
}

#[test]
fn undefined_is_not_absent() {
    let desk = diverged(r#"{"x":1,"y":1}"#, r#"{"y":1}"#, r#"{"x":{"$idb":"undefined"},"y":1}"#, "a");
    assert_eq!(desk.show("1").unwrap(), r#"{"x":{"$idb":"undefined"},"y":1}"#);
    desk.lists(&[r#"1 x value: {"$idb":"undefined"} | -"#]);
}

#[test]
fn a_later_leaf_shows_whole_against_an_object_that_was_added() {
    let desk = diverged("{}", r#"{"x":5}"#, r#"{"x":{"y":1,"z":2}}"#, "a");
    assert_eq!(desk.show("1").unwrap(), r#"{"x":5}"#);
    desk.lists(&[r#"1 x value: 5 | {"y":1,"z":2}"#]);
}

#[test]
fn a_later_object_shows_whole_against_a_leaf_that_was_added() {
    let desk = diverged("{}", r#"{"x":5}"#, r#"{"x":{"y":1,"z":2}}"#, "b");
    assert_eq!(desk.show("1").unwrap(), r#"{"x":{"y":1,"z":2}}"#);
    desk.lists(&[r#"1 x value: {"y":1,"z":2} | 5"#]);
}

#[test]
fn a_leaf_that_became_an_object_against_an_edit_of_the_leaf_is_one_conflict() {
    for later in ["a", "b"] {
        let desk = diverged(r#"{"x":1}"#, r#"{"x":{"y":1}}"#, r#"{"x":5}"#, later);
        assert_conflicts_show_what_the_record_holds(&desk);
        match later {
            "a" => desk.lists(&[r#"1 x value: {"y":1} | 5"#]),
            _ => desk.lists(&[r#"1 x value: 5 | {"y":1}"#]),
        }
    }
}

#[test]
fn an_object_that_became_a_leaf_against_an_edit_inside_it_is_one_conflict() {
    for later in ["a", "b"] {
        let desk = diverged(r#"{"x":{"y":1}}"#, r#"{"x":5}"#, r#"{"x":{"y":2}}"#, later);
        assert_conflicts_show_what_the_record_holds(&desk);
        match later {
            "a" => desk.lists(&[r#"1 x value: 5 | {"y":2}"#]),
            _ => desk.lists(&[r#"1 x value: {"y":2} | 5"#]),
        }
    }
}

#[test]
fn a_root_that_became_a_leaf_against_an_edit_inside_it_is_one_conflict() {
    for later in ["a", "b"] {
        let desk = diverged(r#"{"x":1}"#, r#""text""#, r#"{"x":2}"#, later);
        assert_conflicts_show_what_the_record_holds(&desk);
        match later {
            "a" => desk.lists(&[r#"1 - value: "text" | {"x":2}"#]),
            _ => desk.lists(&[r#"1 - value: {"x":2} | "text""#]),
        }
    }
}

#[test]
fn leaves_and_objects_at_several_depths_show_one_of_them_whole() {
    for later in ["a", "b", "c"] {
        let mut desk = common_start(r#"{"x":{"y":{"z":1}}}"#);
        desk.capture(later, &[("0", r#"{"p":1,"q":1,"r":1,"s":1,"t":1,"u":1}"#), ("1", r#"{"x":{"y":{"z":1}}}"#)]);
        for (replica, record) in [("a", r#"{"x":1}"#), ("b", r#"{"x":{"y":2}}"#), ("c", r#"{"x":{"y":{"z":3}}}"#)] {
            match replica == later {
                true => desk.capture(replica, &[("0", r#"{"p":1,"q":1,"r":1,"s":1,"t":1,"u":1}"#), ("1", record)]),
                false => desk.capture(replica, &[("1", record)]),
            };
        }
        let shown = match later {
            "a" => r#"{"x":1}"#,
            "b" => r#"{"x":{"y":2}}"#,
            _ => r#"{"x":{"y":{"z":3}}}"#,
        };
        assert_eq!(desk.show("1").unwrap(), shown);
        assert_conflicts_show_what_the_record_holds(&desk);
        assert_capturing_what_is_shown_changes_nothing(&desk);
    }
}

#[test]
fn what_lost_against_a_field_does_not_show_again_when_that_is_removed() {
    let (leaf, object) = (r#"{"o":5}"#, r#"{"o":{"p":2,"q":1}}"#);
    for later in ["a", "b"] {
        let start = diverged(r#"{"o":{"p":1,"q":1}}"#, leaf, object, later);
        let shows = start.show("1").unwrap();
        assert_eq!(shows == leaf, later == "a", "{shows}");
        for put in ["{}", r#"{"o":{"q":1}}"#, r#"{"o":{"r":1}}"#, r#"{"o":{"p":3}}"#, r#"{"o":{}}"#, r#"{"o":6}"#, "7"]
        {
            let mut desk = start.clone();
            let mut records = desk.offer("d");
            records.iter_mut().filter(|(key, _)| key == "1").for_each(|(_, value)| *value = put.to_owned());
            desk.capture("d", &borrowed(&records));
            assert_eq!(desk.show("1").as_deref(), Some(put), "{later} is later");
            let commit = desk.capture("d", &borrowed(&records));
            assert_eq!(commit.receipt.rows, 0, "{put}: {later} is later");
        }
    }
}

#[test]
fn a_conflict_inside_an_object_that_lost_is_still_listed() {
    let mut desk = common_start(r#"{"x":{"y":1}}"#);
    let pad = ("0", r#"{"p":1,"q":1,"r":1,"s":1,"t":1,"u":1}"#);
    desk.capture("a", &[pad, ("1", r#"{"x":{"y":1}}"#)]);
    desk.capture("a", &[pad, ("1", r#"{"x":5}"#)]);
    desk.capture("b", &[("1", r#"{"x":{"y":2}}"#)]);
    desk.capture("c", &[("1", r#"{"x":{"y":3}}"#)]);
    assert_eq!(desk.show("1").unwrap(), r#"{"x":5}"#);
    assert_conflicts_show_what_the_record_holds(&desk);
    let listed = desk.conflicts().join("\n");
    assert!(listed.contains('2') && listed.contains('3'), "{listed}");
}

#[test]
fn an_empty_object_gives_way_to_any_property() {
    for later in ["a", "b"] {
        let desk = diverged(r#"{"o":{}}"#, r#"{"o":{"x":1}}"#, r#"{"o":{"y":1}}"#, later);
        assert_eq!(desk.show("1").unwrap(), r#"{"o":{"x":1,"y":1}}"#);
        desk.lists(&[]);
    }
}

#[test]
fn an_object_emptied_by_one_and_filled_by_another_holds_what_was_added() {
    for later in ["a", "b"] {
        let desk = diverged(r#"{"o":{"x":1}}"#, r#"{"o":{}}"#, r#"{"o":{"x":1,"y":1}}"#, later);
        assert_eq!(desk.show("1").unwrap(), r#"{"o":{"y":1}}"#);
        desk.lists(&[]);
    }
}

#[test]
fn capturing_a_record_emptied_by_two_devices_changes_nothing() {
    for (start, a, b) in [
        (r#"{"x":1,"y":1}"#, r#"{"y":1}"#, r#"{"x":1}"#),
        (r#"{"o":{"x":1,"y":1}}"#, r#"{"o":{"y":1}}"#, r#"{"o":{"x":1}}"#),
    ] {
        let desk = diverged(start, a, b, "a");
        desk.lists(&[]);
        assert_capturing_what_is_shown_changes_nothing(&desk);
    }
}

#[test]
fn an_empty_object_against_a_leaf_shows_the_later() {
    for (later, shown, other) in [("a", "{}", "5"), ("b", "5", "{}")] {
        let desk = diverged(r#"{"x":1}"#, r#"{"x":{}}"#, r#"{"x":5}"#, later);
        assert_eq!(desk.show("1").unwrap(), format!(r#"{{"x":{shown}}}"#));
        desk.lists(&[&format!("1 x value: {shown} | {other}")]);
    }
}

#[test]
fn the_same_key_made_on_two_devices_ends_with_the_union_of_their_fields() {
    let mut desk = Desk::new();
    desk.capture("a", &[]);
    desk.capture("b", &[]);
    desk.capture("a", &[(r#""k""#, r#"{"x":1,"o":{"p":1}}"#)]);
    desk.capture("b", &[(r#""k""#, r#"{"y":1,"o":{"q":1}}"#)]);
    desk.shows(&[(r#""k""#, r#"{"o":{"p":1,"q":1},"x":1,"y":1}"#)]);
    desk.lists(&[]);
}

#[test]
fn names_with_dots_nul_and_proto_are_names_like_any_other() {
    let names =
        [r#""""#, r#""a.b""#, r#""\u0000""#, r#""__proto__""#, r#""\u0001\u0003+""#, r#""=""#, r#""@""#, r#""\\""#];
    let record = |at: usize| {
        let fields: Vec<String> =
            names.iter().enumerate().map(|(n, name)| format!("{name}:{}", usize::from(n <= at))).collect();
        format!("{{{}}}", fields.join(","))
    };
    let mut desk = Desk::new();
    for at in 0..names.len() {
        desk.capture("a", &[("1", &record(at))]);
        desk.shows(&[("1", &record(at))]);
    }
    assert_capturing_what_is_shown_changes_nothing(&desk);
}

#[test]
fn resolving_a_field_against_an_object_leaves_one_value() {
    for resolved in ["7", r#"{"n":1}"#] {
        let mut desk = diverged(r#"{"x":{"y":1}}"#, r#"{"x":5}"#, r#"{"x":{"y":2}}"#, "a");
        desk.resolve("1", Resolution::Field(field("x"), value(resolved)));
        assert_eq!(desk.show("1").unwrap(), format!(r#"{{"x":{resolved}}}"#));
        desk.lists(&[]);
    }
}

#[test]
fn a_partial_snapshot_deletes_nothing_and_a_left_out_key_is_unknown() {
    use anabranch_core::StoreSnapshot;
    let mut desk = Desk::new();
    let first = desk.capture("a", &[("1", "1"), ("2", "2"), ("3", "3")]);
    let baseline = desk.known(&first.own_heads);
    let kind = |left_out| CaptureKind::Next { baseline: baseline.clone(), left_out };
    let store = |complete| StoreSnapshot {
        name: "s".into(),
        schema: desk.schema.clone(),
        complete,
        records: vec![(crate::common::desk::key("1"), value("1"))],
    };
    let mut partial = desk.document.clone();
    partial.capture_store("a", kind(Default::default()), &store(false)).unwrap();
    assert_eq!(partial.heads(), desk.heads());
    let mut left_out = desk.document.clone();
    left_out.capture_store("a", kind([crate::common::desk::key("2")].into()), &store(true)).unwrap();
    let keys: Vec<_> = left_out.view().records().map(|record| record.key).collect();
    assert_eq!(keys, [crate::common::desk::key("1"), crate::common::desk::key("2")]);
}

#[test]
fn of_many_concurrent_values_equal_ones_are_one_and_one_shows() {
    let mut desk = Desk::new();
    desk.capture("start", &[("1", r#"{"x":0}"#)]);
    let base = desk.heads();
    for at in 0..40 {
        let edit = format!(r#"{{"op":"merge","key":1,"set":{{"x":{}}}}}"#, at % 13 + 1);
        desk.run(&format!("run {at}"), &base, &[&edit]);
    }
    let conflicts = desk.document.view().conflicts();
    let [conflict] = conflicts.as_slice() else { panic!("{conflicts:?}") };
    let others = conflict.others.iter().map(|other| &other.value);
    let mut all: Vec<String> = others.chain([&conflict.shown]).map(|value| format!("{value:?}")).collect();
    let mut distinct: Vec<String> = (1..=13).map(|at| format!("{:?}", Some(value(&at.to_string())))).collect();
    all.sort();
    distinct.sort();
    assert_eq!(all, distinct);
    assert_conflicts_show_what_the_record_holds(&desk);
}

#[test]
fn a_record_that_has_the_first_fields_of_another_shows_its_own_and_no_more() {
    let mut desk = Desk::new();
    let records =
        [("1", r#"{"a":1,"b":2}"#), ("2", r#"{"a":1,"b":2,"c":3}"#), ("3", r#"{"a":1}"#), ("4", r#"{"a":1,"b":2}"#)];
    desk.capture("a", &records);
    desk.shows(&records);
}
