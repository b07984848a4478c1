//! Increments at the limits of 64 bits: added up exactly, shown as far as numbers are exact.

use super::*;
use crate::commit::Author;
use crate::schema::{FieldPath, FieldPolicy, StoreSchema};
use crate::value::Value;

/// An increment of the counter by an author of its own.
fn count(by: &'static str, delta: i64, upon: &[ChangeBytes]) -> Vec<ChangeBytes> {
    let mut value = Vec::new();
    crate::change::write_signed(delta, &mut value);
    let named = |who: &str| Op {
        name: format!("{}{}+{who}", field("k", "x"), layout::PART),
        code: code::INT,
        value: value.clone(),
        preds: vec![],
    };
    let blank = Chain::of(by, named(layout::OWN_ACTOR)).after(upon);
    let actor = blank.actor();
    Chain { actor: Some(actor), changes: vec![vec![named(&actor.to_string())]], ..blank }.make()
}

#[test]
fn increments_of_any_size_add_up_exactly_and_show_no_number_that_wrapped() {
    let fields = [(FieldPath(vec!["x".into()]), FieldPolicy::Counter)].into();
    let mut document = Document::new();
    document.set_schema(&StoreSchema { fields, ..StoreSchema::default() }, &Author::person("admin")).unwrap();
    let id = layout::encode_key(&Key::String("k".into()));
    let life = Op { name: id, code: code::TRUE, value: vec![], preds: vec![] };
    let five = Op { name: field("k", "x"), code: code::INT, value: vec![5], preds: vec![] };
    let last: Vec<_> = document.change_bytes().collect();
    let start = Chain::new("start", vec![vec![life, five]]).after(&last).make();
    lands(&mut document, &start);
    let end = 9_007_199_254_740_991.0;
    let steps: [(&'static str, i64, f64); 8] = [
        ("a", i64::MAX, end),
        ("b", i64::MAX, end),
        ("c", i64::MIN, end),
        ("d", i64::MIN, 3.0),
        ("e", i64::MIN, -end),
        ("f", -1, -end),
        ("g", i64::MAX, 1.0),
        ("h", 1, 2.0),
    ];
    for (by, delta, shown) in steps {
        lands(&mut document, &count(by, delta, &start));
        let value = document.view().get(&Key::String("k".into()));
        assert_eq!(value, Some(Value::object([("x", Value::Number(shown))])), "{by}");
        assert!(document.view().conflicts().is_empty());
    }
}
