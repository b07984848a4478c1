//! Geometry, as its `toJSON` writes it (CSS Geometry Interfaces, sections 2 to 6).

use anabranch_core::value::GeometryKind;
use anabranch_core::{JsString, Value};

/// The plain object that `toJSON` gives.
pub(super) fn to_json(kind: GeometryKind, numbers: &[f64]) -> Value {
    match kind {
        GeometryKind::Point | GeometryKind::PointReadOnly => named(&["x", "y", "z", "w"], numbers),
        GeometryKind::Rect | GeometryKind::RectReadOnly => rect(numbers),
        GeometryKind::Quad => Value::Object(
            (1..)
                .zip(numbers.chunks(4))
                .map(|(at, point)| (JsString::from(format!("p{at}")), named(&["x", "y", "z", "w"], point)))
                .collect(),
        ),
        GeometryKind::Matrix | GeometryKind::MatrixReadOnly => matrix(numbers),
    }
}

fn named(names: &[&str], numbers: &[f64]) -> Value {
    Value::object(names.iter().copied().zip(numbers.iter().copied().map(Value::Number)))
}

fn rect(numbers: &[f64]) -> Value {
    let [x, y, width, height] = *numbers else { return Value::object([]) };
    let smaller = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) };
    let greater = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) };
    let edges = [smaller(y, y + height), greater(x, x + width), greater(y, y + height), smaller(x, x + width)];
    let all: Vec<f64> = [x, y, width, height].into_iter().chain(edges).collect();
    named(&["x", "y", "width", "height", "top", "right", "bottom", "left"], &all)
}

/// A matrix of six numbers is two-dimensional; sixteen are its columns.
fn matrix(numbers: &[f64]) -> Value {
    const PLACES: [&str; 16] = [
        "m11", "m12", "m13", "m14", "m21", "m22", "m23", "m24", "m31", "m32", "m33", "m34", "m41", "m42", "m43", "m44",
    ];
    const IDENTITY: [f64; 16] = [1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1.];
    let (all, is_2d) = match *numbers {
        [a, b, c, d, e, f] => ([a, b, 0., 0., c, d, 0., 0., 0., 0., 1., 0., e, f, 0., 1.], true),
        _ => match <[f64; 16]>::try_from(numbers) {
            Ok(all) => (all, false),
            Err(_) => return Value::object([]),
        },
    };
    let [a, b, _, _, c, d, _, _, _, _, _, _, e, f, _, _] = all;
    let flat = ["a", "b", "c", "d", "e", "f"].into_iter().zip([a, b, c, d, e, f].map(Value::Number));
    let flags = [("is2D", Value::Bool(is_2d)), ("isIdentity", Value::Bool(all == IDENTITY))];
    Value::object(flat.chain(PLACES.into_iter().zip(all.map(Value::Number))).chain(flags))
}
