//! automerge itself, as the oracle of the raw registers.

use std::collections::BTreeMap;

use anabranch_core::Document;
use anabranch_core::testing::RawValue;
use automerge::{ObjId, ROOT, ReadDoc, ScalarValue, Value};

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

fn raw((value, id): (Value<'_>, ObjId)) -> RawValue {
    let ObjId::Id(counter, actor, _) = id else { panic!("the root is no value") };
    let Value::Scalar(scalar) = value else { panic!("registers hold scalars") };
    let (code, bytes) = scalar_bytes(&scalar);
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
