//! Edits: what a job or a program wants to change, one record each.

use crate::json;
use crate::key::Key;
use crate::schema::FieldPath;
use crate::value::Value;

/// An intended modification of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// The record becomes this value; only the fields that differ from the base are written.
    Put {
        /// The key; taken from the value, or generated, where it is `None`.
        key: Option<Key>,
        /// The whole value.
        value: Value,
    },
    /// Only the fields named are touched; the record must be there at the base.
    Merge {
        /// The key.
        key: Key,
        /// Fields and their new values.
        set: Vec<(FieldPath, Value)>,
        /// Fields to remove.
        unset: Vec<FieldPath>,
    },
    /// The record is deleted.
    Delete {
        /// The key.
        key: Key,
    },
}

/// Why a line is no edit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParseEditError {
    /// It is no typed JSON.
    #[error("the line is no typed JSON: {0}")]
    Json(#[from] json::ReadValueError),
    /// It is no object with the members of an edit.
    #[error(
        "an edit is {{\"op\":\"put\"|\"merge\"|\"delete\",\"key\":…,…}}; member {member:?} is missing or of the wrong type"
    )]
    Member {
        /// The member.
        member: &'static str,
    },
    /// The op is none of the three.
    #[error("{op:?} is no edit: put, merge and delete are")]
    UnknownOp {
        /// What was found.
        op: String,
    },
    /// The key is none.
    #[error("the key is none: {0}")]
    Key(#[from] crate::key::MakeKeyError),
    /// A field path is malformed.
    #[error(transparent)]
    FieldPath(#[from] json::ParseFieldPathError),
}

impl Edit {
    /// Reads an edit from a line of typed JSON.
    pub fn from_json(line: &[u8]) -> Result<Self, ParseEditError> {
        let Value::Object(mut members) = json::read_value(line)? else {
            return Err(ParseEditError::Member { member: "op" });
        };
        let mut take = |name: &str| members.remove(&name.into());
        let Some(Value::String(op)) = take("op") else { return Err(ParseEditError::Member { member: "op" }) };
        let key = take("key").map(|key| Key::from_value(&key)).transpose()?;
        let required = |key: Option<Key>| key.ok_or(ParseEditError::Member { member: "key" });
        match op.as_str() {
            Some("put") => {
                let value = take("value").ok_or(ParseEditError::Member { member: "value" })?;
                Ok(Edit::Put { key, value })
            }
            Some("merge") => {
                let (set, unset) = (take("set"), take("unset"));
                Ok(Edit::Merge { key: required(key)?, set: read_set(set)?, unset: read_unset(unset)? })
            }
            Some("delete") => Ok(Edit::Delete { key: required(key)? }),
            _ => Err(ParseEditError::UnknownOp { op: op.to_string_lossy().into_owned() }),
        }
    }
}

fn read_set(set: Option<Value>) -> Result<Vec<(FieldPath, Value)>, ParseEditError> {
    match set {
        None => Ok(Vec::new()),
        Some(Value::Object(fields)) => fields
            .into_iter()
            .map(|(name, value)| {
                let name = name.as_str().ok_or(ParseEditError::Member { member: "set" })?.to_owned();
                Ok((json::parse_field_path(&name)?, value))
            })
            .collect(),
        Some(_) => Err(ParseEditError::Member { member: "set" }),
    }
}

fn read_unset(unset: Option<Value>) -> Result<Vec<FieldPath>, ParseEditError> {
    let Some(unset) = unset else { return Ok(Vec::new()) };
    let Value::Array(names) = unset else { return Err(ParseEditError::Member { member: "unset" }) };
    names
        .iter()
        .map(|name| match name {
            Value::String(name) => {
                let name = name.as_str().ok_or(ParseEditError::Member { member: "unset" })?;
                Ok(json::parse_field_path(name)?)
            }
            _ => Err(ParseEditError::Member { member: "unset" }),
        })
        .collect()
}
