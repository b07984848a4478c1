//! The laws of the merge, over random histories of several replicas and directories.
//!
//! `ANABRANCH_CASES` sets the number of cases of each law (256 by default).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod come_back;
mod coverage;
mod meet;
mod oracle;
mod records;
mod reference;
mod saved;
mod sequences;
mod trimmed;
mod unsent;
mod world;

use anabranch_core::testing::{raw_registers, raw_sequences};
use anabranch_core::{CaptureKind, Document, StoreSnapshot};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use world::{World, histories};

/// Runs a law on random worlds, and fails if a kind of event that it must have seen never happened.
fn law(check: impl Fn(&World, u64) -> Result<(), TestCaseError>) {
    #[expect(clippy::disallowed_methods, reason = "how many cases to try is the tester's choice")]
    let cases = std::env::var("ANABRANCH_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() });
    let coverage = std::cell::RefCell::new(coverage::Coverage::default());
    let outcome = runner.run(&(histories(), any::<u64>()), |(steps, seed)| {
        let world = World::run(&steps);
        coverage.borrow_mut().add(&world.coverage);
        check(&world, seed)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    coverage.borrow().assert_all_happened();
}

fn shuffled<T: Clone>(items: &[T], mut seed: u64) -> Vec<T> {
    let mut items = items.to_vec();
    for at in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (seed >> 33) as usize % (at + 1));
    }
    items
}

#[test]
fn merge_is_commutative_associative_and_idempotent() {
    law(|world, seed| {
        let merged = world.merged();
        let changes: Vec<_> = merged.change_bytes().map(|change| change.bytes).collect();
        // All of them in one batch and in another order, each twice; then one by one.
        let mut batch = Document::new();
        let twice: Vec<_> = changes.iter().chain(&changes).cloned().collect();
        let outcome = batch.apply(shuffled(&twice, seed));
        prop_assert_eq!(outcome.refused, vec![]);
        prop_assert_eq!(outcome.waiting, 0);
        let mut single = Document::new();
        for change in shuffled(&changes, seed ^ 1) {
            single.apply([change]);
        }
        for other in [&batch, &single] {
            prop_assert_eq!(other.heads(), merged.heads());
            prop_assert_eq!(raw_registers(other), raw_registers(&merged));
            prop_assert_eq!(raw_sequences(other), raw_sequences(&merged));
            prop_assert_eq!(records::of(other), records::of(&merged));
            prop_assert_eq!(other.view().conflicts(), merged.view().conflicts());
        }
        // Directories merged in another order, and merged again.
        let mut joined = Document::new();
        for document in shuffled(&world.documents(), seed).iter().chain(&world.documents()) {
            joined.apply(document.change_bytes().map(|change| change.bytes));
        }
        prop_assert_eq!(joined.heads(), merged.heads());
        prop_assert_eq!(records::of(&joined), records::of(&merged));
        Ok(())
    });
}

#[test]
fn capturing_what_was_materialised_changes_nothing() {
    law(|world, _| {
        // An empty document shows no schema, so that even an empty capture would add one.
        let documents = world.documents().into_iter().filter(|document| document.change_count() > 0);
        for mut document in documents.chain([world.merged()]) {
            let (heads, schema) = (document.heads(), document.view().schema().clone());
            let records = document.view().records().map(|record| (record.key, record.value)).collect();
            let snapshot = StoreSnapshot { name: "s".into(), schema, complete: true, records };
            let kind = CaptureKind::Next { baseline: document.known(&heads).unwrap(), left_out: Default::default() };
            let before = records::of(&document);
            let commit = document.capture_store("fresh", kind, &snapshot).unwrap();
            prop_assert_eq!(document.heads(), heads);
            prop_assert_eq!(commit.receipt.rows, 0);
            prop_assert_eq!(records::of(&document), before);
        }
        Ok(())
    });
}

#[test]
fn record_changes_replayed_equal_the_records_and_a_range_cut_in_two_changes_nothing() {
    law(|world, seed| {
        let document = world.merged();
        let heads = document.heads();
        let known: Vec<_> = world.heads_seen().iter().filter_map(|heads| document.known(heads).ok()).collect();
        let (nothing, to) = (document.known(&Default::default()).unwrap(), document.known(&heads).unwrap());
        let mut whole = records::Map::new();
        records::replay(&mut whole, &document.record_changes(&nothing, &to))?;
        prop_assert_eq!(&whole, &records::of(&document));
        for between in shuffled(&known, seed).iter().take(3) {
            let mut cut = records::Map::new();
            records::replay(&mut cut, &document.record_changes(&nothing, between))?;
            prop_assert_eq!(&cut, &records::at(&document, between));
            records::replay(&mut cut, &document.record_changes(between, &to))?;
            prop_assert_eq!(&cut, &whole);
            records::touched_are_told(&document, between, &to)?;
            // And back again.
            records::replay(&mut cut, &document.record_changes(&to, between))?;
            prop_assert_eq!(&cut, &records::at(&document, between));
        }
        Ok(())
    });
}

#[test]
fn raw_registers_and_sequences_equal_automerges() {
    law(|world, _| {
        for document in world.documents().into_iter().chain([world.merged()]) {
            let (ours, theirs) = (raw_registers(&document), oracle::get_all(&document));
            prop_assert_eq!(ours, theirs);
            prop_assert_eq!(raw_sequences(&document), oracle::sequences(&document));
        }
        Ok(())
    });
}

#[test]
fn what_is_shown_equals_the_reference_fold() {
    law(|world, seed| {
        for document in world.documents().into_iter().chain([world.merged()]) {
            let known: Vec<_> = world.heads_seen().iter().filter_map(|heads| document.known(heads).ok()).collect();
            for heads in shuffled(&known, seed).iter().take(2).chain([&document.known(&document.heads()).unwrap()]) {
                prop_assert_eq!(records::at(&document, heads), reference::records(&document, heads.heads()));
            }
        }
        Ok(())
    });
}

#[test]
fn loading_a_log_shows_what_was_there() {
    law(|world, _| {
        let document = world.merged();
        let (loaded, outcome) = Document::load(document.change_bytes().map(|change| change.bytes));
        prop_assert_eq!(outcome.refused, vec![]);
        prop_assert_eq!(loaded.heads(), document.heads());
        prop_assert_eq!(raw_registers(&loaded), raw_registers(&document));
        Ok(())
    });
}

#[test]
fn what_was_saved_opens_as_it_was_and_is_written_on() {
    law(|world, seed| {
        let merged = world.merged();
        let (opened, ..) = saved::reopened(&merged);
        saved::check_equal(&opened, &merged)?;
        for half in &world.documents() {
            saved::check_written_on(half, &merged)?;
            saved::check_damaged(half, &merged, seed)?;
        }
        saved::check_damaged(&merged, &merged, seed)
    });
}

#[test]
fn changes_that_are_applied_together_are_saved_as_if_each_came_alone() {
    law(|world, seed| saved::check_together(&world.merged(), seed));
}

#[test]
fn what_was_trimmed_shows_the_same_and_takes_late_changes() {
    law(|world, seed| {
        let (merged, seen) = (world.merged(), shuffled(world.heads_seen(), seed));
        let known: Vec<_> = seen.into_iter().take(3).chain([merged.heads(), Default::default()]).collect();
        for half in world.documents().iter().filter(|half| half.change_count() > 0) {
            trimmed::check(half, &merged, &known)?;
        }
        Ok(())
    });
}

#[test]
fn what_was_trimmed_at_the_meet_of_its_readers_stays_readable_to_each() {
    law(|world, seed| {
        let merged = world.merged();
        meet::check(&merged, world.heads_seen(), seed)?;
        for half in world.documents().iter().filter(|half| half.change_count() > 0) {
            meet::check(half, world.heads_seen(), seed)?;
        }
        Ok(())
    });
}
