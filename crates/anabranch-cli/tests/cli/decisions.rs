//! `conflicts`, `explain`, `resolve`: every decision listed, and ended.

use serde_json::{Value, json};

use crate::exports::{orders, shop, with, without};
use crate::harness::Sandbox;

/// Tablet and laptop wrote `o1`'s state; the tablet deleted `o2`, of which the laptop edited two fields.
fn quarrel() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(3)));
    let tablet = with(&orders(3), "o1", |order| order["state"] = json!("sent"));
    sandbox.write("tablet.json", shop(&without(&tablet, "o2")));
    let laptop = with(&orders(3), "o1", |order| order["state"] = json!("paid"));
    let laptop = with(&laptop, "o2", |order| {
        order["state"] = json!("kept");
        order["n"] = json!(22);
    });
    sandbox.write("laptop.json", shop(&laptop));
    for (file, replica) in [("start", "tablet"), ("start", "laptop"), ("tablet", "tablet"), ("laptop", "laptop")] {
        sandbox.ok(&["capture", &format!("{file}.json"), "--replica", replica]);
    }
    sandbox
}

fn conflicts(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.lines(&["conflicts", "orders"])
}

#[test]
fn a_conflict_line_says_what_shows_and_what_lost_to_which_policy() {
    let sandbox = quarrel();
    let conflicts = conflicts(&sandbox);
    assert_eq!(conflicts.len(), 2);
    let value = &conflicts[0];
    assert_eq!((&value["store"], &value["key"], &value["field"]), (&json!("orders"), &json!("o1"), &json!(["state"])));
    assert_eq!((&value["kind"], &value["policy"]), (&json!("value"), &json!("last_writer")));
    let other = &value["others"][0];
    let both = [value["shown"].as_str().unwrap(), other["value"].as_str().unwrap()];
    assert!(both == ["sent", "paid"] || both == ["paid", "sent"]);
    assert_eq!(other["replica"], if other["value"] == "sent" { "tablet" } else { "laptop" });
    assert_eq!(other["change"].as_str().unwrap().len(), 64);
    let delete = &conflicts[1];
    assert_eq!((&delete["kind"], &delete["field"], &delete["shown"]), (&json!("delete"), &Value::Null, &Value::Null));
    assert_eq!((delete["others"].as_array().unwrap().len(), &delete["policy"]), (1, &json!("delete_wins")));
    assert_eq!(delete["others"][0]["replica"], "laptop");
}

#[test]
fn resolving_a_field_ends_its_conflict() {
    let sandbox = quarrel();
    sandbox.ok(&["resolve", "orders", "o1", "state", "\"settled\""]);
    assert_eq!(sandbox.lines(&["get", "orders", "o1"])[0]["value"]["state"], "settled");
    assert_eq!(conflicts(&sandbox).len(), 1);
    let unquoted = sandbox.fails(1, &["resolve", "orders", "o1", "state", "settled"]);
    assert!(unquoted.contains("needs its quotes"), "{unquoted}");
}

#[test]
fn keeping_or_deleting_a_record_ends_its_conflict() {
    let sandbox = quarrel();
    sandbox.ok(&["resolve", "orders", "o2", "--keep"]);
    let kept = json!({"id":"o2","n":22,"state":"kept","ship":{"city":"Nuuk"}});
    assert_eq!(sandbox.lines(&["get", "orders", "o2"])[0]["value"], kept);
    assert_eq!(conflicts(&sandbox).len(), 1);
    let sandbox = quarrel();
    sandbox.ok(&["resolve", "orders", "o2", "--delete"]);
    sandbox.fails(1, &["get", "orders", "o2"]);
    assert_eq!(conflicts(&sandbox).len(), 1);
    sandbox.fails(1, &["resolve", "orders", "nobody", "--delete"]);
}

#[test]
fn keeping_a_record_ends_every_conflict_inside_it_and_changes_nothing_that_shows() {
    let sandbox = quarrel();
    let shown = sandbox.lines(&["get", "orders", "o1"]);
    sandbox.ok(&["resolve", "orders", "o1", "--keep"]);
    assert_eq!(sandbox.lines(&["get", "orders", "o1"]), shown);
    assert_eq!(conflicts(&sandbox).len(), 1);
}

#[test]
fn a_conflict_of_the_value_as_a_whole_ends_by_the_empty_field_or_by_keeping_it() {
    let pairs = |value: &str| {
        let row = json!(["units", value]);
        crate::exports::dexie("d", &[("settings", "", vec![row])])
    };
    let quarrel = || {
        let sandbox = Sandbox::new();
        for (value, replica) in [("m", "tablet"), ("m", "laptop"), ("cm", "tablet"), ("ft", "laptop")] {
            sandbox.write("s.json", pairs(value));
            sandbox.ok(&["capture", "s.json", "--replica", replica]);
        }
        let conflict = sandbox.lines(&["conflicts"]).remove(0);
        assert_eq!((&conflict["field"], &conflict["kind"]), (&Value::Null, &json!("value")));
        sandbox
    };
    for arguments in [&["", "\"inch\""][..], &["--keep"]] {
        let sandbox = quarrel();
        sandbox.ok(&[&["resolve", "settings", "units"], arguments].concat());
        assert_eq!(sandbox.lines(&["conflicts"]), Vec::<Value>::new(), "{arguments:?}");
    }
}

#[test]
fn explain_names_the_writes_behind_a_value_and_history_all_of_them() {
    let sandbox = quarrel();
    let explained = sandbox.lines(&["explain", "orders", "o1", "state"]);
    assert_eq!(explained.len(), 2);
    assert_eq!(explained.iter().filter(|write| write["shown"] == true).count(), 1);
    let history = sandbox.lines(&["history", "orders", "o1"]);
    assert_eq!(
        history.iter().filter(|write| write["field"] == json!(["state"])).count(),
        4,
        "found twice, written twice"
    );
    assert!(sandbox.lines(&["history", "orders", "o2"]).iter().any(|write| write["reason"] == "the record is deleted"));
}

#[test]
fn a_store_without_conflicts_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(1)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    assert_eq!(sandbox.ok(&["conflicts"]), "no conflicts\n");
    assert_eq!(sandbox.ok(&["--json", "conflicts"]), "");
}
