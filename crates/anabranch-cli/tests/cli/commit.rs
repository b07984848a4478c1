//! `commit` and `checkout`: a job's round trip.

use serde_json::{Value, json};

use crate::capture::adds_up;
use crate::exports::{orders, shop, with};
use crate::harness::{Sandbox, matches_snapshot};

/// A job checked out orders 1 to 8; then the tablet edited `o2` and `o3`, and deleted `o4`.
fn checked_out() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(8)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox.ok(&["checkout", "orders", "copy.jsonl"]);
    let rows = with(&orders(8), "o2", |order| order["state"] = json!("sent"));
    let rows = with(&rows, "o3", |order| order["n"] = json!(33));
    let rows = crate::exports::without(&rows, "o4");
    sandbox.write("later.json", shop(&rows));
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    sandbox
}

const EDITS: &str = r#"{"op":"merge","key":"o1","set":{"state":"checked"}}
{"op":"merge","key":"o2","set":{"state":"checked"}}
{"op":"merge","key":"o3","set":{"state":"checked"}}

{"op":"merge","key":"o4","set":{"state":"checked"}}
{"op":"delete","key":"o5"}
{"op":"delete","key":"nothing"}
{"op":"put","value":{"id":"o6","n":6,"ship":{"city":"Lima","zip":"1"}}}
{"op":"put","key":"o7","value":{"id":"o7","state":"new","n":7,"ship":{"city":"Nuuk"}}}
"#;

fn committed(sandbox: &Sandbox, edits: &str, more: &[&str]) -> Value {
    sandbox.write("edits.jsonl", edits);
    let arguments = [&["commit", "orders", "edits.jsonl", "--base", "copy.jsonl.base.json"], more].concat();
    let mut lines = sandbox.lines(&arguments);
    assert_eq!(lines.len(), 1);
    adds_up(&lines[0]);
    lines.remove(0)
}

#[test]
fn a_receipt_accounts_for_every_row_under_the_first_outcome_that_fits() {
    let sandbox = checked_out();
    let receipt = committed(&sandbox, EDITS, &["--run", "nightly"]);
    let counts =
        ["rows", "applied", "merged", "superseded", "conflicted", "unchanged", "refused"].map(|name| &receipt[name]);
    assert_eq!(counts, [8, 3, 1, 1, 1, 2, 0]);
    assert_eq!((&receipt["run"], &receipt["store"]), (&json!("nightly"), &json!("orders")));
    let base: Value = serde_json::from_str(&sandbox.read("copy.jsonl.base.json")).unwrap();
    assert_eq!(base["heads"], receipt["base"]);
    assert_eq!(receipt["heads"], sandbox.lines(&["heads", "orders"])[0]["heads"]);
    let detail = |row: u64| receipt["details"].as_array().unwrap().iter().find(|detail| detail["row"] == row).unwrap();
    assert_eq!((&detail(1)["outcome"], &detail(1)["field"]), (&json!("conflicted"), &json!(["state"])));
    assert!(detail(1)["reason"].as_str().unwrap().contains("shows"), "{}", detail(1));
    assert_eq!(detail(2)["outcome"], "merged");
    assert_eq!(detail(3)["outcome"], "superseded");
    let record = sandbox.lines(&["get", "orders", "o6"]).remove(0);
    assert_eq!(record["value"], json!({"id":"o6","n":6,"ship":{"city":"Lima","zip":"1"}}));
    assert_eq!(sandbox.lines(&["get", "orders", "o3"])[0]["value"]["state"], "checked");
}

#[test]
fn what_people_see_of_a_commit() {
    let sandbox = checked_out();
    sandbox.write("edits.jsonl", EDITS);
    let arguments = ["commit", "orders", "edits.jsonl", "--base", "copy.jsonl.base.json", "--run", "nightly"];
    let dry = sandbox.ok(&[&arguments[..], &["--dry-run"]].concat());
    let outputs = [dry, sandbox.ok(&arguments), sandbox.ok(&arguments), sandbox.ok(&["conflicts"])];
    matches_snapshot("commit", &outputs.join("\n"));
}

#[test]
fn the_receipt_says_which_value_shows() {
    let sandbox = checked_out();
    let receipt = committed(&sandbox, EDITS, &[]);
    let shown = sandbox.lines(&["get", "orders", "o2"])[0]["value"]["state"].clone();
    let details = receipt["details"].as_array().unwrap();
    let reason = details.iter().find(|detail| detail["key"] == "o2").unwrap()["reason"].as_str().unwrap().to_owned();
    let says = if shown == "checked" { "this one shows" } else { "the other shows" };
    assert!(reason.ends_with(says), "{shown}: {reason}");
}

#[test]
fn a_run_is_committed_once_and_its_receipt_is_told_again() {
    let sandbox = checked_out();
    let first = committed(&sandbox, EDITS, &["--run", "nightly"]);
    let before = sandbox.bytes();
    assert_eq!(committed(&sandbox, EDITS, &["--run", "nightly"]), first);
    assert!(sandbox.bytes() == before);
    sandbox.write("other.jsonl", r#"{"op":"delete","key":"o1"}"#);
    let base = "copy.jsonl.base.json";
    let refused = sandbox.fails(1, &["commit", "orders", "other.jsonl", "--base", base, "--run", "nightly"]);
    assert!(refused.contains("nightly") && refused.contains("--run"), "{refused}");
    sandbox.fails(1, &["commit", "orders", "edits.jsonl", "--base", "", "--run", "nightly"]);
    // Without an id, the same edits at the same base are the same run.
    let one = committed(&sandbox, r#"{"op":"delete","key":"o8"}"#, &[]);
    assert_eq!(committed(&sandbox, r#"{"op":"delete","key":"o8"}"#, &[]), one);
    assert_eq!(sandbox.lines(&["status"])[0]["runs"], 2);
}

#[test]
fn a_dry_run_gives_the_receipt_and_takes_no_id() {
    let sandbox = checked_out();
    sandbox.write("edits.jsonl", EDITS);
    let before = sandbox.bytes();
    let dry = committed(&sandbox, EDITS, &["--run", "nightly", "--dry-run"]);
    assert!(sandbox.bytes() == before);
    assert_eq!(committed(&sandbox, EDITS, &["--run", "nightly"]), dry);
}

#[test]
fn refused_rows_refuse_the_run_unless_it_is_partial() {
    let sandbox = checked_out();
    let edits = [
        r#"{"op":"merge","key":"o1","set":{"state":"checked"}}"#,
        r#"{"op":"merge","key":"o1","set":{"n":0}}"#,
        r#"{"op":"merge","key":"nobody","set":{"n":0}}"#,
        r#"{"op":"frobnicate"}"#,
        "no json",
        r#"{"op":"put","value":{"n":0}}"#,
        r#"{"op":"put","key":"a","value":{"id":"b"}}"#,
        r#"{"op":"put","key":{"not":"a key"},"value":{}}"#,
    ]
    .join("\n");
    sandbox.write("edits.jsonl", &edits);
    let before = sandbox.bytes();
    let arguments = ["--json", "commit", "orders", "edits.jsonl", "--base", "copy.jsonl.base.json", "--run", "r"];
    let ran = sandbox.run(&arguments);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("edits.jsonl") && ran.err.contains("row 1") && ran.err.contains("--partial"),
        "{}",
        ran.err
    );
    assert!(sandbox.bytes() == before);
    let receipt = &crate::harness::json_lines(&ran.out)[0];
    adds_up(receipt);
    assert_eq!((&receipt["rows"], &receipt["refused"]), (&json!(8), &json!(7)));
    for detail in receipt["details"].as_array().unwrap().iter().filter(|detail| detail["outcome"] == "refused") {
        assert!(!detail["reason"].as_str().unwrap().is_empty());
    }
    let partial = committed(&sandbox, &edits, &["--run", "r", "--partial"]);
    assert_eq!((&partial["refused"], &partial["applied"]), (&json!(7), &json!(1)));
    assert_eq!(sandbox.lines(&["get", "orders", "o1"])[0]["value"]["state"], "checked");
}

#[test]
fn more_conflicts_than_asked_for_are_exit_code_4_and_commit_nothing() {
    let sandbox = checked_out();
    sandbox.write("edits.jsonl", EDITS);
    let before = sandbox.bytes();
    let base = ["commit", "orders", "edits.jsonl", "--base", "copy.jsonl.base.json", "--max-conflicts"];
    for limit in ["0", "1"] {
        let ran = sandbox.run(&[&["--json"], &base[..], &[limit]].concat());
        assert_eq!(ran.code, 4, "{}", ran.err);
        adds_up(&crate::harness::json_lines(&ran.out)[0]);
        assert!(sandbox.bytes() == before);
    }
    sandbox.ok(&[&base[..], &["2"]].concat());
}

#[test]
fn a_put_without_a_key_takes_a_generated_one_and_the_receipt_tells_it() {
    let sandbox = Sandbox::new();
    sandbox.write("v.json", crate::exports::dexie("shop", &[("visits", "++id", vec![json!({"id": 7, "by": "Ada"})])]));
    sandbox.ok(&["capture", "v.json", "--replica", "tablet"]);
    sandbox.write("edits.jsonl", r#"{"op":"put","value":{"by":"Bo"}}"#);
    let receipt = &sandbox.lines(&["commit", "visits", "edits.jsonl", "--base", &sandbox.heads("visits")])[0];
    let key = receipt["details"][0]["key"].clone();
    assert!(key.is_number(), "{receipt}");
    assert_eq!(sandbox.lines(&["get", "visits", &key.to_string()])[0]["value"], json!({"by":"Bo","id":key}));
}

#[test]
fn the_label_of_a_pipeline_is_on_its_writes() {
    let sandbox = checked_out();
    committed(&sandbox, r#"{"op":"merge","key":"o1","set":{"state":"x"}}"#, &["--run", "r9", "--origin", "billing"]);
    let write = &sandbox.lines(&["explain", "orders", "o1", "state"])[0];
    assert_eq!((&write["origin"], &write["replica"]), (&json!("billing"), &json!("r9")));
}

#[test]
fn a_base_is_heads_or_a_file_and_nothing_else() {
    let sandbox = checked_out();
    sandbox.write("edits.jsonl", r#"{"op":"delete","key":"o8"}"#);
    let commit = |base: &str| sandbox.fails(1, &["commit", "orders", "edits.jsonl", "--base", base]);
    assert!(commit("nowhere.json").contains("nowhere.json"));
    assert!(commit("12345678").contains("no change"));
    for (contents, code) in [("", 2), ("{}", 2), (r#"{"heads":[1]}"#, 2), (r#"{"store":"nope","heads":[]}"#, 1)] {
        sandbox.write("base.json", contents);
        let refused = sandbox.fails(code, &["commit", "orders", "edits.jsonl", "--base", "base.json"]);
        assert!(code == 1 || refused.contains("base.json"), "{refused}");
    }
    let heads = sandbox.heads("orders");
    sandbox.ok(&["commit", "orders", "edits.jsonl", "--base", &heads[..8]]);
}
