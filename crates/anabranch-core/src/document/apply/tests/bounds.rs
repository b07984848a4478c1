//! What waits is bounded, and what is bounded harms nobody else.

use super::waiting::Amount;
use super::*;
use crate::limits;

/// A commit on which others depend, and so many commits upon it.
fn base_and_orphans(count: usize, text: &str) -> (Vec<ChangeBytes>, Vec<Vec<ChangeBytes>>) {
    let base = Chain::of("base", set("base", "x", "1")).make();
    let orphan = |nth: usize| Chain::of("o", set(&nth.to_string(), "x", text)).after(&base).make();
    let orphans = (0..count).map(orphan).collect();
    (base, orphans)
}

#[test]
fn orphans_wait_up_to_their_number_and_the_innocent_rest_goes_through() {
    let (base, orphans) = base_and_orphans(limits::ORPHANS_MAX + 2, "1");
    let innocent = Chain::of("innocent", set("i", "x", "1")).make();
    let mut document = Document::new();
    let mut batch: Vec<Bytes> = orphans.iter().flat_map(|chain| bytes(chain)).collect();
    batch.extend(bytes(&innocent));
    let outcome = document.apply(batch.clone());
    assert_eq!((outcome.applied, outcome.waiting), (innocent, limits::ORPHANS_MAX));
    let last_two = orphans.iter().skip(limits::ORPHANS_MAX).map(|chain| chain[0].hash);
    let given_up = |hash| Refusal { hash: Some(hash), reason: RefuseReason::TooManyWaiting };
    assert_eq!(outcome.refused, last_two.map(given_up).collect::<Vec<_>>());
    // What they wait for releases them; those that were given up can be sent again.
    let outcome = document.apply(bytes(&base));
    assert_eq!((outcome.applied.len(), outcome.waiting), (1 + limits::ORPHANS_MAX, 0));
    let outcome = document.apply(batch);
    assert_eq!((outcome.applied.len(), outcome.refused.len(), outcome.waiting), (2, 0, 0));
}

#[test]
fn orphans_wait_up_to_their_bytes() {
    let (base, orphans) = base_and_orphans(9, &"x".repeat(1 << 20));
    let mut document = Document::new();
    let outcome = document.apply(orphans.iter().flat_map(|chain| bytes(chain)));
    assert_eq!((outcome.waiting, outcome.refused.len()), (7, 2));
    assert_eq!(document.apply(bytes(&base)).applied.len(), 8);
    document.forget_waiting();
    let outcome = document.apply(orphans.iter().flat_map(|chain| bytes(chain)));
    assert_eq!((outcome.applied.len(), outcome.waiting), (2, 0));
}

#[test]
fn a_full_house_keeps_nobody_out_who_need_not_wait() {
    let (_, orphans) = base_and_orphans(limits::ORPHANS_MAX, "1");
    let mut document = Document::new();
    document.apply(orphans.iter().flat_map(|chain| bytes(chain)));
    let long = Chain::new("i", (0..20).map(|at| vec![set(&at.to_string(), "i", "1")]).collect()).make();
    // Part by part: what has its dependencies is no orphan.
    for part in &long {
        assert_eq!(document.apply([part.bytes.clone()]).refused, []);
    }
    assert_eq!(document.change_count(), 20);
    document.forget_waiting();
    assert_eq!(document.apply([]).waiting, 0);
}

/// A document in which little may wait.
fn small(orphans: usize, staged: usize, table_bytes: usize) -> Document {
    let mut document = Document::new();
    let amount = |changes| Amount { changes, bytes: 1 << 20 };
    document.waiting.bounds = waiting::Bounds { orphans: amount(orphans), staged: amount(staged), table_bytes };
    document
}

#[test]
fn parts_of_incomplete_chains_are_bounded_and_a_whole_chain_passes_whatever_its_length() {
    let long = Chain::new("a", (0..50).map(|at| vec![set(&at.to_string(), "x", "1")]).collect()).make();
    let mut document = small(4, 10, 1 << 20);
    let outcome = document.apply(bytes(&long[..49]));
    assert_eq!((outcome.applied.len(), outcome.waiting, outcome.refused.len()), (0, 10, 39));
    assert!(outcome.refused.iter().all(|refusal| refusal.reason == RefuseReason::TooManyWaiting));
    assert_eq!(outcome.refused[0].hash, Some(long[10].hash), "the first to come stay");
    // Piece by piece within the bound it goes on where it was; all at once it never waits.
    let outcome = document.apply(bytes(&long));
    assert_eq!((outcome.applied, outcome.duplicates, outcome.waiting), (long.clone(), 10, 0));
    let outcome = small(4, 10, 1 << 20).apply(bytes(&long).into_iter().rev());
    assert_eq!((outcome.applied.len(), outcome.refused.len()), (50, 0));
}

#[test]
fn what_is_given_up_in_the_middle_of_a_chain_unlinks_what_follows_it() {
    let long = Chain::new("a", (0..6).map(|at| vec![set(&at.to_string(), "x", "1")]).collect()).make();
    for order in [[3, 2, 1, 0], [0, 3, 2, 1], [1, 0, 3, 2], [2, 0, 1, 3], [3, 1, 0, 2]] {
        let mut document = small(2, 2, 1 << 20);
        for at in order {
            document.apply([long[at].bytes.clone()]);
        }
        let outcome = document.apply(bytes(&long));
        assert_eq!((outcome.applied.len(), outcome.waiting), (6, 0), "{order:?}");
    }
}

#[test]
fn little_of_what_waits_is_kept_decoded() {
    let mut document = small(100, 100, 10_000);
    let missing = ChangeHash([9; 32]);
    let op = Op { name: field("k", "x"), code: code::NULL, value: vec![], preds: vec![] };
    for nth in 0..30u8 {
        let bomb = Chain { deps: vec![missing], ..Chain::new("a", vec![vec![op.clone(); 5_000 + usize::from(nth)]]) };
        assert_eq!(document.apply(bytes(&bomb.make())).waiting, usize::from(nth) + 1);
        assert!(document.waiting.table_bytes() <= 10_000);
    }
    // In one batch too, and what was not kept is decoded again when its turn comes.
    let long = Chain::new(
        "a",
        (0..20).map(|at| (0..100).map(|nth| set(&format!("{at} {nth}"), "x", "1")).collect()).collect(),
    );
    let outcome = document.apply(bytes(&long.make()));
    assert_eq!((outcome.applied.len(), outcome.refused), (20, vec![]));
    assert_eq!(document.view().record_count(), 0, "no life register was set");
    assert_eq!(document.registers.ids(&document.history).count(), 2_000);
}

#[test]
fn what_waits_is_counted_to_the_byte_and_no_longer_once_it_is_gone() {
    let (base, orphans) = base_and_orphans(4, "1");
    let chain = |by| Chain::new(by, (0..3).map(|at| vec![set(&at.to_string(), "x", "1")]).collect()).make();
    let (first, second) = (chain("a"), chain("b"));
    let of = |changes: &[&ChangeBytes]| changes.iter().map(|change| change.bytes.len()).sum::<usize>();
    let two_orphans = of(&[&orphans[0][0], &orphans[1][0]]);
    let two_parts = of(&[&first[0], &first[1]]);
    for less in [0, 1] {
        let mut document = Document::new();
        document.waiting.bounds.orphans = Amount { changes: 10, bytes: two_orphans - less };
        document.waiting.bounds.staged = Amount { changes: 10, bytes: two_parts - less };
        for _ in 0..3 {
            let waiting = |document: &mut Document, changes: &[ChangeBytes]| document.apply(bytes(changes)).waiting;
            assert_eq!(waiting(&mut document, &orphans[0]), 1);
            assert_eq!(waiting(&mut document, &orphans[1]), 2 - less);
            // Orphans take nothing away from parts of chains, nor the other way round.
            assert_eq!(waiting(&mut document, &first[..1]), 3 - less);
            assert_eq!(waiting(&mut document, &first[1..2]), 4 - 2 * less);
            let bounds = document.waiting.bounds;
            document.forget_waiting();
            document.waiting.bounds = bounds;
        }
        // What was taken is no longer counted.
        document.apply(bytes(&first));
        document.apply([bytes(&base), bytes(&orphans[0])].concat());
        assert_eq!((document.change_count(), document.waiting.len(), document.waiting.table_bytes()), (5, 0, 0));
        assert_eq!(document.apply(bytes(&second[..2])).waiting, 2 - less);
    }
}

#[test]
fn an_identity_is_as_long_as_the_longest_that_a_store_makes_and_no_longer() {
    let name = |key_bytes: usize, by: &str| format!("3{}\0{by}.x", "k".repeat(key_bytes - 2));
    let generated = format!("@{}", "0a".repeat(16));
    let chain = |name: String| Chain::of("a", Op { name, code: code::NULL, value: vec![], preds: vec![] }).make();
    lands(&mut Document::new(), &chain(name(limits::KEY_BYTES_MAX, "")));
    lands(&mut Document::new(), &chain(name(limits::KEY_BYTES_MAX, &generated)));
    let longer = bytes(&chain(name(limits::KEY_BYTES_MAX + 1, &generated)));
    assert_eq!(refusal(&mut Document::new(), longer), RefuseReason::Name { op: 0 });
}

#[test]
fn a_part_that_was_given_up_completes_its_chain_when_it_comes_again() {
    let base = Chain::of("base", set("base", "x", "1")).make();
    let parts = (0..4).map(|at| vec![set(&at.to_string(), "x", "1")]).collect();
    let chain = Chain::new("a", parts).after(&base).make();
    let mut document = small(10, 2, 1 << 20);
    // The last part is linked to the first for as long as the second is here, which is one change too many.
    for at in [0, 3, 2] {
        assert_eq!(document.apply([chain[at].bytes.clone()]).refused, []);
    }
    let outcome = document.apply([chain[1].bytes.clone()]);
    assert_eq!(outcome.refused, [Refusal { hash: Some(chain[1].hash), reason: RefuseReason::TooManyWaiting }]);
    assert_eq!(document.apply(bytes(&base)).applied, base);
    let outcome = document.apply([chain[1].bytes.clone()]);
    assert_eq!((outcome.applied, outcome.waiting), (chain, 0));
}

#[test]
fn a_chain_upon_one_that_was_given_up_lands_once_that_comes_again() {
    let base = Chain::of("base", set("base", "x", "1")).make();
    let one = Chain::of("one", set("one", "x", "1")).after(&base).make();
    let other = Chain::of("other", set("other", "x", "1")).after(&one).make();
    let mut document = small(0, 10, 1 << 20);
    let outcome = document.apply([bytes(&one), bytes(&other)].concat());
    assert_eq!(outcome.refused, [Refusal { hash: Some(one[0].hash), reason: RefuseReason::TooManyWaiting }]);
    assert_eq!(document.apply(bytes(&base)).applied, base);
    let outcome = document.apply(bytes(&one));
    assert_eq!((outcome.applied, outcome.waiting), ([one, other].concat(), 0));
}

#[test]
fn what_waits_for_a_change_that_was_given_up_is_an_orphan() {
    let base = Chain::of("base", set("base", "x", "1")).make();
    let [zero, one] = ["zero", "one"].map(|by| Chain::of(by, set(by, "x", "1")).after(&base).make());
    let other = Chain::of("other", set("other", "x", "1")).after(&one).make();
    let mut document = small(1, 10, 1 << 20);
    let outcome = document.apply([bytes(&zero), bytes(&one), bytes(&other)].concat());
    // With the second goes what makes the third no orphan, and one may wait.
    let given_up: Vec<_> = outcome.refused.iter().filter_map(|refusal| refusal.hash).collect();
    assert_eq!((given_up, outcome.waiting), (vec![zero[0].hash, one[0].hash], 1));
}

#[test]
fn a_forged_branch_that_is_given_up_takes_nothing_from_the_chain_beside_it() {
    let base = Chain::of("base", set("base", "x", "1")).make();
    let parts = |text| (0..4).map(|at| vec![set(&at.to_string(), "x", if at == 0 { "1" } else { text })]).collect();
    let honest = Chain::new("a", parts("1")).after(&base);
    let forged = Chain { actor: Some(honest.actor()), ..Chain::new("a", parts("2")).after(&base) }.make();
    let honest = honest.make();
    assert_eq!(honest[0], forged[0]);
    // The chain is whole and waits for its base. Of what claims to follow its first change, one is too many.
    let mut document = small(10, 4, 1 << 20);
    assert_eq!(document.apply(bytes(&honest)).waiting, 4);
    let outcome = document.apply([&forged[2], &forged[1]].map(|part| part.bytes.clone()));
    assert_eq!(outcome.refused, [Refusal { hash: Some(forged[1].hash), reason: RefuseReason::TooManyWaiting }]);
    let outcome = document.apply(bytes(&base));
    assert_eq!((outcome.applied, outcome.waiting), ([base, honest].concat(), 0));
    assert_eq!(outcome.refused, [Refusal { hash: Some(forged[2].hash), reason: RefuseReason::ActorReused }]);
}
