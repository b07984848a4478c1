//! A value, lent.

use super::{Items, Properties};
use crate::value::Value;

/// A value that lies in a store or in a [`Value`].
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// `null`
    Null,
    /// A primitive boolean.
    Bool(bool),
    /// A primitive number.
    Number(f64),
    /// A string without lone surrogates.
    String(&'a str),
    /// A valid date: whole milliseconds since 1970.
    Date(i64),
    /// An array without holes or named properties.
    Array(Items<'a>),
    /// A plain object.
    Object(Properties<'a>),
    /// A value of any other type.
    Other(&'a Value),
}

impl ValueRef<'_> {
    /// The same as a value of its own.
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(bool) => Value::Bool(bool),
            ValueRef::Number(number) => Value::Number(number),
            ValueRef::String(text) => Value::from(text),
            ValueRef::Date(ms) => Value::Date(Some(ms)),
            ValueRef::Array(items) => Value::Array(items.map(ValueRef::to_value).collect()),
            ValueRef::Object(properties) => Value::Object(properties.to_object()),
            ValueRef::Other(value) => value.clone(),
        }
    }
}

impl<'a> From<&'a [String]> for ValueRef<'a> {
    /// An array of strings.
    fn from(strings: &'a [String]) -> Self {
        ValueRef::Array(strings.into())
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => ValueRef::Null,
            Value::Bool(bool) => ValueRef::Bool(*bool),
            Value::Number(number) => ValueRef::Number(*number),
            Value::String(text) => text.as_str().map_or(ValueRef::Other(value), ValueRef::String),
            Value::Date(Some(ms)) => ValueRef::Date(*ms),
            Value::Array(items) => ValueRef::Array(Items::of(items)),
            Value::Object(object) => ValueRef::Object(Properties::of(object)),
            other => ValueRef::Other(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{any_record, any_value};

    proptest! {
        #[test]
        fn a_lent_value_is_the_value(value in prop_oneof![any_value(), any_record()]) {
            prop_assert_eq!(ValueRef::from(&value).to_value(), value);
        }
    }
}
