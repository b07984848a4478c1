//! Commits that are taken without being decoded: while tests run, they too are held against what they say.

use super::*;
use crate::change::UncheckedChange;
use crate::commit::CaptureKind;
use crate::commit::plan::OwnChain;
use crate::value::Value;

/// The first capture of a store of one record.
fn captured(number: f64) -> OwnChain {
    let document = Document::new();
    let mut capture = document.capture("a", CaptureKind::First);
    let value = Value::object([("x", Value::Number(number))]);
    capture.record(&Key::Number(1.0), &value, None).unwrap();
    capture.finish(true).unwrap().chain
}

#[test]
fn a_commit_is_taken_as_it_was_planned() {
    let mut document = Document::new();
    let outcome = document.apply_own(&[], &captured(1.0));
    assert_eq!((outcome.applied.len(), outcome.refused), (1, vec![]));
    assert_eq!(document.view().get(&Key::Number(1.0)), Some(Value::object([("x", Value::Number(1.0))])));
}

#[test]
#[cfg(debug_assertions)]
fn a_commit_whose_actor_does_not_follow_from_it_is_refused() {
    let forged = Chain { actor: Some(ActorId([5; 16])), ..Chain::of("a", set("k", "x", "1")) }.make();
    let change = UncheckedChange::from_bytes(forged[0].bytes.clone(), Limits::default()).unwrap();
    let own = OwnChain { changes: vec![Arc::new(change)], ..captured(1.0) };
    let outcome = Document::new().apply_own(&[], &own);
    let reason = RefuseReason::ActorNotDerived;
    assert_eq!(outcome.refused, [Refusal { hash: Some(forged[0].hash), reason }]);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "left == right")]
fn a_plan_that_says_other_than_its_changes_is_a_bug() {
    let own = OwnChain { plan: captured(2.0).plan, ..captured(1.0) };
    Document::new().apply_own(&[], &own);
}
