//! Rows: flat records that lie with whoever has them, in a struct or in the result of a query, and are captured from there.

use std::sync::Arc;

use super::ValueRef;
use crate::string::JsString;
use crate::value::{Object, VALUE_DEPTH_MAX, Value};

/// The names of the fields that rows have, ordered once instead of in every row.
#[derive(Clone, Debug)]
pub struct RowFields {
    /// In order, each with the position of its value in a row.
    ordered: Arc<[(JsString, usize)]>,
}

/// Why names are no fields of rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFieldsError {
    /// Two fields have one name.
    #[error("two fields of a row are called {name:?}")]
    Repeated {
        /// The name.
        name: JsString,
    },
}

impl RowFields {
    /// The fields of rows whose values come in the order of these names.
    pub fn new<N: Into<JsString>>(names: impl IntoIterator<Item = N>) -> Result<Self, NameFieldsError> {
        let mut ordered: Vec<(JsString, usize)> = names.into_iter().map(N::into).zip(0..).collect();
        ordered.sort_unstable();
        let repeated = ordered.windows(2).find_map(|pair| match pair {
            [(a, _), (b, _)] if a == b => Some(a.clone()),
            _ => None,
        });
        match repeated {
            Some(name) => Err(NameFieldsError::Repeated { name }),
            None => Ok(Self { ordered: ordered.into() }),
        }
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.ordered.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ordered.is_empty()
    }

    /// Their names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &JsString> {
        self.ordered.iter().map(|(name, _)| name)
    }

    /// Whether these are the others, or copies of them, and not only equal.
    pub(crate) fn is_same(&self, others: &RowFields) -> bool {
        Arc::ptr_eq(&self.ordered, &others.ordered)
    }
}

/// A row: fields, and a value for each that the record has.
#[derive(Clone, Copy)]
pub(crate) struct Row<'r> {
    fields: &'r RowFields,
    values: &'r [Option<ValueRef<'r>>],
}

impl<'r> Row<'r> {
    /// `None` if there are not as many values as fields.
    pub(crate) fn of(fields: &'r RowFields, values: &'r [Option<ValueRef<'r>>]) -> Option<Self> {
        (fields.len() == values.len()).then_some(Self { fields, values })
    }

    /// The fields of which these are values.
    pub(crate) fn row_fields(self) -> &'r RowFields {
        self.fields
    }

    /// The values in the order of the names; `None` where the record has no such field.
    #[inline]
    pub(crate) fn values(self) -> impl Iterator<Item = Option<&'r ValueRef<'r>>> {
        self.fields.ordered.iter().map(move |(_, at)| self.values.get(*at)?.as_ref())
    }

    /// The fields that the record has, by name.
    #[inline]
    pub(crate) fn fields(self) -> impl Iterator<Item = (&'r JsString, ValueRef<'r>)> {
        self.fields.ordered.iter().filter_map(move |(name, at)| Some((name, (*self.values.get(*at)?)?)))
    }

    /// Whether it is a record with a field, and each of them a leaf that nests no deeper than a record's may.
    pub(crate) fn is_flat(self) -> bool {
        // Below the record itself.
        let levels = VALUE_DEPTH_MAX - 1;
        let is_leaf = |value: &ValueRef<'_>| match value {
            ValueRef::Object(_) | ValueRef::Other(Value::Object(_)) => false,
            ValueRef::Array(items) => items.nest_within(levels - 1),
            ValueRef::Other(value) => value.nests_within(levels),
            _ => true,
        };
        let mut there = self.values.iter().flatten().peekable();
        there.peek().is_some() && there.all(is_leaf)
    }

    /// The record.
    pub(crate) fn to_value(self) -> Value {
        Value::Object(Object::of_ordered(self.fields().map(|(name, value)| (name.clone(), value.to_value())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_one_name_are_refused() {
        let repeated = RowFields::new(["b", "a", "c", "a"]).map(|fields| fields.len());
        assert_eq!(repeated, Err(NameFieldsError::Repeated { name: "a".into() }));
        assert!(RowFields::new::<&str>([]).is_ok_and(|fields| fields.is_empty()));
    }

    #[test]
    fn values_belong_to_the_names_in_whose_places_they_stand() {
        let fields = RowFields::new(["b", "c", "a"]).expect("three names");
        let values = [Some(ValueRef::Number(1.0)), None, Some(ValueRef::String("x"))];
        let row = Row::of(&fields, &values).expect("three values");
        assert_eq!(row.to_value(), Value::object([("a", Value::from("x")), ("b", Value::from(1.0))]));
        assert!(row.is_flat());
        assert!(Row::of(&fields, &values[..2]).is_none());
        assert!(!Row::of(&fields, &[None; 3]).is_some_and(Row::is_flat), "an empty object is a value of its own");
    }
}
