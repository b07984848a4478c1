//! Changes whose registers are set together: pages that split meanwhile are those that split one by one.

use super::*;
use crate::testing::{saved_after_applying, with_pages_of};

/// Applies a chain to a record, and tells how many pages that makes, if it is the same ones one by one and all at once.
fn pages_of(changes: Vec<Vec<Op>>, page_records: usize) -> usize {
    // Pages are made for a first import before it comes, and none of them splits.
    let first = Chain::of("a", set("first", "x", "1")).make();
    let mut document = with_pages_of(page_records);
    document.apply(bytes(&first));
    lands(&mut document, &Chain::new("b", changes).after(&first).make());
    let saved = document.save();
    for (together, threads) in [(1, 1), (4, 1), (4, 8), (usize::MAX, 3)] {
        assert!(saved == on_threads(threads, || saved_after_applying(&document, together, page_records)));
    }
    saved.all_pages.len()
}

#[cfg(feature = "parallel")]
fn on_threads<R: Send>(threads: usize, each: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(each)
}

/// Without the feature there is one.
#[cfg(not(feature = "parallel"))]
fn on_threads<R>(_threads: usize, each: impl FnOnce() -> R) -> R {
    each()
}

/// So many changes, each of so many new records.
fn news(changes: usize, records: usize) -> Vec<Vec<Op>> {
    let op = |change, record| set(&format!("{change} {record}"), "x", "1");
    (0..changes).map(|change| (0..records).map(|record| op(change, record)).collect()).collect()
}

#[test]
fn a_page_splits_by_the_last_record_that_it_has_no_room_for() {
    for records in 1..30 {
        assert!((records > 11) == (pages_of(news(4, records), 47) > 1), "{records}");
    }
}

#[test]
fn pages_split_again_and_again_while_others_are_written() {
    assert!(pages_of(news(30, 30), 5) > 180);
}

#[test]
fn many_pages_are_written_that_do_not_split() {
    let again =
        |change: &Vec<Op>| change.iter().map(|op| Op { name: op.name.replace(".x", ".y"), ..op.clone() }).collect();
    let news = news(10, 20);
    let changes = news.iter().cloned().chain(news.iter().map(again)).collect();
    assert!(pages_of(changes, 5) > 40);
}

#[test]
fn a_page_splits_by_the_bytes_of_its_values() {
    let large = |key: &str| vec![set(key, "x", &"v".repeat(8 * 1024 * 1024))];
    assert_eq!(pages_of(vec![large("k"), vec![set("m", "x", "1")]], 1024), 1);
    assert!(pages_of(vec![large("k"), large("l"), vec![set("m", "x", "1")]], 1024) > 1);
}
