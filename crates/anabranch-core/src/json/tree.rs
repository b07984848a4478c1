//! JSON as a tree, strings with lone surrogates included.

use crate::string::JsString;

/// A JSON value; of repeated property names the last counts, as in `JSON.parse`.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as `JSON.parse` reads it.
    Number(f64),
    /// A string.
    String(JsString),
    /// An array.
    Array(Vec<Json>),
    /// An object, in the order of the text.
    Object(Vec<(JsString, Json)>),
}

impl Json {
    /// The value of a property of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().rev().find(|(have, _)| *have == *name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Takes a property out of an object.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        match self {
            Json::Object(members) => {
                let at = members.iter().rposition(|(have, _)| *have == *name)?;
                let taken = members.remove(at).1;
                members.retain(|(have, _)| *have != *name);
                Some(taken)
            }
            _ => None,
        }
    }

    /// The text of a well-formed string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => text.as_str(),
            _ => None,
        }
    }

    /// The number.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Json::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The number, if it is a whole one that a `u64` holds exactly.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()
            .filter(|number| number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(number))
            .map(|number| number as u64)
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }
}
