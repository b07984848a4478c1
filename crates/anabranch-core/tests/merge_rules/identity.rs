//! Record identity: the same key is the same record, unless a key generator made it twice.

use anabranch_core::json::{key_to_string, value_to_string};
use anabranch_core::{Conflict, ConflictKind, Key, Resolution, Value};

use crate::common::desk::{Desk, borrowed, key};

/// Two devices with the same record 1 that both made record 2.
fn both_made_record_two() -> Desk {
    let mut desk = Desk::generating();
    let start = ("1", r#"{"id":1,"t":"start"}"#);
    desk.capture("a", &[start]);
    desk.capture("b", &[start]);
    desk.capture("a", &[start, ("2", r#"{"id":2,"t":"from a"}"#)]);
    desk.capture("b", &[start, ("2", r#"{"id":2,"t":"from b"}"#)]);
    desk
}

/// The keys of all records whose text is `text`.
fn keys_of(desk: &Desk, text: &str) -> Vec<Key> {
    let view = desk.document.view();
    let holds = |record: &anabranch_core::Record| anabranch_core::json::value_to_string(&record.value).contains(text);
    view.records().filter(holds).map(|record| record.key).collect()
}

fn is_negative_integer(key: &Key) -> bool {
    matches!(key, Key::Number(number) if *number < 0.0 && number.fract() == 0.0)
}

#[test]
fn the_same_generated_key_made_on_two_devices_ends_as_two_records() {
    let desk = both_made_record_two();
    assert_eq!(desk.records().len(), 3);
    let (a, b) = (keys_of(&desk, "from a"), keys_of(&desk, "from b"));
    assert_eq!((a.len(), b.len()), (1, 1));
    let two = key("2");
    let other = if a[0] == two { &b[0] } else { &a[0] };
    assert!(a[0] == two || b[0] == two);
    assert!(is_negative_integer(other));
    for (shown, value) in desk.records() {
        assert!(value.contains(&format!(r#""id":{shown}"#)), "the in-line key is rewritten: {shown} {value}");
    }
}

#[test]
fn a_clash_of_generated_keys_names_both_keys() {
    let desk = both_made_record_two();
    let conflicts = desk.document.view().conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!((conflicts[0].kind, &conflicts[0].key), (ConflictKind::Generator, &key("2")));
    let others: Vec<_> = conflicts[0].others.iter().map(|other| other.key.clone().unwrap()).collect();
    assert_eq!(others.len(), 1);
    assert_eq!(conflicts[0].others[0].value, desk.document.view().get(&others[0]));
    assert_eq!(conflicts[0].shown, desk.document.view().get(&key("2")));
}

#[test]
fn a_clash_of_generated_keys_is_over_once_somebody_keeps_or_deletes_a_record() {
    for (resolution, records) in [(Resolution::Keep, 3), (Resolution::Delete, 2)] {
        let mut desk = both_made_record_two();
        let [other] = &desk.document.view().conflicts()[..] else { panic!("one clash") };
        let rekeyed = key_to_string(other.others[0].key.as_ref().unwrap());
        for record in ["2", rekeyed.as_str()] {
            let mut judged = desk.clone();
            judged.resolve(record, resolution.clone());
            judged.lists(&[]);
            assert_eq!(judged.records().len(), records);
        }
        // A third device that made the number too is another clash.
        desk.resolve("2", Resolution::Keep);
        let start = ("1", r#"{"id":1,"t":"start"}"#);
        desk.capture("c", &[start]);
        desk.capture("c", &[start, ("2", r#"{"id":2,"t":"from c"}"#)]);
        let conflicts = desk.document.view().conflicts();
        let of_c =
            |value: &Option<Value>| value.as_ref().is_some_and(|value| value_to_string(value).contains("from c"));
        let with_c = |conflict: &Conflict| of_c(&conflict.shown) || of_c(&conflict.others[0].value);
        assert!(!conflicts.is_empty() && conflicts.iter().all(with_c), "{conflicts:?}");
    }
}

#[test]
fn both_records_survive_a_write_back_and_another_capture() {
    let mut desk = both_made_record_two();
    let shown = desk.records();
    for replica in ["a", "b"] {
        let before = desk.heads();
        let records = desk.offer(replica);
        desk.capture(replica, &borrowed(&records));
        assert_eq!((desk.heads(), desk.records()), (before, shown.clone()));
    }
    // Each goes on: a edits the record that lost its key, b makes record 3, and deletes record 2.
    let lost = key_to_string(&keys_of(&desk, "from").into_iter().find(is_negative_integer).unwrap());
    let edited: Vec<(String, String)> = shown
        .iter()
        .map(|(k, v)| (k.clone(), if *k == lost { v.replace("from", "edited, from") } else { v.clone() }))
        .collect();
    desk.capture("a", &borrowed(&edited));
    let mut more: Vec<(String, String)> = shown.iter().filter(|(k, _)| k != "2").cloned().collect();
    more.push(("3".into(), r#"{"id":3,"t":"new"}"#.into()));
    desk.capture("b", &borrowed(&more));
    assert_eq!(keys_of(&desk, "edited").iter().map(key_to_string).collect::<Vec<_>>(), [lost]);
    assert_eq!(desk.records().len(), 3);
    assert_eq!(desk.show("2"), None);
}

#[test]
fn a_device_that_did_not_take_the_offer_goes_on_with_its_own_number() {
    let mut desk = both_made_record_two();
    let start = ("1", r#"{"id":1,"t":"start"}"#);
    desk.capture("a", &[start, ("2", r#"{"id":2,"t":"from a, edited"}"#)]);
    desk.capture("b", &[start, ("2", r#"{"id":2,"t":"from b, edited"}"#)]);
    assert_eq!(desk.records().len(), 3);
    assert_eq!(keys_of(&desk, "edited").len(), 2);
    desk.capture("b", &[start]);
    assert_eq!((keys_of(&desk, "from a, edited").len(), keys_of(&desk, "from b").len()), (1, 0));
}

#[test]
fn what_first_captures_bring_joins_by_key_alone() {
    let mut desk = Desk::generating();
    desk.capture("a", &[("2", r#"{"id":2,"x":1}"#)]);
    desk.capture("b", &[("2", r#"{"id":2,"y":1}"#)]);
    desk.shows(&[("2", r#"{"id":2,"x":1,"y":1}"#)]);
    desk.lists(&[]);
}

#[test]
fn keys_that_no_generator_makes_join() {
    for text in ["-5", "0", "1.5", r#""5""#] {
        let mut desk = Desk::generating();
        desk.capture("a", &[]);
        desk.capture("b", &[]);
        desk.capture("a", &[(text, &format!(r#"{{"id":{text},"x":1}}"#))]);
        desk.capture("b", &[(text, &format!(r#"{{"id":{text},"y":1}}"#))]);
        desk.shows(&[(text, &format!(r#"{{"id":{text},"x":1,"y":1}}"#))]);
    }
}

#[test]
fn a_found_record_keeps_its_key_against_a_generated_one() {
    for found_first in [true, false] {
        let mut desk = Desk::generating();
        let found = |desk: &mut Desk| drop(desk.capture("b", &[("2", r#"{"id":2,"t":"found"}"#)]));
        if found_first {
            found(&mut desk);
        }
        desk.capture("a", &[]);
        desk.capture("a", &[("2", r#"{"id":2,"t":"generated"}"#)]);
        if !found_first {
            found(&mut desk);
        }
        assert_eq!(keys_of(&desk, "found"), [key("2")]);
        assert!(is_negative_integer(&keys_of(&desk, "generated")[0]));
    }
}

#[test]
fn an_explicitly_put_record_keeps_its_key_against_a_generated_one() {
    let mut desk = Desk::generating();
    desk.capture("a", &[]);
    let base = desk.heads();
    desk.capture("a", &[("2", r#"{"id":2,"t":"generated"}"#)]);
    desk.run("r", &base, &[r#"{"op":"put","key":2,"value":{"id":2,"t":"put"}}"#]);
    assert_eq!(keys_of(&desk, "put"), [key("2")]);
    assert!(is_negative_integer(&keys_of(&desk, "generated")[0]));
}

#[test]
fn of_generated_records_the_one_created_first_in_lamport_order_keeps_the_key() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let mut desk = Desk::generating();
        let start = ("1", r#"{"id":1,"t":"start"}"#);
        desk.capture("a", &[start]);
        desk.capture("b", &[start]);
        desk.capture(second, &[("1", r#"{"id":1,"t":"changed","u":1}"#)]);
        desk.capture(second, &[("1", r#"{"id":1,"t":"changed","u":1}"#), ("2", r#"{"id":2,"t":"later"}"#)]);
        desk.capture(first, &[start, ("2", r#"{"id":2,"t":"earlier"}"#)]);
        assert_eq!(keys_of(&desk, "earlier"), [key("2")]);
    }
}

#[test]
fn a_deleted_record_keeps_holding_its_number() {
    let mut desk = both_made_record_two();
    let holder = if keys_of(&desk, "from a") == [key("2")] { "a" } else { "b" };
    desk.capture(holder, &[("1", r#"{"id":1,"t":"start"}"#)]);
    assert_eq!(desk.show("2"), None);
    assert_eq!(desk.records().len(), 2);
    assert!(is_negative_integer(&keys_of(&desk, "from")[0]));
}

#[test]
fn three_devices_that_made_one_key_end_with_three_records_the_same_in_every_order() {
    let make = |replica: &str| {
        let mut desk = Desk::generating();
        desk.capture(replica, &[]);
        desk.capture(replica, &[("1", &format!(r#"{{"id":1,"t":"{replica}"}}"#))]);
        desk
    };
    let parts = [make("a"), make("b"), make("c")];
    let mut seen = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut desk = Desk::generating();
        order.iter().for_each(|at| desk.merge(&parts[*at]));
        assert_eq!(desk.records().len(), 3);
        seen.push((desk.heads(), desk.records(), desk.conflicts()));
    }
    assert!(seen.iter().all(|one| *one == seen[0]));
}

#[test]
fn record_changes_include_the_record_that_lost_its_key() {
    let mut desk = Desk::generating();
    desk.capture("a", &[]);
    desk.capture("a", &[("2", r#"{"id":2,"t":"generated"}"#)]);
    let before = desk.heads();
    desk.capture("b", &[("2", r#"{"id":2,"t":"found"}"#)]);
    let batch = desk.document.record_changes(&desk.known(&before), &desk.known(&desk.heads()));
    let mut ops: Vec<(char, bool)> =
        batch.changes.iter().map(|change| (change.op(), is_negative_integer(&change.key))).collect();
    ops.sort_unstable();
    assert_eq!(ops, [('c', true), ('u', false)]);
}

#[test]
fn record_changes_include_a_record_that_gives_its_key_to_one_that_was_put() {
    let mut desk = Desk::generating();
    let base = desk.capture("a", &[]).own_heads;
    let before = desk.capture("a", &[("1", r#"{"id":1,"t":"generated"}"#)]).own_heads;
    desk.run("r", &base, &[r#"{"op":"put","key":1,"value":{"id":1,"t":"generated"}}"#]);
    let batch = desk.document.record_changes(&desk.known(&before), &desk.known(&desk.heads()));
    let changes: Vec<_> = batch.changes.iter().map(|change| (change.op(), is_negative_integer(&change.key))).collect();
    assert_eq!(changes, [('c', true)], "key 1 shows an equal value as before");
}

#[test]
fn record_changes_include_both_records_that_a_generator_made() {
    let mut desk = Desk::generating();
    desk.capture("a", &[]);
    desk.capture("b", &[]);
    desk.capture("b", &[("1", r#"{"id":1,"t":"b"}"#)]);
    let before = desk.heads();
    desk.capture("a", &[("1", r#"{"id":1,"t":"a"}"#)]);
    let batch = desk.document.record_changes(&desk.known(&before), &desk.known(&desk.heads()));
    let mut store: std::collections::BTreeMap<_, _> =
        [(key("1"), crate::common::desk::value(r#"{"id":1,"t":"b"}"#))].into();
    for change in batch.changes {
        match change.after {
            Some(value) => drop(store.insert(change.key, value)),
            None => drop(store.remove(&change.key)),
        }
    }
    let shown: std::collections::BTreeMap<_, _> =
        desk.document.view().records().map(|record| (record.key, record.value)).collect();
    assert_eq!(store, shown);
}

#[test]
fn a_run_that_puts_without_a_key_gets_a_generated_one() {
    let mut desk = Desk::generating();
    desk.capture("a", &[("7", r#"{"id":7,"t":"start"}"#)]);
    let base = desk.heads();
    let commit = desk.run("r", &base, &[r#"{"op":"put","value":{"t":"one"}}"#, r#"{"op":"put","value":{"t":"two"}}"#]);
    assert_eq!(commit.receipt.applied, 2);
    let keys: Vec<_> = commit.receipt.details.iter().map(|detail| detail.key.clone().unwrap()).collect();
    assert_eq!(keys, [key("8"), key("9")]);
    desk.capture("a", &[("7", r#"{"id":7,"t":"start"}"#), ("8", r#"{"id":8,"t":"device"}"#)]);
    assert_eq!(desk.records().len(), 4);
}

#[test]
fn after_a_loss_a_key_whose_record_never_equalled_the_baseline_is_a_new_record() {
    let mut desk = Desk::generating();
    desk.capture("a", &[("1", r#"{"id":1,"t":"one"}"#), ("2", r#"{"id":2,"t":"two"}"#)]);
    desk.capture_lost(
        "a",
        &[("1", r#"{"id":1,"t":"one"}"#), ("2", r#"{"id":2,"t":"new two"}"#), ("3", r#"{"id":3,"t":"three"}"#)],
    );
    assert_eq!(desk.records().len(), 4);
    assert_eq!(keys_of(&desk, r#""two""#), [key("2")]);
    assert!(is_negative_integer(&keys_of(&desk, "new two")[0]));
    assert_eq!(keys_of(&desk, "three"), [key("3")]);
    desk.shows(&borrowed(&desk.records()));
}

#[test]
fn who_created_a_record_does_not_depend_on_who_is_merged_first() {
    // a makes record 1, loses its database and brings the same record back: its found chain names a's identity, but
    // depends on nothing.
    let mut a = Desk::generating();
    a.capture("a", &[(r#""pad""#, r#"{"id":"pad","p":1,"q":2,"r":3,"s":4,"t":5}"#)]);
    a.capture("a", &[(r#""pad""#, r#"{"id":"pad","p":1,"q":2,"r":3,"s":4,"t":5}"#), ("1", r#"{"id":1,"t":"a"}"#)]);
    a.capture_lost("a", &[("1", r#"{"id":1,"t":"a"}"#)]);
    let mut b = Desk::generating();
    b.capture("b", &[]);
    b.capture("b", &[("1", r#"{"id":1,"t":"b"}"#)]);
    let changes: Vec<_> =
        a.document.change_bytes().chain(b.document.change_bytes()).map(|change| change.bytes).collect();
    let mut seen = Vec::new();
    for turn in 0..changes.len() {
        let mut desk = Desk::generating();
        let mut order = changes.clone();
        order.rotate_left(turn);
        for bytes in order {
            desk.document.apply([bytes]);
        }
        seen.push((desk.heads(), desk.records(), desk.conflicts()));
    }
    assert_eq!(seen[0].1.len(), 3);
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}
