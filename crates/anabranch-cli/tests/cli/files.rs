//! `checkout`: a job's copy in every format.

use serde_json::{Value, json};

use crate::exports::dexie;
use crate::harness::{Sandbox, json_lines};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let rows = vec![
        json!({"id": "a", "text": "=1+1", "at": 1_767_601_800_000_u64, "ship": {"city": "Nuuk"}, "$types": {"at": "date"}}),
        json!({"id": "b", "text": "", "list": [1, "two"], "none": null}),
        json!({"id": "c", "text": "quoted \"x\", and a\nnew line"}),
    ];
    sandbox.write("rows.json", dexie("d", &[("rows", "id", rows)]));
    sandbox.ok(&["capture", "rows.json", "--replica", "r"]);
    sandbox
}

#[test]
fn a_copy_in_lines_is_what_records_prints() {
    let sandbox = sandbox();
    let line = &sandbox.lines(&["checkout", "rows", "copy.jsonl"])[0];
    assert_eq!((&line["file"], &line["base"]), (&json!("copy.jsonl"), &json!("copy.jsonl.base.json")));
    assert_eq!(sandbox.read("copy.jsonl"), sandbox.ok(&["--json", "records", "rows"]));
    let base: Value = serde_json::from_str(&sandbox.read("copy.jsonl.base.json")).unwrap();
    assert_eq!(base, sandbox.lines(&["heads", "rows"])[0]);
}

#[test]
fn a_copy_in_csv_is_for_machines() {
    let sandbox = sandbox();
    sandbox.ok(&["checkout", "rows", "copy.csv", "--format", "csv"]);
    let expected = [
        "_key,at,id,ship.city,text,list,none",
        "\"\"\"a\"\"\",2026-01-05T08:30:00.000Z,a,Nuuk,=1+1,,",
        "\"\"\"b\"\"\",,b,,\"\",\"[1,\"\"two\"\"]\",",
        "\"\"\"c\"\"\",,c,,\"quoted \"\"x\"\", and a\nnew line\",,",
        "",
    ]
    .join("\r\n");
    assert_eq!(sandbox.read("copy.csv"), expected);
    assert!(sandbox.at("copy.csv.base.json").exists());
}

#[test]
fn a_copy_in_parquet_is_parquet() {
    let sandbox = sandbox();
    sandbox.ok(&["checkout", "rows", "copy.parquet", "--format", "parquet"]);
    let bytes = std::fs::read(sandbox.at("copy.parquet")).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
}

#[test]
fn a_copy_is_replaced_as_a_whole_with_its_base() {
    let sandbox = sandbox();
    sandbox.ok(&["checkout", "rows", "copy.jsonl"]);
    sandbox.ok(&["checkout", "rows", "copy.jsonl", "--at", ""]);
    assert_eq!(sandbox.read("copy.jsonl"), "");
    assert_eq!(json_lines(&sandbox.read("copy.jsonl.base.json"))[0]["heads"], json!([]));
    let names: Vec<_> =
        sandbox.bytes().into_keys().filter(|path| path.extension().is_some_and(|end| end == "tmp")).collect();
    assert_eq!(names, Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let sandbox = sandbox();
    assert!(sandbox.fails(1, &["checkout", "rows", "no/such/copy.jsonl"]).contains("no/such/copy.jsonl"));
    assert!(sandbox.fails(1, &["checkout", "rows", "anabranch-store"]).contains("is a directory"));
    assert!(sandbox.fails(1, &["checkout", "nope", "copy.jsonl"]).contains("there are: rows"));
}
