//! Policies: a closed list, kept in the history, which reads the same ops differently.

use anabranch_core::{DeletePolicy, FieldPolicy, Resolution};

use crate::common::desk::{Desk, borrowed};

/// Devices a, b and c hold `start`, a policy is set, and all know of it.
fn with_policy(start: &str, policy: FieldPolicy) -> Desk {
    let mut desk = Desk::new();
    ["a", "b", "c"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", start)])));
    desk.policies(DeletePolicy::DeleteWins, &[("x", policy)]);
    ["a", "b", "c"].iter().for_each(|replica| drop(desk.offer(replica)));
    desk
}

#[test]
fn a_counter_adds_up_what_everybody_counted() {
    let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::Counter);
    desk.capture("a", &[("1", r#"{"x":6}"#)]);
    desk.capture("b", &[("1", r#"{"x":15}"#)]);
    desk.capture("c", &[("1", r#"{"x":2}"#)]);
    desk.shows(&[("1", r#"{"x":13}"#)]);
    desk.lists(&[]);
    let records = desk.offer("a");
    desk.capture("a", &[("1", r#"{"x":14}"#)]);
    desk.shows(&[("1", r#"{"x":14}"#)]);
    assert_eq!(borrowed(&records), [("1", r#"{"x":13}"#)]);
}

#[test]
fn increments_on_equal_found_counters_add_up() {
    let mut parts = Vec::new();
    for (replica, counted) in [("a", r#"{"x":6}"#), ("b", r#"{"x":7}"#)] {
        let mut desk = Desk::new();
        desk.schema.fields = [(crate::common::desk::field("x"), FieldPolicy::Counter)].into();
        desk.capture(replica, &[("1", r#"{"x":5}"#)]);
        desk.capture(replica, &[("1", counted)]);
        parts.push(desk);
    }
    for order in [[0, 1], [1, 0]] {
        let mut desk = Desk::new();
        order.iter().for_each(|at| desk.merge(&parts[*at]));
        desk.shows(&[("1", r#"{"x":8}"#)]);
        desk.lists(&[]);
    }
}

#[test]
fn a_counter_that_was_no_policy_when_it_was_written_shows_the_last_written_number() {
    let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::Counter);
    desk.capture("a", &[("1", r#"{"x":6}"#)]);
    desk.policies(DeletePolicy::DeleteWins, &[]);
    desk.shows(&[("1", r#"{"x":5}"#)]);
    desk.policies(DeletePolicy::DeleteWins, &[("x", FieldPolicy::Counter)]);
    desk.shows(&[("1", r#"{"x":6}"#)]);
}

#[test]
fn a_counter_never_shows_a_number_that_nobody_counted_to() {
    let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::Counter);
    desk.capture("a", &[("1", r#"{"x":6}"#)]);
    desk.capture("b", &[("1", r#"{"x":1e300}"#)]);
    let shown = desk.show("1").unwrap();
    assert!([r#"{"x":1e+300}"#, r#"{"x":1e300}"#, r#"{"x":6}"#].contains(&shown.as_str()), "{shown}");
}

#[test]
fn a_counter_set_as_a_whole_replaces_what_was_counted_before() {
    let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::Counter);
    desk.capture("a", &[("1", r#"{"x":6}"#)]);
    desk.capture("a", &[("1", r#"{"x":"none"}"#)]);
    desk.shows(&[("1", r#"{"x":"none"}"#)]);
    desk.capture("a", &[("1", r#"{"x":3}"#)]);
    desk.shows(&[("1", r#"{"x":3}"#)]);
    desk.capture("a", &[("1", r#"{}"#)]);
    desk.shows(&[("1", "{}")]);
    desk.capture("a", &[("1", r#"{"x":9}"#)]);
    desk.shows(&[("1", r#"{"x":9}"#)]);
}

#[test]
fn elements_of_a_set_merge_one_by_one() {
    let mut desk = with_policy(r#"{"x":[1,2,3]}"#, FieldPolicy::Set);
    desk.capture("a", &[("1", r#"{"x":[1,3,7]}"#)]);
    desk.capture("b", &[("1", r#"{"x":[1,2,3,8]}"#)]);
    desk.shows(&[("1", r#"{"x":[1,3,7,8]}"#)]);
    desk.lists(&[]);
}

#[test]
fn sets_that_differ_when_they_are_found_are_united() {
    let mut desk = Desk::new();
    desk.schema.fields = [(crate::common::desk::field("x"), FieldPolicy::Set)].into();
    desk.capture("a", &[("1", r#"{"x":[1,2]}"#)]);
    desk.capture("b", &[("1", r#"{"x":[2,3]}"#)]);
    let shown = desk.show("1").unwrap();
    assert!([r#"{"x":[1,2,3]}"#, r#"{"x":[2,3,1]}"#].contains(&shown.as_str()), "{shown} {:?}", desk.conflicts());
}

#[test]
fn counters_that_differ_when_they_are_found_are_listed() {
    let mut desk = Desk::new();
    desk.schema.fields = [(crate::common::desk::field("x"), FieldPolicy::Counter)].into();
    desk.capture("a", &[("1", r#"{"x":5}"#)]);
    desk.capture("b", &[("1", r#"{"x":7}"#)]);
    assert_eq!(desk.conflicts().len(), 1, "found ops of different values are concurrent and listed");
}

#[test]
fn what_cannot_be_counted_or_united_is_listed_beside_what_shows() {
    // Somebody counts up while somebody else writes what no increment can reach.
    let mut desk = with_policy(r#"{"x":1}"#, FieldPolicy::Counter);
    desk.capture("a", &[("1", r#"{"x":3}"#)]);
    desk.capture("b", &[("1", r#"{"x":1.5}"#)]);
    desk.shows(&[("1", r#"{"x":1.5}"#)]);
    desk.lists(&["1 x value: 1.5 | 2"]);
    desk.resolve("1", Resolution::Keep);
    desk.lists(&[]);
    // Of a set and what is none, what is none shows, whoever wrote last; elements that were added beside it are listed, too.
    let mut desk = with_policy(r#"{"x":[1]}"#, FieldPolicy::Set);
    desk.capture("a", &[("1", r#"{"x":[1,2]}"#)]);
    desk.capture("b", &[("1", r#"{"x":5}"#)]);
    desk.shows(&[("1", r#"{"x":5}"#)]);
    desk.lists(&["1 x value: 5 | 2"]);
    desk.resolve("1", Resolution::Keep);
    desk.lists(&[]);
    let mut desk = Desk::new();
    desk.policies(DeletePolicy::DeleteWins, &[("x", FieldPolicy::Set)]);
    ["[2]", "5", "[3]"].iter().zip(["a", "b", "c"]).for_each(|(x, replica)| {
        desk.capture(replica, &[("1", &format!(r#"{{"x":{x}}}"#))]);
    });
    desk.shows(&[("1", r#"{"x":5}"#)]);
    desk.lists(&["1 x value: 5 | [2], [3]"]);
    desk.resolve("1", Resolution::Keep);
    desk.lists(&[]);
}

#[test]
fn the_order_of_a_sets_elements_is_no_change() {
    let mut desk = with_policy(r#"{"x":[1,2,3]}"#, FieldPolicy::Set);
    let before = desk.heads();
    desk.capture("a", &[("1", r#"{"x":[3,1,2]}"#)]);
    assert_eq!(desk.heads(), before);
}

#[test]
fn max_and_min_show_the_greatest_and_the_least() {
    for (policy, shown, other) in [(FieldPolicy::Max, 9, 3), (FieldPolicy::Min, 3, 9)] {
        for (a, b) in [(3, 9), (9, 3)] {
            let mut desk = with_policy(r#"{"x":5}"#, policy);
            desk.capture("a", &[("1", &format!(r#"{{"x":{a}}}"#))]);
            desk.capture("b", &[("1", &format!(r#"{{"x":{b}}}"#))]);
            desk.shows(&[("1", &format!(r#"{{"x":{shown}}}"#))]);
            desk.lists(&[&format!("1 x value: {shown} | {other}")]);
        }
    }
}

#[test]
fn a_person_shows_before_a_pipeline_whatever_their_counters() {
    for first in [true, false] {
        let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::PeopleOverPipelines);
        let base = desk.heads();
        let pipeline = |desk: &mut Desk| {
            let more = r#"{"op":"put","key":0,"value":{"p":1,"q":1,"r":1,"s":1}}"#;
            drop(desk.run("r", &base, &[more, r#"{"op":"merge","key":1,"set":{"x":9}}"#]));
        };
        if first {
            pipeline(&mut desk);
        }
        desk.capture("a", &[("1", r#"{"x":6}"#)]);
        if !first {
            pipeline(&mut desk);
        }
        assert_eq!(desk.show("1").unwrap(), r#"{"x":6}"#);
        desk.lists(&["1 x value: 6 | 9"]);
    }
}

#[test]
fn a_pipeline_that_knew_the_persons_edit_overwrites_it() {
    let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::PeopleOverPipelines);
    desk.capture("a", &[("1", r#"{"x":6}"#)]);
    let base = desk.heads();
    desk.run("r", &base, &[r#"{"op":"merge","key":1,"set":{"x":9}}"#]);
    desk.shows(&[("1", r#"{"x":9}"#)]);
    desk.lists(&[]);
}

#[test]
fn a_policy_change_shows_in_record_changes() {
    let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::Max);
    desk.capture("a", &[("1", r#"{"x":3}"#)]);
    desk.capture("b", &[("1", r#"{"x":9}"#)]);
    let before = desk.heads();
    desk.policies(DeletePolicy::DeleteWins, &[("x", FieldPolicy::Min)]);
    let batch = desk.document.record_changes(&desk.known(&before), &desk.known(&desk.heads()));
    assert_eq!(batch.changes.len(), 1);
    assert_eq!(batch.changes[0].before, Some(crate::common::desk::value(r#"{"x":9}"#)));
    assert_eq!(batch.changes[0].after, Some(crate::common::desk::value(r#"{"x":3}"#)));
}

#[test]
fn a_capture_keeps_the_policies_that_its_source_does_not_know() {
    let mut desk = with_policy(r#"{"x":5}"#, FieldPolicy::Max);
    desk.capture("a", &[("1", r#"{"x":3}"#)]);
    assert_eq!(desk.document.view().schema().fields.len(), 1);
    desk.capture("new", &[("1", r#"{"x":5}"#)]);
    assert_eq!(desk.document.view().schema().fields.len(), 1);
}

#[test]
fn a_policy_for_a_name_with_a_dot_is_for_that_name() {
    let mut desk = Desk::new();
    for replica in ["a", "b"] {
        desk.capture(replica, &[("1", r#"{"p.q":5,"p":{"q":5}}"#)]);
    }
    desk.policies(DeletePolicy::DeleteWins, &[(r"p\.q", FieldPolicy::Min)]);
    desk.offer("a");
    desk.offer("b");
    desk.capture("a", &[("1", r#"{"p.q":1,"p":{"q":5}}"#)]);
    desk.capture("b", &[("1", r#"{"p.q":9,"p":{"q":5}}"#)]);
    desk.shows(&[("1", r#"{"p":{"q":5},"p.q":1}"#)]);
}
