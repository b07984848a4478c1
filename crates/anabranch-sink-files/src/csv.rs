//! CSV for machines (RFC 4180). Written here because an empty cell and an empty string differ: `` and `""`.

use std::borrow::Cow;
use std::io::{self, Write};

use anabranch_core::json::{date_to_iso, value_to_string, write_field_path};
use anabranch_core::{FieldPath, Value};
use anabranch_sink::columns::{Column, Kind};

use crate::table::Table;

pub(crate) fn write(table: &Table<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut leaves = Vec::new();
    for column in &table.columns.fields {
        collect_leaves(column, &mut Vec::new(), &mut leaves);
    }
    let mut row = Vec::new();
    let heading = |row: &mut Vec<u8>, name: &str| cell(row, Some(name));
    table.before.iter().for_each(|column| heading(&mut row, column.name));
    leaves.iter().for_each(|leaf| heading(&mut row, &leaf_name(table, leaf)));
    if table.columns.root.is_some() {
        heading(&mut row, "_value");
    }
    table.after.iter().for_each(|column| heading(&mut row, column.name));
    end_row(&mut row, out)?;
    let (objects, roots) = (table.objects(), table.roots());
    for at in 0..table.rows() {
        table.before.iter().for_each(|column| cell(&mut row, column.cells.get(at).and_then(Option::as_deref)));
        let object = objects.get(at).copied().flatten();
        leaves.iter().for_each(|leaf| {
            cell(&mut row, object.and_then(|value| value_at(value, leaf)).and_then(text_of).as_deref())
        });
        if table.columns.root.is_some() {
            cell(&mut row, roots.get(at).copied().flatten().and_then(text_of).as_deref());
        }
        table.after.iter().for_each(|column| cell(&mut row, column.cells.get(at).and_then(Option::as_deref)));
        end_row(&mut row, out)?;
    }
    out.flush()
}

fn collect_leaves(column: &Column, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    path.push(column.name.clone());
    match &column.kind {
        Kind::Struct(fields) => fields.iter().for_each(|field| collect_leaves(field, path, leaves)),
        _ => leaves.push(path.clone()),
    }
    path.pop();
}

/// The dotted name of a column, its first name clear of ours.
fn leaf_name(table: &Table<'_>, path: &[String]) -> String {
    let names = path.iter().enumerate().map(|(at, name)| if at == 0 { table.own_name(name) } else { name.clone() });
    write_field_path(&FieldPath(names.map(|name| name.as_str().into()).collect()))
}

fn value_at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Object(object) => object.get(name),
        _ => None,
    })
}

/// Absent and null are empty; what text cannot say plainly is typed JSON.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::Date(Some(ms)) => Some(date_to_iso(*ms).into()),
        Value::String(text) => Some(text.as_str().map_or_else(|| value_to_string(value).into(), Cow::Borrowed)),
        value => Some(value_to_string(value).into()),
    }
}

fn cell(row: &mut Vec<u8>, text: Option<&str>) {
    if let Some(text) = text {
        let plain = !text.is_empty() && !text.bytes().any(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r'));
        if plain {
            row.extend(text.as_bytes());
        } else {
            row.push(b'"');
            row.extend(text.replace('"', "\"\"").as_bytes());
            row.push(b'"');
        }
    }
    row.push(b',');
}

fn end_row(row: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    // Every cell is followed by a comma; the last one's becomes the end of the line.
    row.pop();
    row.extend(b"\r\n");
    out.write_all(row)?;
    row.clear();
    Ok(())
}
