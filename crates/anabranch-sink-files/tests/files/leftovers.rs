//! Files that no manifest names: what is removed, what stays, and what is refused.

use anabranch_core::Value;
use anabranch_sink::{DeliverError, Sink, deliver};
use anabranch_sink_files::{Destination, FileSink, Format, LocalDirectory, Mode, SinkError, open_url};

use crate::stores::{Place, document, key, put, table};

fn record(n: f64) -> Value {
    Value::object([("n", Value::from(n))])
}

/// Writes a file aside of the sink.
fn plant(place: &Place, path: &str) {
    place.shelf.0.borrow_mut().insert(path.into(), b"half a fi".into());
}

#[test]
fn what_no_reader_needs_is_removed_and_the_rest_stays() {
    let place = Place::new(Format::Csv, Mode::Current);
    let mut document = document([(key(1), record(1.0))]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    let first = place.files();
    let past = "shop/s/00000001-0123456789abcdef.csv";
    let half_written = "shop/s/.00000001-0123456789abcdef.csv.77-0.tmp";
    // Its writer is about to publish it.
    let later = "shop/s/00000009-0123456789abcdef.csv";
    let of_somebody = "shop/s/notes.csv";
    for path in [past, half_written, later, of_somebody] {
        plant(&place, path);
    }
    put(&mut document, "second", [(key(2), record(2.0))]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    let files = place.files();
    assert!([later, of_somebody].iter().all(|path| files.contains(&(*path).to_owned())), "{files:?}");
    assert!(![past, half_written].iter().any(|path| files.contains(&(*path).to_owned())), "{files:?}");
    assert!(!files.iter().any(|path| first.contains(path)), "older rows went: {files:?}");
    assert_eq!(files.len(), 4, "{files:?}");
}

#[test]
fn a_delivery_with_nothing_new_cleans_up_after_one_that_was_killed() {
    let place = Place::new(Format::Csv, Mode::Current);
    let document = document([(key(1), record(1.0))]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    let delivered = place.files();
    plant(&place, "shop/s/00000001-0123456789abcdef.csv");
    assert!(place.deliver(&[(table("s"), &document)]).expect("it has nothing to do").is_empty());
    assert_eq!(place.files(), delivered);
}

#[test]
fn a_feed_keeps_its_files() {
    let place = Place::new(Format::Jsonl, Mode::Changes);
    let mut document = document([(key(1), record(1.0))]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    let first = place.table(&table("s")).files;
    put(&mut document, "second", [(key(1), record(2.0))]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    let both = place.table(&table("s"));
    assert_eq!((both.files.len(), both.files.first(), both.rows), (2, first.first(), 2));
}

#[test]
fn a_directory_holds_no_temporary_files_and_only_whole_ones() {
    let directory = tempfile::TempDir::new().expect("a temporary directory");
    let mut local = LocalDirectory::new(directory.path().join("made/when/needed"));
    local.write("d/s/file.csv", b"one").expect("it is written");
    local.write("d/s/file.csv", b"two").expect("it is written again");
    assert_eq!(local.list("d/s").expect("it is listed"), ["file.csv"]);
    // The place of a file is taken: nothing half-written stays behind.
    std::fs::create_dir_all(directory.path().join("made/when/needed/d/s/taken.csv/x")).expect("it is made");
    local.write("d/s/taken.csv", b"three").expect_err("a directory is in its place");
    let mut names = local.list("d/s").expect("it is listed");
    names.sort();
    assert_eq!(names, ["file.csv", "taken.csv"]);
}

#[test]
fn a_manifest_that_moved_is_not_replaced() {
    let directory = tempfile::TempDir::new().expect("a temporary directory");
    let mut local = LocalDirectory::new(directory.path());
    let first = local.replace("m", b"1", None).expect("there is none yet");
    let kind = |outcome: std::io::Result<_>| outcome.map_err(|error: std::io::Error| error.kind());
    assert_eq!(kind(local.replace("m", b"2", None)), Err(std::io::ErrorKind::AlreadyExists));
    local.replace("m", b"2", Some(&first)).expect("it is at the first");
    assert_eq!(kind(local.replace("m", b"3", Some(&first))), Err(std::io::ErrorKind::AlreadyExists));
    assert_eq!(local.read("m").expect("it is read").map(|(bytes, _)| bytes), Some(b"2".to_vec()));
}

fn open(place: &Place) -> SinkError {
    FileSink::new(place.shelf.clone(), place.options()).open().expect_err("it is refused")
}

#[test]
fn a_destination_that_is_not_ours_to_write_is_refused() {
    let mut place = Place::new(Format::Csv, Mode::Current);
    let document = document([(key(1), record(1.0))]);
    place.deliver(&[(table("s"), &document)]).expect("it is delivered");
    place.mode = Mode::Changes;
    assert!(matches!(open(&place), SinkError::OtherFormat { have: Format::Csv, have_mode: Mode::Current, .. }));
    place.mode = Mode::Current;
    let manifest = String::from_utf8(place.read("_anabranch.json")).expect("it is text");
    place
        .shelf
        .clone()
        .write("_anabranch.json", manifest.replace("\"anabranch\": 1", "\"anabranch\": 2").as_bytes())
        .unwrap();
    assert!(matches!(open(&place), SinkError::Version { version: 2, .. }));
    place.shelf.clone().write("_anabranch.json", manifest.get(..40).unwrap_or_default().as_bytes()).unwrap();
    assert!(matches!(open(&place), SinkError::Manifest { .. }));
}

#[test]
fn a_destination_filled_from_another_history_is_refused() {
    let place = Place::new(Format::Csv, Mode::Current);
    let (one, other) = (document([(key(1), record(1.0))]), document([(key(1), record(2.0))]));
    place.deliver(&[(table("s"), &one)]).expect("it is delivered");
    let outcome = deliver(&mut FileSink::new(place.shelf.clone(), place.options()), &[(table("s"), &other)]);
    assert!(matches!(outcome, Err(DeliverError::ForeignCheckpoint { .. })));
}

#[test]
fn no_secret_of_a_url_is_in_a_message() {
    for url in
        ["s3://KEY:CANARY@bucket/dir?token=CANARY", "nothing://u:CANARY@x/?k=CANARY", "http://u:CANARY@[bad/?k=CANARY"]
    {
        match open_url(url) {
            Ok(destination) => assert!(!destination.name().contains("CANARY"), "{}", destination.name()),
            Err(error) => assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}"),
        }
    }
}
