//! Property names and scalars as they lie in a history, taken apart.

use crate::key::Key;
use crate::layout;
use crate::scalar::Scalar;
use crate::schema::{FieldPath, StoreSchema};
use crate::value::Value;
use crate::view::stored_schema;

/// A property name, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct RawName {
    /// The record's identity as it is written.
    pub identity: String,
    /// Its key; `None` for the schema.
    pub key: Option<Key>,
    /// The creating actor of a record whose key a generator made, in hexadecimal.
    pub creator: Option<String>,
    /// The field; `None` for the record's life.
    pub field: Option<FieldPath>,
    /// The id of a part of the field: an increment or an element.
    pub part: Option<String>,
}

/// Takes a property name apart.
pub fn read_name(name: &str) -> Option<RawName> {
    let (identity, suffix) = name.split_at_checked(layout::identity_length(name)?)?;
    let read = layout::read_identity(identity);
    let field = layout::read_suffix(suffix);
    Some(RawName {
        identity: identity.to_owned(),
        key: read.as_ref().map(|read| read.key.clone()),
        creator: read.and_then(|read| read.actor).map(|actor| actor.to_string()),
        part: field.as_ref().and_then(|(_, part)| part.map(str::to_owned)),
        field: field.map(|(field, _)| field),
    })
}

/// The value of a register that is no part; `None` if it says that there is none, or if the bytes stand for nothing.
pub fn scalar_value(code: u8, bytes: &[u8]) -> Option<Value> {
    Scalar { code, bytes }.to_value().ok().flatten()
}

/// The type code and the bytes of the scalar that a leaf is written as.
pub fn value_bytes(value: &Value) -> (u8, Vec<u8>) {
    let mut bytes = Vec::new();
    (crate::scalar::write_value(value, &mut bytes), bytes)
}

/// The increment in a part (`Ok`), or the element and whether it is in the set (`Err`); `None` for neither.
pub fn part_value(code: u8, bytes: &[u8]) -> Option<Result<i64, (bool, Value)>> {
    let scalar = Scalar { code, bytes };
    scalar.to_increment().map(Ok).or_else(|| scalar.to_element().map(Err))
}

/// The schema that the schema record's value stands for.
pub fn schema_of(value: &Value) -> StoreSchema {
    stored_schema::from_value(value)
}

/// The identity of a record that joins by key alone.
pub fn creation_key(key: &Key) -> String {
    layout::encode_key(key)
}
