//! `capture`: receipts, schemas, what is unknown, and what is refused for safety.

use serde_json::{Value, json};

use crate::exports::{dexie, order, orders, shop, with, without};
use crate::harness::{Sandbox, matches_snapshot};

const OUTCOMES: [&str; 6] = ["applied", "merged", "superseded", "conflicted", "unchanged", "refused"];

/// Every row is counted once.
pub fn adds_up(receipt: &Value) {
    let sum: u64 = OUTCOMES.iter().map(|outcome| receipt[*outcome].as_u64().unwrap()).sum();
    assert_eq!(sum, receipt["rows"].as_u64().unwrap(), "{receipt}");
}

fn captured(sandbox: &Sandbox, rows: &[Value], replica: &str, more: &[&str]) -> Value {
    sandbox.write("now.json", shop(rows));
    let mut receipts = sandbox.lines(&[&["capture", "now.json", "--replica", replica], more].concat());
    receipts.iter().for_each(adds_up);
    receipts.remove(0)
}

#[test]
fn a_receipt_counts_the_records_that_differ_from_the_baseline() {
    let sandbox = Sandbox::new();
    let first = captured(&sandbox, &orders(4), "tablet", &[]);
    assert_eq!((&first["rows"], &first["applied"], &first["base"]), (&json!(4), &json!(4), &json!([])));
    assert_eq!((&first["store"], &first["replica"]), (&json!("orders"), &json!("tablet")));
    let again = captured(&sandbox, &orders(4), "tablet", &[]);
    assert_eq!((&again["rows"], &again["heads"]), (&json!(0), &first["heads"]));
    let changed = without(&with(&orders(4), "o1", |order| order["state"] = json!("sent")), "o4");
    let third = captured(&sandbox, &changed, "tablet", &[]);
    assert_eq!((&third["rows"], &third["base"]), (&json!(2), &first["heads"]));
    assert_eq!(sandbox.records("orders").len(), 3);
}

#[test]
fn what_people_see_of_a_capture() {
    let sandbox = Sandbox::new();
    sandbox.write("tablet.json", shop(&orders(2)));
    let dry = sandbox.ok(&["capture", "tablet.json", "--replica", "tablet", "--dry-run"]);
    assert_eq!(sandbox.ok(&["stores"]), Sandbox::new().ok(&["stores"]));
    let real = sandbox.ok(&["capture", "tablet.json", "--replica", "tablet"]);
    matches_snapshot("capture", &format!("{dry}\n{real}"));
}

#[test]
fn a_dry_run_says_the_same_and_changes_no_byte() {
    let sandbox = Sandbox::new();
    captured(&sandbox, &orders(3), "tablet", &[]);
    sandbox.write("now.json", shop(&orders(5)));
    let before = sandbox.bytes();
    let dry = sandbox.lines(&["capture", "now.json", "--replica", "tablet", "--dry-run"]);
    assert!(sandbox.bytes() == before);
    assert_eq!(sandbox.lines(&["capture", "now.json", "--replica", "tablet"]), dry);
}

#[test]
fn a_first_capture_adds_and_edits_and_never_deletes() {
    let sandbox = Sandbox::new();
    captured(&sandbox, &orders(5), "tablet", &[]);
    captured(&sandbox, &orders(2), "laptop", &[]);
    assert_eq!(sandbox.records("orders").len(), 5);
    assert_eq!(sandbox.lines(&["conflicts"]).len(), 0);
}

#[test]
fn the_order_of_captures_does_not_matter_nor_does_the_directory() {
    let edited = |id| with(&orders(4), id, |order| order["state"] = json!("sent"));
    let one = Sandbox::new();
    captured(&one, &orders(4), "tablet", &[]);
    captured(&one, &orders(4), "laptop", &[]);
    captured(&one, &edited("o1"), "tablet", &[]);
    captured(&one, &edited("o2"), "laptop", &[]);
    let other = Sandbox::new();
    captured(&other, &orders(4), "laptop", &[]);
    captured(&other, &edited("o2"), "laptop", &[]);
    let third = Sandbox::new();
    captured(&third, &orders(4), "tablet", &[]);
    captured(&third, &edited("o1"), "tablet", &[]);
    other.ok(&["merge", third.at("anabranch-store").to_str().unwrap()]);
    assert_eq!(one.ok(&["--json", "records", "orders"]), other.ok(&["--json", "records", "orders"]));
    assert_eq!(one.heads("orders"), other.heads("orders"));
}

#[test]
fn only_takes_the_stores_that_it_names_and_leaves_the_others_unknown() {
    let sandbox = Sandbox::new();
    let file = |orders: Vec<Value>, notes: Vec<Value>| {
        dexie("shop", &[("orders", "id", orders), ("notes", "id", notes), ("a/b", "id", vec![json!({"id": 1})])])
    };
    sandbox.write("all.json", file(orders(3), vec![json!({"id": 1})]));
    sandbox.write("later.json", file(orders(2), vec![]));
    sandbox.ok(&["capture", "all.json", "--replica", "tablet"]);
    let receipts = sandbox.lines(&["capture", "later.json", "--replica", "tablet", "--only", "orders,shop/a\\/b"]);
    let stores: Vec<&str> = receipts.iter().map(|receipt| receipt["store"].as_str().unwrap()).collect();
    assert_eq!(stores, ["orders", "a/b"]);
    assert_eq!((sandbox.records("orders").len(), sandbox.records("notes").len()), (2, 1));
    let refused = sandbox.fails(1, &["capture", "later.json", "--replica", "tablet", "--only", "nothing"]);
    assert!(refused.contains("it has: orders, notes, a/b"), "{refused}");
}

#[test]
fn policies_come_with_the_capture_and_stay() {
    let sandbox = Sandbox::new();
    sandbox.write("policies.json", r#"{"stores":{"orders":{"fields":{"n":"max"}}}}"#);
    sandbox.write("edits.json", r#"{"stores":{"orders":{"deletes":"edit_wins"}}}"#);
    captured(&sandbox, &orders(2), "tablet", &["--schema", "policies.json"]);
    captured(&sandbox, &orders(2), "tablet", &["--schema", "edits.json"]);
    captured(&sandbox, &orders(2), "tablet", &[]);
    let schema = &sandbox.lines(&["schema", "orders"])[0]["stores"]["orders"];
    assert_eq!((&schema["fields"], &schema["deletes"]), (&json!({"n": "max"}), &json!("edit_wins")));
    assert_eq!(schema["key_path"], "id");
}

#[test]
fn formats_without_a_schema_ask_for_one() {
    let sandbox = Sandbox::new();
    sandbox.write("plain.json", r#"{"orders":[{"id":"o1","n":1}]}"#);
    let refused = sandbox.fails(1, &["capture", "plain.json", "--replica", "r"]);
    assert!(refused.contains("plain.json") && refused.contains("--schema"), "{refused}");
    sandbox.write("schema.json", r#"{"stores":{"orders":{"key_path":"id"}}}"#);
    sandbox.ok(&["capture", "plain.json", "--replica", "r", "--schema", "schema.json"]);
    assert_eq!(sandbox.records("orders"), [json!({"key":"o1","value":{"id":"o1","n":1}})]);
    assert_eq!(sandbox.lines(&["stores"])[0]["database"], "plain");
}

#[test]
fn a_lost_replica_is_refused_until_somebody_says_what_happened() {
    let sandbox = Sandbox::new();
    captured(&sandbox, &orders(3), "tablet", &[]);
    sandbox.write("now.json", shop(&[]));
    let refused = sandbox.fails(1, &["capture", "now.json", "--replica", "tablet"]);
    assert!(refused.contains("--lost-replica") && refused.contains("--allow-mass-delete"), "{refused}");
    sandbox.ok(&["capture", "now.json", "--replica", "tablet", "--lost-replica"]);
    assert_eq!(sandbox.records("orders").len(), 3);
    captured(&sandbox, &[order("o9", "new", 9)], "tablet", &[]);
    assert_eq!(sandbox.records("orders").len(), 4);
}

#[test]
fn a_mass_delete_begins_above_half_of_more_than_a_hundred() {
    for (records, kept, refused) in
        [(100, 0, true), (100, 1, false), (101, 50, true), (101, 51, false), (102, 51, false)]
    {
        let sandbox = Sandbox::new();
        captured(&sandbox, &orders(records), "tablet", &[]);
        sandbox.write("now.json", shop(&orders(kept)));
        let arguments = ["capture", "now.json", "--replica", "tablet"];
        if refused {
            let message = sandbox.fails(1, &arguments);
            assert!(message.contains("--allow-mass-delete"), "{records} to {kept}: {message}");
            sandbox.ok(&[&arguments[..], &["--allow-mass-delete"]].concat());
        } else {
            sandbox.ok(&arguments);
        }
        assert_eq!(sandbox.records("orders").len(), kept, "{records} to {kept}");
    }
}

#[test]
fn records_that_clash_in_a_unique_index_are_both_kept_and_listed() {
    let sandbox = Sandbox::new();
    let file = |id: &str| dexie("shop", &[("users", "id,&mail", vec![json!({"id": id, "mail": "a@b"})])]);
    sandbox.write("one.json", file("u1"));
    sandbox.write("two.json", file("u2"));
    sandbox.ok(&["capture", "one.json", "--replica", "tablet"]);
    sandbox.ok(&["capture", "two.json", "--replica", "laptop"]);
    assert_eq!(sandbox.records("users").len(), 2);
    let conflicts = sandbox.lines(&["conflicts", "users"]);
    assert_eq!((conflicts.len(), &conflicts[0]["kind"]), (1, &json!("unique")));
}

#[test]
fn two_records_of_one_generated_number_are_two_records() {
    let sandbox = Sandbox::new();
    let visits =
        |last: &[Value]| dexie("shop", &[("visits", "++id", [&[json!({"id": 1, "by": "Ada"})], last].concat())]);
    sandbox.write("start.json", visits(&[]));
    sandbox.write("tablet.json", visits(&[json!({"id": 2, "by": "Bo"})]));
    sandbox.write("laptop.json", visits(&[json!({"id": 2, "by": "Cy"})]));
    for (file, replica) in [("start", "tablet"), ("start", "laptop"), ("tablet", "tablet"), ("laptop", "laptop")] {
        sandbox.ok(&["capture", &format!("{file}.json"), "--replica", replica]);
    }
    let records = sandbox.records("visits");
    assert_eq!(records.len(), 3);
    assert!(records[0]["key"].as_i64().unwrap() < 0, "{records:?}");
    assert_eq!(records[0]["key"], records[0]["value"]["id"]);
    assert_eq!(sandbox.lines(&["conflicts"])[0]["kind"], "generator");
}
