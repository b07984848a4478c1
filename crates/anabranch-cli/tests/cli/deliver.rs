//! `deliver`: the files that a destination is left with.

use serde_json::{Value, json};

use crate::exports::{dexie, orders, shop, with};
use crate::harness::{Sandbox, bytes_below, json_lines};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(3)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox
}

/// The one file below a table's directory.
fn only_file(sandbox: &Sandbox, table: &str) -> String {
    let files: Vec<_> = bytes_below(&sandbox.at(table)).into_values().collect();
    assert_eq!(files.len(), 1, "{table}");
    String::from_utf8(files[0].clone()).unwrap()
}

#[test]
fn a_second_delivery_with_nothing_new_writes_nothing() {
    for format in ["parquet", "jsonl", "csv"] {
        for mode in ["current", "changes"] {
            let sandbox = sandbox();
            let arguments = ["deliver", "--to", "lake", "--format", format, "--mode", mode];
            let first = sandbox.lines(&arguments);
            assert_eq!(
                (first.len(), &first[0]["rows"], &first[0]["from"]),
                (1, &json!(3), &json!([])),
                "{format} {mode}"
            );
            let before = bytes_below(&sandbox.at("lake"));
            assert_eq!(sandbox.lines(&arguments), Vec::<Value>::new());
            assert!(bytes_below(&sandbox.at("lake")) == before, "{format} {mode}");
        }
    }
}

#[test]
fn without_format_and_mode_an_existing_destination_keeps_its_own() {
    for format in ["parquet", "jsonl", "csv"] {
        for mode in ["current", "changes"] {
            let sandbox = sandbox();
            sandbox.ok(&["deliver", "--to", "lake", "--format", format, "--mode", mode]);
            sandbox.write("later.json", shop(&with(&orders(3), "o1", |order| order["state"] = json!("sent"))));
            sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
            let delivered = sandbox.lines(&["deliver", "--to", "lake"]);
            let rows = if mode == "current" { 3 } else { 1 };
            assert_eq!(delivered[0]["rows"], rows, "{format} {mode}");
            for file in delivered[0]["files"].as_array().unwrap() {
                assert!(file.as_str().unwrap().ends_with(&format!(".{format}")), "{file}");
            }
            let manifest: Value = serde_json::from_str(&sandbox.read("lake/_anabranch.json")).unwrap();
            assert_eq!((&manifest["format"], &manifest["mode"]), (&json!(format), &json!(mode)));
            // What is asked for and differs is refused, and changes nothing.
            let before = bytes_below(&sandbox.at("lake"));
            let other_format = if format == "csv" { "jsonl" } else { "csv" };
            let other_mode = if mode == "current" { "changes" } else { "current" };
            for other in [["--format", other_format], ["--mode", other_mode]] {
                let message = sandbox.fails(1, &[&["deliver", "--to", "lake"], &other[..]].concat());
                assert!(message.contains("lake") && message.contains("elsewhere"), "{message}");
            }
            assert!(bytes_below(&sandbox.at("lake")) == before, "{format} {mode}");
        }
    }
}

#[test]
fn files_are_where_the_contract_says_and_the_manifest_holds_the_checkpoint() {
    let sandbox = sandbox();
    sandbox.ok(&["deliver", "--to", "lake", "--format", "jsonl"]);
    assert_eq!(only_file(&sandbox, "lake/shop/orders").lines().count(), 3);
    assert!(sandbox.at("lake/shop/orders__conflicts").exists());
    let manifest: Value = serde_json::from_str(&sandbox.read("lake/_anabranch.json")).unwrap();
    assert!(manifest.to_string().contains(&sandbox.heads("orders")), "{manifest}");
    sandbox.write("later.json", shop(&with(&orders(3), "o1", |order| order["state"] = json!("sent"))));
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    sandbox.ok(&["deliver", "--to", "lake", "--format", "jsonl"]);
    assert!(only_file(&sandbox, "lake/shop/orders").contains("sent"), "the earlier file is gone");
}

#[test]
fn a_feed_of_changes_has_one_line_for_each_record_that_changed() {
    let sandbox = sandbox();
    let arguments = ["deliver", "--to", "feed", "--format", "jsonl", "--mode", "changes"];
    sandbox.ok(&arguments);
    let before = bytes_below(&sandbox.at("feed/shop/orders"));
    sandbox.write("later.json", shop(&with(&orders(2), "o1", |order| order["state"] = json!("sent"))));
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    sandbox.ok(&arguments);
    let after = bytes_below(&sandbox.at("feed/shop/orders"));
    let new: Vec<Value> = after
        .iter()
        .filter(|(path, _)| !before.contains_key(*path))
        .flat_map(|(_, bytes)| json_lines(std::str::from_utf8(bytes).unwrap()))
        .collect();
    assert_eq!(new.len(), 2, "{new:?}");
    assert!(before.keys().all(|path| after.contains_key(path)), "a feed keeps what it delivered");
}

#[test]
fn only_the_stores_that_were_asked_for_are_delivered() {
    let sandbox = Sandbox::new();
    let tables = [("a", "id", vec![json!({"id": 1})]), ("b", "id", vec![json!({"id": 1})])];
    sandbox.write("two.json", dexie("d", &tables));
    sandbox.ok(&["capture", "two.json", "--replica", "r"]);
    sandbox.ok(&["deliver", "--to", "lake", "--only", "b"]);
    assert!(sandbox.at("lake/d/b").exists() && !sandbox.at("lake/d/a").exists());
    sandbox.fails(1, &["deliver", "--to", "elsewhere", "--only", "nope"]);
}

#[test]
fn a_file_url_is_a_path_and_other_schemes_say_what_this_build_supports() {
    let sandbox = sandbox();
    let url = format!("file://{}", sandbox.at("lake").display());
    sandbox.ok(&["deliver", "--to", &url]);
    assert!(sandbox.at("lake/_anabranch.json").exists());
    assert!(sandbox.fails(1, &["deliver", "--to", "gopher://x"]).contains("gopher"));
}

#[test]
fn a_destination_keeps_its_format_and_its_mode() {
    let sandbox = sandbox();
    sandbox.ok(&["deliver", "--to", "lake"]);
    let refused = sandbox.fails(1, &["deliver", "--to", "lake", "--format", "csv"]);
    assert!(refused.contains("lake"), "{refused}");
    sandbox.fails(1, &["deliver", "--to", "lake", "--mode", "changes"]);
    sandbox.fails(1, &["deliver", "--to", "other", "--contract", "whatever"]);
}
