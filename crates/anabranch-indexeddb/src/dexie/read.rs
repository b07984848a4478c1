//! Reading: tables first, then rows as they come.

use anabranch_core::json::Json;
use anabranch_core::{Key, StoreSchema, Value};

use super::header::{Header, Part};
use super::revive::revive;
use super::schema;
use crate::export::Source;
use crate::graph;
use crate::visit::{ReadError, ReadExportError, ReadRowError, SnapshotVisitor, Want};

pub(crate) fn read<V: SnapshotVisitor>(source: &mut Source, visitor: &mut V) -> Result<(), ReadError<V::Error>> {
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let (mut first, mut has_data) = (true, false);
    while let Some(name) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        match name.as_str() {
            Some("data") => {
                if std::mem::replace(&mut has_data, true) {
                    return Err(source.twice("data").into());
                }
                read_data(source, visitor)?;
            }
            Some(known @ ("formatName" | "formatVersion")) => {
                let value = source.lexer.value().map_err(|error| source.json(error))?;
                let is_ours = match known {
                    "formatName" => value.as_str() == Some("dexie"),
                    _ => value.as_number() == Some(1.0),
                };
                if !is_ours {
                    return Err(ReadExportError::UnknownFormat { path: source.path.clone() }.into());
                }
            }
            _ => source.lexer.skip_value().map_err(|error| source.json(error))?,
        }
    }
    source.lexer.end().map_err(|error| source.json(error))?;
    if has_data { Ok(()) } else { Err(source.member("data").into()) }
}

fn read_data<V: SnapshotVisitor>(source: &mut Source, visitor: &mut V) -> Result<(), ReadError<V::Error>> {
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let mut header = Header::default();
    let (mut first, mut has_rows) = (true, false);
    while let Some(name) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        if name.as_str() == Some("data") {
            if std::mem::replace(&mut has_rows, true) {
                return Err(source.twice("data.data").into());
            }
            header.begin(source, visitor)?;
            read_tables(source, &mut header, visitor)?;
            continue;
        }
        header.member(source, name.as_str())?;
    }
    header.begin(source, visitor)?;
    if has_rows { Ok(()) } else { Err(source.member("data.data").into()) }
}

fn read_tables<V: SnapshotVisitor>(
    source: &mut Source,
    header: &mut Header,
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    source.lexer.begin_array().map_err(|error| source.json(error))?;
    let mut first = true;
    let mut seen: Vec<String> = Vec::new();
    while source.lexer.next_item(&mut first).map_err(|error| source.json(error))? {
        let table = read_table(source, header, &seen, visitor)?;
        seen.push(table);
    }
    match header.order().iter().find(|table| !seen.contains(table)) {
        Some(_) => Err(source.member("the rows of a table").into()),
        None => Ok(()),
    }
}

/// Reads the rows of one table, and tells which; `seen` are the tables before it.
fn read_table<V: SnapshotVisitor>(
    source: &mut Source,
    header: &mut Header,
    seen: &[String],
    visitor: &mut V,
) -> Result<String, ReadError<V::Error>> {
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let (mut part, mut rows_of, mut first) = (Part::default(), None, true);
    while let Some(member) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        if member.as_str() == Some("rows") {
            if rows_of.is_some() {
                return Err(source.twice("rows").into());
            }
            if part.table.is_none() || part.inbound.is_none() {
                part = header.part(source, seen.len())?;
            }
            let (Some(name), Some(inbound)) = (&part.table, part.inbound) else {
                return Err(source.member("tableName or inbound").into());
            };
            if seen.contains(name) {
                return Err(source.twice("the table of this name").into());
            }
            read_rows(source, header, name, inbound, visitor)?;
            rows_of = Some((name.clone(), inbound));
            continue;
        }
        part.member(source, member.as_str())?;
    }
    let (table, inbound) = rows_of.ok_or_else(|| source.member("rows"))?;
    // A name that came once more behind the rows would have been the one that counts.
    match part.table.as_ref() == Some(&table) && part.inbound == Some(inbound) {
        true => Ok(table),
        false => Err(source.member("tableName or inbound").into()),
    }
}

fn read_rows<V: SnapshotVisitor>(
    source: &mut Source,
    header: &Header,
    name: &str,
    inbound: bool,
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    let (text, count) = header.table(name).ok_or_else(|| source.member("the table's entry in data.tables"))?;
    let schema = schema::parse(text, inbound);
    let want = visitor.store(name, &schema, Some(*count)).map_err(ReadError::Visitor)?;
    source.lexer.begin_array().map_err(|error| source.json(error))?;
    let (mut first, mut row) = (true, 0);
    while source.lexer.next_item(&mut first).map_err(|error| source.json(error))? {
        let json = source.lexer.value().map_err(|error| source.json(error))?;
        if want == Want::Records {
            let read = read_row(json, &schema, inbound);
            let (key, value) = read.map_err(|error| source.row(name, row, error))?;
            visitor.record(key, value).map_err(ReadError::Visitor)?;
        }
        row += 1;
        source.progress(visitor);
    }
    visitor.end_store(row >= *count).map_err(ReadError::Visitor)
}

fn read_row(json: Json, schema: &StoreSchema, inbound: bool) -> Result<(Key, Value), ReadRowError> {
    if inbound {
        let value = revive(json, 0)?;
        let path = schema.key_path.as_ref().ok_or(ReadRowError::Shape)?;
        return Ok((path.extract(&value)?, value));
    }
    let (row, defs) = match revive(json, 1)? {
        Value::Graph(graph) => (graph.root, graph.defs),
        row => (row, Vec::new()),
    };
    let Value::Array(pair) = row else { return Err(ReadRowError::Shape) };
    let [key, value] = <[Value; 2]>::try_from(pair).map_err(|_| ReadRowError::Shape)?;
    let value = if defs.is_empty() { value } else { graph::canonical(value, defs) };
    Ok((Key::from_value(&key)?, value))
}
