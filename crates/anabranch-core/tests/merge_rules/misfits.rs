//! Policies and schemas that do not fit the values that are there: everything still shows, and everything still merges.

use anabranch_core::{DeletePolicy, FieldPolicy};

use crate::common::desk::{Desk, borrowed, field};

const POLICIES: [FieldPolicy; 6] = [
    FieldPolicy::LastWriter,
    FieldPolicy::Counter,
    FieldPolicy::Max,
    FieldPolicy::Min,
    FieldPolicy::Set,
    FieldPolicy::PeopleOverPipelines,
];

/// Values of which no policy fits all.
const VALUES: [&str; 14] = [
    "5",
    "1.5",
    "1e300",
    r#"{"$idb":"number","v":"NaN"}"#,
    r#"{"$idb":"number","v":"-0"}"#,
    "9007199254740991",
    "null",
    "true",
    r#""text""#,
    "[1,1,2]",
    r#"{"$idb":"set","v":[1,"a"]}"#,
    r#"{"$idb":"bigint","v":"9223372036854775808"}"#,
    r#"{"$idb":"date","v":null}"#,
    r#"{"y":1}"#,
];

/// Two devices that found the same and then wrote these values, merged in one order or the other.
fn written(first: &str, second: &str, turned: bool) -> Desk {
    let start: &[(&str, &str)] = &[("1", r#"{"x":"start","z":0}"#)];
    let mut parts: Vec<Desk> = [("a", first), ("b", second)]
        .iter()
        .map(|(replica, value)| {
            let mut desk = Desk::new();
            desk.capture(replica, start);
            desk.capture(replica, &[("1", &format!(r#"{{"x":{value},"z":0}}"#))]);
            desk
        })
        .collect();
    if turned {
        parts.reverse();
    }
    let mut desk = Desk::new();
    parts.iter().for_each(|part| desk.merge(part));
    desk
}

#[test]
fn whatever_policy_is_set_over_whatever_values_the_merge_keeps_its_laws() {
    for (at, first) in VALUES.into_iter().enumerate() {
        for second in [0, 1, 4, 9].map(|further| VALUES[(at + further) % VALUES.len()]) {
            for policy in POLICIES {
                let mut desk = written(first, second, false);
                let mut turned = written(first, second, true);
                let before = (desk.records(), desk.conflicts());
                for desk in [&mut desk, &mut turned] {
                    desk.policies(DeletePolicy::DeleteWins, &[("x", policy)]);
                }
                let place = format!("{first} and {second} under {policy:?}");
                assert_eq!((desk.records(), desk.conflicts()), (turned.records(), turned.conflicts()), "{place}");
                assert_eq!(desk.heads(), turned.heads(), "{place}");
                // Capturing what is shown changes nothing.
                let shown = desk.offer("a");
                assert_eq!(desk.capture("a", &borrowed(&shown)).receipt.rows, 0, "{place}");
                assert_eq!(desk.records(), shown, "{place}");
                // A policy reads; it does not write: taken back, everything is as it was.
                desk.policies(DeletePolicy::DeleteWins, &[]);
                assert_eq!((desk.records(), desk.conflicts()), before, "{place}");
            }
        }
    }
}

#[test]
fn whatever_is_written_under_a_policy_that_does_not_fit_is_what_shows() {
    for before in VALUES {
        for after in VALUES {
            for policy in POLICIES {
                let mut desk = Desk::new();
                desk.capture("a", &[("1", &format!(r#"{{"x":{before}}}"#))]);
                desk.policies(DeletePolicy::DeleteWins, &[("x", policy)]);
                desk.offer("a");
                let now = format!(r#"{{"x":{after}}}"#);
                desk.capture("a", &[("1", &now)]);
                let place = format!("{before}, then {after} under {policy:?}");
                let shown = desk.show("1").unwrap();
                let is_same = |a: &str| a == anabranch_core::json::value_to_string(&crate::common::desk::value(&now));
                // A list that is a set shows its elements once.
                let is_set = policy == FieldPolicy::Set && after == "[1,1,2]";
                assert!(is_same(&shown) || is_set, "{place}: {shown}");
                assert_eq!(desk.conflicts(), [""; 0], "{place}");
            }
        }
    }
}

#[test]
fn a_counter_ends_at_the_last_number_that_is_exact_and_never_wraps() {
    let end = "9007199254740991";
    for sign in ["", "-"] {
        let number = |text: &str| format!(r#"{{"x":{sign}{text}}}"#);
        let mut desk = Desk::new();
        let start = number("9007199254740990");
        desk.schema.fields = [(field("x"), FieldPolicy::Counter)].into();
        ["a", "b", "c"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", &start)])));
        desk.capture("a", &[("1", &number(end))]);
        desk.capture("b", &[("1", &number(end))]);
        desk.shows(&[("1", &number(end))]);
        desk.lists(&[]);
        // Both counted: one back leads to the end, not to one before it.
        desk.capture("c", &[("1", &number("9007199254740989"))]);
        desk.shows(&[("1", &number(end))]);
        // Nothing is written where nothing was changed, and who sets it from the end sets it as a whole.
        let shown = desk.offer("a");
        assert_eq!(desk.capture("a", &borrowed(&shown)).receipt.rows, 0);
        desk.capture("a", &[("1", &number("7"))]);
        desk.shows(&[("1", &number("7"))]);
    }
}

#[test]
fn a_key_path_that_existing_values_do_not_have_is_refused_and_one_that_is_merged_in_loses_nothing() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"x":1}"#), (r#""k""#, "5")]);
    let before = desk.records();
    let admin = anabranch_core::Author::person("admin");
    let mut schema = desk.document.view().schema().clone();
    schema.key_path = Some(anabranch_core::KeyPath::Single("id".into()));
    assert!(desk.document.set_schema(&schema, &admin).is_err());
    assert_eq!(desk.records(), before);
    // Set where there are no records yet, and merged.
    let mut other = Desk::new();
    other.document.set_schema(&schema, &admin).unwrap();
    desk.merge(&other);
    assert_eq!(desk.document.view().schema().key_path, schema.key_path);
    assert_eq!(desk.records(), before);
    // A put by key takes the key into its value; one that contradicts it is refused.
    let base = desk.heads();
    desk.run("fits", &base, &[r#"{"op":"put","key":1,"value":{"x":2}}"#]);
    desk.shows(&[("1", r#"{"x":2,"id":1}"#), (r#""k""#, "5")]);
    let commit = desk.run("contradicts", &base, &[r#"{"op":"put","key":1,"value":{"id":2}}"#]);
    assert_eq!((commit.receipt.refused, commit.receipt.applied), (1, 0));
}
