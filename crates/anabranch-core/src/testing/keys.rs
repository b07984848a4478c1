//! Strategies for keys and strings.

use proptest::prelude::*;

use crate::key::Key;
use crate::string::JsString;

/// Strings that have broken encoders before.
const STRINGS: &[&str] = &[
    "",
    "a",
    "b",
    "a.b",
    "a\0b",
    "\u{0}",
    "\u{1}",
    "\u{1}\u{3}",
    "\u{1}\u{4}",
    "__proto__",
    "constructor",
    "$idb",
    "$$idb",
    "$idb16:",
    "$types",
    "=",
    "@",
    "@0",
    ".",
    "\\",
    "\"",
    "\n",
    "ü",
    "\u{7f}",
    "\u{ffff}",
    "𝄞",
    "length",
    "_key",
];

/// Any string, the awkward ones often, lone surrogates among them.
pub fn any_js_string() -> BoxedStrategy<JsString> {
    prop_oneof![
        6 => proptest::sample::select(STRINGS).prop_map(JsString::from),
        2 => ".{0,8}".prop_map(JsString::from),
        2 => proptest::collection::vec(prop_oneof![0xd7feu16..0xe002, any::<u16>(), Just(0x41)], 0..5)
            .prop_map(|units| JsString::from_utf16(&units)),
    ]
    .boxed()
}

/// Any double that a key may hold.
fn key_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3i32..9).prop_map(f64::from),
        2 => any::<f64>().prop_filter("NaN is no key", |number| !number.is_nan()),
        1 => proptest::sample::select(&[f64::INFINITY, f64::NEG_INFINITY, 5e-324, -5e-324, 9_007_199_254_740_993.0, 0.5][..]),
    ]
}

/// Any key, arrays of keys among them.
pub fn any_key() -> BoxedStrategy<Key> {
    let leaf = prop_oneof![
        4 => key_number().prop_map(|number| Key::number(number).expect("no NaN is made")),
        1 => (-8_640_000_000_000_000i64..=8_640_000_000_000_000)
            .prop_map(|ms| Key::date(ms as f64).expect("the range is that of dates")),
        4 => any_js_string().prop_map(Key::String),
        1 => proptest::collection::vec(any::<u8>(), 0..5).prop_map(Key::Binary),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| proptest::collection::vec(inner, 0..4).prop_map(Key::Array)).boxed()
}

/// One of a few keys, so that replicas meet.
pub fn few_keys() -> BoxedStrategy<Key> {
    proptest::sample::select(vec![
        Key::Number(1.0),
        Key::Number(2.0),
        Key::Number(-1.0),
        Key::Number(2.5),
        Key::String("k".into()),
        Key::String("k\0".into()),
        Key::Array(vec![Key::String("k".into()), Key::Number(1.0)]),
        Key::Binary(vec![0]),
        Key::Date(0.0),
    ])
    .boxed()
}
