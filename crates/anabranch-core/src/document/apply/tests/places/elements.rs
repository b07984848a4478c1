//! Elements: how deep they nest, behind which one inserts, and which of their values one overwrites.

use super::*;
use crate::scalar;
use crate::value::{VALUE_DEPTH_MAX, Value};

fn set_element(object: Id, element: Id, preds: &[Id]) -> Step {
    let value = at(object, Some(element), SequenceAction::Set, step(code::STR, b"other"));
    Step { preds: preds.to_vec(), ..value }
}

/// What becomes of a commit upon these, in a document that has them and more.
fn refusal_upon(document: &Document, deps: &[ChangeBytes], steps: &[Step]) -> Option<RefuseReason> {
    let outcome = document.clone().apply(bytes(&forge("mallory", deps, steps).0));
    assert_eq!((outcome.applied.len() + outcome.refused.len(), outcome.waiting), (1, 0));
    outcome.refused.into_iter().next().map(|refusal| refusal.reason)
}

#[test]
fn elements_of_lists_nest_one_level_less_than_what_holds_them() {
    let element = |object: Id, levels: usize| {
        let arrays = (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let mut value = Vec::new();
        let code = scalar::write_value(&arrays, &mut value);
        at(object, None, SequenceAction::Insert, step(code, value.leak()))
    };
    let stage = stage();
    // The field's name is a level, the list another one.
    let most = VALUE_DEPTH_MAX - 2;
    for (levels, refused) in [(0, false), (1, false), (most, false), (most + 1, true), (most + 2, true), (300, true)] {
        let known = stage.refusal(&[element((LIST, stage.owner), levels)]);
        assert_eq!(known, refused.then_some(RefuseReason::Value { op: 0 }), "{levels}");
        let own = stage.refusal(&[make("l2", code::LIST), element((7, OWN), levels)]);
        assert_eq!(own, refused.then_some(RefuseReason::Value { op: 1 }), "{levels}");
    }
}

#[test]
fn one_inserts_behind_every_element_of_the_same_sequence_of_the_commit_and_no_other() {
    let stage = stage();
    let (one, other) = ((7, OWN), (11, OWN));
    let steps = [
        make("t2", code::TEXT),
        into(one),
        behind(one, (8, OWN)),
        behind(one, (9, OWN)),
        make("t3", code::TEXT),
        into(other),
        behind(one, (9, OWN)),
        behind(other, (12, OWN)),
    ];
    let then = |step: Step| stage.refusal(&[&steps[..], &[step]].concat());
    for (object, elements) in [(one, [8, 9, 10, 13]), (other, [12, 14, 12, 14])] {
        elements.iter().for_each(|element| assert_eq!(then(behind(object, (*element, OWN))), None, "{element}"));
    }
    for (object, elements) in [(one, [6, 7, 11, 12, 14, 15, 16]), (other, [7, 8, 9, 10, 11, 13, 15])] {
        for element in elements {
            let refusal = then(behind(object, (element, OWN)));
            assert_eq!(refusal, Some(RefuseReason::Place { op: 8 }), "{element}");
        }
    }
}

#[test]
fn what_a_commit_overwrites_between_two_inserts_is_none_of_its_own_elements() {
    let stage = stage();
    let (list, element) = ((LIST, stage.owner), (ELEMENT, stage.owner));
    // The commit's ops are 7, 8, 9 and 10.
    let steps =
        [behind(list, element), set_element(list, element, &[element]), behind(list, (7, OWN)), behind(list, (9, OWN))];
    for (element, refused) in [(7, false), (8, true), (9, false), (10, false), (11, true)] {
        let refusal = stage.refusal(&[&steps[..], &[behind(list, (element, OWN))]].concat());
        assert_eq!(refusal, refused.then_some(RefuseReason::Place { op: 4 }), "{element}");
    }
}

#[test]
fn a_value_that_was_overwritten_meanwhile_is_one_of_its_element_for_who_did_not_see_that() {
    // Two lists of two elements and of one, as ops 1 to 5.
    let make_lists =
        [make("l", code::LIST), into((1, OWN)), behind((1, OWN), (2, OWN)), make("m", code::LIST), into((4, OWN))];
    let (base, owner) = forge("owner", &[], &make_lists);
    let (list, first, second) = ((1, owner), (2, owner), (3, owner));
    let (other_list, other) = ((4, owner), (5, owner));
    let steps = [
        set_element(list, first, &[first]),
        set_element(list, second, &[second]),
        into(list),
        set_element(other_list, other, &[other]),
        Step { register: Some("n"), ..step(code::INT, b"\x07") },
    ];
    let (one, of_one) = forge("one", &base, &steps);
    let [of_first, of_second, inserted, of_other, number] = [6, 7, 8, 9, 10].map(|counter| (counter, of_one));
    let steps = [
        set_element(list, first, &[of_first]),
        set_element(list, second, &[of_second]),
        delete(list, inserted, &[inserted]),
        set_element(other_list, other, &[of_other]),
    ];
    let (two, _) = forge("two", &one, &steps);
    let document = with(&[&base, &one, &two]);
    let upon_one = |step: Step| refusal_upon(&document, &one, &[step]);
    for (object, element, own) in [(list, first, of_first), (list, second, of_second), (other_list, other, of_other)] {
        assert_eq!(upon_one(set_element(object, element, &[own])), None);
        assert_eq!(upon_one(delete(object, element, &[own])), None);
        for pred in [of_first, of_second, inserted, of_other, number].into_iter().filter(|pred| *pred != own) {
            let expected = Some(RefuseReason::Predecessor { op: 0 });
            assert_eq!(upon_one(set_element(object, element, &[pred])), expected, "{pred:?}");
            let mut both = [own, pred];
            both.sort_unstable();
            assert_eq!(upon_one(set_element(object, element, &both)), expected, "{pred:?}");
        }
    }
    // Who saw none of it overwrites the elements as they were inserted.
    for (object, element) in [(list, first), (list, second), (other_list, other)] {
        assert_eq!(refusal_upon(&document, &base, &[set_element(object, element, &[element])]), None);
    }
    // What set it is in the log, but not in the past of a change upon the base.
    let too_early = refusal_upon(&document, &base, &[set_element(list, first, &[of_first])]);
    assert_eq!(too_early, Some(RefuseReason::Predecessor { op: 0 }));
}

#[test]
fn the_schema_has_no_life_and_holds_no_sequences() {
    let op = |suffix: &str, code| Op {
        name: format!("{}{suffix}", layout::SCHEMA_IDENTITY),
        code,
        value: vec![],
        preds: vec![],
    };
    let upon = |op: Op| bytes(&Chain::of("a", op).make());
    for code in [code::TEXT, code::LIST] {
        assert_eq!(refusal(&mut Document::new(), upon(op(".x", code))), RefuseReason::Value { op: 0 });
    }
    assert_eq!(refusal(&mut Document::new(), upon(op("", code::TRUE))), RefuseReason::Name { op: 0 });
    lands(&mut Document::new(), &Chain::of("a", op(".x", code::TRUE)).make());
}
