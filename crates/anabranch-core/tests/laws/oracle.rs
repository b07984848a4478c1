//! automerge itself, as the oracle of the raw registers.

use std::collections::BTreeMap;

use anabranch_core::Document;
use anabranch_core::testing::{RawSequence, RawValue};
use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

/// The type codes that raw registers have for sequences.
pub(crate) const LIST: u8 = 14;
pub(crate) const TEXT: u8 = 15;

/// Everything that automerge's `get_all` shows in the root map.
pub(crate) fn get_all(document: &Document) -> BTreeMap<String, Vec<RawValue>> {
    let automerge = document.to_automerge().unwrap();
    let mut registers = BTreeMap::new();
    for name in automerge.keys(ROOT) {
        let mut values: Vec<RawValue> = automerge.get_all(ROOT, name.as_str()).unwrap().into_iter().map(raw).collect();
        values.sort();
        registers.insert(name, values);
    }
    registers
}

/// The text or list that automerge shows for every object in the root map.
pub(crate) fn sequences(document: &Document) -> BTreeMap<(u64, String), RawSequence> {
    let automerge = document.to_automerge().unwrap();
    let mut sequences = BTreeMap::new();
    for name in automerge.keys(ROOT) {
        for (value, id) in automerge.get_all(ROOT, name.as_str()).unwrap() {
            let Value::Object(kind) = value else { continue };
            let ObjId::Id(counter, actor, _) = &id else { panic!("the root is no value") };
            let sequence = match kind {
                ObjType::Text => RawSequence::Text(automerge.text(&id).unwrap()),
                _ => RawSequence::List((0..automerge.length(&id)).map(|at| element(&automerge, &id, at)).collect()),
            };
            sequences.insert((*counter, actor.to_hex_string()), sequence);
        }
    }
    sequences
}

fn element(automerge: &Automerge, list: &ObjId, at: usize) -> Vec<RawValue> {
    let mut values: Vec<RawValue> = automerge.get_all(list, at).unwrap().into_iter().map(raw).collect();
    values.sort();
    values
}

fn raw((value, id): (Value<'_>, ObjId)) -> RawValue {
    let ObjId::Id(counter, actor, _) = id else { panic!("the root is no value") };
    let (code, bytes) = match value {
        Value::Scalar(scalar) => scalar_bytes(&scalar),
        Value::Object(ObjType::List) => (LIST, vec![]),
        Value::Object(ObjType::Text) => (TEXT, vec![]),
        Value::Object(other) => panic!("no store makes a {other:?}"),
    };
    RawValue { counter, actor: actor.to_hex_string(), code, bytes }
}

/// A scalar as the automerge format writes it: its type code and bytes.
pub(crate) fn scalar_bytes(scalar: &ScalarValue) -> (u8, Vec<u8>) {
    match scalar {
        ScalarValue::Null => (0, vec![]),
        ScalarValue::Boolean(false) => (1, vec![]),
        ScalarValue::Boolean(true) => (2, vec![]),
        ScalarValue::Int(number) => (4, signed(*number)),
        ScalarValue::F64(number) => (5, number.to_le_bytes().to_vec()),
        ScalarValue::Str(text) => (6, text.as_bytes().to_vec()),
        ScalarValue::Bytes(bytes) => (7, bytes.clone()),
        ScalarValue::Timestamp(ms) => (9, signed(*ms)),
        other => panic!("no store writes {other:?}"),
    }
}

fn signed(mut number: i64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        let is_last = number == 0 && byte & 0x40 == 0 || number == -1 && byte & 0x40 != 0;
        out.push(if is_last { byte } else { byte | 0x80 });
        if is_last {
            return out;
        }
    }
}
