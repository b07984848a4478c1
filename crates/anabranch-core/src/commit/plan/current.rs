//! A sequence as it stands at the base of a commit, to be edited.

use std::collections::BTreeMap;

use super::Plan;
use super::sequences::{Elements, Reference};
use crate::change::ActorId;
use crate::commit::SpliceError;
use crate::registers::Held;
use crate::scalar;
use crate::sequence::{OpId, SequenceKind};
use crate::value::Value;
use crate::view::View;

/// A sequence of the base as it is to be edited.
pub(super) struct Current {
    pub(super) object: Reference,
    pub(super) ids: Vec<(u32, ActorId)>,
    /// The values of those elements that were set since they were inserted.
    pub(super) written: BTreeMap<usize, Vec<(u32, ActorId)>>,
    /// What the elements show, if they are characters, and if not.
    pub(super) text: Vec<char>,
    pub(super) list: Vec<(u8, Vec<u8>)>,
}

impl Current {
    pub(super) fn of(view: &View<'_>, held: &Held) -> Self {
        let named = |id: OpId| (id.counter, view.history.actor_at(id.actor));
        let (counter, actor) = named(held.id);
        let object = Reference::Known(counter, actor);
        let (mut text, mut list, mut written) = (Vec::new(), Vec::new(), BTreeMap::new());
        match held.sequence.kind() {
            SequenceKind::Text => text = held.sequence.text().chars().collect(),
            SequenceKind::List => {
                for (at, element) in held.sequence.elements().enumerate() {
                    let shown = element.values.last().map(|(_, scalar)| (scalar.code, scalar.bytes.to_vec()));
                    list.push(shown.unwrap_or_default());
                    if element.values.iter().any(|(op, _)| *op != element.id) {
                        written.insert(at, element.values.iter().map(|(op, _)| named(*op)).collect());
                    }
                }
            }
        }
        Self { object, ids: held.sequence.visible_ids().map(named).collect(), written, text, list }
    }

    /// What a found sequence is, which is a commit of its own upon nothing: its first op makes it, the others insert.
    pub(super) fn of_found(found: &Plan, elements: Elements<'_>) -> Self {
        let actor = found.encode(Vec::new(), 0).first().map_or(ActorId::BLANK, |first| first.actor());
        let ids = (2..=found.ops.len() as u32).map(|counter| (counter, actor)).collect();
        let (mut text, mut list) = (Vec::new(), Vec::new());
        match elements {
            Elements::Text(own) => text = own.chars().collect(),
            Elements::List(items) => list = items.iter().map(encoded).collect(),
        }
        Self { object: Reference::Known(1, actor), ids, written: BTreeMap::new(), text, list }
    }
}

impl Current {
    /// How many characters of the text come before a position in UTF-16 code units.
    pub(super) fn characters_before(&self, units: usize) -> Result<usize, SpliceError> {
        let (mut at, mut characters) = (0, 0);
        let mut rest = self.text.iter();
        while at < units {
            let Some(char) = rest.next() else { break };
            (at, characters) = (at + char.len_utf16(), characters + 1);
        }
        if at == units { Ok(characters) } else { Err(SpliceError::Position { at: units }) }
    }
}

pub(super) fn encoded(item: &Value) -> (u8, Vec<u8>) {
    let mut bytes = Vec::new();
    (scalar::write_value(item, &mut bytes), bytes)
}
