//! Plain objects: own properties by name.

use serde::{Deserialize, Serialize};

use super::Value;
use crate::string::JsString;

/// The own properties of a plain object, ordered by name (property order is not replicated).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Object(Vec<(JsString, Value)>);

impl Object {
    /// Takes properties whose names ascend.
    pub(crate) fn of_ordered(properties: Vec<(JsString, Value)>) -> Self {
        debug_assert!(properties.is_sorted_by(|(a, _), (b, _)| a < b));
        Self(properties)
    }

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

    pub(crate) fn as_slice(&self) -> &[(JsString, Value)] {
        &self.0
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
        if object.0.is_sorted_by(|(a, _), (b, _)| a < b) {
            return object;
        }
        let mut are_distinct = true;
        object.0.sort_by(|(a, _), (b, _)| {
            let order = a.cmp(b);
            are_distinct &= order.is_ne();
            order
        });
        if !are_distinct {
            object.0.dedup_by(|later, earlier| {
                let is_same = later.0 == earlier.0;
                if is_same {
                    std::mem::swap(later, earlier);
                }
                is_same
            });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_names_the_last_counts_however_many_there_are() {
        for names in [vec!["a", "a"], vec!["b", "a", "b"], vec!["b", "a", "b", "a", "b", "c"], vec!["x"; 50]] {
            let pair = |(at, name): (usize, &&str)| (JsString::from(*name), Value::from(at as f64));
            let object: Object = names.iter().enumerate().map(pair).collect();
            let last = |name: &str| names.iter().rposition(|have| *have == name).map(|at| Value::from(at as f64));
            assert!(object.0.is_sorted_by(|(a, _), (b, _)| a < b));
            assert!(names.iter().all(|name| object.get(name) == last(name).as_ref()), "{names:?}: {object:?}");
        }
    }
}
