//! `compact`: less bytes, the same contents, and damage that is still named.

use std::fs;

use crate::exports::{order, orders, shop};
use crate::harness::Sandbox;

const SEGMENT: &str = "anabranch-store/log/00000001.seg";

/// A log that is worth compressing.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(500)));
    let later: Vec<_> =
        (1..=500).map(|n| order(&format!("o{n}"), if n % 7 == 0 { "sent" } else { "new" }, n)).collect();
    sandbox.write("later.json", shop(&later));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    sandbox
}

#[test]
fn what_is_shown_stays_the_same_and_the_log_takes_less() {
    let sandbox = sandbox();
    let shown =
        || [&["records", "orders"][..], &["log", "orders"], &["heads"], &["replicas"]].map(|verb| sandbox.lines(verb));
    let before = shown();
    let planned = &sandbox.lines(&["compact", "--dry-run"])[0];
    assert_eq!(planned["segments"], 1);
    let bytes = fs::metadata(sandbox.at(SEGMENT)).unwrap().len();
    assert_eq!(planned["bytes_before"], bytes, "a dry run changes nothing");
    let done = &sandbox.lines(&["compact"])[0];
    assert_eq!((&done["segments"], &done["bytes_before"]), (&1.into(), &bytes.into()));
    assert!(done["bytes_after"].as_u64().unwrap() * 4 < bytes, "{done}");
    assert_eq!(shown(), before);
    sandbox.ok(&["verify"]);

    assert!(sandbox.ok(&["compact"]).starts_with("nothing to compress: the log takes "));
    assert_eq!(sandbox.ok(&["compact", "--dry-run"]), "nothing to compress\n");
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    assert_eq!(sandbox.lines(&["get", "orders", "o7"])[0]["value"]["state"], "new");
    sandbox.ok(&["verify"]);
}

#[test]
fn a_flipped_byte_in_a_compressed_segment_is_named() {
    let sandbox = sandbox();
    assert!(sandbox.ok(&["compact"]).starts_with("compressed 1 segments of the log: it takes "));
    let whole = fs::read(sandbox.at(SEGMENT)).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 20) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        fs::write(sandbox.at(SEGMENT), damaged).unwrap();
        for verb in [&["verify"][..], &["compact"], &["records", "orders"]] {
            let message = sandbox.fails(2, verb);
            assert!(message.starts_with(&format!("{SEGMENT}: damaged at byte ")), "{at}: {message}");
        }
    }
}

#[test]
fn a_compressed_directory_merges_into_another() {
    let sandbox = sandbox();
    sandbox.ok(&["compact"]);
    sandbox.ok(&["init", "other"]);
    sandbox.ok(&["--store", "other", "merge", "anabranch-store"]);
    let records = sandbox.records("orders");
    assert_eq!(sandbox.lines(&["--store", "other", "records", "orders"]), records);
}
