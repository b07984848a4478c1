//! The properties of a plain object, lent.

use super::ValueRef;
use crate::registers::Scalars;
use crate::string::JsString;
use crate::value::{Object, Value};

/// The properties of a plain object, ordered by name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Properties<'a>(Lie<'a>);

#[derive(Clone, Copy, Debug)]
enum Lie<'a> {
    Built(&'a [(JsString, Value)]),
    Stored(StoredProperties<'a>),
}

impl Default for Lie<'_> {
    fn default() -> Self {
        Lie::Built(&[])
    }
}

/// Properties as they lie in a page: the fields of an object, and the values of a whole record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredProperties<'a> {
    pub(crate) scalars: Scalars<'a>,
    /// Those of the fields that lie in this object.
    pub(crate) fields: &'a [FieldAt],
    /// How many names lead to this object.
    pub(crate) depth: usize,
}

/// A field, and which of a record's entries holds it.
#[derive(Debug)]
pub(crate) struct FieldAt {
    pub(crate) entry: usize,
    pub(crate) names: Box<[JsString]>,
}

impl<'a> Properties<'a> {
    pub(crate) fn of(object: &'a Object) -> Self {
        Self(Lie::Built(object.as_slice()))
    }

    /// Properties of which every one can be lent.
    #[inline]
    pub(super) fn stored(properties: StoredProperties<'a>) -> Self {
        Self(Lie::Stored(properties))
    }

    /// The value of the property `name`.
    pub fn get(mut self, name: &str) -> Option<ValueRef<'a>> {
        self.find(|(have, _)| **have == *name).map(|(_, value)| value)
    }

    pub(super) fn to_object(self) -> Object {
        Object::of_ordered(self.map(|(name, value)| (name.clone(), value.to_value())).collect())
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = (&'a JsString, ValueRef<'a>);

    // Put into its caller: a value that came back through memory would be waited for.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Lie::Built(properties) => {
                let ((name, value), rest) = properties.split_first()?;
                *properties = rest;
                Some((name, ValueRef::from(value)))
            }
            Lie::Stored(properties) => properties.next(),
        }
    }
}

impl<'a> StoredProperties<'a> {
    #[inline(always)]
    fn next(&mut self) -> Option<(&'a JsString, ValueRef<'a>)> {
        loop {
            let (first, rest) = self.fields.split_first()?;
            let name = first.names.get(self.depth)?;
            if first.names.len() == self.depth + 1 {
                self.fields = rest;
                // A field that was removed is no property.
                if let Some(value) = self.scalars.lend(first.entry) {
                    return Some((name, value));
                }
            } else if let Some(inner) = self.take_object(name) {
                return Some((name, ValueRef::Object(Properties::stored(inner))));
            }
        }
    }

    /// Whether any of its fields was not removed.
    fn is_any_there(&self) -> bool {
        self.fields.iter().any(|field| self.scalars.get(field.entry).is_some_and(|scalar| !scalar.is_absent()))
    }

    /// The object whose fields come next, unless all of them were removed.
    #[inline(never)]
    fn take_object(&mut self, name: &JsString) -> Option<StoredProperties<'a>> {
        let is_inside = |field: &&FieldAt| field.names.get(self.depth) == Some(name);
        let count = self.fields.iter().take_while(is_inside).count();
        let (fields, rest) = self.fields.split_at_checked(count)?;
        self.fields = rest;
        let inner = StoredProperties { fields, depth: self.depth + 1, ..*self };
        inner.is_any_there().then_some(inner)
    }
}
