//! `write-back`, and whether a replica took what was offered.

use serde_json::{Value, json};

use crate::exports::{order, orders, shop, with, without};
use crate::harness::Sandbox;

/// A tablet that is offered an edit of `o1` and a new `o9` that others made.
fn offered() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(3)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    let edits = [
        r#"{"op":"merge","key":"o1","set":{"state":"checked"}}"#,
        r#"{"op":"put","value":{"id":"o9","state":"made","n":9,"ship":{"city":"Nuuk"}}}"#,
    ];
    sandbox.write("edits.jsonl", edits.join("\n"));
    sandbox.ok(&["commit", "orders", "edits.jsonl", "--base", &sandbox.heads("orders"), "--run", "r"]);
    sandbox.ok(&["write-back", "back.json", "--replica", "tablet"]);
    sandbox
}

fn imported(sandbox: &Sandbox) -> Vec<Value> {
    let file: Value = serde_json::from_str(&sandbox.read("back.json")).unwrap();
    assert_eq!((&file["formatName"], &file["formatVersion"]), (&json!("dexie"), &json!(1)));
    let tables = file["data"]["data"].as_array().unwrap();
    tables[0]["rows"].as_array().unwrap().clone()
}

fn capture(sandbox: &Sandbox, rows: &[Value], more: &[&str]) -> u64 {
    sandbox.write("now.json", shop(rows));
    let receipts = sandbox.lines(&[&["capture", "now.json", "--replica", "tablet"], more].concat());
    receipts[0]["rows"].as_u64().unwrap()
}

#[test]
fn the_file_is_a_dexie_export_of_the_merged_contents() {
    let sandbox = offered();
    let rows = imported(&sandbox);
    assert_eq!(rows.len(), 4);
    assert!(rows.contains(&order("o1", "checked", 1)) && rows.contains(&order("o9", "made", 9)));
    assert_eq!(sandbox.lines(&["replicas"])[0]["offers"], 1);
    let file: Value = serde_json::from_str(&sandbox.read("back.json")).unwrap();
    assert_eq!(file["data"]["databaseVersion"], 10);
}

#[test]
fn an_offer_that_was_taken_is_the_new_baseline() {
    let sandbox = offered();
    let rows = imported(&sandbox);
    assert_eq!(capture(&sandbox, &rows, &[]), 0);
    assert_eq!(sandbox.lines(&["replicas"])[0]["offers"], 0);
    let without_o9: Vec<Value> = rows.into_iter().filter(|row| row["id"] != "o9").collect();
    assert_eq!(capture(&sandbox, &without_o9, &[]), 1);
    assert_eq!(sandbox.records("orders").len(), 3);
}

#[test]
fn an_offer_that_was_not_taken_is_forgotten_and_its_records_stay() {
    let sandbox = offered();
    let rows = with(&orders(3), "o2", |order| order["state"] = json!("sent"));
    assert_eq!(capture(&sandbox, &rows, &[]), 1);
    let states: Vec<Value> = sandbox.records("orders").iter().map(|line| line["value"]["state"].clone()).collect();
    assert_eq!(states, ["checked", "sent", "new", "made"]);
}

#[test]
fn a_mixed_vote_asks_and_names_every_other_flag_that_will_be_needed() {
    let sandbox = offered();
    let mixed = [order("o1", "checked", 1), order("o2", "new", 2), order("o3", "new", 3)];
    sandbox.write("now.json", shop(&mixed));
    let asked = sandbox.fails(1, &["capture", "now.json", "--replica", "tablet"]);
    assert!(asked.contains("--offer taken") && asked.contains("--offer not-taken"), "{asked}");
    assert!(!asked.contains("--allow-mass-delete"), "{asked}");
    assert_eq!(capture(&sandbox, &mixed, &["--offer", "taken", "--dry-run"]), 1);
    assert_eq!(capture(&sandbox, &mixed, &["--offer", "not-taken"]), 1);
    assert_eq!(sandbox.records("orders").len(), 4);

    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(200)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox.write(
        "edits.jsonl",
        "{\"op\":\"merge\",\"key\":\"o1\",\"set\":{\"n\":0}}\n{\"op\":\"merge\",\"key\":\"o2\",\"set\":{\"n\":0}}",
    );
    sandbox.ok(&["commit", "orders", "edits.jsonl", "--base", &sandbox.heads("orders")]);
    sandbox.ok(&["write-back", "back.json", "--replica", "tablet"]);
    sandbox.write("now.json", shop(&[order("o1", "new", 0), order("o2", "new", 2)]));
    let asked = sandbox.fails(1, &["capture", "now.json", "--replica", "tablet"]);
    assert!(asked.contains("--offer taken") && asked.contains("--allow-mass-delete"), "{asked}");
    let still = sandbox.fails(1, &["capture", "now.json", "--replica", "tablet", "--offer", "taken"]);
    assert!(!still.contains("--offer") && still.contains("--allow-mass-delete"), "{still}");
    sandbox.ok(&["capture", "now.json", "--replica", "tablet", "--offer", "taken", "--allow-mass-delete"]);
    assert_eq!(sandbox.records("orders").len(), 2);
}

#[test]
fn what_clashes_in_a_unique_index_is_left_out_of_the_offer_and_never_deleted() {
    let sandbox = Sandbox::new();
    let users =
        |id: &str| crate::exports::dexie("shop", &[("users", "id,&mail", vec![json!({"id": id, "mail": "a@b"})])]);
    sandbox.write("one.json", users("u1"));
    sandbox.write("two.json", users("u2"));
    sandbox.ok(&["capture", "one.json", "--replica", "tablet"]);
    sandbox.ok(&["capture", "two.json", "--replica", "laptop"]);
    let out = sandbox.ok(&["write-back", "back.json", "--replica", "tablet"]);
    assert!(out.contains("unique index"), "{out}");
    let rows = imported(&sandbox);
    assert_eq!(rows.len(), 1);
    let receipt = &sandbox.lines(&["capture", "back.json", "--replica", "tablet"])[0];
    assert_eq!(receipt["rows"], 0, "{receipt}");
    assert_eq!(sandbox.records("users").len(), 2);
}

#[test]
fn a_new_replica_begins_by_an_offer() {
    let sandbox = offered();
    sandbox.ok(&["write-back", "phone.json", "--replica", "phone"]);
    assert_eq!(sandbox.lines(&["capture", "phone.json", "--replica", "phone"])[0]["rows"], 0);
    let refused = Sandbox::new().fails(1, &["write-back", "x.json", "--replica", "phone"]);
    assert!(refused.contains("capture an export first"), "{refused}");
    sandbox.fails(1, &["write-back", "no/such/dir.json", "--replica", "phone"]);
    sandbox.fails(1, &["write-back", "x.json", "--replica", "phone", "--database", "nope"]);
}

/// A tablet that holds an order which no file for dexie-export-import can hold, and is offered what others made of it and of
/// another.
fn left_out() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&[orders(3), vec![unfinished("new", 4)]].concat()));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    run(
        &sandbox,
        "r",
        &[
            r#"{"op":"merge","key":"o1","set":{"state":"checked"}}"#,
            r#"{"op":"merge","key":"o4","set":{"state":"checked"}}"#,
        ],
    );
    let receipts = sandbox.lines(&["write-back", "back.json", "--replica", "tablet"]);
    assert_eq!((&receipts[0]["left_out"], &receipts[0]["details"][0]["key"]), (&json!(1), &json!("o4")));
    sandbox
}

/// The importer takes a property of this name for its own.
fn unfinished(state: &str, n: usize) -> Value {
    let mut order = order("o4", state, n);
    order["incomplete"] = json!(true);
    order
}

fn run(sandbox: &Sandbox, run: &str, edits: &[&str]) {
    sandbox.write("edits.jsonl", edits.join("\n"));
    sandbox.ok(&["commit", "orders", "edits.jsonl", "--base", &sandbox.heads("orders"), "--run", run]);
}

/// What the tablet holds once it imported the file: the order that is not in it stays as it was.
fn after_import(sandbox: &Sandbox, unfinished: Value) -> Vec<Value> {
    [imported(sandbox), vec![unfinished]].concat()
}

fn shown(sandbox: &Sandbox, id: &str) -> Value {
    sandbox.records("orders").into_iter().find(|line| line["key"] == id).unwrap()["value"].clone()
}

#[test]
fn what_was_left_out_and_is_still_on_the_device_is_no_revert() {
    let sandbox = left_out();
    let held = after_import(&sandbox, unfinished("new", 4));
    for _ in 0..2 {
        assert_eq!(capture(&sandbox, &held, &[]), 0);
        assert_eq!(shown(&sandbox, "o4"), unfinished("checked", 4));
    }
    // Nor is it one that it is gone: nobody knows whether the import or a person removed it.
    assert_eq!(capture(&sandbox, &imported(&sandbox), &[]), 0);
    assert_eq!(shown(&sandbox, "o4"), unfinished("checked", 4));
    assert_eq!(capture(&sandbox, &held, &[]), 0);
    assert_eq!(sandbox.lines(&["conflicts"]), Vec::<Value>::new());
}

#[test]
fn an_edit_of_what_was_left_out_is_one_of_what_the_device_held() {
    let sandbox = left_out();
    let held = after_import(&sandbox, unfinished("new", 99));
    assert_eq!(capture(&sandbox, &held, &[]), 1);
    assert_eq!(shown(&sandbox, "o4"), unfinished("checked", 99), "both edits are kept");
    assert_eq!(capture(&sandbox, &held, &[]), 0);
    // What the pipeline made of it was never seen there, so another value is a conflict with it.
    let held = after_import(&sandbox, unfinished("sent", 99));
    assert_eq!(capture(&sandbox, &held, &[]), 1);
    let conflict = &sandbox.lines(&["conflicts"])[0];
    let values = [conflict["shown"].clone(), conflict["others"][0]["value"].clone()];
    assert!(values.contains(&json!("sent")) && values.contains(&json!("checked")), "{conflict}");
    assert_eq!(capture(&sandbox, &held, &[]), 0);
}

#[test]
fn a_later_offer_that_holds_what_was_left_out_is_told_by_what_the_device_held() {
    for is_taken in [true, false] {
        let sandbox = left_out();
        let held = after_import(&sandbox, unfinished("new", 4));
        assert_eq!(capture(&sandbox, &held, &[]), 0);
        run(&sandbox, "finish", &[r#"{"op":"merge","key":"o4","set":{},"unset":["incomplete"]}"#]);
        let receipts = sandbox.lines(&["write-back", "back.json", "--replica", "tablet"]);
        assert_eq!(receipts[0]["left_out"], 0);
        assert_eq!(capture(&sandbox, &if is_taken { imported(&sandbox) } else { held }, &[]), 0);
        assert_eq!(shown(&sandbox, "o4"), order("o4", "checked", 4));
        assert_eq!(sandbox.lines(&["replicas"])[0]["behind"].as_u64().unwrap() == 0, is_taken);
        // Once it was taken, its absence is a deletion like any other.
        let without = without(&imported(&sandbox), "o4");
        if is_taken {
            assert_eq!(capture(&sandbox, &without, &[]), 1);
            assert_eq!(sandbox.records("orders").len(), 3);
        }
    }
}

#[test]
fn an_offer_of_a_store_that_a_file_does_not_hold_stays_open() {
    let sandbox = Sandbox::new();
    let both = |rows: &[Value], note: &str| {
        let notes = vec![json!({"id": "n1", "text": note})];
        crate::exports::dexie("shop", &[("orders", "id", rows.to_vec()), ("notes", "id", notes)])
    };
    sandbox.write("start.json", both(&orders(3), "old"));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    run(&sandbox, "r", &[r#"{"op":"merge","key":"o1","set":{"state":"checked"}}"#]);
    sandbox.ok(&["write-back", "back.json", "--replica", "tablet"]);
    // Nothing of the file tells whether it was taken.
    let notes = vec![json!({"id": "n1", "text": "new"})];
    sandbox.write("notes.json", crate::exports::dexie("shop", &[("notes", "id", notes)]));
    assert_eq!(sandbox.lines(&["capture", "notes.json", "--replica", "tablet"])[0]["rows"], 1);
    assert_eq!(sandbox.lines(&["replicas"])[0]["offers"], 1);
    // It was not, as is seen now.
    sandbox.write("later.json", both(&orders(3), "new"));
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    assert_eq!(shown(&sandbox, "o1"), order("o1", "checked", 1));
    assert_eq!(sandbox.lines(&["replicas"])[0]["offers"], 0);
}

#[test]
fn what_the_format_loses_inside_written_records_is_told_and_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(2)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    let numbers = r#"{"$idb":"view","kind":"BigInt64Array","v":"AQAAAAAAAAA="}"#;
    let error = r#"{"$idb":"error","name":"TypeError","message":"no"}"#;
    let edit = format!(r#"{{"op":"merge","key":"o1","set":{{"log":[1,{error}],"ship.numbers":{numbers}}}}}"#);
    run(&sandbox, "r", &[&edit]);
    let before = shown(&sandbox, "o1");
    let receipt = &sandbox.lines(&["write-back", "back.json", "--replica", "tablet"])[0];
    assert_eq!((&receipt["records"], &receipt["left_out"], &receipt["lossy"]), (&json!(2), &json!(0), &json!(1)));
    let fields: Vec<_> = receipt["losses"].as_array().unwrap().iter().map(|loss| loss["field"].clone()).collect();
    assert_eq!(fields, [json!(["log", 1]), json!(["ship", "numbers"])], "{receipt}");
    assert!(receipt["losses"][0]["reason"].as_str().unwrap().contains("Error"), "{receipt}");
    let out = sandbox.ok(&["write-back", "back.json", "--replica", "tablet"]);
    assert!(out.contains("BigInt64Array") && out.contains("o1"), "{out}");
    assert_eq!(sandbox.lines(&["capture", "back.json", "--replica", "tablet"])[0]["rows"], 0);
    assert_eq!(shown(&sandbox, "o1"), before);
}
