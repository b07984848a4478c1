//! Files that are damaged, mistyped, hostile or huge: one message that names file and place, and nothing changed.

use serde_json::{Value, json};

use crate::exports::{dexie, orders, shop};
use crate::harness::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(3)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox
}

/// An export whose only row is `row`.
fn with_row(row: Value) -> String {
    dexie("shop", &[("orders", "id", vec![row])])
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    let sandbox = sandbox();
    let whole = shop(&orders(4));
    for cut in (0..whole.len()).step_by(37) {
        sandbox.write("bad.json", &whole[..cut]);
        let message = sandbox.fails(2, &["capture", "bad.json", "--replica", "tablet"]);
        assert!(message.starts_with("bad.json: "), "{cut}: {message}");
    }
}

#[test]
fn a_mistyped_or_hostile_file_is_named_with_its_place() {
    let replaced = |from: &str, to: &str| shop(&orders(1)).replace(from, to);
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let date = json!({"id": "o1", "n": "no date", "$types": {"n": "date"}});
    let cases: &[(&str, String)] = &[
        ("no version", replaced(r#""databaseVersion":10,"#, "")),
        ("a version of text", replaced(r#"Version":10"#, r#"Version":"ten""#)),
        ("a newer format", replaced(r#"formatVersion":1"#, r#"formatVersion":2"#)),
        ("two rows of one key", shop(&[orders(1), orders(1)].concat())),
        ("a key that is none", with_row(json!({"id": {"x": 1}}))),
        ("a row without its key", with_row(json!({"n": 1}))),
        ("a row that is none", with_row(json!(7))),
        ("a date that is none", with_row(date)),
        ("nested too deep", with_row(json!({"id": "o1", "deep": deep}))),
        ("a million brackets", "[".repeat(1_000_000)),
        ("a million brackets in a member", format!("{{\"formatName\":{}", "[".repeat(1_000_000))),
        ("no JSON", "hello".into()),
        ("nothing", String::new()),
        ("an array", "[1,2]".into()),
        ("bytes", "\u{0}\u{1}\u{2}".into()),
        ("text behind the end", shop(&orders(1)) + "x"),
    ];
    let sandbox = sandbox();
    for (what, contents) in cases {
        sandbox.write("bad.json", contents);
        let message = sandbox.fails(2, &["capture", "bad.json", "--replica", "tablet"]);
        assert!(message.starts_with("bad.json: ") && message.len() < 400, "{what}: {message}");
    }
    sandbox.write("bad.json", b"{\"formatName\":\"dexie\xff\xfe\"");
    sandbox.fails(2, &["capture", "bad.json", "--replica", "tablet"]);
}

#[test]
fn a_byte_order_mark_is_no_damage_nor_are_lone_surrogates() {
    let sandbox = sandbox();
    let file = "\u{feff}".to_owned() + &with_row(json!({"id": "o1", "s": "LONE"})).replace("LONE", "\\ud83dA");
    sandbox.write("ok.json", file);
    sandbox.ok(&["capture", "ok.json", "--replica", "fresh"]);
    assert_eq!(sandbox.lines(&["get", "orders", "o1"])[0]["value"]["s"], json!({"$idb":"utf16","v":"d83d0041"}));
}

/// Two gigabytes, of which the disk holds a page.
fn make_huge(sandbox: &Sandbox, path: &str, begin: &str) {
    sandbox.write(path, begin);
    std::fs::OpenOptions::new().write(true).open(sandbox.at(path)).unwrap().set_len(2 << 30).unwrap();
}

#[test]
fn a_file_of_two_gigabytes_is_refused_at_once() {
    let sandbox = sandbox();
    let begin = shop(&orders(1));
    make_huge(&sandbox, "huge.json", &begin[..begin.len() / 2]);
    let refused = |arguments: &[&str]| {
        let ran = sandbox.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
        assert!(ran.err.starts_with("anabranch: huge.json: ") && ran.err.lines().count() == 1, "{}", ran.err);
    };
    refused(&["capture", "huge.json", "--replica", "tablet"]);
    refused(&["capture", "start.json", "--replica", "tablet", "--schema", "huge.json"]);
    refused(&["schema", "--set", "huge.json"]);
    refused(&["commit", "orders", "huge.json", "--base", ""]);
    refused(&["commit", "orders", "start.json", "--base", "huge.json"]);
}

#[test]
fn a_file_that_is_not_there_or_no_file_is_asked_wrongly() {
    let sandbox = sandbox();
    assert!(sandbox.fails(1, &["capture", "nowhere.json", "--replica", "tablet"]).contains("nowhere.json"));
    assert!(sandbox.fails(1, &["capture", "anabranch-store", "--replica", "tablet"]).contains("no regular file"));
    assert!(sandbox.fails(1, &["commit", "orders", "nowhere.jsonl", "--base", ""]).contains("nowhere.jsonl"));
    assert!(sandbox.fails(1, &["capture", "start.json", "--replica", "t", "--schema", "nowhere"]).contains("nowhere"));
}
