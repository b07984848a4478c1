//! The raw registers, to hold against automerge's `get_all`.

use std::collections::BTreeMap;

use crate::document::Document;

/// A value that no op has overwritten, by the op that set it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawValue {
    /// The op's counter.
    pub counter: u64,
    /// Its actor, in hexadecimal.
    pub actor: String,
    /// The type code of the automerge format.
    pub code: u8,
    /// The value's bytes in that format.
    pub bytes: Vec<u8>,
}

/// All visible values by property name, ordered.
pub fn raw_registers(document: &Document) -> BTreeMap<String, Vec<RawValue>> {
    let mut registers: BTreeMap<String, Vec<RawValue>> = BTreeMap::new();
    for (_, slot) in document.registers.slots(&document.history) {
        for entry in slot.entries() {
            let name = format!("{}{}", slot.identity(), document.registers.paths.info(entry.path).suffix);
            let scalar = entry.scalar;
            registers.entry(name).or_default().push(RawValue {
                counter: u64::from(entry.counter),
                actor: document.history.actor(entry.change).to_string(),
                code: scalar.code,
                bytes: scalar.bytes.to_vec(),
            });
        }
    }
    registers.values_mut().for_each(|values| values.sort());
    registers
}
