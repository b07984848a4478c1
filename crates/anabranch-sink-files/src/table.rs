//! Tables as they are written: text columns around the records' own.

use std::borrow::Cow;
use std::io::Write;

use anabranch_core::{Key, Record, Value};
use anabranch_sink::columns::{Columns, Contract, Fidelity};
use serde::{Deserialize, Serialize};

use crate::{csv, jsonl, parquet};

/// The format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Apache Parquet, compressed with Snappy.
    Parquet,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values (RFC 4180), with a header.
    Csv,
}

impl Format {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        }
    }

    /// What it is if it has columns.
    pub(crate) fn columnar(self) -> Option<Columnar> {
        match self {
            Format::Parquet => Some(Columnar::Parquet),
            Format::Csv => Some(Columnar::Csv),
            Format::Jsonl => None,
        }
    }

    pub(crate) fn fidelity(self) -> Fidelity {
        match self {
            Format::Parquet => Fidelity::Columns,
            Format::Csv => Fidelity::Text,
            Format::Jsonl => Fidelity::Lossless,
        }
    }
}

/// The formats that have columns.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Columnar {
    Parquet,
    Csv,
}

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The records as they are.
    Current,
    /// What happened to them.
    Changes,
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteTableError {
    /// The output failed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// The Parquet library refused it.
    #[error("cannot write Parquet: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    /// The Arrow library refused it.
    #[error("cannot build columns: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
}

/// A column of text.
pub(crate) struct TextColumn {
    pub(crate) name: &'static str,
    pub(crate) cells: Vec<Option<String>>,
}

/// A table in memory: text columns, then the records' own columns, then more text columns.
pub(crate) struct Table<'v> {
    pub(crate) before: Vec<TextColumn>,
    /// The records' columns, as they are written.
    pub(crate) columns: Columns,
    /// One for each row; `None` is a row without a record.
    pub(crate) values: Vec<Option<Cow<'v, Value>>>,
    pub(crate) after: Vec<TextColumn>,
}

impl Table<'_> {
    /// A table of text columns only.
    pub(crate) fn of_text(before: Vec<TextColumn>) -> Self {
        Self { before, columns: Columns::default(), values: Vec::new(), after: Vec::new() }
    }

    pub(crate) fn write(&self, columnar: Columnar, out: &mut (impl Write + Send)) -> Result<(), WriteTableError> {
        match columnar {
            Columnar::Parquet => parquet::write(self, out),
            Columnar::Csv => Ok(csv::write(self, out)?),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.before.first().map_or(self.values.len(), |column| column.cells.len())
    }

    /// The name of a record's own column in this table.
    pub(crate) fn own_name(&self, name: &str) -> String {
        let text: Vec<&str> = self.before.iter().chain(&self.after).map(|column| column.name).collect();
        own_name(name, &text)
    }

    /// The records as objects: those that have columns of their own.
    pub(crate) fn objects(&self) -> Vec<Option<&Value>> {
        let is_object = |value: &&Value| matches!(value, Value::Object(_)) && !self.columns.keeps_objects_whole;
        self.values.iter().map(|value| value.as_deref().filter(is_object)).collect()
    }

    /// The records that are no objects.
    pub(crate) fn roots(&self) -> Vec<Option<&Value>> {
        let is_root = |value: &&Value| !matches!(value, Value::Object(_)) || self.columns.keeps_objects_whole;
        self.values.iter().map(|value| value.as_deref().filter(is_root)).collect()
    }
}

/// The name of a record's own column, clear of ours: of those that any table may have, and of `text`, this table's others.
fn own_name(name: &str, text: &[&str]) -> String {
    let bare = name.trim_start_matches('_');
    let is_like_ours = name.starts_with('_')
        && (["key", "value", "heads"].iter().any(|ours| bare.starts_with(ours))
            || text.iter().any(|ours| ours.trim_start_matches('_') == bare));
    if is_like_ours { format!("_{name}") } else { name.to_owned() }
}

/// The records of a store as one table, for a file that is read once.
pub struct RecordTable {
    keys: Vec<Key>,
    values: Vec<Value>,
}

impl RecordTable {
    /// Takes the records.
    pub fn new(records: impl IntoIterator<Item = Record>) -> Self {
        let (keys, values) = records.into_iter().map(|record| (record.key, record.value)).unzip();
        Self { keys, values }
    }

    /// Writes them in columns that fit, or as lines; returns how many values the format cannot hold (in Parquet lone
    /// surrogates and invalid dates, in CSV properties with lone surrogates in their names).
    pub fn write(&self, format: Format, out: &mut (impl Write + Send)) -> Result<usize, WriteTableError> {
        let Some(columnar) = format.columnar() else {
            let mut line = Vec::new();
            for (key, value) in self.keys.iter().zip(&self.values) {
                line.clear();
                jsonl::write_record(key, value, &mut line);
                line.push(b'\n');
                out.write_all(&line)?;
            }
            return Ok(0);
        };
        let values: Vec<&Value> = self.values.iter().collect();
        let admitted = Contract::Evolve.admit(None, &values, format.fidelity()).unwrap_or_default();
        let cells = self.keys.iter().map(|key| Some(anabranch_core::json::key_to_string(key))).collect();
        let table = Table {
            before: vec![TextColumn { name: "_key", cells }],
            columns: admitted.columns.settled(),
            values: values.into_iter().map(|value| Some(Cow::Borrowed(value))).collect(),
            after: Vec::new(),
        };
        table.write(columnar, out)?;
        Ok(admitted.misfits.len())
    }
}

#[cfg(test)]
mod tests {
    use super::own_name;

    #[test]
    fn own_names_are_clear_of_ours_and_of_each_other() {
        let names = ["_key", "__key", "_keyring", "key", "_values", "_x", "__heads", "_op", "__op", "_opened"];
        let written = names.map(|name| own_name(name, &["_op"]));
        let clear = ["__key", "___key", "__keyring", "key", "__values", "_x", "___heads", "__op", "___op", "_opened"];
        assert_eq!(written, clear);
    }
}
