//! One form for equal graphs: shared objects numbered as they are met, and only what is really shared.

use std::collections::BTreeMap;

use anabranch_core::Value;
use anabranch_core::value::{Graph, VALUE_DEPTH_MAX};

use crate::parts::{each_part, is_copied, rebuild};

/// Shared objects may hold each other, so that a graph is deeper than each of its values.
const DEPTH_MAX: usize = 4 * VALUE_DEPTH_MAX;

/// The canonical form of a graph. What occurs once, or has no identity worth keeping (dates, Blobs), is held where it
/// occurs; a reference to nothing is `undefined`. A graph that is deeper than any reader makes one stays as it is.
pub(crate) fn canonical(root: Value, defs: Vec<Value>) -> Value {
    let mut uses = Uses { defs: &defs, counts: vec![0; defs.len()], is_too_deep: false };
    uses.count(&root, 0);
    if uses.is_too_deep {
        return Value::Graph(Box::new(Graph { root, defs }));
    }
    let mut numbering = Numbering { counts: uses.counts, defs: &defs, numbers: BTreeMap::new(), placed: Vec::new() };
    let root = numbering.place(root);
    if numbering.placed.is_empty() {
        return root;
    }
    let defs = numbering.placed.into_iter().map(|def| def.unwrap_or(Value::Undefined)).collect();
    Value::Graph(Box::new(Graph { root, defs }))
}

struct Uses<'d> {
    defs: &'d [Value],
    counts: Vec<u32>,
    is_too_deep: bool,
}

impl Uses<'_> {
    fn count(&mut self, value: &Value, depth: usize) {
        if depth > DEPTH_MAX {
            self.is_too_deep = true;
            return;
        }
        let Value::Ref(id) = value else { return each_part(value, &mut |part| self.count(part, depth + 1)) };
        let Some(count) = self.counts.get_mut(*id as usize) else { return };
        *count += 1;
        if *count == 1
            && let Some(def) = self.defs.get(*id as usize)
        {
            self.count(def, depth + 1);
        }
    }
}

struct Numbering<'d> {
    counts: Vec<u32>,
    defs: &'d [Value],
    /// New numbers by old ones.
    numbers: BTreeMap<u32, u32>,
    placed: Vec<Option<Value>>,
}

impl Numbering<'_> {
    fn place(&mut self, value: Value) -> Value {
        let Value::Ref(id) = value else { return rebuild(value, &mut |part| self.place(part)) };
        if let Some(number) = self.numbers.get(&id) {
            return Value::Ref(*number);
        }
        let Some(def) = self.defs.get(id as usize) else { return Value::Undefined };
        if is_copied(def) || self.counts.get(id as usize) == Some(&1) {
            return self.place(def.clone());
        }
        let number = self.placed.len() as u32;
        self.numbers.insert(id, number);
        self.placed.push(None);
        let def = self.place(def.clone());
        if let Some(slot) = self.placed.get_mut(number as usize) {
            *slot = Some(def);
        }
        Value::Ref(number)
    }
}

/// The value in which shared objects are copied to every place, as formats without identity write it; `None` where
/// it holds itself or would not end soon.
pub(crate) fn copied(graph: &Graph) -> Option<Value> {
    let mut copier = Copier { defs: &graph.defs, values_left: 1 << 20 };
    copier.copy(&graph.root, 0)
}

struct Copier<'d> {
    defs: &'d [Value],
    values_left: u32,
}

impl Copier<'_> {
    fn copy(&mut self, value: &Value, depth: usize) -> Option<Value> {
        self.values_left = self.values_left.checked_sub(1)?;
        if depth > DEPTH_MAX {
            return None;
        }
        if let Value::Ref(id) = value {
            return match self.defs.get(*id as usize) {
                Some(def) => self.copy(def, depth + 1),
                None => Some(Value::Undefined),
            };
        }
        let mut failed = false;
        let copied = rebuild(value.clone(), &mut |part| {
            if failed {
                return Value::Undefined;
            }
            self.copy(&part, depth + 1).unwrap_or_else(|| {
                failed = true;
                Value::Undefined
            })
        });
        (!failed).then_some(copied)
    }
}
