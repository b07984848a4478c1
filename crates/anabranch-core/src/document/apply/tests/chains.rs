//! Chains are taken whole or not at all, and a refusal reaches what depends on it and nothing else.

use super::*;

fn signed(number: i64) -> Vec<u8> {
    let mut out = Vec::new();
    crate::change::write_signed(number, &mut out);
    out
}

fn parts(count: usize) -> Chain {
    Chain::new("a", (0..count).map(|at| vec![set(&at.to_string(), "x", "1")]).collect())
}

#[test]
fn a_refused_change_refuses_its_chain_and_what_depends_on_it_and_nothing_else() {
    let innocent = Chain::of("innocent", set("i", "x", "1")).make();
    for bad in 0..3 {
        let mut chain = parts(3);
        // Derived, linked, complete: and naming a predecessor that nobody has.
        chain.changes[bad][0].preds = vec![(1, ActorId([5; 16]))];
        let chain = chain.make();
        let upon = Chain::of("b", set("b", "x", "1")).after(&chain).make();
        let further = Chain::of("c", set("c", "x", "1")).after(&upon).make();
        let mut document = Document::new();
        let outcome = document.apply([bytes(&further), bytes(&upon), bytes(&chain), bytes(&innocent)].concat());
        assert_eq!((outcome.applied, outcome.waiting), (innocent.clone(), 0));
        let reason_of =
            |hash| outcome.refused.iter().find(|refusal| refusal.hash == Some(hash)).unwrap().reason.clone();
        chain.iter().for_each(|part| assert_eq!(reason_of(part.hash), RefuseReason::Predecessor { op: 0 }));
        assert_eq!(reason_of(upon[0].hash), RefuseReason::DependsOnRefused);
        assert_eq!(reason_of(further[0].hash), RefuseReason::DependsOnRefused);
        assert_eq!(outcome.refused.len(), 5);
    }
}

#[test]
fn a_chain_lands_whatever_the_order_and_the_cuts_of_its_parts() {
    let base = Chain::of("base", set("base", "x", "1")).make();
    let chain = parts(4).after(&base).make();
    let all: Vec<Bytes> = [bytes(&base), bytes(&chain)].concat();
    for seed in 0..200usize {
        let mut order: Vec<usize> = (0..5).collect();
        (0..5).for_each(|at| order.swap(at, (seed * 7 + at * 3) % 5));
        let mut document = Document::new();
        for cut in order.chunks(1 + seed % 4) {
            let outcome = document.apply(cut.iter().map(|at| all[*at].clone()));
            assert_eq!(outcome.refused, []);
        }
        assert_eq!(document.change_count(), 5, "{order:?}");
        assert_eq!(document.waiting.len(), 0);
    }
}

#[test]
fn headers_that_state_nothing_or_too_much_are_refused() {
    for message in [
        "",
        "anabranch 1",
        "anabranch 2\n1\na\n",
        "anabranch 1\n0\na\n",
        "anabranch 1\n1048577\na\n",
        "anabranch 1\n01\na\n",
    ] {
        let chain = Chain { message: Some(message.into()), ..parts(1) };
        assert_eq!(refusal(&mut Document::new(), bytes(&chain.make())), RefuseReason::Header, "{message:?}");
    }
    // A length that is too short for the parts that follow, and one that is never reached.
    let short = Chain { message: Some("anabranch 1\n2\na\n".into()), ..parts(3) };
    let outcome = Document::new().apply(bytes(&short.make()));
    assert_eq!((outcome.applied.len(), outcome.waiting, outcome.refused.len()), (0, 1, 2));
    assert_eq!(outcome.refused[0].reason, RefuseReason::ActorNotDerived);
    let long = Chain { message: Some("anabranch 1\n4\na\n".into()), ..parts(3) };
    let outcome = Document::new().apply(bytes(&long.make()));
    assert_eq!((outcome.applied.len(), outcome.waiting), (0, 3));
}

#[test]
fn changes_that_do_not_follow_each_other_are_refused() {
    let mut document = Document::new();
    let other = Chain::of("other", set("o", "x", "1")).make();
    lands(&mut document, &other);
    let honest = parts(2);
    let first = honest.make()[0].clone();
    let follow = |change: &dyn Fn(&mut Chain)| {
        let mut next = Chain {
            actor: Some(honest.actor()),
            first_seq: 2,
            start_op: 2,
            message: Some("".into()),
            deps: vec![first.hash],
            ..Chain::of("a", set("1", "x", "1"))
        };
        change(&mut next);
        next.make()[0].bytes.clone()
    };
    type Case<'c> = (&'c dyn Fn(&mut Chain), RefuseReason);
    let cases: [Case<'_>; 6] = [
        (&|next| next.first_seq = 3, RefuseReason::BrokenChain),
        (&|next| next.actor = Some(ActorId([5; 16])), RefuseReason::BrokenChain),
        (&|next| next.message = Some("more".into()), RefuseReason::BrokenChain),
        (
            &|next| next.deps = vec![first.hash.min(other[0].hash), first.hash.max(other[0].hash)],
            RefuseReason::BrokenChain,
        ),
        (&|next| next.start_op = 3, RefuseReason::OpCounter),
        (&|next| next.changes[0][0].value = b"2".to_vec(), RefuseReason::ActorNotDerived),
    ];
    for (change, reason) in cases {
        let mut document = document.clone();
        let outcome = document.apply([first.bytes.clone(), follow(change)]);
        assert_eq!((outcome.waiting, outcome.refused.len()), (1, 1), "{reason:?}");
        assert_eq!(outcome.refused[0].reason, reason);
        assert_eq!(document.apply([follow(&|_| ())]).applied.len(), 2);
    }
}

#[test]
fn a_dependency_on_the_middle_of_a_chain_is_refused() {
    let chain = parts(3).make();
    let upon = Chain::of("b", set("b", "x", "1")).after(&chain[..2]).make();
    for order in [[bytes(&upon), bytes(&chain)], [bytes(&chain), bytes(&upon)]] {
        let outcome = Document::new().apply(order.concat());
        assert_eq!(outcome.applied.len(), 3);
        let reason = RefuseReason::DependsInsideChain;
        assert_eq!(outcome.refused, [Refusal { hash: Some(upon[0].hash), reason }]);
    }
}

#[test]
fn a_merge_change_holds_no_ops_and_every_other_chain_some() {
    let mut document = with(&[&Chain::of("a", set("a", "x", "1")).make(), &Chain::of("b", set("b", "x", "1")).make()]);
    let deps: Vec<ChangeHash> = document.heads().hashes().to_vec();
    let merge = |kind, changes| {
        Chain {
            kind,
            deps: deps.clone(),
            start_op: 2,
            by: "",
            message: (kind == ActorKind::Merge).then(String::new),
            ..Chain::new("", changes)
        }
        .make()
    };
    let full = merge(ActorKind::Merge, vec![vec![set("k", "x", "1")]]);
    assert_eq!(refusal(&mut document, bytes(&full)), RefuseReason::BrokenChain);
    let empty = merge(ActorKind::Edit, vec![vec![]]);
    assert_eq!(refusal(&mut document, bytes(&empty)), RefuseReason::BrokenChain);
    lands(&mut document, &merge(ActorKind::Merge, vec![vec![]]));
}

#[test]
fn a_predecessor_must_exist_be_in_the_past_and_set_the_same_register() {
    let start = Chain::new("a", vec![vec![set("k", "x", "1"), set("k", "y", "1")]]);
    let (actor, start) = (start.actor(), start.make());
    let aside = Chain::of("aside", set("k", "x", "aside"));
    let (of_aside, aside) = (aside.actor(), aside.make());
    let mut over = set("k", "x", "2");
    over.preds = vec![(1, actor)];
    let over = Chain::of("over", over).after(&start).make();
    let mut document = with(&[&start, &aside, &over]);
    let upon = |preds: Vec<(u32, ActorId)>| {
        let mut op = set("k", "x", "3");
        op.preds = preds;
        Chain::of("b", op).after(&start).make()
    };
    for preds in [
        vec![(2, actor)],
        vec![(3, actor)],
        vec![(1, of_aside)],
        vec![(1, ActorId([1; 16]))],
        vec![(2, Chain::of("over", set("k", "x", "2")).actor())],
    ] {
        assert_eq!(
            refusal(&mut document, bytes(&upon(preds.clone()))),
            RefuseReason::Predecessor { op: 0 },
            "{preds:?}"
        );
    }
    // Overwritten meanwhile, so that it is looked up in the log.
    lands(&mut document, &upon(vec![(1, actor)]));
    // What a concurrent branch holds is in the past of who joins both.
    let mut op = set("k", "x", "4");
    op.preds = vec![(1, of_aside)];
    let joined = Chain { deps: document.heads().hashes().to_vec(), start_op: 4, ..Chain::of("j", op) };
    lands(&mut document, &joined.make());
}

#[test]
fn names_and_values_that_no_store_writes_are_refused() {
    let id = layout::encode_key(&Key::String("k".into()));
    let bytes_op = |value: &[u8]| Op { name: field("k", "x"), code: code::BYTES, value: value.to_vec(), preds: vec![] };
    let named = |name: String| Op { name, code: code::NULL, value: vec![], preds: vec![] };
    let names = [
        "",
        "x",
        "9k\0.x",
        "3k",
        "0",
        "0@",
        "3k\0?",
        "3k\0.x\u{1}\u{4}?",
        "3k\0.x\u{1}\u{4}+a",
        "3k\0.x\u{1}\u{4}e0",
        "3k\0@zz.x",
        "3\u{1}\0.x",
        "3k\0=x",
    ];
    for op in names.map(|name| named(name.into())) {
        let name = op.name.clone();
        let reason = refusal(&mut Document::new(), bytes(&Chain::of("a", op).make()));
        assert_eq!(reason, RefuseReason::Name { op: 0 }, "{name:?}");
    }
    let life = |code, value: &[u8]| Op { name: id.clone(), code, value: value.to_vec(), preds: vec![] };
    let counter = |code, value: &[u8]| Op {
        name: format!("{}\u{1}\u{4}+{}", field("k", "x"), "0a".repeat(16)),
        code,
        value: value.to_vec(),
        preds: vec![],
    };
    let values = [
        life(code::NULL, &[]),
        life(code::INT, &[1]),
        counter(code::STR, b"1"),
        bytes_op(&[]),
        bytes_op(&[9]),
        bytes_op(&[0, 0]),
        bytes_op(&[1, 0]),
        bytes_op(&[2]),
        bytes_op(&[3, 1, 0]),
        // A number beyond those that are written as integers, and one that is written as a double though it is whole.
        Op { value: signed(1 << 53), code: code::INT, ..bytes_op(&[]) },
        Op { value: 5f64.to_le_bytes().to_vec(), code: code::F64, ..bytes_op(&[]) },
        Op { value: f64::from_bits(f64::NAN.to_bits() | 1).to_le_bytes().to_vec(), code: code::F64, ..bytes_op(&[]) },
    ];
    for op in values {
        let shown = (op.code, op.value.clone());
        let reason = refusal(&mut Document::new(), bytes(&Chain::of("a", op).make()));
        assert_eq!(reason, RefuseReason::Value { op: 0 }, "{shown:?}");
    }
    lands(&mut Document::new(), &Chain::of("a", counter(code::INT, &[1])).make());
    lands(&mut Document::new(), &Chain::of("a", life(code::TRUE, &[])).make());
    lands(&mut Document::new(), &Chain::of("a", bytes_op(&[1])).make());
}

#[test]
fn a_commit_hands_out_what_waited_for_it_and_is_not_refused_for_what_was_forged_beside_it() {
    use crate::commit::{Author, Edit};
    use crate::value::Value;
    let commit = |document: &mut Document| {
        let empty = document.known(&document.heads()).unwrap();
        let put = Edit::Put { key: Some(Key::Number(1.0)), value: Value::object([("x", Value::from("1"))]) };
        document.change_at(&empty, &[put], &Author::person("desk")).unwrap()
    };
    let own = commit(&mut Document::new()).changes;
    let upon = Chain::of("peer", set("k", "x", "1")).after(&own).make();
    let actor = crate::change::Decoded::read(&own[0].bytes, Limits::default()).unwrap().actor();
    let forged = Chain { actor: Some(actor), first_seq: 2, ..Chain::of("desk", set("k", "x", "2")) }.after(&own).make();
    // The same commit made again where others knew it already.
    let mut restored = Document::new();
    assert_eq!(restored.apply([bytes(&upon), bytes(&forged)].concat()).waiting, 2);
    let again = commit(&mut restored);
    assert_eq!(again.changes, [own, upon].concat());
    assert_eq!(restored.apply([]).waiting, 0);
}
