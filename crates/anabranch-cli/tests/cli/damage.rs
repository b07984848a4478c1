//! Store directories that are damaged, or none.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use serde_json::json;

use crate::exports::{orders, shop, with};
use crate::harness::Sandbox;

const SEGMENT: &str = "anabranch-store/log/00000001.seg";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("start.json", shop(&orders(3)));
    sandbox.write("later.json", shop(&with(&orders(3), "o1", |order| order["state"] = json!("sent"))));
    sandbox.ok(&["capture", "start.json", "--replica", "tablet"]);
    sandbox.ok(&["capture", "later.json", "--replica", "tablet"]);
    sandbox
}

/// Verbs that read, and one that writes.
const VERBS: &[&[&str]] =
    &[&["stores"], &["records", "orders"], &["verify"], &["status"], &["capture", "start.json", "--replica", "tablet"]];

#[test]
fn a_flipped_byte_anywhere_in_the_log_is_named_by_file_and_place() {
    let sandbox = sandbox();
    let length = fs::metadata(sandbox.at(SEGMENT)).unwrap().len();
    for offset in (0..length).step_by((length / 40) as usize) {
        let mut file = OpenOptions::new().read(true).write(true).open(sandbox.at(SEGMENT)).unwrap();
        let whole = fs::read(sandbox.at(SEGMENT)).unwrap();
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.write_all(&[whole[offset as usize] ^ 0x40]).unwrap();
        let message = sandbox.fails(2, VERBS[offset as usize % VERBS.len()]);
        assert!(message.starts_with(&format!("{SEGMENT}: damaged at byte ")), "{offset}: {message}");
        assert!(message.contains("backup"), "{message}");
        fs::write(sandbox.at(SEGMENT), whole).unwrap();
    }
    sandbox.ok(&["verify"]);
}

#[test]
fn a_missing_segment_or_marker_is_named() {
    let sandbox = sandbox();
    for file in [SEGMENT, "anabranch-store/ANABRANCH"] {
        let contents = fs::read(sandbox.at(file)).unwrap();
        fs::remove_file(sandbox.at(file)).unwrap();
        for verb in VERBS {
            let message = sandbox.fails(2, verb);
            assert!(message.starts_with(&format!("{file} is missing")), "{message}");
        }
        fs::write(sandbox.at(file), contents).unwrap();
    }
}

#[test]
fn a_damaged_marker_is_named_and_a_newer_one_is_told_apart() {
    let sandbox = sandbox();
    let marker = sandbox.read("anabranch-store/ANABRANCH");
    sandbox.write("anabranch-store/ANABRANCH", marker.replace("segments 1", "segments 2"));
    assert!(sandbox.fails(2, &["stores"]).starts_with("anabranch-store/ANABRANCH: damaged at byte 0"));
    sandbox.write("anabranch-store/ANABRANCH", marker.replace("store 1", "store 2"));
    assert!(sandbox.fails(1, &["stores"]).contains("newer version"));
}

#[test]
fn a_tail_that_a_crash_left_is_told_of_and_cut_off_by_the_next_writer() {
    let sandbox = sandbox();
    let state = sandbox.ok(&["--json", "records", "orders"]);
    let mut log = OpenOptions::new().append(true).open(sandbox.at(SEGMENT)).unwrap();
    log.write_all(b"half of a transaction").unwrap();
    let before = sandbox.bytes();
    let ran = sandbox.run(&["--json", "records", "orders"]);
    assert_eq!((ran.code, &ran.out), (0, &state));
    assert!(ran.err.contains(SEGMENT) && ran.err.contains("never ended"), "{}", ran.err);
    assert!(sandbox.bytes() == before, "a reader changes nothing");
    assert_eq!(sandbox.run(&["capture", "start.json", "--replica", "tablet"]).code, 0);
    sandbox.ok(&["verify"]);
}

#[test]
fn a_log_that_was_cut_shows_what_is_whole_says_so_and_fails_verification() {
    let sandbox = sandbox();
    let length = fs::metadata(sandbox.at(SEGMENT)).unwrap().len();
    OpenOptions::new().write(true).open(sandbox.at(SEGMENT)).unwrap().set_len(length - 5).unwrap();
    let ran = sandbox.run(&["--json", "get", "orders", "o1"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("\"new\""), "{}", ran.out);
    assert!(ran.err.contains(SEGMENT) && ran.err.contains("are missing"), "{}", ran.err);
    let ran = sandbox.run(&["verify"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("restore the directory from a backup"), "{}", ran.err);
    // Capturing once more brings back what is gone.
    assert_eq!(sandbox.run(&["capture", "later.json", "--replica", "tablet"]).code, 0);
    sandbox.ok(&["verify"]);
    assert_eq!(sandbox.lines(&["get", "orders", "o1"])[0]["value"]["state"], "sent");
}

#[test]
fn a_directory_that_is_not_ours_is_not_touched() {
    let sandbox = Sandbox::empty();
    fs::create_dir(sandbox.at("letters")).unwrap();
    sandbox.write("letters/dear.txt", "dear");
    sandbox.write("file", "");
    assert!(sandbox.fails(1, &["init", "letters"]).contains("holds other files"));
    assert!(sandbox.fails(1, &["init", "file"]).contains("no directory"));
    for store in ["letters", "file", "nowhere"] {
        let message = sandbox.fails(1, &["--store", store, "stores"]);
        assert!(message.starts_with(&format!("{store} is no store directory")), "{message}");
    }
    sandbox.ok(&["init", "new"]);
    assert!(sandbox.fails(1, &["init", "new"]).contains("already"));
}

#[test]
fn a_blob_that_is_gone_or_damaged_is_named_by_verify() {
    let sandbox = Sandbox::new();
    let row = json!({"id": "b", "photo": {"type": "x/y", "data": "QUJD".repeat(30_000)}, "$types": {"photo": "blob2"}});
    sandbox.write("blob.json", crate::exports::dexie("shop", &[("photos", "id", vec![row])]));
    sandbox.ok(&["capture", "blob.json", "--replica", "phone"]);
    let file = fs::read_dir(sandbox.at("anabranch-store/blobs")).unwrap().next().unwrap().unwrap().path();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[1..]).unwrap();
    assert!(sandbox.fails(2, &["verify"]).starts_with(&format!("anabranch-store/blobs/{name}: damaged")));
    fs::remove_file(&file).unwrap();
    assert!(sandbox.fails(2, &["verify"]).starts_with(&format!("anabranch-store/blobs/{name} is missing")));
    sandbox.ok(&["capture", "blob.json", "--replica", "phone"]);
    sandbox.ok(&["verify"]);
}
