//! The decoder against automerge's own, op by op, on changes that our encoder made and on those that automerge made.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use automerge::legacy::{Key, ObjectId};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, Change, ROOT, ScalarValue};
use proptest::prelude::*;

use super::*;
use crate::heads::ChangeHash;

/// An op as both decoders tell it.
#[derive(Debug, PartialEq)]
struct ToldOp {
    name: String,
    value: ScalarValue,
    preds: Vec<(u64, Vec<u8>)>,
}

/// A change as both decoders tell it.
#[derive(Debug, PartialEq)]
struct Told {
    hash: [u8; 32],
    deps: Vec<[u8; 32]>,
    actor: Vec<u8>,
    seq: u64,
    start_op: u64,
    message: String,
    ops: Vec<ToldOp>,
}

fn told_by_automerge(change: &Change) -> Told {
    let expanded = change.decode();
    let op = |op: &automerge::legacy::Op| {
        assert_eq!((&op.obj, op.insert), (&ObjectId::Root, false));
        let Key::Map(name) = &op.key else { panic!("{op:?}") };
        let preds = op.pred.iter().map(|id| (id.counter(), id.actor().to_bytes().to_vec())).collect();
        ToldOp { name: name.to_string(), value: op.primitive_value().unwrap(), preds }
    };
    Told {
        hash: change.hash().0,
        deps: expanded.deps.iter().map(|dep| dep.0).collect(),
        actor: expanded.actor_id.to_bytes().to_vec(),
        seq: expanded.seq,
        start_op: expanded.start_op.get(),
        message: expanded.message.clone().unwrap_or_default(),
        ops: expanded.operations.iter().map(op).collect(),
    }
}

fn scalar(code: u8, mut bytes: &[u8]) -> ScalarValue {
    match code {
        code::NULL => ScalarValue::Null,
        code::FALSE => ScalarValue::Boolean(false),
        code::TRUE => ScalarValue::Boolean(true),
        code::INT => ScalarValue::Int(read_signed(&mut bytes).unwrap()),
        code::TIMESTAMP => ScalarValue::Timestamp(read_signed(&mut bytes).unwrap()),
        code::F64 => ScalarValue::F64(f64::from_le_bytes(bytes.try_into().unwrap())),
        code::STR => ScalarValue::Str(std::str::from_utf8(bytes).unwrap().into()),
        _ => ScalarValue::Bytes(bytes.to_vec()),
    }
}

fn told_by_us(decoded: &Decoded, bytes: &[u8]) -> Told {
    let ops = decoded.ops.iter().map(|op| ToldOp {
        name: std::str::from_utf8(&bytes[op.name_at as usize..][..op.name_bytes as usize]).unwrap().into(),
        value: scalar(op.value_code, &bytes[op.value_at as usize..][..op.value_bytes as usize]),
        preds: decoded.preds[op.preds_at as usize..][..op.preds as usize]
            .iter()
            .map(|(counter, actor)| (u64::from(*counter), decoded.actors[*actor as usize].0.to_vec()))
            .collect(),
    });
    Told {
        hash: decoded.hash.0,
        deps: decoded.deps.iter().map(|dep| dep.0).collect(),
        actor: decoded.actor().0.to_vec(),
        seq: decoded.seq,
        start_op: decoded.start_op,
        message: decoded.message.clone(),
        ops: ops.collect(),
    }
}

/// What was decoded, encoded again by us.
fn encoded_again(decoded: &Decoded, bytes: &[u8]) -> (Vec<u8>, ChangeHash) {
    let preds: Vec<Vec<(u32, ActorId)>> = decoded
        .ops
        .iter()
        .map(|op| {
            let own = &decoded.preds[op.preds_at as usize..][..op.preds as usize];
            own.iter().map(|(counter, actor)| (*counter, decoded.actors[*actor as usize])).collect()
        })
        .collect();
    let ops: Vec<DraftOp<'_>> = decoded
        .ops
        .iter()
        .zip(&preds)
        .map(|(op, preds)| DraftOp {
            name: [decoded.name(bytes, op), ""],
            value_code: op.value_code,
            value: &bytes[op.value_at as usize..][..op.value_bytes as usize],
            preds,
            place: None,
        })
        .collect();
    encode(&Draft {
        deps: decoded.deps.as_slice().into(),
        actor: decoded.actor(),
        seq: decoded.seq,
        start_op: decoded.start_op,
        message: decoded.message.as_str().into(),
        ops: &ops[..],
    })
}

/// Both decoders tell the same of these bytes, and both encoders write them again.
fn agree(bytes: &[u8]) {
    let theirs = Change::from_bytes(bytes.to_vec()).unwrap();
    // A put of what shows already is written by automerge as a deletion of what is concurrent to it.
    if theirs.decode().operations.iter().any(|op| op.primitive_value().is_none()) {
        assert_eq!(Decoded::read(bytes, Limits::default()).err(), Some(DecodeChangeError::ForeignOp));
        return;
    }
    let ours = Decoded::read(bytes, Limits::default()).unwrap();
    assert_eq!(told_by_us(&ours, bytes), told_by_automerge(&theirs));
    assert_eq!(encoded_again(&ours, bytes), (bytes.to_vec(), ours.hash));
    assert_eq!(Change::from(theirs.decode()).raw_bytes(), bytes);
}

fn any_scalar() -> impl Strategy<Value = ScalarValue> {
    let edge = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-64), Just(63), Just(64), any::<i64>()];
    prop_oneof![
        Just(ScalarValue::Null),
        any::<bool>().prop_map(ScalarValue::Boolean),
        edge.clone().prop_map(ScalarValue::Int),
        edge.prop_map(ScalarValue::Timestamp),
        any::<f64>().prop_map(ScalarValue::F64),
        ".{0,8}".prop_map(|text| ScalarValue::Str(text.as_str().into())),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(ScalarValue::Bytes),
    ]
}

/// Puts into one of three documents, commits them, and merges documents into each other.
#[derive(Clone, Debug)]
enum Step {
    Put(usize, String, ScalarValue),
    Commit(usize, Option<String>),
    Merge(usize, usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let document = 0usize..3;
    prop_oneof![
        6 => (document.clone(), "[a-c]{0,2}", any_scalar()).prop_map(|(at, name, value)| Step::Put(at, name, value)),
        2 => (document.clone(), proptest::option::of(".{1,20}")).prop_map(|(at, message)| Step::Commit(at, message)),
        2 => (document.clone(), document).prop_map(|(from, to)| Step::Merge(from, to)),
    ]
}

fn document(at: u8) -> AutoCommit {
    let mut actor = [at; 16];
    actor[15] = ActorKind::Edit as u8;
    AutoCommit::new().with_actor(automerge::ActorId::from(&actor[..]))
}

fn commit(document: &mut AutoCommit, message: Option<String>) {
    let mut options = CommitOptions::default().with_time(0);
    if let Some(message) = message {
        options = options.with_message(message);
    }
    document.commit_with(options);
}

proptest! {
    #[test]
    fn changes_that_automerge_makes_are_told_alike_and_written_alike(steps in proptest::collection::vec(any_step(), 1..60)) {
        let mut documents = [document(0), document(1), document(2)];
        for step in steps {
            match step {
                Step::Put(at, name, value) => documents[at].put(ROOT, name, value).unwrap(),
                Step::Commit(at, message) => commit(&mut documents[at], message),
                Step::Merge(from, to) => {
                    documents.iter_mut().for_each(|document| commit(document, None));
                    let mut from = documents[from].clone();
                    documents[to].merge(&mut from).unwrap();
                }
            }
        }
        let mut made = 0;
        for document in &mut documents {
            commit(document, None);
            for change in document.get_changes(&[]) {
                agree(change.raw_bytes());
                made += 1;
            }
        }
        prop_assume!(made > 0);
    }
}

#[test]
fn changes_that_commits_make_are_told_alike_and_written_alike() {
    use crate::testing::few_records;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut document = crate::Document::new();
    let mut told = 0;
    for turn in 0..64 {
        let puts: Vec<crate::Edit> = (0..3)
            .map(|nth| crate::Edit::Put {
                key: Some(crate::Key::Number(f64::from(nth * (turn % 5)))),
                value: few_records().new_tree(&mut runner).unwrap().current(),
            })
            .take(if turn % 5 == 0 { 1 } else { 3 })
            .collect();
        let base = document.known(&document.heads()).unwrap();
        let name = format!("writer {turn}");
        document.change_at(&base, &puts, &crate::Author::person(&name)).unwrap();
    }
    for change in document.change_bytes() {
        agree(&change.bytes);
        told += 1;
    }
    assert!(told >= 32, "{told}");
}
