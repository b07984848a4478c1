//! The work of applying, counted in changes looked at: what comes one by one costs what it costs as one batch.

use std::collections::BTreeSet;

use super::*;
use crate::snapshot::StoreSnapshot;
use crate::testing::{put, raw_registers};
use crate::value::Value;
use crate::{Author, CaptureKind, ConflictKind, Resolution, StoreSchema};

/// So many commits, each upon the one before and overwriting what one of the last hundred wrote.
fn line(count: usize) -> Vec<ChangeBytes> {
    let mut made: Vec<ChangeBytes> = Vec::new();
    let mut writers: Vec<(u32, ActorId)> = Vec::new();
    for at in 0..count {
        let mut op = set(&(at % 100).to_string(), "x", &at.to_string());
        op.preds = at.checked_sub(100).and_then(|at| writers.get(at)).map(|id| vec![*id]).unwrap_or_default();
        let chain = Chain::of("a", op);
        let chain = if made.is_empty() { chain } else { chain.after(&made) };
        writers.push((chain.start_op as u32, chain.actor()));
        made.extend(chain.make());
    }
    made
}

fn steps(document: &Document) -> u64 {
    document.waiting.steps
}

#[test]
fn eight_thousand_honest_changes_one_by_one_are_no_more_work_than_in_one_batch() {
    let changes = line(8_000);
    let mut document = Document::new();
    for change in &changes {
        let outcome = document.apply([change.bytes.clone()]);
        assert_eq!((outcome.applied.len(), outcome.refused), (1, vec![]));
    }
    let mut batch = Document::new();
    assert_eq!(batch.apply(bytes(&changes)).applied.len(), 8_000);
    assert_eq!((steps(&document), steps(&batch)), (8_000, 8_000));
    assert_eq!(document.heads(), batch.heads());
}

#[test]
fn a_long_chain_part_by_part_is_linked_once_whatever_the_order() {
    let long = Chain::new("a", (0..2_000).map(|at| vec![set(&at.to_string(), "x", "1")]).collect()).make();
    let mut forward = Document::new();
    let mut backward = Document::new();
    for part in &long {
        forward.apply([part.bytes.clone()]);
    }
    for at in (1_000..2_000).chain(0..1_000) {
        backward.apply([long[at].bytes.clone()]);
    }
    assert_eq!((forward.change_count(), backward.change_count()), (2_000, 2_000));
    assert_eq!(steps(&forward), 2_000);
    // A part that came before what it follows was looked at once more.
    assert_eq!(steps(&backward), 3_000);
}

#[test]
fn two_branches_that_come_turn_by_turn_and_are_joined_cost_a_walk_and_not_one_each() {
    let start = Chain::of("s", set("s", "x", "1")).make();
    let branch = |by: &'static str| {
        let mut made = start.clone();
        for at in 0..500 {
            let next = Chain::of(by, set(by, &at.to_string(), "1")).after(&made).make();
            made.extend(next);
        }
        made.split_off(1)
    };
    let (one, two) = (branch("one"), branch("two"));
    let mut document = with(&[&start]);
    for (a, b) in one.iter().zip(&two) {
        document.apply([a.bytes.clone()]);
        document.apply([b.bytes.clone()]);
    }
    let before = steps(&document);
    let first = Chain { start_op: 502, deps: document.heads().hashes().to_vec(), ..Chain::of("j", set("j", "x", "1")) };
    let mut made = first.make();
    lands(&mut document, &made);
    // From here on everything is in the past of whoever goes on, and it is known without a walk.
    let of_one = Chain::of("one", set("one", "0", "1")).after(&start).actor();
    for at in 0..100 {
        let mut op = set("one", "0", &at.to_string());
        op.preds = vec![(2, of_one)];
        made = Chain::of("j", op).after(&made).make();
        lands(&mut document, &made);
    }
    assert!(steps(&document) - before < 2_000, "{}", steps(&document) - before);
}

/// A chain that sets one field so many times, in a change each.
fn many_values(count: usize) -> Vec<ChangeBytes> {
    let value = |at: usize| vec![set("k", "x", &at.to_string())];
    Chain::new("hoarder", (0..count).map(value).collect()).make()
}

#[test]
fn what_overwrites_thousands_of_values_of_one_field_is_work_for_each_once() {
    const VALUES: usize = 2_000;
    let hoard = many_values(VALUES);
    let actor = Chain::new("hoarder", (0..VALUES).map(|at| vec![set("k", "x", &at.to_string())]).collect()).actor();
    let mut document = with(&[&hoard]);
    let before = document.registers.steps;
    crate::steps::take();
    let mut op = set("k", "x", "the last");
    op.preds = (1..=VALUES as u32).map(|counter| (counter, actor)).collect();
    lands(&mut document, &Chain::of("cleaner", op).after(&hoard).make());
    let (of_registers, of_guard) = (document.registers.steps - before, crate::steps::take());
    assert!(of_registers > 0 && of_guard > 0);
    let steps = of_registers + of_guard;
    assert!(steps <= 32 * VALUES as u64, "{steps} entries were looked at");
    let values = raw_registers(&document).remove(&field("k", "x")).unwrap();
    assert_eq!(values.iter().map(|value| value.bytes.as_slice()).collect::<Vec<_>>(), [b"the last"]);
}

#[test]
fn a_record_of_thousands_of_fields_is_rewritten_and_read_with_work_for_each_once() {
    const FIELDS: usize = 3_000;
    let key = Key::String("k".into());
    let there = Op { name: layout::encode_key(&key), code: code::TRUE, value: vec![], preds: vec![] };
    let op = |at: usize, text: &str| set("k", &format!("{at:05}"), text);
    // Of found values it is remembered, too, that they were overwritten.
    for kind in [ActorKind::Edit, ActorKind::Found] {
        let ops = std::iter::once(there.clone()).chain((0..FIELDS).map(|at| op(at, "old")));
        let wide = Chain { kind, ..Chain::new("a", vec![ops.collect()]) };
        let mut document = with(&[&wide.make()]);
        let before = document.registers.steps;
        crate::steps::take();
        let rewrite = |at: usize| {
            let preds = vec![(at as u32 + 2, wide.actor())];
            Op { preds, ..op(at, "new") }
        };
        // Backwards, so that what ascends is no condition.
        let rewritten = Chain::new("b", vec![(0..FIELDS).rev().map(rewrite).collect()]).after(&wide.make()).make();
        lands(&mut document, &rewritten);
        let (of_registers, of_others) = (document.registers.steps - before, crate::steps::take());
        assert!(of_registers > 0 && of_others > 0);
        let steps = of_registers + of_others;
        assert!(steps <= 32 * FIELDS as u64, "{steps} entries were looked at");
        let Some(Value::Object(record)) = document.view().get(&key) else { panic!("it is there") };
        assert_eq!(record.len(), FIELDS);
        assert!(record.values().all(|value| *value == Value::from("new")));
        let steps = crate::steps::take();
        assert!(steps <= FIELDS as u64, "{steps} overwritten values were looked at");
    }
}

#[test]
fn a_record_of_many_fields_that_many_deleted_is_read_with_work_for_each_once() {
    const MANY: usize = 500;
    let life = |code, preds| Op { name: layout::encode_key(&Key::String("k".into())), code, value: vec![], preds };
    let fields = |text: &str| (0..MANY).map(|at| set("k", &format!("{at:05}"), text)).collect::<Vec<Op>>();
    let there = Chain::of("a", life(code::TRUE, vec![]));
    let made = there.make();
    let edited = Chain::new("b", vec![fields("edited")]).after(&made).make();
    // Later in Lamport order than what they did not know.
    let padding =
        Chain::new("c", vec![(0..MANY).map(|at| set("pad", &at.to_string(), "")).collect()]).after(&made).make();
    let delete = || life(code::FALSE, vec![(1, there.actor())]);
    let mut document = with(&[&made, &edited, &padding]);
    for nth in 0..MANY {
        let by: &'static str = Box::leak(nth.to_string().into_boxed_str());
        lands(&mut document, &Chain::of(by, delete()).after(&padding).make());
    }
    crate::steps::take();
    assert_eq!(document.view().get(&Key::String("k".into())), None);
    assert!(!document.view().conflicts().is_empty());
    let steps = crate::steps::take();
    assert!(steps <= 16 * MANY as u64, "{steps} deletions were asked");
}

#[test]
fn what_is_overwritten_again_and_again_takes_up_little_more_than_what_shows() {
    let takes_up_little = |document: &Document| {
        let bytes = document.resident_bytes();
        assert!(bytes < 150_000, "{bytes} for a value of 1,000");
    };
    let text = "v".repeat(1_000);
    let (mut others, mut made) = (Document::new(), Vec::new());
    let mut before: Option<ActorId> = None;
    for counter in 1..=500 {
        let preds = before.map(|actor| (counter - 1, actor)).into_iter().collect();
        let chain = Chain::of("a", Op { preds, ..set("k", "x", &text) });
        let chain = if made.is_empty() { chain } else { chain.after(&made) };
        before = Some(chain.actor());
        made = chain.make();
        lands(&mut others, &made);
    }
    takes_up_little(&others);
    let mut own = Document::new();
    for nth in 0..500 {
        put(&mut own, &format!(r#"{{"x":"{text}{nth}"}}"#));
    }
    takes_up_little(&own);
}

#[test]
fn a_change_that_goes_to_and_fro_between_records_or_fields_is_refused() {
    let to_and_fro = |one: Op, other: Op| {
        let ops = [one, other].iter().cycle().take(4).cloned().collect();
        let chain = Chain::new("a", vec![ops]).make();
        refusal(&mut Document::new(), bytes(&chain))
    };
    // Each step would copy all that the record holds so far.
    assert_eq!(to_and_fro(set("k", "x", "1"), set("l", "x", "1")), RefuseReason::SetTwice { op: 2 });
    assert_eq!(to_and_fro(set("l", "x", "1"), set("k", "x", "1")), RefuseReason::SetTwice { op: 2 });
    assert_eq!(to_and_fro(set("k", "x", "1"), set("k", "y", "1")), RefuseReason::SetTwice { op: 2 });
    assert_eq!(to_and_fro(set("k", "y", "1"), set("k", "x", "1")), RefuseReason::SetTwice { op: 2 });
    // In any order, but each once.
    let ops = ["l y", "l x", "l z", "k z", "k x", "k y"].map(|op| set(&op[..1], &op[2..], "1"));
    lands(&mut Document::new(), &Chain::new("a", vec![ops.to_vec()]).make());
}

#[test]
fn whether_two_records_of_one_generated_key_knew_each_other_is_asked_once_for_each_of_their_lives() {
    const LIVES: usize = 200;
    let key = Key::Number(5.0);
    let schema = StoreSchema { auto_increment: true, ..Default::default() };
    let store = |records: Vec<(Key, Value)>| {
        let (name, schema) = ("notes".to_owned(), schema.clone());
        StoreSnapshot { name, schema, complete: true, records }
    };
    let mut start = Document::new();
    start.capture_store("desk", CaptureKind::First, &store(Vec::new())).unwrap();
    let crowded = |by: &str| {
        let mut one = start.clone();
        let kind = CaptureKind::Next { baseline: one.known(&one.heads()).unwrap(), left_out: BTreeSet::new() };
        one.capture_store(by, kind, &store(vec![(key.clone(), Value::from(by))])).unwrap();
        let alone = one.clone();
        for at in 0..LIVES {
            let author = Author::person(&format!("{by}{at}"));
            let kept = alone.clone().resolve(&key, &Resolution::Keep, &author).unwrap();
            one.apply(kept.changes.into_iter().map(|change| change.bytes));
        }
        one
    };
    let (mut one, two) = (crowded("one"), crowded("two"));
    one.apply(two.change_bytes().map(|change| change.bytes));
    let view = one.view();
    crate::steps::take();
    let kinds: Vec<ConflictKind> = view.conflicts().iter().map(|conflict| conflict.kind).collect();
    assert_eq!(kinds, [ConflictKind::Generator]);
    let steps = crate::steps::take();
    assert!(steps <= 16 * LIVES as u64, "{steps} pairs were looked at");
}

#[test]
fn thousands_of_records_that_claim_one_key_are_work_for_each_once() {
    const RECORDS: usize = 2_000;
    let key = Key::Number(5.0);
    let named = |at: usize| format!("{}@{at:032x}", layout::encode_key(&key));
    let there = |at: usize| Op { name: named(at), code: code::TRUE, value: vec![], preds: vec![] };
    let claims = |by, from: usize| Chain::new(by, vec![(from..from + RECORDS).map(there).collect()]).make();
    let (one, other) = (claims("one", 0), claims("other", RECORDS));
    let mut document = with(&[&one]);
    crate::steps::take();
    let before = document.known(&document.heads()).unwrap();
    lands(&mut document, &other);
    let applying = crate::steps::take();
    // Of those of the other, none knew the one that keeps the key.
    assert_eq!(document.view().conflicts().len(), RECORDS);
    let listing = crate::steps::take();
    let changes = document.record_changes(&before, &document.known(&document.heads()).unwrap()).changes.len();
    let telling = crate::steps::take();
    assert!(changes >= RECORDS);
    for (work, steps) in [("applying", applying), ("listing", listing), ("telling", telling)] {
        assert!(steps <= 100 * RECORDS as u64, "{work} looked at {steps} lines, records and lives");
    }
}
