//! What is kept is told and lent as it was, wherever it comes to lie.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::testing::{any_value, value_bytes};
use crate::value::Value;

/// Values of all kinds, and lists of such as can be lent.
fn values_of_all_kinds() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_value(),
        any::<f64>().prop_map(Value::Number),
        (-9_007_199_254_740_991i64..9_007_199_254_740_991).prop_map(|number| Value::Number(number as f64)),
        (-100i64..100).prop_map(|number| Value::Number(number as f64)),
        "[a-zé]{0,12}|a{126,130}".prop_map(|text| Value::from(text.as_str())),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::Array))
}

proptest! {
    #[test]
    fn values_are_what_they_were_wherever_they_lie(all in prop::collection::vec(values_of_all_kinds(), 0..12)) {
        let (mut kept, mut runs, mut taken) = (Values::default(), Runs::default(), Values::default());
        taken.keep(Scalar { code: code::STR, bytes: "é before".as_bytes() });
        taken.keep(Scalar { code: code::BYTES, bytes: &[9; 20] });
        let scalars: Vec<(u8, Vec<u8>)> = all.iter().map(value_bytes).collect();
        let scalars = || scalars.iter().map(|(code, bytes)| Scalar { code: *code, bytes });
        let own: Vec<StoredValue> = scalars().map(|scalar| kept.keep(scalar)).collect();
        let mut moved: Vec<StoredValue> = scalars().map(|scalar| runs.keep(scalar)).collect();
        taken.take(&runs, moved.iter_mut());
        let copies: Vec<StoredValue> = own.iter().map(|value| taken.copy(&kept, value)).collect();
        let mut at_once = Runs::default();
        let placed: Vec<StoredValue> = scalars().map(|scalar| at_once.keep(scalar)).collect();
        let at_once = Values::of(at_once).unwrap();
        for (values, stored) in [(&kept, &own), (&taken, &moved), (&taken, &copies), (&at_once, &placed)] {
            for ((value, scalar), stored) in all.iter().zip(scalars()).zip(stored) {
                prop_assert_eq!(values.scalar(stored), scalar);
                prop_assert_eq!(stored.length_code(), (scalar.bytes.len() as u32) << 4 | u32::from(scalar.code));
                if stored.lendable() == Lendable::All {
                    let lent = values.lend(stored).map(ValueRef::to_value);
                    prop_assert_eq!(lent.as_ref(), Some(value));
                }
            }
        }
        let elsewhere: usize = own.iter().map(StoredValue::bytes_elsewhere).sum();
        prop_assert_eq!(kept.len(), elsewhere);
        kept.touch(own.iter());
    }

    #[test]
    fn a_word_holds_up_to_eight_bytes(bytes in prop::collection::vec(any::<u8>(), 0..10)) {
        let expected = (bytes.len() <= 8).then(|| bytes.clone());
        let here = in_one_word(&bytes).map(|word| word.to_le_bytes().get(..bytes.len()).unwrap().to_vec());
        prop_assert_eq!(here, expected);
    }
}

#[test]
fn leaves_and_lists_of_them_are_lent_and_nothing_else() {
    let leaves = || vec![Value::Null, true.into(), 1.5.into(), 7.0.into(), "é".into(), Value::Date(Some(-1))];
    let list = Value::Array([leaves(), vec![Value::Array(leaves()), Value::Array(Vec::new())]].concat());
    let lends = |value: &Value| {
        let (code, bytes) = value_bytes(value);
        Values::default().keep(Scalar { code, bytes: &bytes }).lendable() == Lendable::All
    };
    assert!(leaves().iter().chain([&list, &Value::object([])]).all(lends));
    for other in [Value::Undefined, Value::Date(None), Value::Set(leaves()), Value::object([("a", Value::Null)])] {
        assert!(!lends(&Value::Array(vec![other.clone()])), "{other:?} in a list");
    }
    assert!(!lends(&Value::Set(leaves())) && !lends(&Value::Undefined));
    for code in [code::TEXT, code::LIST] {
        assert_eq!(StoredValue::sequence(code, 7).lendable(), Lendable::HasSequences);
    }
    let mut values = Values::default();
    let absent = values.keep(Scalar::ABSENT);
    assert!(absent.lendable() == Lendable::All && values.lend(&absent).is_none());
}
