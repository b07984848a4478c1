//! Reads files back with nothing of the writer's: Parquet by the library's own reader, CSV and lines by hand.

use std::collections::BTreeMap;

use anabranch_core::json::{Lexer, iso_to_date, parse_field_path, read_value, value_from_json};
use anabranch_core::{Object, Value};
use anabranch_sink::columns::{Columns, Kind};
use anabranch_sink_files::{Format, Mode};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

/// A row: its cells by the names in the file, without those that hold nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) cells: BTreeMap<String, Value>,
}

impl Row {
    /// A cell of text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.cells.get(name)? {
            Value::String(text) => text.as_str(),
            other => panic!("{name} holds {other:?}"),
        }
    }
}

/// All rows of a file.
pub(crate) fn rows(format: Format, bytes: &[u8]) -> Vec<Row> {
    match format {
        Format::Parquet => parquet_rows(bytes),
        Format::Csv => csv_rows(std::str::from_utf8(bytes).expect("CSV is UTF-8")),
        Format::Jsonl => bytes.split_inclusive(|byte| *byte == b'\n').map(line).collect(),
    }
}

fn parquet_rows(bytes: &[u8]) -> Vec<Row> {
    // The reader wants bytes of a type that a file is, too.
    let file = tempfile::tempfile().expect("a temporary file");
    std::io::Write::write_all(&mut &file, bytes).expect("it is written");
    let mut rows = Vec::new();
    for batch in ParquetRecordBatchReader::try_new(file, 1000).expect("it is Parquet") {
        let batch = batch.expect("it is whole");
        let schema = batch.schema();
        for at in 0..batch.num_rows() {
            let cells = schema.fields().iter().zip(batch.columns());
            let cells = cells.map(|(field, array)| (field.name().clone(), cell(array, at)));
            rows.push(Row { cells: cells.filter(|(_, value)| *value != Value::Null).collect() });
        }
    }
    rows
}

/// A cell by its Arrow type: there are those of the interface, and no others.
fn cell(array: &ArrayRef, at: usize) -> Value {
    if array.is_null(at) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Utf8 => Value::from(array.as_string::<i32>().value(at)),
        DataType::Boolean => Value::Bool(array.as_boolean().value(at)),
        DataType::Int64 => Value::Number(array.as_primitive::<Int64Type>().value(at) as f64),
        DataType::Float64 => Value::Number(array.as_primitive::<Float64Type>().value(at)),
        DataType::Timestamp(TimeUnit::Millisecond, Some(zone)) if &**zone == "UTC" => {
            Value::Date(Some(array.as_primitive::<TimestampMillisecondType>().value(at)))
        }
        DataType::Binary => Value::array_buffer(array.as_binary::<i32>().value(at).to_vec()),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(at);
            Value::Array((0..items.len()).map(|at| cell(&items, at)).collect())
        }
        DataType::Struct(fields) => {
            let children = fields.iter().zip(array.as_struct().columns());
            let children = children.map(|(field, child)| (field.name().as_str().into(), cell(child, at)));
            Value::Object(children.filter(|(_, value)| *value != Value::Null).collect())
        }
        other => panic!("a column is {other}"),
    }
}

fn csv_rows(text: &str) -> Vec<Row> {
    let mut lines = csv_cells(text).into_iter();
    let names: Vec<String> = lines.next().expect("there is a header").into_iter().map(Option::unwrap).collect();
    let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "two columns have one name: {names:?}");
    let row = |cells: Vec<Option<String>>| {
        assert_eq!(cells.len(), names.len(), "a row has as many cells as the header");
        let cells =
            names.iter().zip(cells).filter_map(|(name, cell)| Some((name.clone(), Value::from(cell?.as_str()))));
        Row { cells: cells.collect() }
    };
    lines.map(row).collect()
}

/// RFC 4180, where an empty cell is `None` and `""` is the empty string.
fn csv_cells(text: &str) -> Vec<Vec<Option<String>>> {
    let (mut lines, mut line, mut rest) = (Vec::new(), Vec::new(), text);
    while !rest.is_empty() {
        let mut cell = None;
        if let Some(mut quoted) = rest.strip_prefix('"') {
            let cell: &mut String = cell.insert(String::new());
            loop {
                let (before, after) = quoted.split_once('"').expect("a quote is closed");
                cell.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        quoted = more;
                    }
                    None => break rest = after,
                }
            }
        } else {
            let end = rest.find([',', '\r']).expect("a row has an end");
            let (before, after) = rest.split_at(end);
            assert!(!before.contains(['"', '\n']), "{before:?} is not quoted");
            cell = (!before.is_empty()).then(|| before.to_owned());
            rest = after;
        }
        line.push(cell);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => {
                rest = rest.strip_prefix("\r\n").expect("a row ends with CRLF");
                lines.push(std::mem::take(&mut line));
            }
        }
    }
    lines
}

fn line(bytes: &[u8]) -> Row {
    let bytes = bytes.strip_suffix(b"\n").expect("a line ends");
    let mut lexer = Lexer::new(bytes, 4 * anabranch_core::value::VALUE_DEPTH_MAX);
    let mut json = lexer.value().expect("a line is JSON");
    lexer.end().expect("a line is one value");
    let mut cells = BTreeMap::new();
    for name in ["key", "op", "before", "after", "value", "field", "reason", "kind", "shown", "others", "policy"] {
        if let Some(value) = json.take(name) {
            // Keys, fields and dead values are typed JSON in the other formats, so they are here.
            let value = value_from_json(value).expect("it is a value");
            cells.insert(name.to_owned(), value);
        }
    }
    let key = cells.remove("key").expect("every line has a key");
    cells.insert("_key".into(), Value::from(anabranch_core::json::value_to_string(&key).as_str()));
    Row { cells }
}

/// The record in a row, by the columns that the manifest tells; `None` if it holds nothing.
pub(crate) fn record(row: &Row, format: Format, mode: Mode, columns: &Columns) -> Option<Value> {
    if format == Format::Jsonl {
        let name = if mode == Mode::Changes { "after" } else { "value" };
        return row.cells.get(name).cloned();
    }
    let columns = columns.settled();
    if let (Some(value), Some(kind)) = (row.cells.get("_value"), &columns.root) {
        return typed(value.clone(), kind, format);
    }
    let mut object = Object::default();
    for (name, value) in &row.cells {
        let is_ours = match mode {
            Mode::Current => name == "_key",
            Mode::Changes => ["_key", "_op", "_origin", "_heads"].contains(&name.as_str()),
        };
        if is_ours {
            continue;
        }
        let path = match format {
            Format::Csv => parse_field_path(name).expect("a heading is a path").0,
            _ => vec![name.as_str().into()],
        };
        let mut path: Vec<String> = path.iter().map(|name| name.as_str().expect("it is UTF-8").to_owned()).collect();
        path[0] = own_name(&path[0], mode);
        let kind = kind_at(&columns, &path);
        if let Some(value) = typed(value.clone(), kind, format) {
            insert(&mut object, &path, value);
        }
    }
    (!object.is_empty()).then_some(Value::Object(object))
}

/// A property's name from its column's.
fn own_name(column: &str, mode: Mode) -> String {
    let bare = column.trim_start_matches('_');
    let escaped = ["key", "value", "heads"].iter().any(|ours| bare.starts_with(ours))
        || (mode == Mode::Changes && ["op", "origin"].contains(&bare));
    match column.strip_prefix('_') {
        Some(name) if escaped && name.starts_with('_') => name.into(),
        Some(_) if escaped => panic!("the column {column} may be taken for ours"),
        _ => column.into(),
    }
}

fn kind_at<'c>(columns: &'c Columns, path: &[String]) -> &'c Kind {
    let mut fields = &columns.fields;
    let mut kind = None;
    for name in path {
        let column = fields.iter().find(|column| column.name == *name).expect("the manifest has the column");
        kind = Some(&column.kind);
        if let Kind::Struct(inner) = &column.kind {
            fields = inner;
        }
    }
    kind.expect("a path has a name")
}

fn insert(object: &mut Object, path: &[String], value: Value) {
    let (name, rest) = path.split_first().expect("a path has a name");
    if rest.is_empty() {
        object.insert(name.as_str().into(), value);
    } else if let Value::Object(inner) = object.entry_or_object(name.as_str().into()) {
        insert(inner, rest, value);
    }
}

/// A cell as a value of its column's kind.
fn typed(value: Value, kind: &Kind, format: Format) -> Option<Value> {
    let json = |value: &Value| {
        let Value::String(text) = value else { panic!("typed JSON is text, not {value:?}") };
        read_value(text.as_str().expect("files hold UTF-8").as_bytes())
    };
    Some(match (format, kind, value) {
        (_, _, Value::Null) => Value::Null,
        // Text is plain in columns of several kinds, so that only the cell's text can be compared.
        (Format::Csv, Kind::Json, value) => value,
        (Format::Csv, Kind::Text | Kind::Timestamp, Value::String(text)) => {
            let is_tagged = text.as_str().is_some_and(|text| text.starts_with("{\"$idb\":"));
            match (is_tagged, kind) {
                (true, _) => json(&Value::String(text)).expect("it is typed JSON"),
                (false, Kind::Text) => Value::String(text),
                (false, _) => Value::Date(Some(text.as_str().and_then(iso_to_date).expect("it is ISO 8601"))),
            }
        }
        (Format::Csv, _, value) | (_, Kind::Json, value) => json(&value).expect("it is typed JSON"),
        (_, Kind::List(kind), Value::Array(items)) => {
            Value::Array(items.into_iter().map(|item| typed(item, kind, format).unwrap_or(Value::Null)).collect())
        }
        (_, Kind::Struct(columns), Value::Object(object)) => {
            let property = |(name, value): (&anabranch_core::JsString, &Value)| {
                let column = columns.iter().find(|column| *name == *column.name).expect("the manifest has it");
                Some((name.clone(), typed(value.clone(), &column.kind, format)?))
            };
            Value::Object(object.iter().filter_map(property).collect())
        }
        (_, _, value) => value,
    })
}
