//! Looking at a store directory: every line in its form, every place in its form.

use serde_json::json;

use crate::exports::{dexie, orders, shop, with};
use crate::harness::{Sandbox, matches_snapshot};

/// A tablet and a laptop with the same three orders, of which the laptop changed one.
fn two_devices() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("tablet.json", shop(&orders(3)));
    sandbox.write("laptop.json", shop(&with(&orders(3), "o2", |order| order["state"] = json!("sent"))));
    sandbox.ok(&["capture", "tablet.json", "--replica", "tablet"]);
    sandbox.ok(&["capture", "tablet.json", "--replica", "laptop"]);
    sandbox.ok(&["capture", "laptop.json", "--replica", "laptop"]);
    sandbox
}

#[test]
fn what_people_see_of_two_devices() {
    let sandbox = two_devices();
    let verbs: &[&[&str]] = &[
        &["status"],
        &["stores"],
        &["records", "orders"],
        &["get", "orders", "o2"],
        &["heads"],
        &["log"],
        &["replicas"],
        &["conflicts"],
        &["explain", "orders", "o2", "state"],
        &["history", "orders", "o2"],
        &["schema"],
        &["verify"],
    ];
    let shown: Vec<String> =
        verbs.iter().map(|verb| format!("$ anabranch {}\n{}", verb.join(" "), sandbox.ok(verb))).collect();
    matches_snapshot("inspect", &shown.join("\n"));
}

#[test]
fn what_programs_see_of_two_devices() {
    let sandbox = two_devices();
    let store = &sandbox.lines(&["stores"])[0];
    let expected =
        json!({"database":"shop","store":"orders","key_path":"id","auto_increment":false,"records":3,"conflicts":0});
    assert_eq!(*store, expected);

    let record = json!({"key":"o2","value":{"id":"o2","n":2,"state":"sent","ship":{"city":"Nuuk"}}});
    assert_eq!(sandbox.records("orders")[1], record);
    assert_eq!(sandbox.lines(&["get", "orders", "o2"]), [record]);

    let heads = &sandbox.lines(&["heads", "orders"])[0];
    assert_eq!(heads["store"], "orders");
    let replicas = sandbox.lines(&["replicas"]);
    assert_eq!(replicas[0]["replica"], "laptop");
    let hashes = |line: &serde_json::Value| line.as_array().unwrap().clone();
    let baselines = [&replicas[1], &replicas[0]].map(|replica| hashes(&replica["baseline"]["orders"]));
    assert!(baselines.concat().iter().all(|hash| hashes(&heads["heads"]).contains(hash)), "{replicas:?}");
    assert_eq!((&replicas[0]["behind"], &replicas[1]["behind"]), (&json!(1), &json!(2)));
    assert!(replicas[0]["captured_at"].as_str().unwrap().ends_with('Z'));

    let writes = sandbox.lines(&["history", "orders", "o2"]);
    for write in &writes {
        for member in ["field", "value", "replica", "origin", "change", "time", "shown", "reason"] {
            assert!(write.get(member).is_some(), "{member}: {write}");
        }
    }
    let states: Vec<_> = writes.iter().filter(|write| write["field"] == json!(["state"])).collect();
    assert_eq!(states.len(), 3, "found twice, written once");
    assert_eq!((&states[2]["value"], &states[2]["shown"]), (&json!("sent"), &json!(true)));
    let same = writes.iter().find(|write| write["shown"] == false && write["field"] == json!(["n"])).unwrap();
    assert_eq!(same["reason"], "the same value shows, by another write");
    let explained = sandbox.lines(&["explain", "orders", "o2", "state"]);
    assert_eq!((&explained[0]["replica"], &explained[0]["origin"]), (&json!("laptop"), &json!("person")));

    let changes = sandbox.lines(&["log", "orders"]);
    assert_eq!(
        changes.iter().map(|change| change["kind"].as_str().unwrap()).collect::<Vec<_>>(),
        ["found", "found", "capture"]
    );
}

#[test]
fn heads_are_named_by_eight_digits_or_more_and_nothing_is_the_beginning() {
    let sandbox = two_devices();
    let first = sandbox.lines(&["log", "orders"])[0]["change"].as_str().unwrap().to_owned();
    for digits in [8, 9, 63, 64] {
        let records = sandbox.lines(&["records", "orders", "--at", &first[..digits]]);
        assert_eq!(records[1]["value"]["state"], "new", "{digits} digits");
    }
    let both = sandbox.heads("orders").split(',').map(|hash| hash[..8].to_owned()).collect::<Vec<_>>().join(",");
    assert_eq!(sandbox.lines(&["get", "orders", "o2", "--at", &both])[0]["value"]["state"], "sent");
    assert_eq!(sandbox.ok(&["records", "orders", "--at", ""]), "");
    for (wrong, says) in [(&first[..7], "8 or more"), ("00000000", "no change"), ("not heads", "no change hash")] {
        assert!(sandbox.fails(1, &["records", "orders", "--at", wrong]).contains(says), "{wrong}");
    }
}

#[test]
fn keys_are_typed_json_and_a_bare_word_is_a_string() {
    let sandbox = Sandbox::new();
    let rows = [json!("a"), json!(5), json!(-5), json!(["x", 1]), json!("5"), json!("two words")];
    let rows = rows.iter().map(|key| json!({"id": key, "v": key})).collect();
    sandbox.write("keys.json", dexie("d", &[("s", "id", rows)]));
    sandbox.ok(&["capture", "keys.json", "--replica", "r"]);
    for (asked, key) in [
        ("a", json!("a")),
        ("\"a\"", json!("a")),
        ("5", json!(5)),
        ("5.0", json!(5)),
        ("-5", json!(-5)),
        ("\"5\"", json!("5")),
        ("[\"x\",1]", json!(["x", 1])),
        ("two words", json!("two words")),
    ] {
        assert_eq!(sandbox.lines(&["get", "s", asked])[0]["key"], key, "{asked}");
    }
    for wrong in ["{\"a\":1}", "true", "null", "\"open", "[1"] {
        sandbox.fails(1, &["get", "s", wrong]);
    }
    assert!(sandbox.fails(1, &["get", "s", "b"]).contains("no record with the key \"b\""));
    assert!(sandbox.fails(1, &["history", "s", "b"]).contains("never had"));
    assert!(sandbox.fails(1, &["explain", "s", "a", "no.such.field"]).contains("never had"));
}

#[test]
fn every_typed_value_comes_out_as_it_went_in() {
    let sandbox = Sandbox::new();
    sandbox.write("one.json", dexie("d", &[("s", "id", vec![json!({"id": 1})])]));
    sandbox.ok(&["capture", "one.json", "--replica", "r"]);
    let values = [
        r#"{"$idb":"number","v":"-0"}"#,
        r#"{"$idb":"number","v":"NaN"}"#,
        r#"{"$idb":"undefined"}"#,
        r#"{"$idb":"bigint","v":"12345678901234567890"}"#,
        r#"{"$idb":"date","v":"2026-11-21T10:00:00.000Z"}"#,
        r#"{"$idb":"date","v":null}"#,
        r#"{"$idb":"utf16","v":"d83d0041"}"#,
        r#"{"$idb":"arraybuffer","v":"AAEC"}"#,
        r#"{"$idb":"view","kind":"Uint8Array","v":"AAEC"}"#,
        r#"{"$idb":"map","v":[["a",1],[{"$idb":"date","v":null},[1,2]]]}"#,
        r#"{"$idb":"set","v":["a",1]}"#,
        r#"{"$idb":"regexp","source":"a+","flags":"gi"}"#,
        r#"{"$idb":"Boolean","v":true}"#,
        r#"{"$idb":"error","name":"TypeError","message":"no"}"#,
        r#"[1,"two",null,[]]"#,
        "0.1",
        "9007199254740991",
    ];
    let edits: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, value)| format!(r#"{{"op":"put","value":{{"id":{},"v":{value}}}}}"#, at + 2))
        .collect();
    sandbox.write("edits.jsonl", edits.join("\n"));
    sandbox.ok(&["commit", "s", "edits.jsonl", "--base", &sandbox.heads("s")]);
    for (at, value) in values.iter().enumerate() {
        let line = sandbox.ok(&["--json", "get", "s", &(at + 2).to_string()]);
        assert_eq!(line.trim_end(), format!(r#"{{"key":{0},"value":{{"id":{0},"v":{value}}}}}"#, at + 2));
    }
}
