//! Names of stores: short, with their database, and escaped.

use serde_json::json;

use crate::exports::dexie;
use crate::harness::Sandbox;

#[test]
fn a_store_of_two_databases_is_named_with_its_database() {
    let sandbox = Sandbox::new();
    for database in ["one", "two"] {
        sandbox.write("d.json", dexie(database, &[("s", "id", vec![json!({"id": database})])]));
        sandbox.ok(&["capture", "d.json", "--replica", "r"]);
    }
    let asked = sandbox.fails(1, &["records", "s"]);
    assert!(asked.contains("one/s, two/s"), "{asked}");
    assert_eq!(sandbox.records("two/s")[0]["key"], "two");
    let stores: Vec<_> = sandbox.lines(&["heads"]).iter().map(|line| line["store"].clone()).collect();
    assert_eq!(stores, ["one/s", "two/s"]);
    sandbox.ok(&["checkout", "two/s", "copy.jsonl"]);
    sandbox.write("e.jsonl", r#"{"op":"delete","key":"two"}"#);
    sandbox.ok(&["commit", "two/s", "e.jsonl", "--base", "copy.jsonl.base.json"]);
    let other = sandbox.fails(1, &["commit", "one/s", "e.jsonl", "--base", "copy.jsonl.base.json"]);
    assert!(other.contains("base of store two/s"), "{other}");
}

#[test]
fn slashes_and_backslashes_in_names_are_escaped_on_the_command_line_only() {
    let sandbox = Sandbox::new();
    sandbox.write("d.json", dexie("my/db", &[("a/b\\c", "id", vec![json!({"id": 1, "v": 1})])]));
    let receipt = &sandbox.lines(&["capture", "d.json", "--replica", "r"])[0];
    assert_eq!(receipt["store"], "a/b\\c");
    for name in ["a\\/b\\\\c", "my\\/db/a\\/b\\\\c"] {
        assert_eq!(sandbox.records(name).len(), 1, "{name}");
    }
    assert!(sandbox.fails(1, &["records", "a/b\\c"]).contains("a\\/b\\\\c"));
    let out = sandbox.ok(&["checkout", "a\\/b\\\\c", "copy.jsonl"]);
    assert!(out.contains("anabranch commit a\\/b\\\\c "), "{out}");
    sandbox.write("e.jsonl", r#"{"op":"merge","key":1,"set":{"v":2}}"#);
    sandbox.ok(&["commit", "a\\/b\\\\c", "e.jsonl", "--base", "copy.jsonl.base.json"]);
    sandbox.write("p.json", r#"{"stores":{"a/b\\c":{"deletes":"edit_wins"}}}"#);
    sandbox.ok(&["schema", "--set", "p.json"]);
    sandbox.ok(&["deliver", "--to", "lake"]);
    assert!(sandbox.at("lake/my%2Fdb/a%2Fb%5Cc").exists());
}

#[test]
fn names_from_outside_do_not_steer_a_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write("d.json", dexie("d", &[("\u{1b}[31mred\u{7}", "id", vec![json!({"id": "\u{1b}[2J"})])]));
    let outputs = [
        sandbox.ok(&["capture", "d.json", "--replica", "\u{1b}]0;title\u{7}"]),
        sandbox.ok(&["stores"]),
        sandbox.ok(&["replicas"]),
        sandbox.ok(&["log"]),
        sandbox.ok(&["records", "\u{1b}[31mred\u{7}"]),
        sandbox.fails(1, &["records", "\u{1b}[1m"]),
    ];
    for output in outputs {
        assert!(!output.chars().any(|char| char.is_control() && char != '\n'), "{output:?}");
    }
}

#[test]
fn the_store_directory_is_named_by_flag_or_environment() {
    let sandbox = Sandbox::empty();
    sandbox.ok(&["init", "here"]);
    let status = |directory: &str| json!([directory, 0]);
    let line = &sandbox.lines(&["--store", "here", "status"])[0];
    assert_eq!(json!([line["directory"], line["stores"]]), status("here"));
    let by_environment = sandbox.command().env("ANABRANCH_STORE", "here").args(["stores"]).output().unwrap();
    assert!(by_environment.status.success());
    let empty = sandbox.command().env("ANABRANCH_STORE", "").args(["--store", "here", "stores"]).output().unwrap();
    assert!(empty.status.success());
    assert!(sandbox.fails(1, &["stores"]).contains("anabranch init anabranch-store"));
    assert!(sandbox.ok(&["stores", "--store", "here"]).contains("no store yet"));
}
