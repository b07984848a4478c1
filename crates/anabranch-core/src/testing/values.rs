//! Strategies for values of every type that structured clone knows.

use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::keys::any_js_string;
use crate::string::JsString;
use crate::value::{
    ArrayBuffer, BigInt, Blob, File, GeometryKind, Graph, ImageData, SparseArray, Value, View, ViewBuffer, ViewKind,
};

/// Any value but graphs, which are values as a whole.
pub fn any_value() -> BoxedStrategy<Value> {
    scalar().prop_recursive(3, 16, 4, |inner| container(inner).boxed()).boxed()
}

/// A record's value: mostly a plain object, sometimes anything, sometimes with shared objects.
pub fn any_record() -> BoxedStrategy<Value> {
    prop_oneof![
        8 => object_of(any_js_string().boxed(), any_value()),
        3 => any_value(),
        1 => graph(),
    ]
    .boxed()
}

/// A small record over few fields, so that replicas meet in them.
pub fn few_records() -> BoxedStrategy<Value> {
    let name = || proptest::sample::select(&["x", "y", "n", "s"][..]).prop_map(JsString::from).boxed();
    let leaf = prop_oneof![
        6 => (0i32..4).prop_map(|number| Value::Number(f64::from(number))),
        2 => vec((0i32..4).prop_map(|number| Value::Number(f64::from(number))), 0..3).prop_map(Value::Array),
        1 => Just(Value::Undefined),
        1 => Just(Value::object([])),
        2 => scalar(),
    ];
    let field = leaf.prop_recursive(2, 6, 3, move |inner| object_of(name(), inner.boxed()).boxed()).boxed();
    let name = proptest::sample::select(&["x", "y", "n", "s"][..]).prop_map(JsString::from).boxed();
    prop_oneof![9 => object_of(name, field.clone()), 1 => field].boxed()
}

fn object_of(name: BoxedStrategy<JsString>, value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    vec((name, value), 0..4).prop_map(|properties| Value::Object(properties.into_iter().collect()))
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-4i32..5).prop_map(f64::from),
        any::<f64>(),
        proptest::sample::select(
            &[
                -0.0,
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                9_007_199_254_740_991.0,
                9_007_199_254_740_993.0,
                1e300
            ][..]
        ),
    ]
}

fn big_int() -> impl Strategy<Value = BigInt> {
    prop_oneof![Just("0".to_owned()), "-?[1-9][0-9]{0,30}"]
        .prop_map(|digits| BigInt::from_decimal(&digits).expect("these are canonical digits"))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..9)
}

fn buffer() -> impl Strategy<Value = ArrayBuffer> {
    (bytes(), proptest::option::weighted(0.2, 0u64..4))
        .prop_map(|(bytes, more)| ArrayBuffer { max_byte_length: more.map(|more| bytes.len() as u64 + more), bytes })
}

fn view() -> impl Strategy<Value = View> {
    let kind = proptest::sample::select(ViewKind::ALL);
    (kind, vec(any::<u8>(), 16), 0u64..3, proptest::option::of(0u64..2), any::<bool>()).prop_map(
        |(kind, bytes, elements, length, whole)| {
            let size = kind.element_bytes();
            let buffer = match (whole, length) {
                (true, _) => ViewBuffer::Whole(bytes.into_iter().take((elements * size) as usize).collect()),
                (false, Some(length)) => ViewBuffer::Part {
                    buffer: Box::new(Value::array_buffer(bytes)),
                    offset: size * (elements % 2),
                    length: Some(length),
                },
                // A view that follows its buffer's length needs one that can change.
                (false, None) => {
                    let buffer = ArrayBuffer { max_byte_length: Some(bytes.len() as u64 + size), bytes };
                    ViewBuffer::Part {
                        buffer: Box::new(Value::ArrayBuffer(buffer)),
                        offset: size * (elements % 2),
                        length: None,
                    }
                }
            };
            View { kind, buffer }
        },
    )
}

fn blob() -> impl Strategy<Value = Blob> {
    (any_js_string(), bytes(), proptest::bool::weighted(0.9)).prop_map(|(mime, bytes, inline)| Blob {
        mime,
        size: bytes.len() as u64,
        sha256: Sha256::digest(&bytes).into(),
        bytes: inline.then_some(bytes),
    })
}

fn file() -> impl Strategy<Value = File> {
    let modified = -9_007_199_254_740_991i64..=9_007_199_254_740_991;
    (blob(), any_js_string(), modified).prop_map(|(blob, name, last_modified_ms)| File { blob, name, last_modified_ms })
}

fn geometry() -> impl Strategy<Value = Value> {
    let numbers = |kind: GeometryKind| match kind {
        GeometryKind::Quad => 16,
        GeometryKind::Matrix | GeometryKind::MatrixReadOnly => 16,
        _ => 4,
    };
    proptest::sample::select(GeometryKind::ALL).prop_flat_map(move |kind| {
        vec(number(), numbers(kind)).prop_map(move |numbers| Value::Geometry { kind, numbers })
    })
}

const ERRORS: &[&str] = &["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];

fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(Value::Number),
        number().prop_map(Value::Number),
        big_int().prop_map(Value::BigInt),
        any_js_string().prop_map(Value::String),
        any_js_string().prop_map(Value::String),
        proptest::option::of(-8_640_000_000_000_000i64..=8_640_000_000_000_000).prop_map(Value::Date),
        (any_js_string(), "d?g?i?m?s?u?y?").prop_map(|(source, flags)| Value::RegExp { source, flags }),
        any::<bool>().prop_map(Value::BooleanObject),
        number().prop_map(Value::NumberObject),
        any_js_string().prop_map(Value::StringObject),
        big_int().prop_map(Value::BigIntObject),
        buffer().prop_map(Value::ArrayBuffer),
        view().prop_map(Value::View),
        blob().prop_map(Value::from),
        file().prop_map(Value::from),
        vec(file(), 0..3).prop_map(Value::FileList),
        (any_js_string(), any_js_string()).prop_map(|(name, message)| Value::DomException { name, message }),
        (1u32..3, 1u32..3).prop_flat_map(|(width, height)| {
            vec(any::<u8>(), (4 * width * height) as usize).prop_map(move |bytes| {
                Value::from(ImageData { width, height, color_space: Some("srgb".into()), format: None, bytes })
            })
        }),
        geometry(),
        "[0-9a-f]{8}".prop_map(|fingerprint| Value::CryptoKey { fingerprint }),
    ]
    .boxed()
}

fn container(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let list = |inner: &BoxedStrategy<Value>| vec(inner.clone(), 0..4);
    prop_oneof![
        3 => object_of(any_js_string(), inner.clone()),
        2 => list(&inner).prop_map(Value::Array),
        1 => list(&inner).prop_map(|items| Value::Set(distinct(items))),
        1 => vec((inner.clone(), inner.clone()), 0..3).prop_map(|entries| {
            let mut map: Vec<(Value, Value)> = Vec::new();
            entries.into_iter().for_each(|(key, value)| if map.iter().all(|(have, _)| *have != key) { map.push((key, value)) });
            Value::Map(map)
        }),
        1 => sparse_array(inner.clone()),
        1 => (proptest::sample::select(ERRORS), any_js_string(), proptest::option::of(inner)).prop_map(|(name, message, cause)| {
            Value::Error { name: name.into(), message, cause: cause.map(Box::new) }
        }),
    ]
}

fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<Value> = Vec::new();
    items.into_iter().for_each(|item| {
        if !distinct.contains(&item) {
            distinct.push(item)
        }
    });
    distinct
}

/// An array with a hole at its end, so that it never is a dense one.
fn sparse_array(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let named = vec((any_js_string(), inner.clone()), 0..2);
    (proptest::collection::btree_map(0u32..6, inner, 0..3), named).prop_map(|(items, named)| {
        let length = items.keys().last().map_or(1, |last| last + 2);
        let is_position =
            |name: &JsString| name.as_str().is_some_and(|name| name.parse::<u32>().is_ok() || name == "length");
        let properties = named.into_iter().filter(|(name, _)| !is_position(name)).collect();
        Value::from(SparseArray { length, items: items.into_iter().collect(), properties })
    })
}

/// An object that occurs twice, and one that holds itself.
fn graph() -> impl Strategy<Value = Value> {
    (any_value(), any::<bool>()).prop_map(|(inner, cyclic)| {
        let shared = Value::object([("inner", inner), ("own", if cyclic { Value::Ref(0) } else { Value::Null })]);
        let root = Value::object([("a", Value::Ref(0)), ("b", Value::Array(vec![Value::Ref(0)]))]);
        Value::Graph(Box::new(Graph { root, defs: vec![shared] }))
    })
}
