//! A record, lent.

use std::rc::Rc;

use super::{FieldAt, KeyRef, Properties, StoredProperties, ValueRef};
use crate::record::Record;
use crate::registers::Scalars;
use crate::value::Value;

/// A record of a view.
#[derive(Debug)]
pub struct RecordRef<'v> {
    pub(crate) key: KeyRef<'v>,
    pub(crate) value: Lying<'v>,
}

/// Where a record's value lies.
#[derive(Debug)]
pub(crate) enum Lying<'v> {
    /// In its registers, each of which holds what shows of its field.
    Stored(Scalars<'v>, Rc<[FieldAt]>),
    /// It had to be built.
    Built(Box<Value>),
}

impl RecordRef<'_> {
    /// The key.
    #[inline]
    pub fn key(&self) -> &KeyRef<'_> {
        &self.key
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> ValueRef<'_> {
        self.value.lend()
    }

    /// The same as a record of its own.
    pub fn into_record(self) -> Record {
        Record { key: self.key.to_key(), value: self.value.into_value() }
    }
}

impl Lying<'_> {
    #[inline]
    pub(crate) fn lend(&self) -> ValueRef<'_> {
        match self {
            Lying::Built(value) => ValueRef::from(&**value),
            Lying::Stored(scalars, fields) => {
                ValueRef::Object(Properties::stored(StoredProperties { scalars: *scalars, fields, depth: 0 }))
            }
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Lying::Built(value) => *value,
            stored => stored.lend().to_value(),
        }
    }
}
