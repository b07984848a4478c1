//! JSON that means nothing but itself.

use anabranch_core::Value;
use anabranch_core::json::Json;
use anabranch_core::value::VALUE_DEPTH_MAX;

use crate::visit::ReadRowError;

/// The value that `JSON.parse` gives.
pub(crate) fn value_of(json: Json) -> Result<Value, ReadRowError> {
    value_at(json, 0)
}

fn value_at(json: Json, depth: usize) -> Result<Value, ReadRowError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(bool),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::String(text),
        Json::Array(_) | Json::Object(_) if depth >= VALUE_DEPTH_MAX => return Err(ReadRowError::TooDeep),
        Json::Array(items) => {
            Value::Array(items.into_iter().map(|item| value_at(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Json::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| Ok((name, value_at(value, depth + 1)?)))
                .collect::<Result<_, ReadRowError>>()?,
        ),
    })
}
