//! Who comes back with unsent edits to a history that was trimmed meanwhile loses none of them: each shows or is listed.

use std::collections::BTreeSet;

use anabranch_core::{
    Author, CaptureKind, Document, Edit, Heads, Key, StoreSchema, StoreSnapshot, UnknownHeads, Value,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::records::{self, Map};
use crate::saved;
use crate::unsent::{Act, Found, How, Writer, acts, look_for, look_for_written};

mod hub;

use hub::{AWAY, Hub, OTHERS, Round};

/// What happens before and while somebody is away, and what that one does meanwhile.
#[derive(Clone, Debug)]
struct Story {
    edit_wins: bool,
    declares: bool,
    before: Vec<Round>,
    meanwhile: Vec<Round>,
    /// What happens once the history was trimmed.
    after: Vec<Round>,
    /// Commits of the one who is away.
    unsent: Vec<Vec<Act>>,
}

fn stories() -> impl Strategy<Value = Story> {
    let round = || (0..OTHERS, acts(), any::<bool>()).prop_map(|(who, acts, takes)| Round { who, acts, takes });
    let rounds = |most: usize| vec(round(), 0..most);
    (any::<(bool, bool)>(), rounds(3), rounds(6), rounds(4), vec(acts(), 1..4)).prop_map(
        |((edit_wins, declares), before, meanwhile, after, unsent)| Story {
            edit_wins,
            declares,
            before,
            meanwhile,
            after,
            unsent,
        },
    )
}

/// Runs a law on random stories; in them every kind of edit must have been found both ways, and the floor must have risen.
fn law(check: impl Fn(&Story) -> Result<(Found, bool), TestCaseError>, kinds: &[&'static str]) {
    #[expect(clippy::disallowed_methods, reason = "how many cases to try is the tester's choice")]
    let cases = std::env::var("ANABRANCH_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() });
    let (all, risen) = (std::cell::RefCell::new(Found::new()), std::cell::Cell::new(0));
    let outcome = runner.run(&stories(), |story| {
        let (found, has_risen) = check(&story)?;
        risen.set(risen.get() + u32::from(has_risen));
        found.into_iter().for_each(|(what, count)| *all.borrow_mut().entry(what).or_default() += count);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let (all, risen) = (all.borrow(), risen.get());
    let missing: Vec<_> = kinds
        .iter()
        .flat_map(|kind| [(*kind, How::Shown), (*kind, How::Listed)])
        .filter(|what| !all.contains_key(what))
        .collect();
    assert!(missing.is_empty(), "never found: {missing:?}");
    assert!(risen * 4 > cases, "something was trimmed in {risen} of {cases} cases only");
}

/// Edits that wrote something, and those that took something away.
const WRITTEN: &[&str] = &["a field was set", "a character came", "an item came", "a record was made"];
const REMOVED: &[&str] = &["a field was removed", "a character went", "an item went", "a record was deleted"];

/// What all have before one of them goes away.
fn begin(story: &Story) -> Hub {
    let mut hub = Hub::new(story.edit_wins, story.declares);
    story.before.iter().for_each(|round| hub.play(round));
    hub
}

fn add(to: &mut Found, more: Found) {
    more.into_iter().for_each(|(what, count)| *to.entry(what).or_default() += count);
}

#[test]
fn a_replica_below_the_floor_comes_back_and_each_of_its_unsent_edits_shows_or_is_listed() {
    law(below_the_floor, &[WRITTEN, REMOVED].concat());
}

fn below_the_floor(story: &Story) -> Result<(Found, bool), TestCaseError> {
    let mut hub = begin(story);
    // A replica of its own, with all of the history so far.
    let (mut away, base) = (hub.document.clone(), hub.document.heads());
    let before = records::of(&away);
    story.meanwhile.iter().for_each(|round| hub.play(round));
    (0..OTHERS).for_each(|who| hub.take(who));
    let mut whole = hub.clone();
    let readers: Vec<Heads> = hub.devices[..OTHERS].iter().map(|device| device.baseline.clone()).collect();
    hub.trim(&readers);
    prop_assert_eq!(hub.document.floor().heads(), &hub.document.heads());
    let is_below = base != hub.document.heads();
    if is_below {
        let known = hub.document.known(&base);
        prop_assert!(matches!(known, Err(UnknownHeads::Trimmed { .. })), "{:?}", known);
    }
    for hub in [&mut hub, &mut whole] {
        story.after.iter().for_each(|round| hub.play(round));
    }

    let mut writer = Writer::new(AWAY as u32);
    let mut wrote = before.clone();
    for (nth, acts) in story.unsent.iter().enumerate() {
        let was = wrote.clone();
        acts.iter().for_each(|act| writer.act(&mut wrote, act));
        commit(&mut away, nth, &was, &wrote, &hub.schema);
    }
    for hub in [&mut hub, &mut whole] {
        let outcome = hub.document.apply(away.change_bytes().map(|change| change.bytes));
        prop_assert_eq!((outcome.refused, outcome.waiting), (vec![], 0));
    }
    saved::check_equal(&hub.document, &whole.document)?;
    let found = look_for(&before, &wrote, &hub.document)?;
    let (mut opened, ..) = saved::reopened(&hub.document);
    opened.evict(0);
    prop_assert_eq!(&look_for(&before, &wrote, &opened)?, &found);
    Ok((found, is_below))
}

/// A commit of a replica: as a capture or as edits.
fn commit(document: &mut Document, nth: usize, was: &Map, now: &Map, schema: &StoreSchema) {
    let base = document.known(&document.heads()).unwrap();
    if nth.is_multiple_of(2) {
        let records = now.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let store = StoreSnapshot { name: "s".into(), schema: schema.clone(), complete: true, records };
        let kind = CaptureKind::Next { baseline: base, left_out: BTreeSet::new() };
        document.capture_store("away", kind, &store).unwrap();
    } else {
        let edits = edits(was, now);
        document.change_at(&base, &edits, &Author::person("away")).unwrap();
    }
    assert_eq!(records::of(document), *now, "what was committed shows");
}

fn edits(was: &Map, now: &Map) -> Vec<Edit> {
    let put = |(key, value): (&Key, &Value)| Edit::Put { key: Some(key.clone()), value: value.clone() };
    let puts = now.iter().filter(|(key, value)| was.get(key) != Some(*value)).map(put);
    let gone = was.keys().filter(|key| !now.contains_key(key)).map(|key| Edit::Delete { key: key.clone() });
    puts.chain(gone).collect()
}

#[test]
fn where_the_floor_is_the_meet_of_all_readers_each_comes_back_as_if_nothing_had_been_trimmed() {
    law(at_the_meet, &[WRITTEN, REMOVED].concat());
}

fn at_the_meet(story: &Story) -> Result<(Found, bool), TestCaseError> {
    let mut hub = begin(story);
    hub.take(AWAY);
    let before = hub.devices[AWAY].records.clone();
    let mut whole = hub.clone();
    // A job leased what shows now, a sink got it, and both are as far behind as the device that is away.
    let (base, checkpoint) = (hub.document.heads(), hub.document.heads());
    for round in story.meanwhile.iter().chain(&story.after) {
        hub.play(round);
        whole.play(round);
        let devices = hub.devices.iter().map(|device| device.baseline.clone());
        let readers: Vec<Heads> = devices.chain([base.clone(), checkpoint.clone()]).collect();
        hub.trim(&readers);
    }
    let has_risen = !hub.document.floor().heads().is_empty();
    let mut job = Writer::new(8);
    for hub in [&mut hub, &mut whole] {
        story.unsent.iter().for_each(|acts| hub.act(AWAY, acts));
        hub.capture(AWAY);
    }
    let mut computed = before.clone();
    story.unsent.iter().flatten().for_each(|act| job.act(&mut computed, act));
    for hub in [&mut hub, &mut whole] {
        let at = hub.known(&base);
        hub.document.change_at(&at, &edits(&before, &computed), &Author::run("run 1", "pipe")).unwrap();
    }
    saved::check_equal(&hub.document, &whole.document)?;
    let mut found = look_for(&before, &hub.devices[AWAY].records, &hub.document)?;
    add(&mut found, look_for(&before, &computed, &hub.document)?);
    let batch = |hub: &Hub| hub.document.record_changes(&hub.known(&checkpoint), &hub.known(&hub.document.heads()));
    prop_assert_eq!(batch(&hub), batch(&whole));
    Ok((found, has_risen))
}

#[test]
fn a_device_whose_baseline_was_trimmed_comes_back_as_a_new_one_and_loses_nothing_that_it_wrote() {
    law(as_a_new_one, WRITTEN);
}

fn as_a_new_one(story: &Story) -> Result<(Found, bool), TestCaseError> {
    let mut hub = begin(story);
    hub.take(AWAY);
    let before = hub.devices[AWAY].records.clone();
    story.meanwhile.iter().for_each(|round| hub.play(round));
    (0..OTHERS).for_each(|who| hub.take(who));
    hub.trim(&[hub.document.heads()]);
    story.after.iter().for_each(|round| hub.play(round));
    let has_risen = hub.document.known(&hub.devices[AWAY].baseline).is_err();
    story.unsent.iter().for_each(|acts| hub.act(AWAY, acts));
    hub.capture_as(AWAY, CaptureKind::First);
    let wrote = &hub.devices[AWAY].records;
    Ok((look_for_written(&before, wrote, &hub.document)?, has_risen))
}
