//! Sequences against automerge: random concurrent histories, applied in random causal orders, end alike.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::change::{Decoded, DraftOp, DraftPlace, Limits, SequenceAction, code, encode};
use crate::change::{Draft, OpRef, Place};
use crate::scalar;
use crate::value::Value;

#[derive(Clone, Debug)]
enum Step {
    Insert { replica: Index, at: Index, text: String },
    Delete { replica: Index, at: Index, count: usize },
    Set { replica: Index, at: Index, value: u8 },
    Merge { from: Index, to: Index },
    Commit { replica: Index },
}

fn steps() -> impl Strategy<Value = (usize, Vec<Step>)> {
    let index = any::<Index>;
    let step = prop_oneof![
        5 => (index(), index(), "[a-c\u{e9}\u{1F600}]{1,5}").prop_map(|(replica, at, text)| Step::Insert { replica, at, text }),
        3 => (index(), index(), 1usize..5).prop_map(|(replica, at, count)| Step::Delete { replica, at, count }),
        3 => (index(), index(), any::<u8>()).prop_map(|(replica, at, value)| Step::Set { replica, at, value }),
        2 => (index(), index()).prop_map(|(from, to)| Step::Merge { from, to }),
        2 => index().prop_map(|replica| Step::Commit { replica }),
    ];
    (2usize..=5, proptest::collection::vec(step, 1..30))
}

/// Replicas of automerge that hold a text `t` and a list `l`.
struct World {
    replicas: Vec<AutoCommit>,
    text: ObjId,
    list: ObjId,
}

fn commit(replica: &mut AutoCommit) {
    replica.commit_with(CommitOptions::default().with_time(0));
}

impl World {
    fn run(replicas: usize, steps: &[Step]) -> Self {
        let actor = |at: usize| automerge::ActorId::from([&[at as u8 * 37; 15][..], &[2]].concat());
        let mut first = AutoCommit::new().with_actor(actor(replicas));
        let text = first.put_object(ROOT, "t", ObjType::Text).unwrap();
        first.splice_text(&text, 0, 0, "start").unwrap();
        let list = first.put_object(ROOT, "l", ObjType::List).unwrap();
        (0..3i64).for_each(|at| first.insert(&list, at as usize, at).unwrap());
        commit(&mut first);
        let replicas = (0..replicas).map(|at| first.fork().with_actor(actor(at))).collect();
        let mut world = World { replicas, text, list };
        steps.iter().for_each(|step| world.step(step));
        world.replicas.iter_mut().for_each(commit);
        world
    }

    fn step(&mut self, step: &Step) {
        let count = self.replicas.len();
        match step {
            Step::Insert { replica, at, text } => {
                let replica = &mut self.replicas[replica.index(count)];
                let place = at.index(replica.length(&self.text) + 1);
                replica.splice_text(&self.text, place, 0, text).unwrap();
                let place = at.index(replica.length(&self.list) + 1);
                let value = Value::Array(vec![Value::from(text.as_str())]);
                let mut bytes = Vec::new();
                scalar::write_value(&value, &mut bytes);
                replica.insert(&self.list, place, ScalarValue::Bytes(bytes)).unwrap();
            }
            Step::Delete { replica, at, count: length } => {
                let replica = &mut self.replicas[replica.index(count)];
                let have = replica.length(&self.text);
                let place = at.index(have + 1);
                replica.splice_text(&self.text, place, (*length).min(have - place) as isize, "").unwrap();
                let have = replica.length(&self.list);
                if have > 0 {
                    replica.delete(&self.list, at.index(have)).unwrap();
                }
            }
            Step::Set { replica, at, value } => {
                let replica = &mut self.replicas[replica.index(count)];
                let have = replica.length(&self.list);
                if have > 0 {
                    replica.put(&self.list, at.index(have), i64::from(*value)).unwrap();
                }
            }
            Step::Merge { from, to } => {
                let (from, to) = (from.index(count), to.index(count));
                if from != to {
                    commit(&mut self.replicas[from]);
                    let mut other = self.replicas[from].clone();
                    self.replicas[to].merge(&mut other).unwrap();
                }
            }
            Step::Commit { replica } => commit(&mut self.replicas[replica.index(count)]),
        }
    }

    fn merged(&mut self) -> AutoCommit {
        let mut merged = self.replicas[0].fork();
        self.replicas.iter_mut().for_each(|replica| drop(merged.merge(replica).unwrap()));
        merged
    }
}

/// All sequences of a history, made from our own decoding of its changes.
#[derive(Default)]
struct Applied {
    actors: Vec<ActorId>,
    sequences: BTreeMap<OpId, Sequence>,
    by_name: BTreeMap<String, OpId>,
}

impl Applied {
    fn actor(&mut self, id: ActorId) -> u32 {
        let have = self.actors.iter().position(|actor| *actor == id);
        have.unwrap_or_else(|| {
            self.actors.push(id);
            self.actors.len() - 1
        }) as u32
    }

    fn apply(&mut self, bytes: &[u8], decoded: &Decoded) {
        let actors: Vec<u32> = decoded.actors.iter().map(|actor| self.actor(*actor)).collect();
        let own = |(counter, actor): OpRef| OpId { actor: actors[actor as usize], counter };
        for (at, op) in decoded.ops.iter().enumerate() {
            let id = OpId { actor: actors[0], counter: decoded.start_op as u32 + at as u32 };
            let value = &bytes[op.value_at as usize..][..op.value_bytes as usize];
            let value = Scalar { code: op.value_code, bytes: value };
            let Some(place) = decoded.place(at) else {
                let kind = if op.value_code == code::TEXT { SequenceKind::Text } else { SequenceKind::List };
                self.sequences.insert(id, Sequence::new(kind));
                let name = &bytes[op.name_at as usize..][..op.name_bytes as usize];
                self.by_name.insert(String::from_utf8(name.to_vec()).unwrap(), id);
                continue;
            };
            let sequence = self.sequences.get_mut(&own(place.object)).unwrap();
            let known = self.actors.clone();
            let taken = match place.action {
                SequenceAction::Insert => {
                    sequence.insert(place.element.map(own), id, value, &|actor| known[actor as usize])
                }
                SequenceAction::Set | SequenceAction::Delete => {
                    let new = (place.action == SequenceAction::Set).then_some((id, value));
                    let preds = decoded.preds_of(op).iter().copied().map(own);
                    sequence.overwrite(place.element.map(own).unwrap(), preds, new, &|actor| known[actor as usize])
                }
            };
            assert!(taken, "what an op refers to is there");
        }
    }

    fn sequence(&self, name: &str) -> &Sequence {
        &self.sequences[&self.by_name[name]]
    }

    /// Every element's visible values by op, as automerge's `get_all` gives them.
    fn list(&self) -> Vec<Vec<(u64, String, ScalarValue)>> {
        let value = |(op, scalar): &(OpId, Scalar<'_>)| {
            let value = match scalar.code {
                code::INT => ScalarValue::Int(crate::change::read_signed(&mut &*scalar.bytes).unwrap()),
                _ => ScalarValue::Bytes(scalar.bytes.to_vec()),
            };
            (u64::from(op.counter), self.actors[op.actor as usize].to_string(), value)
        };
        let values = |element: Element<'_>| {
            let values: Vec<_> = element.values.iter().map(value).collect();
            assert!(values.is_sorted_by_key(|(counter, actor, _)| (*counter, actor.clone())));
            values
        };
        self.sequence("l").elements().map(values).collect()
    }
}

fn list_of(automerge: &AutoCommit, list: &ObjId) -> Vec<Vec<(u64, String, ScalarValue)>> {
    let values = |at: usize| {
        let all = automerge.get_all(list, at).unwrap().into_iter();
        let mut values: Vec<_> = all
            .map(|(value, id)| {
                let ObjId::Id(counter, actor, _) = id else { panic!("elements are no roots") };
                (counter, actor.to_hex_string(), value.into_scalar().unwrap())
            })
            .collect();
        values.sort_by_key(|(counter, actor, _)| (*counter, actor.clone()));
        values
    };
    (0..automerge.length(list)).map(values).collect()
}

/// The changes in a random order that keeps causes before effects.
fn in_causal_order(changes: &[(Vec<u8>, Decoded)], mut seed: u64) -> Vec<usize> {
    let (mut done, mut order) = (BTreeSet::new(), Vec::new());
    while order.len() < changes.len() {
        let ready: Vec<usize> = (0..changes.len())
            .filter(|at| !order.contains(at) && changes[*at].1.deps.iter().all(|dep| done.contains(dep)))
            .collect();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let next = ready[(seed >> 33) as usize % ready.len()];
        done.insert(changes[next].1.hash);
        order.push(next);
    }
    order
}

/// The change encoded again from what was decoded.
fn encoded_again(bytes: &[u8], decoded: &Decoded) -> Vec<u8> {
    let named = |(counter, actor): OpRef| (counter, decoded.actors[actor as usize]);
    let preds: Vec<Vec<_>> =
        decoded.ops.iter().map(|op| decoded.preds_of(op).iter().copied().map(named).collect()).collect();
    let place = |place: &Place| DraftPlace {
        object: named(place.object),
        element: place.element.map(named),
        action: place.action,
    };
    let places: Vec<_> = (0..decoded.ops.len()).map(|at| decoded.place(at).map(place)).collect();
    let ops: Vec<DraftOp<'_>> = (0..decoded.ops.len())
        .map(|at| {
            let op = &decoded.ops[at];
            DraftOp {
                name: [decoded.name(bytes, op), ""],
                place: places[at].as_ref(),
                value_code: op.value_code,
                value: &bytes[op.value_at as usize..][..op.value_bytes as usize],
                preds: &preds[at],
            }
        })
        .collect();
    let Decoded { deps, seq, start_op, message, .. } = decoded;
    let (deps, message) = (deps.into(), message.into());
    let draft = Draft { deps, actor: decoded.actor(), seq: *seq, start_op: *start_op, message, ops: &ops[..] };
    encode(&draft).0
}

fn changes_of(automerge: &mut AutoCommit) -> Vec<(Vec<u8>, Decoded)> {
    let changes = automerge.get_changes(&[]);
    let read = |change: &automerge::Change| {
        let bytes = change.raw_bytes().to_vec();
        let decoded = Decoded::read(&bytes, Limits::default()).unwrap();
        (bytes, decoded)
    };
    changes.iter().map(read).collect()
}

proptest! {
    #[test]
    fn concurrent_histories_end_as_automerge_ends_them((replicas, steps) in steps(), seed in any::<u64>()) {
        let mut world = World::run(replicas, &steps);
        let mut merged = world.merged();
        let changes = changes_of(&mut merged);
        for (bytes, decoded) in &changes {
            prop_assert_eq!(&encoded_again(bytes, decoded), bytes);
        }
        for order in [in_causal_order(&changes, seed), in_causal_order(&changes, !seed)] {
            let mut applied = Applied::default();
            order.iter().for_each(|at| applied.apply(&changes[*at].0, &changes[*at].1));
            prop_assert_eq!(applied.sequence("t").text(), merged.text(&world.text).unwrap());
            prop_assert_eq!(applied.list(), list_of(&merged, &world.list));
        }
    }

    #[test]
    fn mutated_changes_with_sequences_never_panic_and_what_is_accepted_is_canonical((replicas, steps) in steps(), flips in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4)) {
        use sha2::{Digest, Sha256};
        let mut world = World::run(replicas, &steps);
        for (mut bytes, _) in changes_of(&mut world.merged()) {
            for (at, byte) in &flips {
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
            let hash = Sha256::digest(&bytes[8..]);
            bytes[4..8].copy_from_slice(&hash[..4]);
            if let Ok(decoded) = Decoded::read(&bytes, Limits::default()) {
                prop_assert_eq!(encoded_again(&bytes, &decoded), bytes.clone());
                let theirs = automerge::Change::from_bytes(bytes.clone()).unwrap();
                let again = automerge::Change::from(theirs.decode());
                prop_assert_eq!(again.raw_bytes(), &bytes[..]);
            }
        }
    }
}

#[test]
fn a_text_typed_in_one_go_is_a_few_runs() {
    let mut text = Sequence::new(SequenceKind::Text);
    let actor = |_| ActorId([1; 16]);
    let mut after = None;
    for counter in 1..=100_000 {
        let id = OpId { actor: 0, counter };
        assert!(text.insert(after, id, Scalar { code: code::STR, bytes: b"x" }, &actor));
        after = Some(id);
    }
    assert!(text.run_count() <= 100_000 / 1024 + 1, "{} runs", text.run_count());
    // Deleting a stretch in its middle cuts runs and makes few of it.
    for counter in 30_000..60_000 {
        let id = OpId { actor: 0, counter };
        assert!(text.overwrite(id, [id].into_iter(), None, &actor));
    }
    assert_eq!(text.text().len(), 70_000);
    assert!(text.run_count() <= 102, "{} runs", text.run_count());
}
