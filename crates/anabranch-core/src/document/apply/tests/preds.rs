//! Predecessors: an op overwrites values of its own register alone, however many others the record or the past has.

use super::*;
use crate::testing::raw_registers;

#[test]
fn a_predecessor_sets_the_same_register_however_many_the_record_has() {
    // A large record is not searched for each, and of a large change it is kept where its names lie.
    for fields in [3, 100, 1_100] {
        let op = |at: usize, text: &str| set("k", &format!("{at:03}"), text);
        let first = Chain::new("a", vec![(0..fields).map(|at| op(at, "old")).collect()]);
        let (actor, base) = (first.actor(), first.make());
        let document = with(&[&base]);
        // Each op overwrites its own field, but for one that names the value of the next.
        let rewrite = |by, forged: Option<usize>| {
            let of = |at| if forged == Some(at) { (at + 1) % fields } else { at };
            let ops = (0..fields).map(|at| Op { preds: vec![(of(at) as u32 + 1, actor)], ..op(at, by) });
            Chain::new(by, vec![ops.collect()]).after(&base).make()
        };
        for forged in (0..fields).step_by(fields.div_ceil(100)) {
            let refused = refusal(&mut document.clone(), bytes(&rewrite("mallory", Some(forged))));
            assert_eq!(refused, RefuseReason::Predecessor { op: forged as u32 });
        }
        // Who did not see that it was overwritten overwrites it, too.
        let mut document = with(&[&base, &rewrite("b", None)]);
        lands(&mut document, &rewrite("c", None));
        assert_eq!(refusal(&mut document, bytes(&rewrite("mallory", Some(1)))), RefuseReason::Predecessor { op: 1 });
    }
}

#[test]
fn ops_of_one_counter_are_told_apart_by_their_actors() {
    let base = Chain::of("base", set("k", "z", "1")).make();
    let [one, other] = [("one", "x"), ("other", "y")].map(|(by, name)| Chain::of(by, set("k", name, "1")).after(&base));
    let document = with(&[&base, &one.make(), &other.make()]);
    let upon_both = |name, of: &Chain| {
        let op = Op { preds: vec![(2, of.actor())], ..set("k", name, "2") };
        let deps = document.heads().hashes().to_vec();
        bytes(&Chain { deps, start_op: 3, ..Chain::of("c", op) }.make())
    };
    for (name, own, wrong) in [("x", &one, &other), ("y", &other, &one)] {
        assert_eq!(document.clone().apply(upon_both(name, own)).applied.len(), 1);
        let refused = refusal(&mut document.clone(), upon_both(name, wrong));
        assert_eq!(refused, RefuseReason::Predecessor { op: 0 });
    }
}

#[test]
fn what_was_found_out_of_one_large_record_is_not_said_of_the_next() {
    let names = ["k", "l"].iter().flat_map(|key| (0..100).map(move |nth| (*key, format!("{nth:03}"))));
    let ops: Vec<Op> = names.map(|(key, name)| set(key, &name, "old")).collect();
    let base = Chain::new("a", vec![ops.clone()]);
    let preds = |counter: usize| vec![(counter as u32 + 1, base.actor())];
    let rewrite = |(nth, op): (usize, Op)| Op { preds: preds(nth), value: b"new".to_vec(), ..op };
    let rewritten = Chain::new("b", vec![ops.into_iter().enumerate().map(rewrite).collect()]);
    let mut document = with(&[&base.make()]);
    lands(&mut document, &rewritten.after(&base.make()).make());
    let registers = raw_registers(&document);
    assert_eq!(registers.len(), 200);
    assert!(registers.values().all(|values| values.len() == 1 && values[0].bytes == b"new"));
}
