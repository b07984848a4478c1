//! Records written out as JSON: what reading a whole store means here, the same text from every engine.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::rows::{FIELDS, Field, Row};

/// JSON lines, one record each: its key and its fields in the order in which the engine gives them.
#[derive(Default)]
pub(crate) struct JsonRows {
    text: Vec<u8>,
}

impl JsonRows {
    /// Begins a record.
    pub(crate) fn begin(&mut self, key: &str) {
        self.text.extend_from_slice(b"{\"key\":");
        self.json(key);
    }

    /// Ends the record.
    pub(crate) fn end(&mut self) {
        self.text.extend_from_slice(b"}\n");
    }

    /// Writes a text field.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.json(text);
    }

    /// Writes an integer or a date.
    pub(crate) fn integer(&mut self, name: &str, number: i64) {
        self.name(name);
        self.json(&number);
    }

    /// Writes a number, without a fraction where it has none.
    pub(crate) fn number(&mut self, name: &str, number: f64) {
        if number.fract() == 0.0 && number.abs() < 2f64.powi(53) {
            return self.integer(name, number as i64);
        }
        self.name(name);
        self.json(&number);
    }

    /// Writes a boolean.
    pub(crate) fn bool(&mut self, name: &str, bool: bool) {
        self.name(name);
        self.text.extend_from_slice(if bool { b"true" } else { b"false" });
    }

    /// Writes an array of strings.
    pub(crate) fn tags<'t>(&mut self, name: &str, tags: impl IntoIterator<Item = &'t str>) {
        self.name(name);
        let mut separator = b'[';
        for tag in tags {
            self.text.push(separator);
            self.json(tag);
            separator = b',';
        }
        if separator == b'[' {
            self.text.push(b'[');
        }
        self.text.push(b']');
    }

    /// Writes a field.
    pub(crate) fn field(&mut self, name: &str, field: &Field) {
        match field {
            Field::Text(text) => self.text(name, text),
            Field::Integer(number) | Field::Date(number) => self.integer(name, *number),
            Field::Number(number) => self.number(name, *number),
            Field::Bool(bool) => self.bool(name, *bool),
            Field::Tags(tags) => self.tags(name, tags.iter().map(String::as_str)),
        }
    }

    /// How many bytes were written.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether these are exactly the records `rows`, in whatever order.
    pub(crate) fn are(&self, rows: &[Row]) -> bool {
        let mut expected = JsonRows::default();
        for row in rows {
            expected.begin(&row.key);
            FIELDS.iter().zip(&row.fields).for_each(|(name, field)| expected.field(name, field));
            expected.end();
        }
        let expected = expected.parse();
        expected.is_some() && self.parse() == expected
    }

    fn parse(&self) -> Option<BTreeMap<String, Value>> {
        let lines = self.text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut rows = BTreeMap::new();
        for line in lines {
            let row: Value = serde_json::from_slice(line).ok()?;
            let key = row.get("key")?.as_str()?.to_owned();
            if rows.insert(key, row).is_some() {
                return None;
            }
        }
        Some(rows)
    }

    fn name(&mut self, name: &str) {
        self.text.push(b',');
        self.json(name);
        self.text.push(b':');
    }

    fn json(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        serde_json::to_writer(&mut self.text, value).expect("writing numbers and strings into memory cannot fail");
    }
}
