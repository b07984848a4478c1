//! Sequences, slowly: the order by a walk over the tree of who was inserted behind whom, the values by what nobody replaced.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::testing::scalar_value;
use anabranch_core::{ActorKind, Value};

use crate::oracle::TEXT;
use crate::reference::OpId;

/// An op inside a sequence.
#[derive(Clone)]
pub(crate) struct Edit {
    pub(crate) id: OpId,
    pub(crate) change: usize,
    pub(crate) kind: ActorKind,
    /// The element that it changes or is inserted behind.
    pub(crate) element: Option<OpId>,
    pub(crate) is_insert: bool,
    /// What it sets; `None` for a deletion.
    pub(crate) value: Option<(u8, Vec<u8>)>,
    pub(crate) preds: Vec<OpId>,
}

/// A sequence as it shows, and who wrote it.
#[derive(Clone)]
pub(crate) struct Sequence {
    pub(crate) shown: Value,
    /// What the commit that made it put into it.
    pub(crate) made: Value,
    pub(crate) edits: Vec<Edit>,
}

impl Sequence {
    pub(crate) fn of(code: u8, made_by: &automerge::ActorId, edits: Vec<Edit>) -> Self {
        let own: Vec<Edit> = edits.iter().filter(|edit| edit.id.1 == *made_by).cloned().collect();
        Self { shown: value(code, &edits), made: value(code, &own), edits }
    }

    /// Whether anybody wrote it but who made it.
    pub(crate) fn is_edited(&self, made_by: &automerge::ActorId) -> bool {
        self.edits.iter().any(|edit| edit.id.1 != *made_by)
    }
}

fn value(code: u8, edits: &[Edit]) -> Value {
    let replaced: BTreeSet<&OpId> = edits.iter().flat_map(|edit| &edit.preds).collect();
    let mut behind: BTreeMap<Option<&OpId>, Vec<&OpId>> = BTreeMap::new();
    let mut values: BTreeMap<&OpId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        let element = if edit.is_insert { &edit.id } else { edit.element.as_ref().unwrap() };
        if edit.is_insert {
            behind.entry(edit.element.as_ref()).or_default().push(&edit.id);
        }
        if edit.value.is_some() && !replaced.contains(&edit.id) {
            values.entry(element).or_default().push(edit);
        }
    }
    behind.values_mut().for_each(|ids| ids.sort());
    // The last inserted behind an element comes first; what is behind each comes right after it.
    let mut order = Vec::new();
    let mut open: Vec<&OpId> = behind.get(&None).cloned().unwrap_or_default();
    while let Some(id) = open.pop() {
        order.push(id);
        open.extend(behind.get(&Some(id)).into_iter().flatten());
    }
    let shown = |id: &OpId| values.get(id)?.iter().max_by_key(|edit| &edit.id)?.value.clone();
    let shown = order.into_iter().filter_map(shown).map(|(code, bytes)| scalar_value(code, &bytes).unwrap());
    match code == TEXT {
        true => Value::String(shown.map(|char| text(&char)).collect::<String>().into()),
        false => Value::Array(shown.collect()),
    }
}

fn text(value: &Value) -> String {
    let Value::String(text) = value else { panic!("a text holds strings") };
    text.as_str().unwrap().to_owned()
}
