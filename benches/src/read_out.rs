//! Where an engine reads its records out to.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::rows::{FIELDS, Field, Row};

/// Takes records, field by field, in whatever order an engine has them.
pub(crate) trait ReadOut {
    /// Begins a record.
    fn begin(&mut self, key: &str);

    /// Ends the record.
    fn end(&mut self);

    /// Takes a text field.
    fn text(&mut self, name: &str, text: &str);

    /// Takes a number; engines differ in how many types of it they have.
    fn number(&mut self, name: &str, number: f64);

    /// Takes an integer or a date.
    fn integer(&mut self, name: &str, number: i64);

    /// Takes a boolean.
    fn bool(&mut self, name: &str, bool: bool);

    /// Takes an array of strings.
    fn tags<'t>(&mut self, name: &str, tags: impl IntoIterator<Item = &'t str>);

    /// Takes a field.
    fn field(&mut self, name: &str, field: &Field) {
        match field {
            Field::Text(text) => self.text(name, text),
            Field::Integer(number) | Field::Date(number) => self.integer(name, *number),
            Field::Number(number) => self.number(name, *number),
            Field::Bool(bool) => self.bool(name, *bool),
            Field::Tags(tags) => self.tags(name, tags.iter().map(String::as_str)),
        }
    }

    /// Takes records.
    fn rows(&mut self, rows: &[Row]) {
        for row in rows {
            self.begin(&row.key);
            FIELDS.iter().zip(&row.fields).for_each(|(name, field)| self.field(name, field));
            self.end();
        }
    }
}

/// A sum over all records and fields: equal for equal records, in whatever order they come.
#[derive(Default)]
pub(crate) struct Digest {
    /// The records that have ended.
    all: u64,
    key: String,
    /// The fields of the record that was begun.
    fields: u64,
}

impl Digest {
    /// The digest of records.
    pub(crate) fn of(rows: &[Row]) -> u64 {
        let mut digest = Digest::default();
        digest.rows(rows);
        digest.all
    }

    /// The digest of what was read.
    pub(crate) fn sum(&self) -> u64 {
        self.all
    }

    fn add(&mut self, field: impl std::hash::Hash) {
        self.fields = self.fields.wrapping_add(FixedState::default().hash_one(field));
    }
}

impl ReadOut for Digest {
    fn begin(&mut self, key: &str) {
        self.key.clear();
        self.key.push_str(key);
        self.fields = 0;
    }

    fn end(&mut self) {
        self.all = self.all.wrapping_add(FixedState::default().hash_one((&self.key, self.fields)));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.add((name, text));
    }

    fn number(&mut self, name: &str, number: f64) {
        self.add((name, number.to_bits()));
    }

    fn integer(&mut self, name: &str, number: i64) {
        self.number(name, number as f64);
    }

    fn bool(&mut self, name: &str, bool: bool) {
        self.add((name, bool));
    }

    fn tags<'t>(&mut self, name: &str, tags: impl IntoIterator<Item = &'t str>) {
        self.add((name, tags.into_iter().collect::<Vec<_>>()));
    }
}
