//! Keys, values and fields on the command line.

use anabranch_core::{FieldPath, Key, Value, json};

use crate::failure::Failure;

/// A key as typed JSON; a bare word that is no JSON is a string key.
pub(crate) fn parse_key(text: &str) -> Result<Key, Failure> {
    match json::read_value(text.as_bytes()) {
        Ok(value) => Key::from_value(&value).map_err(|error| Failure::asked(format_args!("{text}: {error}"))),
        Err(_) if is_bare(text) => Ok(Key::String(text.into())),
        Err(error) => Err(Failure::asked(format_args!("{text}: no key as typed JSON: {error}"))),
    }
}

/// What nobody would take for JSON.
fn is_bare(text: &str) -> bool {
    !text.starts_with(['"', '{', '['])
}

pub(crate) fn parse_value(text: &str) -> Result<Value, Failure> {
    let parsed = json::read_value(text.as_bytes());
    parsed.map_err(|error| {
        Failure::asked(format_args!("{text}: no value as typed JSON (a string needs its quotes): {error}"))
    })
}

/// A dotted field path; nothing at all is the value as a whole.
pub(crate) fn parse_field(text: &str) -> Result<FieldPath, Failure> {
    if text.is_empty() {
        return Ok(FieldPath(Vec::new()));
    }
    json::parse_field_path(text).map_err(Failure::asked)
}
