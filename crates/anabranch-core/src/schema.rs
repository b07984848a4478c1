//! What a store knows of itself: key path, key generator, indexes, and its merge policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::key::{Key, KeyPath};
use crate::value::Value;

/// The schema of an object store and its merge policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSchema {
    /// Where the key is inside a value; `None` for out-of-line keys.
    pub key_path: Option<KeyPath>,
    /// Whether a key generator makes keys.
    pub auto_increment: bool,
    /// The indexes, by name.
    pub indexes: Vec<Index>,
    /// What a deletion means against a concurrent edit.
    pub deletes: DeletePolicy,
    /// How concurrent writes of a field are decided, by field path; `last_writer` where none is named.
    pub fields: BTreeMap<FieldPath, FieldPolicy>,
}

/// An index definition (Indexed Database API 3.0, section 2.6); its rows are derived, never replicated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Where its keys are inside a value.
    pub key_path: KeyPath,
    /// Whether two records may not have one key.
    pub unique: bool,
    /// Whether each element of an array is a key of its own.
    pub multi_entry: bool,
}

impl Index {
    /// The keys by which this index finds a record (Indexed Database API 3.0, section 7.2): none where the path leads
    /// to no key, several where it is multiEntry.
    pub fn keys_of(&self, value: &Value) -> Vec<Key> {
        let entries = match (&self.key_path, self.multi_entry) {
            (KeyPath::Single(path), true) => crate::key::value_at(path, value),
            _ => None,
        };
        let Some(Value::Array(items)) = entries else { return self.key_path.extract(value).into_iter().collect() };
        let mut keys: Vec<Key> = items.iter().filter_map(|item| Key::from_value(item).ok()).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// A path of property names below a record's value; the empty path is the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldPath(pub Vec<crate::string::JsString>);

/// What a deletion means against a concurrent edit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletePolicy {
    /// The record stays deleted and the edit is listed.
    #[default]
    DeleteWins,
    /// The record comes back whole and the deletion is listed.
    EditWins,
}

/// How concurrent writes of one field are decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldPolicy {
    /// The last in Lamport order shows.
    #[default]
    LastWriter,
    /// A number whose edits add up.
    Counter,
    /// The greatest shows.
    Max,
    /// The least shows.
    Min,
    /// A set (or an array as a set) whose elements merge one by one.
    Set,
    /// A person's write shows before a pipeline's.
    PeopleOverPipelines,
    /// Text that merges character by character.
    Text,
    /// A list that merges element by element.
    List,
}
