//! `merge`: another directory's changes, replicas, offers and runs.

use serde_json::json;

use crate::exports::{orders, shop, with};
use crate::harness::Sandbox;

/// A store directory `dir` into which `replica` was captured, at its start and later.
fn store(sandbox: &Sandbox, dir: &str, replica: &str, state: &str) {
    sandbox.write("start.json", shop(&orders(3)));
    sandbox.write("later.json", shop(&with(&orders(3), "o1", |order| order["state"] = json!(state))));
    sandbox.ok(&["--store", dir, "init"]);
    for file in ["start.json", "later.json"] {
        sandbox.ok(&["--store", dir, "capture", file, "--replica", replica]);
    }
}

fn run(sandbox: &Sandbox, dir: &str, id: &str, edit: &str) {
    let heads = sandbox.lines(&["--store", dir, "log", "orders"])[0]["change"].as_str().unwrap().to_owned();
    sandbox.write("edit.jsonl", edit);
    sandbox.ok(&["--store", dir, "commit", "orders", "edit.jsonl", "--base", &heads, "--run", id]);
}

#[test]
fn changes_replicas_offers_and_runs_come_in_and_the_other_stays_as_it_is() {
    let sandbox = Sandbox::empty();
    store(&sandbox, "ours", "tablet", "sent");
    store(&sandbox, "theirs", "laptop", "paid");
    run(&sandbox, "theirs", "nightly", r#"{"op":"merge","key":"o2","set":{"n":0}}"#);
    sandbox.ok(&["--store", "theirs", "write-back", "back.json", "--replica", "laptop"]);
    let theirs = crate::harness::bytes_below(&sandbox.at("theirs"));
    let taken = sandbox.lines(&["--store", "ours", "merge", "theirs"]);
    assert_eq!((&taken[0]["store"], &taken[0]["changes"]), (&json!("orders"), &json!(3)));
    assert!(crate::harness::bytes_below(&sandbox.at("theirs")) == theirs);
    let replicas = sandbox.lines(&["--store", "ours", "replicas"]);
    assert_eq!((replicas.len(), &replicas[0]["replica"], &replicas[0]["offers"]), (2, &json!("laptop"), &json!(1)));
    assert_eq!(sandbox.lines(&["--store", "ours", "status"])[0]["runs"], 1);
    assert_eq!(sandbox.lines(&["--store", "ours", "conflicts"]).len(), 1);
    let before = crate::harness::bytes_below(&sandbox.at("ours"));
    sandbox.ok(&["--store", "ours", "merge", "theirs"]);
    assert!(crate::harness::bytes_below(&sandbox.at("ours")) == before, "merging again changed something");
    sandbox.ok(&["--store", "theirs", "merge", "ours"]);
    let records = |dir| sandbox.ok(&["--store", dir, "--json", "records", "orders"]);
    assert_eq!(records("ours"), records("theirs"));
}

#[test]
fn a_replica_on_both_sides_has_the_later_baseline() {
    let sandbox = Sandbox::empty();
    store(&sandbox, "ours", "tablet", "sent");
    sandbox.ok(&["--store", "theirs", "init"]);
    sandbox.ok(&["--store", "theirs", "merge", "ours"]);
    sandbox.write("last.json", shop(&with(&orders(3), "o3", |order| order["n"] = json!(0))));
    sandbox.ok(&["--store", "theirs", "capture", "last.json", "--replica", "tablet"]);
    sandbox.ok(&["--store", "ours", "merge", "theirs"]);
    let baseline = |dir| sandbox.lines(&["--store", dir, "replicas"])[0]["baseline"].clone();
    assert_eq!(baseline("ours"), baseline("theirs"));
    // And the other way round the later one stays.
    sandbox.write("more.json", shop(&orders(3)));
    sandbox.ok(&["--store", "ours", "capture", "more.json", "--replica", "tablet"]);
    let later = baseline("ours");
    sandbox.ok(&["--store", "ours", "merge", "theirs"]);
    assert_eq!(baseline("ours"), later);
}

#[test]
fn a_replica_that_parted_asks_for_another_name() {
    let sandbox = Sandbox::empty();
    store(&sandbox, "ours", "tablet", "sent");
    store(&sandbox, "theirs", "tablet", "paid");
    let asked = sandbox.fails(1, &["--store", "ours", "merge", "theirs"]);
    assert!(asked.contains("--rename tablet="), "{asked}");
    for wrong in ["nobody=x", "tablet", "=x", "tablet="] {
        assert!(sandbox.fails(1, &["--store", "ours", "merge", "theirs", "--rename", wrong]).contains("--rename"));
    }
    sandbox.ok(&["--store", "ours", "merge", "theirs", "--rename", "tablet=other"]);
    let names: Vec<_> =
        sandbox.lines(&["--store", "ours", "replicas"]).iter().map(|line| line["replica"].clone()).collect();
    assert_eq!(names, ["other", "tablet"]);
}

#[test]
fn a_run_with_other_edits_on_both_sides_is_refused() {
    let sandbox = Sandbox::empty();
    store(&sandbox, "ours", "tablet", "sent");
    store(&sandbox, "theirs", "laptop", "sent");
    run(&sandbox, "ours", "nightly", r#"{"op":"merge","key":"o2","set":{"n":0}}"#);
    run(&sandbox, "theirs", "nightly", r#"{"op":"merge","key":"o2","set":{"n":1}}"#);
    let refused = sandbox.fails(1, &["--store", "ours", "merge", "theirs"]);
    assert!(refused.contains("nightly"), "{refused}");
}

#[test]
fn a_directory_is_not_merged_with_itself_nor_with_what_is_none() {
    let sandbox = Sandbox::empty();
    store(&sandbox, "ours", "tablet", "sent");
    assert!(sandbox.fails(1, &["--store", "ours", "merge", "./ours"]).contains("itself"));
    assert!(sandbox.fails(1, &["--store", "ours", "merge", "nowhere"]).contains("no store directory"));
}

#[test]
fn large_blobs_come_along() {
    let sandbox = Sandbox::empty();
    store(&sandbox, "ours", "tablet", "sent");
    sandbox.ok(&["--store", "theirs", "init"]);
    let bytes = "QUJD".repeat(30_000);
    let row = json!({"id": "b", "photo": {"type": "image/png", "data": bytes}, "$types": {"photo": "blob2"}});
    sandbox.write("blob.json", crate::exports::dexie("shop", &[("photos", "id", vec![row])]));
    sandbox.ok(&["--store", "theirs", "capture", "blob.json", "--replica", "phone"]);
    let blobs =
        |dir: &str| crate::harness::bytes_below(&sandbox.at(dir).join("blobs")).into_values().collect::<Vec<_>>();
    assert_eq!(blobs("theirs").len(), 1);
    sandbox.ok(&["--store", "ours", "merge", "theirs"]);
    assert_eq!(blobs("ours"), blobs("theirs"));
    let record = &sandbox.lines(&["--store", "ours", "get", "photos", "b"])[0]["value"]["photo"];
    assert_eq!((&record["$idb"], &record["size"]), (&json!("blob"), &json!(90_000)));
}
