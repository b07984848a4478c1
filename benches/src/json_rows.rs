//! Records written out as JSON: what reading a whole store means here, the same text from every engine.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::read_out::ReadOut;
use crate::rows::Row;

/// JSON lines, one record each: its key and its fields in the order in which the engine gives them.
#[derive(Default)]
pub(crate) struct JsonRows {
    text: Vec<u8>,
}

impl ReadOut for JsonRows {
    fn begin(&mut self, key: &str) {
        self.text.extend_from_slice(b"{\"key\":");
        self.json(key);
    }

    fn end(&mut self) {
        self.text.extend_from_slice(b"}\n");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.json(text);
    }

    fn integer(&mut self, name: &str, number: i64) {
        self.name(name);
        self.json(&number);
    }

    /// Without a fraction where it has none.
    fn number(&mut self, name: &str, number: f64) {
        if number.fract() == 0.0 && number.abs() < 2f64.powi(53) {
            return self.integer(name, number as i64);
        }
        self.name(name);
        self.json(&number);
    }

    fn bool(&mut self, name: &str, bool: bool) {
        self.name(name);
        self.text.extend_from_slice(if bool { b"true" } else { b"false" });
    }

    fn tags<'t>(&mut self, name: &str, tags: impl IntoIterator<Item = &'t str>) {
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
}

impl JsonRows {
    /// How many bytes were written.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether these are exactly the records `rows`, in whatever order.
    pub(crate) fn are(&self, rows: &[Row]) -> bool {
        let mut expected = JsonRows::default();
        expected.rows(rows);
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
