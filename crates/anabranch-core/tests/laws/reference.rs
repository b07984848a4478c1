//! The reference fold: what a store shows, computed slowly from automerge's own decoding of its changes.
//!
//! Written from the rules, apart from the engine: found classes, then life, identity, policy.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::testing::{RawName, part_value, read_name, scalar_value, schema_of, value_bytes};
use anabranch_core::{ActorKind, DeletePolicy, Document, FieldPath, FieldPolicy, Heads, Key, StoreSchema, Value};
use automerge::ActorId;
use automerge::legacy::{self, OpType};

use crate::oracle::{LIST, TEXT, scalar_bytes};
use crate::records::Map;
use crate::sequences::{Edit, Sequence};

mod keys;
use keys::keys;

pub(crate) type OpId = (u64, ActorId);

#[derive(Clone)]
struct Op {
    id: OpId,
    change: usize,
    kind: ActorKind,
    name: RawName,
    code: u8,
    bytes: Vec<u8>,
    preds: Vec<OpId>,
    sequence: Option<Sequence>,
}

impl Op {
    /// What it set; `None` if it removed the field.
    fn value(&self) -> Option<Value> {
        match &self.sequence {
            Some(sequence) => Some(sequence.shown.clone()),
            None => scalar_value(self.code, &self.bytes),
        }
    }

    /// What it set when it was made.
    fn made(&self) -> Option<Value> {
        match &self.sequence {
            Some(sequence) => Some(sequence.made.clone()),
            None => scalar_value(self.code, &self.bytes),
        }
    }

    fn is_edited(&self) -> bool {
        self.sequence.as_ref().is_some_and(|sequence| sequence.is_edited(&self.id.1))
    }

    /// The last write of what it made, and whether that was found.
    fn last(&self) -> (OpId, ActorKind) {
        let edits = self.sequence.iter().flat_map(|sequence| &sequence.edits).map(|edit| (edit.id.clone(), edit.kind));
        edits.chain([(self.id.clone(), self.kind)]).max_by_key(|(id, _)| id.clone()).unwrap()
    }
}

struct Reference {
    ops: Vec<Op>,
    /// The changes before and including each change.
    before: Vec<BTreeSet<usize>>,
    /// The ops that some op replaced.
    replaced: BTreeSet<OpId>,
}

/// The records that a store shows at some heads.
pub(crate) fn records(document: &Document, heads: &Heads) -> Map {
    let reference = Reference::read(document, heads);
    let schema_ops: Vec<&Op> = reference.ops.iter().filter(|op| op.name.key.is_none()).collect();
    let plain = StoreSchema::default();
    let schema = schema_of(&reference.value(&schema_ops, &plain));
    let mut by_record: BTreeMap<String, Vec<&Op>> = BTreeMap::new();
    for op in reference.ops.iter().filter(|op| op.name.key.is_some()) {
        by_record.entry(op.name.identity.clone()).or_default().push(op);
    }
    let keys = keys(&by_record);
    let shown = by_record.iter().filter(|(_, ops)| reference.is_alive(ops, &schema));
    shown.map(|(identity, ops)| (keys[identity].clone(), reference.value(ops, &schema))).collect()
}

impl Reference {
    fn read(document: &Document, heads: &Heads) -> Self {
        let changes: Vec<_> = document
            .change_bytes()
            .map(|change| automerge::Change::from_bytes(change.bytes.to_vec()).unwrap())
            .collect();
        let position: BTreeMap<_, _> = changes.iter().enumerate().map(|(at, change)| (change.hash().0, at)).collect();
        let mut before: Vec<BTreeSet<usize>> = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            let mut set: BTreeSet<usize> =
                change.deps().iter().flat_map(|dep| before[position[&dep.0]].clone()).collect();
            set.insert(at);
            before.push(set);
        }
        let included: BTreeSet<usize> =
            heads.hashes().iter().flat_map(|hash| before[position[&hash.0]].clone()).collect();
        let mut ops = Vec::new();
        let mut edits: BTreeMap<OpId, Vec<Edit>> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate().filter(|(at, _)| included.contains(at)) {
            let expanded = change.decode();
            let kind = ActorKind::from_code(*change.actor_id().to_bytes().last().unwrap()).unwrap();
            for (nth, op) in expanded.operations.iter().enumerate() {
                let id = (expanded.start_op.get() + nth as u64, change.actor_id().clone());
                let preds: Vec<OpId> = op.pred.iter().map(|pred| (pred.0, pred.1.clone())).collect();
                let value = match &op.action {
                    OpType::Put(value) => Some(scalar_bytes(value)),
                    OpType::Make(automerge::ObjType::Text) => Some((TEXT, vec![])),
                    OpType::Make(automerge::ObjType::List) => Some((LIST, vec![])),
                    OpType::Delete => None,
                    other => panic!("no store does {other:?}"),
                };
                let name = match (&op.obj, &op.key) {
                    (legacy::ObjectId::Root, legacy::Key::Map(name)) => read_name(name).unwrap(),
                    (legacy::ObjectId::Id(object), legacy::Key::Seq(element)) => {
                        let element = match element {
                            legacy::ElementId::Head => None,
                            legacy::ElementId::Id(id) => Some((id.0, id.1.clone())),
                        };
                        let edit = Edit { id, change: at, kind, element, is_insert: op.insert, value, preds };
                        edits.entry((object.0, object.1.clone())).or_default().push(edit);
                        continue;
                    }
                    other => panic!("registers lie in the root map, and elements in sequences: {other:?}"),
                };
                let (code, bytes) = value.expect("registers are only ever put");
                ops.push(Op { id, change: at, kind, name, code, bytes, preds, sequence: None });
            }
        }
        for op in ops.iter_mut().filter(|op| [TEXT, LIST].contains(&op.code)) {
            op.sequence = Some(Sequence::of(op.code, &op.id.1, edits.remove(&op.id).unwrap_or_default()));
        }
        assert!(edits.is_empty(), "every edit is one of a sequence that was made");
        let replaced = ops.iter().flat_map(|op| op.preds.clone()).collect();
        Self { ops, before, replaced }
    }

    /// What nobody replaced; found values of one class are one op, and a sequence is replaced only by who saw all of it.
    fn visible<'o>(&self, ops: &[&'o Op]) -> Vec<&'o Op> {
        let is_overwritten = |op: &Op| self.replaced.contains(&op.id);
        let class_is_replaced = |op: &Op| {
            op.kind == ActorKind::Found
                && !op.is_edited()
                && ops.iter().any(|other| {
                    other.kind == ActorKind::Found
                        && same_place(op, other)
                        && op.made() == other.made()
                        && (is_overwritten(other) || other.is_edited())
                })
        };
        let is_visible = |op: &&Op| match is_overwritten(op) {
            true => self.has_unseen_edit(op, ops),
            false => !class_is_replaced(op),
        };
        ops.iter().copied().filter(is_visible).collect()
    }

    /// Whether a sequence was edited by somebody of whom nobody knew who wrote what stands in its place.
    fn has_unseen_edit(&self, op: &Op, ops: &[&Op]) -> bool {
        let mut edits = op.sequence.iter().flat_map(|sequence| &sequence.edits);
        edits.any(|edit| {
            let knows = |other: &&&Op| same_place(op, other) && self.before[other.change].contains(&edit.change);
            !ops.iter().filter(|other| !self.replaced.contains(&other.id)).any(|other| knows(&other))
        })
    }

    fn is_alive(&self, ops: &[&Op], schema: &StoreSchema) -> bool {
        let visible = self.visible(ops);
        let (deletions, present): (Vec<&Op>, Vec<&Op>) =
            visible.iter().filter(|op| is_life(op)).partition(|op| is_deletion(op));
        if deletions.is_empty() {
            return !present.is_empty();
        }
        let knows = |change: usize| deletions.iter().any(|deletion| self.before[deletion.change].contains(&change));
        let known = |op: &Op| knows(op.change);
        let raw: Vec<&Op> = ops.iter().copied().filter(|op| !self.replaced.contains(&op.id)).collect();
        let survives = |op: &&&Op| {
            let found = op.kind == ActorKind::Found && !op.is_edited();
            let edits = op.sequence.iter().flat_map(|sequence| &sequence.edits);
            if edits.into_iter().any(|edit| edit.id.1 != op.id.1 && !knows(edit.change)) {
                return true;
            }
            let known_by_value =
                || found && raw.iter().any(|have| same_place(have, op) && same_value(have, op) && known(have));
            let is_no_edit = is_deletion(op) || found && is_life(op) || self.replaced.contains(&op.id);
            !(is_no_edit || known(op) || known_by_value())
        };
        schema.deletes == DeletePolicy::EditWins && visible.iter().any(|op| survives(&op))
    }

    /// The value that the fields make up.
    fn value(&self, ops: &[&Op], schema: &StoreSchema) -> Value {
        let mut fields: BTreeMap<FieldPath, Vec<&Op>> = BTreeMap::new();
        for op in self.visible(ops) {
            if let Some(field) = &op.name.field {
                fields.entry(field.clone()).or_default().push(op);
            }
        }
        let leaves: BTreeMap<FieldPath, (Value, &Op)> = fields
            .into_iter()
            .filter_map(|(field, ops)| Some((field.clone(), leaf(&ops, policy_of(schema, &field))?)))
            .collect();
        assemble(&FieldPath::default(), &leaves).0
    }
}

fn policy_of(schema: &StoreSchema, field: &FieldPath) -> FieldPolicy {
    schema.fields.get(field).copied().unwrap_or_default()
}

fn same_place(a: &Op, b: &Op) -> bool {
    a.name == b.name
}

fn same_value(a: &Op, b: &Op) -> bool {
    match (&a.sequence, &b.sequence) {
        (None, None) => (a.code, &a.bytes) == (b.code, &b.bytes),
        _ => a.value() == b.value(),
    }
}

fn is_life(op: &Op) -> bool {
    op.name.field.is_none()
}

fn is_deletion(op: &Op) -> bool {
    is_life(op) && op.code == 1
}

/// Found below written; then counter, then actor.
fn lamport(op: &Op) -> (bool, u64, ActorId) {
    let ((counter, actor), kind) = op.last();
    (kind != ActorKind::Found, counter, actor)
}

/// The value of one field and the last op that makes it up.
fn leaf<'o>(ops: &[&'o Op], policy: FieldPolicy) -> Option<(Value, &'o Op)> {
    let (parts, mains): (Vec<&Op>, Vec<&Op>) = ops.iter().copied().partition(|op| op.name.part.is_some());
    let main = mains.iter().copied().max_by(|a, b| compare(policy, a, b));
    let main = main.and_then(|op| Some((op.value()?, op)));
    let parts: Vec<&Op> = parts.into_iter().filter(|op| part_value(op.code, &op.bytes).is_some()).collect();
    let last_part = parts.iter().copied().max_by_key(|op| lamport(op));
    match (policy, last_part) {
        (FieldPolicy::Counter, Some(last)) => match &main {
            Some((Value::Number(base), _)) if base.fract() == 0.0 && base.abs() < 9_007_199_254_740_992.0 => {
                Some((count(*base, &parts), last))
            }
            None => Some((count(0.0, &parts), last)),
            Some(_) => main,
        },
        // A whole value that nobody else touched is shown as it was written, its repeated elements too.
        (FieldPolicy::Set, None) if mains.iter().all(|op| same_value(op, mains[0])) => main,
        (FieldPolicy::Set, last) if main.is_some() || last.is_some() => {
            let value = unite(&mains, &parts);
            last.or(main.map(|(_, op)| op)).map(|op| (value, op))
        }
        _ => main,
    }
}

fn count(base: f64, parts: &[&Op]) -> Value {
    let sum: i128 = parts.iter().filter_map(|op| part_value(op.code, &op.bytes)?.ok()).map(i128::from).sum();
    Value::Number((base as i128 + sum).clamp(1 - (1 << 53), (1 << 53) - 1) as f64)
}

/// The elements of all whole values, without those removed, with those added in the order of their bytes.
fn unite(mains: &[&Op], parts: &[&Op]) -> Value {
    let mut mains = mains.to_vec();
    mains.sort_by_key(|op| lamport(op));
    let (mut is_set, mut elements): (bool, Vec<Value>) = (false, Vec::new());
    for value in mains.iter().filter_map(|op| op.value()) {
        let items = match value {
            Value::Set(items) => {
                is_set = true;
                items
            }
            Value::Array(items) => items,
            other => return other,
        };
        items.into_iter().for_each(|item| {
            if !elements.contains(&item) {
                elements.push(item)
            }
        });
    }
    let element = |op: &&&Op| part_value(op.code, &op.bytes).and_then(Result::err);
    let mut parts: Vec<(&[u8], bool, Value)> =
        parts.iter().filter_map(|op| element(&op).map(|(there, value)| (op.bytes.as_slice(), there, value))).collect();
    parts.sort_by(|a, b| a.0.cmp(b.0));
    for (_, _, removed) in parts.iter().filter(|part| !part.1) {
        elements.retain(|element| element != removed);
    }
    for (_, _, added) in parts.into_iter().filter(|part| part.1) {
        if !elements.contains(&added) {
            elements.push(added);
        }
    }
    if is_set { Value::Set(elements) } else { Value::Array(elements) }
}

fn compare(policy: FieldPolicy, a: &Op, b: &Op) -> Ordering {
    let there = |op: &Op| op.value().is_some();
    let origin = |op: &Op| match op.last().1 {
        ActorKind::Found => 0,
        ActorKind::Run => 1,
        _ => 2,
    };
    let size = |a: &Op, b: &Op| {
        let key = |op: &Op| op.value().and_then(|value| Key::from_value(&value).ok());
        let written = |op: &Op| match &op.sequence {
            Some(sequence) => value_bytes(&sequence.shown),
            None => (op.code, op.bytes.clone()),
        };
        key(a).cmp(&key(b)).then_with(|| written(a).cmp(&written(b)))
    };
    let by_policy = match policy {
        FieldPolicy::PeopleOverPipelines => (origin(a), there(a)).cmp(&(origin(b), there(b))),
        FieldPolicy::Max => there(a).cmp(&there(b)).then_with(|| size(a, b)),
        FieldPolicy::Min => there(a).cmp(&there(b)).then_with(|| size(b, a)),
        _ => there(a).cmp(&there(b)),
    };
    by_policy.then_with(|| lamport(a).cmp(&lamport(b)))
}

/// What stands at `path`: a leaf against what lies below it, whichever was written last; an empty object's marker gives
/// way. And the last op in it.
fn assemble<'o>(path: &FieldPath, leaves: &BTreeMap<FieldPath, (Value, &'o Op)>) -> (Value, Option<&'o Op>) {
    let own = leaves.get(path);
    let mut object = anabranch_core::Object::default();
    let mut last: Option<&Op> = None;
    let names: BTreeSet<_> = leaves
        .keys()
        .filter(|other| other.0.len() > path.0.len() && other.0.starts_with(&path.0))
        .map(|other| other.0[path.0.len()].clone())
        .collect();
    for name in names {
        let inner = FieldPath(path.0.iter().cloned().chain([name.clone()]).collect());
        let (value, op) = assemble(&inner, leaves);
        object.insert(name, value);
        last = last.into_iter().chain(op).max_by_key(|op| lamport(op));
    }
    match (own, last) {
        (None, last) => (Value::Object(object), last),
        (Some((value, op)), None) => (value.clone(), Some(*op)),
        (Some((value, op)), Some(inside)) => {
            let is_marker = op.code == 7 && op.bytes == [1];
            if !is_marker && lamport(op) > lamport(inside) {
                (value.clone(), Some(*op))
            } else {
                (Value::Object(object), Some(inside))
            }
        }
    }
}
