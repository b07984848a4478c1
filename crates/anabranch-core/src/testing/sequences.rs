//! The raw sequences, to hold against automerge's texts and lists.

use std::collections::BTreeMap;

use super::RawValue;
use crate::document::Document;
use crate::registers::Held;
use crate::sequence::SequenceKind;

/// What a sequence holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawSequence {
    /// A text.
    Text(String),
    /// The visible values of every element of a list, by the ops that set them, ordered.
    List(Vec<Vec<RawValue>>),
}

/// All sequences that some register holds, by counter and actor (in hexadecimal) of the op that made each.
pub fn raw_sequences(document: &Document) -> BTreeMap<(u64, String), RawSequence> {
    let slots = document.registers.ids().map(|record| document.registers.slot(record));
    let held = slots.flat_map(|slot| slot.entries()).filter_map(|entry| entry.sequence);
    held.map(|held| {
        let actor = document.history.actor_at(held.id.actor).to_string();
        ((u64::from(held.id.counter), actor), raw_sequence(document, held))
    })
    .collect()
}

fn raw_sequence(document: &Document, held: &Held) -> RawSequence {
    if held.sequence.kind() == SequenceKind::Text {
        return RawSequence::Text(held.sequence.text());
    }
    let elements = held.sequence.elements().map(|element| {
        let values = element.values.iter().map(|(op, scalar)| RawValue {
            counter: u64::from(op.counter),
            actor: document.history.actor_at(op.actor).to_string(),
            code: scalar.code,
            bytes: scalar.bytes.to_vec(),
        });
        let mut values: Vec<RawValue> = values.collect();
        values.sort();
        values
    });
    RawSequence::List(elements.collect())
}
