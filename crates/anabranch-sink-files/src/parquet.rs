//! Parquet, through Arrow's arrays.

use std::io::Write;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::WriterProperties;
use anabranch_core::Value;
use anabranch_sink::columns::Kind;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};

use crate::table::{Table, TextColumn, WriteTableError};

mod arrays;

/// Rows that are turned into columns at a time.
const BATCH_ROWS: usize = 16 * 1024;

pub(crate) fn write(table: &Table<'_>, out: &mut (impl Write + Send)) -> Result<(), WriteTableError> {
    let schema = Arc::new(schema(table));
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("anabranch".into()).build();
    let mut writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))?;
    let (objects, roots) = (table.objects(), table.roots());
    let mut at = 0;
    while at < table.rows() {
        let end = (at + BATCH_ROWS).min(table.rows());
        writer.write(&batch(table, &schema, &objects, &roots, at..end)?)?;
        at = end;
    }
    writer.close()?;
    Ok(())
}

fn schema(table: &Table<'_>) -> Schema {
    let text = |column: &TextColumn| Field::new(column.name, DataType::Utf8, true);
    let before = table.before.iter().map(text);
    let own = table.columns.fields.iter().map(|column| arrays::field(&table.own_name(&column.name), &column.kind));
    let root = table.columns.root.iter().map(|kind| arrays::field("_value", kind));
    Schema::new(before.chain(own).chain(root).chain(table.after.iter().map(text)).collect::<Vec<_>>())
}

fn batch(
    table: &Table<'_>,
    schema: &Arc<Schema>,
    objects: &[Option<&Value>],
    roots: &[Option<&Value>],
    rows: std::ops::Range<usize>,
) -> Result<RecordBatch, WriteTableError> {
    let text = |column: &TextColumn| -> ArrayRef {
        let cells = column.cells.get(rows.clone()).unwrap_or_default();
        Arc::new(StringArray::from_iter(cells.iter().map(Option::as_deref)))
    };
    let mut arrays: Vec<ArrayRef> = table.before.iter().map(text).collect();
    let objects = objects.get(rows.clone()).unwrap_or_default();
    let fields = &table.columns.fields;
    for (column, values) in fields.iter().zip(arrays::properties(fields, objects)) {
        arrays.push(arrays::array(&column.kind, &values)?);
    }
    if let Some(kind) = &table.columns.root {
        arrays.push(arrays::array(kind, roots.get(rows.clone()).unwrap_or_default())?);
    }
    arrays.extend(table.after.iter().map(text));
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}

/// Whether a value is null to a column of any kind but typed JSON.
fn is_null(kind: &Kind, value: &Value) -> bool {
    matches!(value, Value::Null | Value::Undefined) && *kind != Kind::Json || matches!(value, Value::Null)
}
