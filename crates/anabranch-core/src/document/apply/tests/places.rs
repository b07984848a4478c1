//! Ops inside texts and lists: where each may act, one refusal for every way of acting somewhere else.

use super::*;
use crate::change::{DraftPlace, SequenceAction};

mod elements;

/// An op about to be forged: in a register of the record `k`, or at a place, where the author itself is `OWN`.
#[derive(Clone)]
struct Step {
    register: Option<&'static str>,
    place: Option<DraftPlace>,
    code: u8,
    value: &'static [u8],
    preds: Vec<(u32, ActorId)>,
}

type Id = (u32, ActorId);

const OWN: ActorId = ActorId::BLANK;

fn step(code: u8, value: &'static [u8]) -> Step {
    Step { register: None, place: None, code, value, preds: Vec::new() }
}

fn make(register: &'static str, code: u8) -> Step {
    Step { register: Some(register), ..step(code, b"") }
}

fn at(object: Id, element: Option<Id>, action: SequenceAction, value: Step) -> Step {
    Step { place: Some(DraftPlace { object, element, action }), ..value }
}

fn letter() -> Step {
    step(code::STR, b"a")
}

/// Puts a letter into an object.
fn into(object: Id) -> Step {
    at(object, None, SequenceAction::Insert, letter())
}

fn behind(object: Id, element: Id) -> Step {
    at(object, Some(element), SequenceAction::Insert, letter())
}

fn delete(object: Id, element: Id, preds: &[Id]) -> Step {
    Step { preds: preds.to_vec(), ..at(object, Some(element), SequenceAction::Delete, step(code::NULL, b"")) }
}

/// A commit of one change upon these, its actor derived, and that actor.
fn forge(by: &'static str, deps: &[ChangeBytes], steps: &[Step]) -> (Vec<ChangeBytes>, ActorId) {
    let chain = Chain::new(by, Vec::new());
    let chain = if deps.is_empty() { chain } else { chain.after(deps) };
    let names: Vec<String> = steps.iter().map(|step| step.register.map_or(String::new(), |x| field("k", x))).collect();
    let drafts = steps.iter().zip(&names).map(|(step, name)| DraftOp {
        name: [name.as_str(), ""],
        value_code: step.code,
        value: step.value,
        preds: &step.preds,
        place: step.place.as_ref(),
    });
    let drafts: Vec<DraftOp<'_>> = drafts.collect();
    let message = Header { length: 1, by: by.into(), origin: Origin::Person }.message();
    let (deps, message) = (chain.deps.as_slice().into(), message.into());
    let draft = Draft { deps, actor: OWN, seq: 1, start_op: chain.start_op, message, ops: &drafts[..] };
    let mut blank = BlankChange::of(draft, &mut Room::default());
    let actor = ActorHasher::derive(chain.kind, [blank.said()]);
    let hash = blank.fill(actor, None);
    (vec![ChangeBytes { hash, bytes: blank.into_bytes() }], actor)
}

/// A text of two letters, a list of one and a number, as ops 1 to 7; and a text that somebody made concurrently.
struct Stage {
    document: Document,
    base: Vec<ChangeBytes>,
    owner: ActorId,
    stranger: ActorId,
}

const TEXT: u32 = 1;
const LETTER: u32 = 2;
const LAST_LETTER: u32 = 3;
const LIST: u32 = 4;
const ELEMENT: u32 = 5;
const NUMBER: u32 = 6;

fn stage() -> Stage {
    let steps = [
        make("t", code::TEXT),
        into((TEXT, OWN)),
        behind((TEXT, OWN), (LETTER, OWN)),
        make("l", code::LIST),
        into((LIST, OWN)),
        Step { register: Some("n"), ..step(code::INT, b"\x07") },
    ];
    let (base, owner) = forge("owner", &[], &steps);
    let (other, stranger) = forge("stranger", &[], &[make("s", code::TEXT), into((1, OWN))]);
    Stage { document: with(&[&base, &other]), base, owner, stranger }
}

impl Stage {
    /// What becomes of a commit upon the text and the list; `None` if it is taken.
    fn refusal(&self, steps: &[Step]) -> Option<RefuseReason> {
        let mut document = self.document.clone();
        let outcome = document.apply(bytes(&forge("mallory", &self.base, steps).0));
        assert_eq!((outcome.applied.len() + outcome.refused.len(), outcome.waiting), (1, 0));
        outcome.refused.into_iter().next().map(|refusal| refusal.reason)
    }

    #[track_caller]
    fn has_no_place(&self, steps: &[Step]) {
        assert_eq!(self.refusal(steps), Some(RefuseReason::Place { op: steps.len() as u32 - 1 }));
    }
}

#[test]
fn ops_in_texts_and_lists_of_the_past_are_taken() {
    let stage = stage();
    let (text, list) = ((TEXT, stage.owner), (LIST, stage.owner));
    let (letter_id, element) = ((LETTER, stage.owner), (ELEMENT, stage.owner));
    let other = at(list, Some(element), SequenceAction::Set, step(code::STR, b"other"));
    for steps in [
        vec![into(text), behind(text, letter_id), behind(text, (LAST_LETTER, stage.owner))],
        vec![delete(text, letter_id, &[letter_id])],
        vec![into(list), Step { preds: vec![element], ..other }],
        vec![make("t2", code::TEXT), into((7, OWN)), behind((7, OWN), (8, OWN))],
    ] {
        assert_eq!(stage.refusal(&steps), None);
    }
}

#[test]
fn an_object_that_is_no_sequence_of_the_past_is_refused() {
    let stage = stage();
    for (counter, actor) in [
        (99, stage.owner),
        (LETTER, stage.owner),
        (NUMBER, stage.owner),
        (1, ActorId([5; 16])),
        // It is here, but whoever does not know it cannot write in it.
        (1, stage.stranger),
    ] {
        stage.has_no_place(&[into((counter, actor))]);
        stage.has_no_place(&[into((TEXT, stage.owner)), into((counter, actor))]);
        stage.has_no_place(&[delete((counter, actor), (LETTER, stage.owner), &[(LETTER, stage.owner)])]);
    }
}

#[test]
fn an_object_of_the_commit_itself_must_be_a_sequence_that_an_earlier_op_made() {
    let stage = stage();
    // The commit's ops are 7, 8, 9 and so on.
    stage.has_no_place(&[into((7, OWN))]);
    let later = stage.refusal(&[into((8, OWN)), make("t2", code::TEXT)]);
    assert_eq!(later, Some(RefuseReason::Place { op: 0 }));
    stage.has_no_place(&[make("t2", code::TEXT), into((6, OWN))]);
    stage.has_no_place(&[make("t2", code::TEXT), into((7, OWN)), into((8, OWN))]);
    stage.has_no_place(&[Step { register: Some("m"), ..step(code::INT, b"\x07") }, into((7, OWN))]);
}

#[test]
fn an_element_that_is_not_in_the_sequence_has_nothing_behind_it() {
    let stage = stage();
    let text = (TEXT, stage.owner);
    for element in [(99, stage.owner), (ELEMENT, stage.owner), text, (2, stage.stranger), (2, ActorId([5; 16]))] {
        stage.has_no_place(&[behind(text, element)]);
        stage.has_no_place(&[make("t2", code::TEXT), behind((7, OWN), element)]);
    }
    stage.has_no_place(&[behind(text, (7, OWN))]);
    // An element of another text of the same commit, and the text itself.
    let two = [make("t2", code::TEXT), into((7, OWN)), make("t3", code::TEXT)];
    stage.has_no_place(&[&two[..], &[behind((9, OWN), (8, OWN))]].concat());
    stage.has_no_place(&[&two[..], &[behind((9, OWN), (9, OWN))]].concat());
    stage.has_no_place(&[&two[..], &[behind(text, (8, OWN))]].concat());
}

#[test]
fn only_an_element_of_the_past_that_is_in_the_sequence_is_overwritten() {
    let stage = stage();
    let (text, letter_id, element) = ((TEXT, stage.owner), (LETTER, stage.owner), (ELEMENT, stage.owner));
    stage.has_no_place(&[delete(text, element, &[element])]);
    stage.has_no_place(&[delete(text, (99, stage.owner), &[letter_id])]);
    stage.has_no_place(&[delete(text, (2, stage.stranger), &[letter_id])]);
    // A commit says of each element what it holds in the end.
    stage.has_no_place(&[into(text), delete(text, (7, OWN), &[letter_id])]);
    stage.has_no_place(&[make("t2", code::TEXT), into((7, OWN)), delete((7, OWN), (8, OWN), &[letter_id])]);
}

#[test]
fn what_an_op_overwrites_must_be_values_of_its_element() {
    let stage = stage();
    let (text, list) = ((TEXT, stage.owner), (LIST, stage.owner));
    let (letter_id, last, element) = ((LETTER, stage.owner), (LAST_LETTER, stage.owner), (ELEMENT, stage.owner));
    for preds in [&[][..], &[last], &[letter_id, last], &[text], &[(99, stage.owner)], &[(2, stage.stranger)]] {
        let refusal = stage.refusal(&[delete(text, letter_id, preds)]);
        assert_eq!(refusal, Some(RefuseReason::Predecessor { op: 0 }), "{preds:?}");
    }
    let insert = Step { preds: vec![element], ..into(list) };
    assert_eq!(stage.refusal(&[insert]), Some(RefuseReason::Predecessor { op: 0 }));
}

#[test]
fn a_text_holds_letters_that_are_never_set_and_a_list_no_nothing() {
    let stage = stage();
    let (text, list, letter_id) = ((TEXT, stage.owner), (LIST, stage.owner), (LETTER, stage.owner));
    let in_text = |step| at(text, None, SequenceAction::Insert, step);
    let set = Step { preds: vec![letter_id], ..at(text, Some(letter_id), SequenceAction::Set, letter()) };
    let nothing = at(list, None, SequenceAction::Insert, step(code::BYTES, b"\0"));
    for bad in [
        in_text(step(code::STR, b"ab")),
        in_text(step(code::STR, b"")),
        in_text(step(code::INT, b"\x07")),
        set,
        nothing,
    ] {
        assert_eq!(stage.refusal(&[bad]), Some(RefuseReason::Value { op: 0 }));
    }
}
