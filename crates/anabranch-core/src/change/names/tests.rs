//! What names are cut into, whatever their number and order.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::super::{ActorId, ActorKind, Draft, DraftOp, DraftPlace, Limits, OpNames, SequenceAction, code, encode};
use super::*;
use crate::heads::ChangeHash;
use crate::key::Key;

fn actor() -> ActorId {
    let mut id = [7; 16];
    id[15] = ActorKind::Edit as u8;
    ActorId(id)
}

/// A change that sets these names, and between them acts in a text as often as a name is `None`.
fn change_of(names: &[Option<String>]) -> (Decoded, Vec<u8>) {
    let first = DraftPlace { object: (1, actor()), element: None, action: SequenceAction::Insert };
    let ops: Vec<DraftOp<'_>> = names
        .iter()
        .map(|name| DraftOp {
            name: [name.as_deref().unwrap_or_default(), ""],
            place: name.is_none().then_some(&first),
            value_code: code::STR,
            value: b"x",
            preds: &[],
        })
        .collect();
    let deps = [1, 2].map(|byte| ChangeHash([byte; 32]));
    let draft = Draft { deps: deps[..].into(), actor: actor(), seq: 1, start_op: 2, message: "".into(), ops: &ops[..] };
    let (bytes, _) = encode(&draft);
    (Decoded::read(&bytes, Limits::default()).unwrap(), bytes)
}

fn identity(record: usize) -> String {
    layout::encode_key(&Key::Number(record as f64))
}

/// What was cut, put together again: for each record its identity and the suffixes of its ops.
fn told(names: &Names, bytes: &[u8]) -> Vec<(String, Vec<Option<String>>)> {
    let suffixes: Vec<&str> = names.suffixes(bytes).collect();
    let suffix_of = |op| suffixes.get(names.suffix_of(op)).map(|suffix| suffix.to_string());
    let runs = names.runs();
    runs.map(|(record, ops)| (record.identity(bytes).to_owned(), ops.map(suffix_of).collect())).collect()
}

#[test]
fn every_op_is_told_by_its_record_and_its_suffix_and_each_suffix_is_there_once() {
    for fields in [1, 2, 15, 16, 17, 18, 60] {
        for turn in [0, 1, 7] {
            // Each record begins elsewhere, every other one goes backwards, and one has no value of its own.
            let suffixes = |record: usize| -> Vec<String> {
                let suffix = |at: usize| format!(".f{}", (at + record * turn) % fields);
                let mut own: Vec<String> = (0..fields).map(suffix).collect();
                if record % 2 == 1 {
                    own.reverse();
                }
                own.extend((record == 0).then(String::new));
                own
            };
            let records: Vec<(String, Vec<String>)> = (0..5).map(|at| (identity(at), suffixes(at))).collect();
            let names: Vec<Option<String>> = records
                .iter()
                .flat_map(|(identity, own)| own.iter().map(move |suffix| Some(format!("{identity}{suffix}"))))
                .collect();
            let (change, bytes) = change_of(&names);
            let cut = Names::cut(&change, &bytes).unwrap();
            let expected: Vec<(String, Vec<Option<String>>)> =
                records.into_iter().map(|(identity, own)| (identity, own.into_iter().map(Some).collect())).collect();
            assert_eq!(told(&cut, &bytes), expected);
            assert_eq!((cut.suffixes(&bytes).len(), cut.op_count()), (fields + 1, names.len()));
            for record in &cut.records {
                assert_eq!(record.hashes, Hashes::of_identity(record.identity_bytes(&bytes)));
            }
        }
    }
}

#[test]
fn a_record_that_comes_back_is_there_once_for_every_run() {
    let name = |record: usize| Some(format!("{}.x", identity(record)));
    let (change, bytes) = change_of(&[name(1), name(11), name(1), None, name(1), None]);
    let cut = Names::cut(&change, &bytes).unwrap();
    let x = || Some(".x".to_owned());
    let expected = [(identity(1), vec![x()]), (identity(11), vec![x()]), (identity(1), vec![x(), None, x(), None])];
    assert_eq!(told(&cut, &bytes), expected);
}

#[test]
fn a_record_is_not_taken_for_one_whose_identity_begins_with_its_own() {
    let generated = format!("{}@{}", identity(1), actor());
    let (change, bytes) = change_of(&[Some(identity(1)), Some(generated.clone()), Some(format!("{generated}.x"))]);
    let cut = Names::cut(&change, &bytes).unwrap();
    let own = |suffix: &str| Some(suffix.to_owned());
    assert_eq!(told(&cut, &bytes), [(identity(1), vec![own("")]), (generated, vec![own(""), own(".x")])]);
}

#[test]
fn a_name_that_begins_with_no_identity_is_unknown_and_its_op_is_named() {
    let good = format!("{}.x", identity(1));
    for bad in ["", ".x", "x", "3k"] {
        let (change, bytes) = change_of(&[Some(good.clone()), Some(good.clone()), Some(bad.to_owned())]);
        assert_eq!(Names::cut(&change, &bytes).err().map(|unknown| unknown.op), Some(2), "{bad:?}");
    }
}

#[test]
fn names_alone_are_told_where_all_ops_set_registers_and_nowhere_else() {
    let told = |names: &[Option<String>]| {
        let (change, bytes) = change_of(names);
        let mut told = Vec::new();
        let are_all = Decoded::each_name_accepted(&bytes, |name| told.push(Some(name.to_owned()))).is_ok();
        assert_eq!(change.places.is_empty(), are_all);
        are_all.then_some(told)
    };
    for count in [0, 1, 2, 3, 40] {
        let mut names: Vec<_> = (0..count).map(|at| Some(format!("{}.x", identity(at / 2)))).collect();
        let mut once = names.clone();
        once.dedup();
        assert_eq!(told(&names), Some(once), "{count}");
        names.push(None);
        assert_eq!(told(&names), None, "{count}");
    }
}

#[test]
fn each_suffix_has_one_position_in_whatever_order_suffixes_come() {
    let bytes: Vec<u8> = (0..100).collect();
    let (mut finder, mut seen) = (SuffixFinder::default(), Vec::new());
    // Backwards, so that the next one is no guess.
    for at in (0..100).chain((0..100).rev()) {
        assert_eq!(finder.position(&mut seen, Span { at, bytes: 1 }, &bytes), at);
    }
    assert_eq!(seen.len(), 100);
}

proptest! {
    #[test]
    fn the_name_of_any_op_is_found_without_decoding_the_others(
        runs in prop::collection::vec((prop::option::weighted(0.7, 0..4usize), 1..200usize, any::<bool>()), 0..12),
    ) {
        let mut names = Vec::new();
        for (record, ops, is_one) in runs {
            let name = |nth: usize| record.map(|record| format!("{}.{}", identity(record), if is_one { 0 } else { nth }));
            names.extend((0..ops).map(name));
        }
        let (change, bytes) = change_of(&names);
        let found = OpNames::of(&bytes);
        for (nth, name) in (0..).zip(&names) {
            crate::steps::take();
            prop_assert_eq!(found.name(&bytes, nth), name.as_ref().map(String::as_bytes), "{}", nth);
            prop_assert!(crate::steps::take() < 64, "all before {} are passed", nth);
        }
        prop_assert_eq!(found.name(&bytes, change.ops.len() as u32), None);
    }
}
