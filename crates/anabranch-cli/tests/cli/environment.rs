//! What the environment does: locks, full disks, readers that go away, terminals.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use anabranch_store::{Access, FileDisk, OpenError, StoreDir};

use crate::exports::{orders, shop};
use crate::harness::{Ran, Sandbox};

fn sandbox(records: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(3)));
    sandbox.write("many.json", shop(&orders(records)));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox
}

/// What is no longer locked out. What another test begins meanwhile has all that is open here until it is a program of its
/// own, a lock that was just given back among it: so it is tried for a while.
fn unlocked<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        match attempt() {
            None => std::thread::sleep(Duration::from_millis(20)),
            Some(done) => return done,
        }
    }
    panic!("the directory stays locked");
}

/// Opens the directory in this process.
fn opened(sandbox: &Sandbox, access: Access) -> StoreDir {
    unlocked(|| match StoreDir::open(FileDisk::new(sandbox.at("anabranch-store")), access) {
        Err(OpenError::Locked { .. }) => None,
        done => Some(done.unwrap()),
    })
}

#[test]
fn a_writer_has_a_directory_alone_and_readers_share_it() {
    let sandbox = sandbox(3);
    let open = |access| opened(&sandbox, access);
    let writer = open(Access::Write);
    for verb in [&["stores"][..], &["capture", "start.json", "--replica", "tablet"]] {
        let message = sandbox.fails(5, verb);
        assert!(message.starts_with("anabranch-store is in use by another process"), "{message}");
    }
    drop(writer);
    let reader = open(Access::Read);
    sandbox.ok(&["stores"]);
    sandbox.ok(&["capture", "many.json", "--replica", "tablet", "--dry-run"]);
    sandbox.fails(5, &["capture", "start.json", "--replica", "tablet"]);
    drop(reader);
    let capture = || Some(sandbox.run(&["capture", "start.json", "--replica", "tablet"])).filter(|ran| ran.code != 5);
    assert_eq!(unlocked(capture).code, 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_exit_code_5_and_leaves_every_byte() {
    let sandbox = sandbox(500);
    let before = sandbox.bytes();
    // The shell limits the size of files; blocks are of 512 or 1024 bytes.
    for (blocks, arguments) in [
        (4, "capture many.json --replica tablet"),
        (0, "capture many.json --replica laptop"),
        (0, "write-back back.json --replica tablet"),
        (0, "checkout orders copy.jsonl"),
    ] {
        let script = format!("ulimit -f {blocks}; exec \"$0\" {arguments}");
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(sandbox.at("")).args(["-c", &script, env!("CARGO_BIN_EXE_anabranch")]);
        let ran = Ran::from(shell.output().unwrap());
        assert_eq!(ran.code, 5, "{arguments}: {}{}", ran.out, ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert!(sandbox.bytes() == before, "{arguments} left something behind");
    }
    sandbox.ok(&["verify"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_stdout_is_exit_code_5_and_commits_nothing() {
    let sandbox = sandbox(20);
    sandbox.write("edits.jsonl", r#"{"op":"delete","key":"o1"}"#);
    sandbox.write("policies.json", r#"{"stores":{"orders":{"deletes":"edit_wins"}}}"#);
    let before = sandbox.bytes();
    let heads = sandbox.heads("orders");
    for arguments in [
        &["records", "orders"][..],
        &["capture", "many.json", "--replica", "tablet"],
        &["commit", "orders", "edits.jsonl", "--base", &heads],
        &["resolve", "orders", "o1", "--delete"],
        &["schema", "--set", "policies.json"],
        &["write-back", "back.json", "--replica", "tablet"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = Ran::from(sandbox.command().args(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap());
        assert_eq!(ran.code, 5, "{arguments:?}: {}", ran.err);
        assert!(sandbox.bytes() == before, "{arguments:?}");
    }
}

#[test]
fn a_reader_that_goes_away_stops_what_it_reads_and_not_what_is_done() {
    let sandbox = sandbox(3_000);
    sandbox.ok(&["capture", "many.json", "--replica", "tablet"]);
    let mut child = sandbox
        .command()
        .args(["--json", "records", "orders"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 8];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));

    let mut child = sandbox.command();
    child.args(["--json", "capture", "start.json", "--replica", "tablet", "--allow-mass-delete"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(sandbox.records("orders").len(), 3);
}

#[test]
fn nothing_but_lines_goes_to_stdout_with_json_and_no_colour_anywhere() {
    let sandbox = sandbox(3);
    let verbs: &[&[&str]] = &[
        &["stores"],
        &["records", "orders"],
        &["replicas"],
        &["heads"],
        &["log"],
        &["status"],
        &["verify"],
        &["schema"],
        &["conflicts"],
        &["history", "orders", "o1"],
        &["explain", "orders", "o1"],
        &["checkout", "orders", "copy.jsonl"],
        &["write-back", "back.json", "--replica", "tablet"],
        &["deliver", "--to", "lake"],
        &["capture", "many.json", "--replica", "tablet"],
        &["resolve", "orders", "o1", "n", "7"],
        &["init", "other"],
        &["merge", "other"],
        &["demo"],
    ];
    for verb in verbs {
        for line in sandbox.lines(verb) {
            assert!(line.is_object(), "{verb:?}: {line}");
        }
        assert!(!sandbox.run(verb).out.contains('\u{1b}'), "{verb:?}");
    }
}
