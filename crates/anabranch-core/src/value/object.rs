//! Plain objects: own properties by name.

use serde::{Deserialize, Serialize};

use super::Value;
use crate::string::JsString;

/// The own properties of a plain object, ordered by name (property order is not replicated).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Object(Vec<(JsString, Value)>);

impl Object {
    /// The value of the property `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|(have, _)| have.compare_to(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Sets a property and returns what it held.
    pub fn insert(&mut self, name: JsString, value: Value) -> Option<Value> {
        if self.0.last().is_none_or(|(last, _)| *last < name) {
            self.0.push((name, value));
            return None;
        }
        match self.0.binary_search_by(|(have, _)| have.cmp(&name)) {
            Ok(at) => self.0.get_mut(at).map(|slot| std::mem::replace(&mut slot.1, value)),
            Err(at) => {
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    /// Removes a property and returns what it held.
    pub fn remove(&mut self, name: &JsString) -> Option<Value> {
        let at = self.0.binary_search_by(|(have, _)| have.cmp(name)).ok()?;
        Some(self.0.remove(at).1)
    }

    /// The property `name`, made as an empty object if it is absent.
    pub fn entry_or_object(&mut self, name: JsString) -> &mut Value {
        let at = match self.0.binary_search_by(|(have, _)| have.cmp(&name)) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (name, Value::Object(Object::default())));
                at
            }
        };
        &mut self.0.get_mut(at).expect("the position was just found or made").1
    }

    /// The properties, ordered by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&JsString, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The values, ordered by name.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values, ordered by name, to change them.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// How many properties there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no property.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(JsString, Value)> for Object {
    /// Of equal names the last counts.
    fn from_iter<I: IntoIterator<Item = (JsString, Value)>>(properties: I) -> Self {
        let mut object = Object(properties.into_iter().collect());
        if !object.0.is_sorted_by(|(a, _), (b, _)| a < b) {
            object.0.reverse();
            object.0.sort_by(|(a, _), (b, _)| a.cmp(b));
            object.0.dedup_by(|(a, _), (b, _)| a == b);
        }
        object
    }
}

impl IntoIterator for Object {
    type Item = (JsString, Value);
    type IntoIter = std::vec::IntoIter<(JsString, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<(JsString, Value)>::deserialize(deserializer).map(|properties| properties.into_iter().collect())
    }
}
