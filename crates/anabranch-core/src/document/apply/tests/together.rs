//! Changes whose registers are set together: pages that split meanwhile are those that split one by one.

use super::*;
use crate::testing::{MemorySource, saved_after_applying, with_pages_of};

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

#[test]
fn pages_to_which_nothing_comes_stay_closed_and_saved() {
    let (first, news) = (Chain::of("a", set("first", "x", "1")).make(), news(10, 20));
    let mut document = with_pages_of(5);
    document.apply(bytes(&first));
    let news = Chain::new("b", news).after(&first).make();
    lands(&mut document, &news);
    let (saved, source) = (document.save(), Arc::new(MemorySource::default()));
    source.keep(&saved, &document);
    document.note_saved(&saved, source);
    assert_eq!((document.evict(0), document.registers.written_pages().len()), (0, 0));
    let changes = (0..4).map(|nth| vec![set(&format!("{nth} 0"), "y", "1")]).collect();
    lands(&mut document, &Chain::new("c", changes).after(&news).make());
    let written = document.registers.written_pages().len();
    assert!((1..=4).contains(&written), "{written} of {}", saved.all_pages.len());
}

/// A record that is there and has a field.
fn living(identity: &str) -> Vec<Op> {
    let op = |suffix, code, value: &[u8]| Op {
        name: format!("{identity}{suffix}"),
        code,
        value: value.to_vec(),
        preds: vec![],
    };
    vec![op("", code::TRUE, b""), op(".x", code::STR, b"1")]
}

#[test]
fn who_keeps_a_key_is_asked_anew_whichever_pages_its_claimants_come_to() {
    let key = |nth: usize| layout::encode_key(&Key::Number(nth as f64));
    // Pages are made for a first import before it comes; what comes later splits those that there are.
    for (first, records) in [(0, 5), (0, 20), (1, 4), (1, 5)] {
        let (mut before, mut made) = (with_pages_of(5), Vec::new());
        for come in [0..first, first..records].into_iter().filter(|come| !come.is_empty()) {
            let chain = Chain::new("a", vec![come.flat_map(|nth| living(&key(nth))).collect()]);
            made = if made.is_empty() { chain.make() } else { chain.after(&made).make() };
            lands(&mut before, &made);
        }
        for (one, other) in (0..records).flat_map(|one| [(one, one + 1), (one, one + 3), (one, one)]) {
            let claims = |by: &str| {
                let claim = |nth: usize| living(&format!("{}@{by}", key(nth % records)));
                vec![claim(one), if one == other { claim(one).split_off(1) } else { claim(other) }]
            };
            let blank = Chain::new("b", claims(layout::OWN_ACTOR)).after(&made);
            let actor = blank.actor();
            let own = Chain { actor: Some(actor), changes: claims(&actor.to_string()), ..blank };
            for chain in [own, Chain::new("b", claims(&"0a".repeat(16))).after(&made)] {
                let mut document = before.clone();
                assert_eq!(document.view().records().count(), records);
                lands(&mut document, &chain.make());
                let (loaded, _) = Document::load(document.change_bytes().map(|change| change.bytes));
                assert!(document.view().records().eq(loaded.view().records()), "{one} and {other} of {records}");
                assert_eq!(document.view().records().count(), records + if one == other { 1 } else { 2 });
            }
        }
    }
}
