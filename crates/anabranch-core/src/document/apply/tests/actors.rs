//! Actors that are used twice, by accident or to squat: a typed outcome, and nothing honest lost.

use super::*;

/// A commit of three changes.
fn long() -> Chain {
    Chain::new("victim", (0..3).map(|at| vec![set(&format!("k{at}"), "x", "honest")]).collect())
}

#[test]
fn two_tabs_that_commit_the_same_make_the_same_change() {
    let start = Chain::of("tab", set("k", "x", "1")).make();
    let (mut one, mut two) = (with(&[&start]), with(&[&start]));
    let edit = Chain::of("tab", set("k", "y", "2")).after(&start).make();
    lands(&mut one, &edit);
    lands(&mut two, &edit);
    let outcome = one.apply(two.change_bytes().map(|change| change.bytes));
    assert_eq!((outcome.duplicates, outcome.applied.len(), outcome.refused), (2, 0, vec![]));
}

#[test]
fn a_restored_backup_that_goes_another_way_keeps_both_ways() {
    let start = Chain::of("desk", set("k", "x", "1")).make();
    let (mut before, mut restored) = (with(&[&start]), with(&[&start]));
    let lost = Chain::of("desk", set("k", "y", "before the restore")).after(&start).make();
    let again = Chain::of("desk", set("k", "z", "after the restore")).after(&start).make();
    lands(&mut before, &lost);
    lands(&mut restored, &again);
    let outcome = before.apply(restored.change_bytes().map(|change| change.bytes));
    assert_eq!((outcome.duplicates, outcome.applied, outcome.refused), (1, again.clone(), vec![]));
    let outcome = restored.apply(before.change_bytes().map(|change| change.bytes));
    assert_eq!((outcome.duplicates, outcome.applied, outcome.refused), (2, lost, vec![]));
    assert_eq!(before.heads(), restored.heads());
}

#[test]
fn a_batch_is_filtered_for_duplicates_first() {
    let honest = long().make();
    let bad = Chain { start_op: 9, ..Chain::of("b", set("k", "x", "2")) }.make();
    let mut document = Document::new();
    let batch: Vec<Bytes> = [bytes(&honest), bytes(&bad), bytes(&bad), bytes(&honest), bytes(&bad)].concat();
    let outcome = document.apply(batch);
    assert_eq!((outcome.applied.len(), outcome.duplicates, outcome.waiting), (3, 5, 0));
    assert_eq!(outcome.refused, [Refusal { hash: Some(bad[0].hash), reason: RefuseReason::OpCounter }]);
}

#[test]
fn a_change_under_a_victims_actor_with_the_next_seq_does_not_lock_the_victim_out() {
    let honest = long().make();
    let actor = Some(long().actor());
    let squat = Chain {
        actor,
        first_seq: 4,
        start_op: 4,
        message: Some(String::new()),
        ..Chain::of("victim", set("k", "x", "squat"))
    };
    let squat = Chain { deps: vec![honest[2].hash], ..squat }.make();
    // Before the victim's commit, in its middle, after it.
    for at in 0..=honest.len() {
        let mut batch = bytes(&honest);
        batch.insert(at, squat[0].bytes.clone());
        let mut document = Document::new();
        let outcome = document.apply(batch);
        assert_eq!((outcome.applied.len(), outcome.waiting), (3, 0), "{at}");
        assert_eq!(outcome.refused.len(), 1);
        assert_eq!(outcome.refused[0].hash, Some(squat[0].hash));
        lands(&mut document, &Chain::of("victim", set("k", "x", "the next commit")).after(&honest).make());
    }
}

#[test]
fn an_actor_cannot_be_squatted_before_its_owner_uses_it() {
    let honest = Chain::of("victim", set("k", "x", "honest")).make();
    let forged = Chain {
        actor: Some(Chain::of("victim", set("k", "x", "honest")).actor()),
        ..Chain::of("victim", set("k", "x", "squat"))
    };
    let forged = forged.make();
    let mut document = Document::new();
    assert_eq!(refusal(&mut document, bytes(&forged)), RefuseReason::ActorNotDerived);
    lands(&mut document, &honest);
    assert_eq!(refusal(&mut document, bytes(&forged)), RefuseReason::ActorReused);
}

#[test]
fn a_hundred_forged_parts_beside_an_honest_chain_do_not_keep_it_out() {
    let honest = long().make();
    for forged_at in 0..3 {
        let forged: Vec<Bytes> = (0..100)
            .map(|nth| {
                let mut chain = Chain { actor: Some(long().actor()), ..long() };
                chain.changes[forged_at][0].value = format!("forged {nth}").into();
                chain.make()[forged_at].bytes.clone()
            })
            .collect();
        for honest_first in [false, true] {
            let batch = if honest_first { [bytes(&honest), forged.clone()] } else { [forged.clone(), bytes(&honest)] };
            let mut document = Document::new();
            let outcome = document.apply(batch.concat());
            assert_eq!((outcome.applied.len(), outcome.waiting), (3, 0), "{forged_at}");
            assert_eq!(outcome.refused.len(), 100);
            assert!(outcome.refused.iter().all(|refusal| refusal.hash.is_some()));
        }
    }
}

#[test]
fn an_honest_commit_cut_otherwise_does_not_take_its_place() {
    let honest = Chain { changes: vec![long().changes.concat()], ..long() };
    for cut in [vec![1, 2], vec![2, 1], vec![1, 1, 1]] {
        let mut ops = long().changes.concat().into_iter();
        let changes = cut.iter().map(|count| ops.by_ref().take(*count).collect()).collect();
        let other = Chain { actor: Some(honest.actor()), changes, ..long() }.make();
        let mut document = Document::new();
        let outcome = document.apply(bytes(&other));
        assert_eq!(outcome.applied, []);
        lands(&mut document, &honest.make());
        assert_eq!(document.heads().hashes(), [honest.make()[0].hash]);
    }
}

#[test]
fn an_increment_that_leaves_its_author_blank_does_not_take_the_place_of_one_that_names_it() {
    let count = |who: &str| Op {
        name: format!("{}{}+{who}", field("k", "x"), layout::PART),
        code: code::INT,
        value: vec![1],
        preds: vec![],
    };
    let blank = Chain::of("victim", count(layout::OWN_ACTOR));
    let actor = blank.actor();
    let mut document = Document::new();
    assert_eq!(refusal(&mut document, bytes(&blank.make())), RefuseReason::Name { op: 0 });
    let honest = Chain { actor: Some(actor), ..Chain::of("victim", count(&actor.to_string())) };
    lands(&mut document, &honest.make());
}
