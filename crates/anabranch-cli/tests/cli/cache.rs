//! Caches of large documents: written by verbs that write, used by all, missed by nobody.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::exports::{orders, shop, with};
use crate::harness::Sandbox;

const CACHE: &str = "anabranch-store/cache";

/// More than a mebibyte of changes.
fn large() -> Vec<Value> {
    let note = |n: usize| format!("{n} {}", "a long note ".repeat(60));
    let mut orders = orders(1600);
    orders.iter_mut().enumerate().for_each(|(n, order)| order["note"] = json!(note(n)));
    orders
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&large()));
    sandbox.write("later.json", shop(&with(&large(), "o77", |order| order["state"] = json!("sent"))));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox
}

fn cache_files(sandbox: &Sandbox) -> Vec<PathBuf> {
    let is_cache = |path: &PathBuf| path.is_file() && path.starts_with(sandbox.at(CACHE));
    sandbox.bytes().into_keys().filter(is_cache).collect()
}

fn shown(sandbox: &Sandbox) -> Vec<Vec<Value>> {
    let verbs =
        [&["records", "orders"][..], &["log", "orders"], &["history", "orders", "o77"], &["conflicts"], &["stores"]];
    verbs.iter().map(|verb| sandbox.lines(verb)).collect()
}

#[test]
fn a_large_document_is_cached_by_who_writes_and_says_the_same_without() {
    let sandbox = sandbox();
    assert!(cache_files(&sandbox).len() > 1);
    let before = sandbox.bytes();
    let first = shown(&sandbox);
    assert!(sandbox.bytes() == before, "readers write nothing");

    // Too little came to be worth another cache, and it is shown.
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    assert!(cache_files(&sandbox).iter().all(|file| before.contains_key(file)));
    let with_cache = shown(&sandbox);
    assert_ne!(with_cache, first);
    sandbox.ok(&["verify"]);
    sandbox.ok(&["compact"]);
    assert_eq!(shown(&sandbox), with_cache);
    sandbox.ok(&["verify"]);
    fs::remove_dir_all(sandbox.at(CACHE)).unwrap();
    assert_eq!(shown(&sandbox), with_cache);
    assert!(cache_files(&sandbox).is_empty());
}

#[test]
fn a_damaged_cache_is_no_error_changes_no_answer_and_is_made_anew_by_who_writes() {
    let sandbox = sandbox();
    let expected = shown(&sandbox);
    for file in cache_files(&sandbox) {
        let whole = fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(&file, damaged).unwrap();
        assert_eq!(shown(&sandbox), expected);
        sandbox.ok(&["verify"]);
        fs::write(&file, whole).unwrap();
    }
    for file in cache_files(&sandbox) {
        fs::write(&file, "rubbish").unwrap();
    }
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    let later = shown(&sandbox);
    assert!(cache_files(&sandbox).iter().all(|file| fs::read(file).unwrap() != b"rubbish"));
    fs::remove_dir_all(sandbox.at(CACHE)).unwrap();
    assert_eq!(shown(&sandbox), later);
}

#[test]
fn what_fails_or_only_tries_leaves_the_cache_as_it_is() {
    let sandbox = sandbox();
    let before = sandbox.bytes();
    sandbox.ok(&["capture", "later.json", "--replica", "tablet", "--dry-run"]);
    sandbox.write("edits.jsonl", r#"{"op":"merge","key":"nobody","set":{"a":1},"unset":[]}"#);
    sandbox.fails(2, &["commit", "orders", "edits.jsonl", "--base", ""]);
    fs::remove_file(sandbox.at("edits.jsonl")).unwrap();
    assert!(sandbox.bytes() == before);
}
