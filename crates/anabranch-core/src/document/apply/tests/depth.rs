//! Nesting: 64 levels are taken, one more and 300 are refused, whatever they are made of.

use super::*;
use crate::commit::{Author, Edit};
use crate::key::KEY_DEPTH_MAX;
use crate::scalar;
use crate::value::{VALUE_DEPTH_MAX, Value};

fn arrays(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
}

/// The suffix of a path of so many names.
fn path(names: usize) -> String {
    format!(".{}", vec!["a"; names].join("\0"))
}

/// One field at a path of so many names, which holds so many nested arrays.
fn nested(names: usize, levels: usize) -> Op {
    let mut value = Vec::new();
    let code = scalar::write_value(&arrays(levels), &mut value);
    let suffix = if names == 0 { "=".into() } else { path(names) };
    let name = format!("{}{suffix}", layout::encode_key(&Key::String("k".into())));
    Op { name, code, value, preds: vec![] }
}

#[test]
fn sixty_four_levels_of_a_value_are_taken_and_sixty_five_or_three_hundred_refused() {
    for names in [0, 1, 32, 63, 64] {
        lands(&mut Document::new(), &Chain::of("a", nested(names, VALUE_DEPTH_MAX - names)).make());
        for more in [1, 2, 3, 300] {
            let chain = Chain::of("a", nested(names, VALUE_DEPTH_MAX - names + more)).make();
            let reason = refusal(&mut Document::new(), bytes(&chain));
            assert_eq!(reason, RefuseReason::Value { op: 0 }, "{names} names, {more} more levels");
        }
    }
    for names in [65, 300, 100_000] {
        let chain = Chain::of("a", nested(names, 0)).make();
        assert_eq!(refusal(&mut Document::new(), bytes(&chain)), RefuseReason::Name { op: 0 }, "{names}");
    }
    // An empty object at the deepest path is a level too many.
    let empty = Op { code: code::BYTES, value: vec![1], ..nested(64, 0) };
    assert_eq!(refusal(&mut Document::new(), bytes(&Chain::of("a", empty).make())), RefuseReason::Value { op: 0 });
}

#[test]
fn elements_of_sets_nest_one_level_less_than_what_holds_them() {
    let element = |levels: usize| {
        let mut value = Vec::new();
        let code = scalar::write_element(&arrays(levels), true, &mut value);
        let name = format!("{}{}e{}", field("k", "x"), layout::PART, "0a".repeat(16));
        Chain::of("a", Op { name, code, value, preds: vec![] }).make()
    };
    lands(&mut Document::new(), &element(62));
    for levels in [63, 64, 300] {
        assert_eq!(refusal(&mut Document::new(), bytes(&element(levels))), RefuseReason::Value { op: 0 }, "{levels}");
    }
}

#[test]
fn array_keys_nest_sixty_four_levels_and_no_more() {
    let chain = |levels: usize| {
        let name = format!("{}1c008{}.x", "5".repeat(levels), "\0".repeat(levels + 1));
        Chain::of("a", Op { name, code: code::NULL, value: vec![], preds: vec![] }).make()
    };
    lands(&mut Document::new(), &chain(KEY_DEPTH_MAX));
    for levels in [KEY_DEPTH_MAX + 1, 300, 100_000] {
        assert_eq!(refusal(&mut Document::new(), bytes(&chain(levels))), RefuseReason::Name { op: 0 }, "{levels}");
    }
}

#[test]
fn a_put_of_sixty_four_levels_is_applied_and_one_of_sixty_five_refused() {
    let objects = |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::object([("a", inner)]));
    for (value, refused) in [(arrays(64), 0), (arrays(65), 1), (objects(64), 0), (objects(65), 1), (arrays(300), 1)] {
        let mut document = Document::new();
        let put = Edit::Put { key: Some(Key::Number(1.0)), value: value.clone() };
        let empty = document.known(&document.heads()).unwrap();
        let commit = document.change_at(&empty, &[put], &Author::person("a")).unwrap();
        assert_eq!(commit.receipt.refused, refused);
        let shown = document.view().get(&Key::Number(1.0));
        assert_eq!(shown, (refused == 0).then_some(value));
    }
}

#[test]
fn a_merge_at_a_path_of_more_than_sixty_four_names_is_refused() {
    for (names, refused) in [(64, 0), (65, 1), (100_000, 1)] {
        let mut document = Document::new();
        let base = document.known(&document.heads()).unwrap();
        let put = Edit::Put { key: Some(Key::Number(1.0)), value: Value::object([]) };
        document.change_at(&base, &[put], &Author::person("a")).unwrap();
        let base = document.known(&document.heads()).unwrap();
        let path = vec!["a"; names].join(".");
        let merge = Edit::from_json(format!(r#"{{"op":"merge","key":1,"set":{{"{path}":1}}}}"#).as_bytes()).unwrap();
        let commit = document.change_at(&base, &[merge], &Author::person("b")).unwrap();
        assert_eq!(commit.receipt.refused, refused, "{names}");
    }
}
