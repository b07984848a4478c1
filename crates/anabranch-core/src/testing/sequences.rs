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
    let slots = document.registers.slots(&document.history);
    let held = slots.flat_map(|(_, slot)| slot.entries()).filter_map(|entry| entry.sequence);
    held.map(|held| {
        let actor = document.history.actor_at(held.id.actor).to_string();
        ((u64::from(held.id.counter), actor), raw_sequence(document, held))
    })
    .collect()
}

/// How a sequence was written.
#[derive(Clone, Copy, Debug)]
pub struct SequenceWrites {
    /// Whether it is a text; else it is a list.
    pub is_text: bool,
    /// How many changes wrote it.
    pub commits: usize,
    /// Whether two of them did not know of each other.
    pub is_concurrent: bool,
}

/// How each sequence that some register holds was written.
pub fn raw_sequences_written(document: &Document) -> BTreeMap<(u64, String), SequenceWrites> {
    let slots = document.registers.slots(&document.history);
    let held = slots.flat_map(|(_, slot)| slot.entries()).filter_map(|entry| entry.sequence);
    held.map(|held| {
        let changes: Vec<u32> = held.edits().iter().map(|edit| edit.change).collect();
        let knows = |a: u32, b: u32| document.history.ancestry(&[a]).contains(b);
        let is_concurrent = changes.iter().any(|a| changes.iter().any(|b| !knows(*a, *b) && !knows(*b, *a)));
        let actor = document.history.actor_at(held.id.actor).to_string();
        let is_text = held.sequence.kind() == SequenceKind::Text;
        ((u64::from(held.id.counter), actor), SequenceWrites { is_text, commits: changes.len(), is_concurrent })
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
