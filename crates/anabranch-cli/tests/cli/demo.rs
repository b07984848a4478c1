//! The README's first command.

use crate::harness::{Sandbox, json_lines, matches_snapshot};

#[test]
fn the_demo_shows_the_whole_promise() {
    let sandbox = Sandbox::empty();
    matches_snapshot("demo", &sandbox.ok(&["demo"]));
}

#[test]
fn the_demo_run_twice_does_no_harm() {
    let sandbox = Sandbox::empty();
    let first = sandbox.ok(&["demo"]);
    let before = sandbox.bytes();
    let second = sandbox.ok(&["demo"]);
    assert!(before == sandbox.bytes(), "the second run changed files");
    assert_eq!(second.split_once('\n').unwrap().1, first);
}

#[test]
fn the_demo_writes_everything_that_it_names() {
    let sandbox = Sandbox::empty();
    let out = sandbox.ok(&["demo", "here"]);
    for path in ["store/ANABRANCH", "parquet/_anabranch.json", "jsonl/_anabranch.json", "tablet-back.json", "files"] {
        assert!(sandbox.at("here").join(path).exists(), "{path}");
    }
    // The commands that it suggests run.
    for line in out.lines().filter_map(|line| line.trim().strip_prefix("anabranch ")) {
        let arguments: Vec<String> = crate::help::words(line);
        sandbox.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert!(sandbox.ok(&["--store", "here/store", "verify"]).contains("sound"));
}

#[test]
fn the_demo_in_json_is_lines_only() {
    let sandbox = Sandbox::empty();
    let lines = json_lines(&sandbox.ok(&["--json", "demo"]));
    assert_eq!(lines.last().unwrap()["run"], "nightly-1");
}

#[test]
fn the_demo_refuses_a_directory_with_other_files() {
    let sandbox = Sandbox::empty();
    std::fs::create_dir(sandbox.at("mine")).unwrap();
    sandbox.write("mine/letter.txt", "dear");
    assert!(sandbox.fails(1, &["demo", "mine"]).contains("holds other files"));
}

#[test]
fn the_tablet_imports_what_the_demo_wrote_and_nothing_has_changed() {
    let sandbox = Sandbox::empty();
    sandbox.ok(&["demo", "d"]);
    let store = ["--store", "d/store"];
    let captured = sandbox.lines(&[&store[..], &["capture", "d/tablet-back.json", "--replica", "tablet"]].concat());
    assert_eq!(captured.len(), 5);
    for receipt in &captured {
        assert_eq!(receipt["rows"], 0, "{receipt}");
    }
}
