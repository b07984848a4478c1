//! `schema`: shown, set, and refused.

use serde_json::json;

use crate::exports::{orders, shop};
use crate::harness::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(2)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox
}

#[test]
fn what_is_shown_can_be_set() {
    let sandbox = sandbox();
    let shown = sandbox.ok(&["schema"]);
    sandbox.write("schema.json", &shown);
    let heads = sandbox.heads("orders");
    assert_eq!(sandbox.ok(&["--json", "schema", "--set", "schema.json"]), shown);
    assert_eq!(sandbox.heads("orders"), heads, "the same schema is no change");
}

#[test]
fn what_a_file_leaves_out_stays_as_it_is() {
    let sandbox = sandbox();
    sandbox
        .write("one.json", r#"{"stores":{"orders":{"fields":{"n":"counter","ship.city":"people_over_pipelines"}}}}"#);
    sandbox
        .write("two.json", r#"{"stores":{"orders":{"deletes":"edit_wins","indexes":[{"name":"n","key_path":"n"}]}}}"#);
    sandbox.ok(&["schema", "--set", "one.json"]);
    sandbox.ok(&["schema", "orders", "--set", "two.json"]);
    let expected = json!({
        "key_path": "id",
        "auto_increment": false,
        "indexes": [{"name": "n", "key_path": "n", "unique": false, "multi_entry": false}],
        "deletes": "edit_wins",
        "fields": {"n": "counter", "ship.city": "people_over_pipelines"}
    });
    assert_eq!(sandbox.lines(&["schema"])[0]["stores"]["orders"], expected);
}

#[test]
fn what_cannot_be_set_is_refused_by_name() {
    let sandbox = sandbox();
    for (code, schema, says) in [
        (1, r#"{"stores":{"nope":{}}}"#, "there is no store nope"),
        (1, r#"{"stores":{"orders":{"key_path":"other"}}}"#, "key path"),
        (1, r#"{"stores":{}}"#, "says nothing"),
        (2, r#"{"stores":{"orders":{"fields":{"n":"biggest"}}}}"#, "biggest"),
        (2, r#"{"stores":{"orders":{"deletes":"never"}}}"#, "never"),
        (2, r#"{"stores":{"orders":7}}"#, "orders"),
        (2, r#"{"orders":{}}"#, "stores"),
        (2, "no json", "schema.json"),
    ] {
        sandbox.write("schema.json", schema);
        let refused = sandbox.fails(code, &["schema", "--set", "schema.json"]);
        assert!(refused.contains(says), "{schema}: {refused}");
    }
    assert!(sandbox.fails(1, &["schema", "--set", "nowhere.json"]).contains("nowhere.json"));
}
