//! Replicated sequences: texts and lists that merge element by element, in automerge's order.
//!
//! A sequence is applied op by op, in any order that keeps causes before effects, and ends alike. An insert or a change of
//! an element costs a look-up in a map of runs and the moves inside one block of them, and one more step for each run
//! that was concurrently inserted at the same place; typing on costs neither. Reading costs the length.

use std::collections::BTreeMap;

use crate::change::ActorId;
use crate::scalar::Scalar;
use crate::value::Value;

mod content;
pub(crate) mod diff;
mod order;
mod saved;

use content::Content;
use order::{Order, Run};

/// The id of an op: its counter, and the position of its actor in history. (The derived order is no Lamport order.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OpId {
    pub(crate) actor: u32,
    pub(crate) counter: u32,
}

/// What a sequence is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SequenceKind {
    /// Characters, each a string of one Unicode scalar value.
    Text,
    /// Scalars of any kind.
    List,
}

/// The merged state of one text or list.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    order: Order,
    content: Content,
    /// The visible values of the elements of which not only the inserted value is visible, in Lamport order.
    written: BTreeMap<OpId, Vec<Written>>,
}

/// A visible value of an element, by the op that set it.
#[derive(Clone, Copy, Debug)]
struct Written {
    op: OpId,
    /// Position in the content.
    at: u32,
}

/// A visible element: its id and its visible values in Lamport order, of which the last shows.
pub(crate) struct Element<'s> {
    pub(crate) id: OpId,
    pub(crate) values: Vec<(OpId, Scalar<'s>)>,
}

impl Sequence {
    pub(crate) fn new(kind: SequenceKind) -> Self {
        Self { order: Order::default(), content: Content::new(kind), written: BTreeMap::new() }
    }

    pub(crate) fn kind(&self) -> SequenceKind {
        self.content.kind()
    }

    /// Inserts an element behind another, or first; `false` if the other is not here.
    pub(crate) fn insert(
        &mut self,
        after: Option<OpId>,
        id: OpId,
        value: Scalar<'_>,
        actor: &dyn Fn(u32) -> ActorId,
    ) -> bool {
        let (at, size) = self.content.push(value);
        let content = &self.content;
        let run = Run { id, length: 1, at, size, is_visible: true };
        self.order.insert(after, run, actor, &|run, elements| content.size_of(run.at, run.size, elements))
    }

    /// Takes from an element the values that an op saw, and gives it that op's own if it has one; `false` if there is no
    /// such element.
    pub(crate) fn overwrite(
        &mut self,
        element: OpId,
        preds: impl Iterator<Item = OpId>,
        value: Option<(OpId, Scalar<'_>)>,
        actor: &dyn Fn(u32) -> ActorId,
    ) -> bool {
        let Some((at, is_visible)) = self.order.content_of(element, &self.content) else { return false };
        let inserted = is_visible.then_some(Written { op: element, at });
        let mut values = self.written.remove(&element).unwrap_or_else(|| inserted.into_iter().collect());
        for pred in preds {
            values.retain(|value| value.op != pred);
        }
        if let Some((op, scalar)) = value {
            let (at, _) = self.content.push(scalar);
            values.push(Written { op, at });
            values.sort_by_key(|value| (value.op.counter, actor(value.op.actor)));
        }
        let content = &self.content;
        self.order.show(element, !values.is_empty(), &|run, elements| content.size_of(run.at, run.size, elements));
        if values.iter().any(|value| value.op != element) {
            self.written.insert(element, values);
        }
        true
    }

    /// What shows: a string or an array.
    pub(crate) fn value(&self) -> Value {
        match self.kind() {
            SequenceKind::Text => Value::String(self.text().into()),
            SequenceKind::List => Value::Array(self.elements().filter_map(|element| element.value()).collect()),
        }
    }

    /// What the first `size` of the content were inserted as, in the order in which they came.
    pub(crate) fn inserted(&self, size: u32) -> Value {
        match self.kind() {
            SequenceKind::Text => Value::String(self.content.text(0, size).into()),
            SequenceKind::List => Value::Array((0..size).filter_map(|at| shown(self.content.scalar(at))).collect()),
        }
    }

    /// Bytes that it occupies in memory, about.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.order.resident_bytes() + self.content.resident_bytes() + self.written.len() * 64
    }

    /// Whether an element's content begins or ends there.
    pub(crate) fn is_boundary(&self, size: u32) -> bool {
        self.content.is_boundary(size)
    }

    /// How much content there is, deleted elements included.
    pub(crate) fn size(&self) -> u32 {
        self.content.size()
    }

    /// Whether there is such an element, deleted or not.
    pub(crate) fn has(&self, element: OpId) -> bool {
        self.order.has(element)
    }

    /// Whether an element shows a value that this op gave it.
    pub(crate) fn shows(&self, element: OpId, op: OpId) -> bool {
        match self.written.get(&element) {
            Some(values) => values.iter().any(|value| value.op == op),
            None => op == element && self.order.content_of(element, &self.content).is_some_and(|(_, visible)| visible),
        }
    }

    /// The text that is visible; what a list shows has none.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for run in self.order.runs().filter(|run| run.is_visible) {
            text.push_str(self.content.text(run.at, run.size));
        }
        text
    }

    /// The ids of the visible elements, in order.
    pub(crate) fn visible_ids(&self) -> impl Iterator<Item = OpId> + '_ {
        self.order.runs().filter(|run| run.is_visible).flat_map(Run::ids)
    }

    /// The visible elements, in order.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Element<'_>> + '_ {
        self.order.runs().filter(|run| run.is_visible).flat_map(move |run| {
            let mut at = run.at;
            run.ids().map(move |id| {
                let inserted = at;
                at += self.content.size_at(at);
                let values = match self.written.get(&id) {
                    None => vec![(id, self.content.scalar(inserted))],
                    Some(written) => written.iter().map(|value| (value.op, self.content.scalar(value.at))).collect(),
                };
                Element { id, values }
            })
        })
    }

    /// Whether some element has several visible values.
    pub(crate) fn has_conflicts(&self) -> bool {
        self.written.values().any(|values| values.len() > 1)
    }

    /// How many runs hold the elements: what the sequence costs in memory beside its contents.
    #[cfg(test)]
    pub(crate) fn run_count(&self) -> usize {
        self.order.runs().count()
    }
}

impl Element<'_> {
    /// The value that shows: the last in Lamport order.
    pub(crate) fn value(&self) -> Option<Value> {
        self.values.last().and_then(|(_, scalar)| shown(*scalar))
    }
}

fn shown(scalar: Scalar<'_>) -> Option<Value> {
    scalar.to_value().expect("scalars are checked before they are applied")
}

#[cfg(test)]
mod tests;
