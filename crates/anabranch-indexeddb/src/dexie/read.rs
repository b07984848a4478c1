//! Reading: tables first, then rows as they come.

use std::collections::BTreeMap;

use anabranch_core::json::Json;
use anabranch_core::{Key, StoreSchema, Value};

use super::revive::revive;
use super::schema;
use crate::export::Source;
use crate::graph;
use crate::visit::{ReadError, ReadExportError, ReadRowError, SnapshotVisitor, Want};

#[derive(Default)]
struct Header {
    name: Option<String>,
    version: Option<u64>,
    /// Schema text and row count, by table.
    tables: Option<BTreeMap<String, (String, u64)>>,
    order: Vec<String>,
    told: bool,
}

pub(crate) fn read<V: SnapshotVisitor>(source: &mut Source, visitor: &mut V) -> Result<(), ReadError<V::Error>> {
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let (mut first, mut has_data) = (true, false);
    while let Some(name) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        match name.as_str() {
            Some("data") => {
                has_data = true;
                read_data(source, visitor)?;
            }
            known => {
                let value = source.lexer.value().map_err(|error| source.json(error))?;
                if known == Some("formatName") && value.as_str() != Some("dexie")
                    || known == Some("formatVersion") && value.as_number() != Some(1.0)
                {
                    return Err(ReadExportError::UnknownFormat { path: source.path.clone() }.into());
                }
            }
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
            has_rows = true;
            header.begin(source, visitor)?;
            read_tables(source, &header, visitor)?;
            continue;
        }
        let value = source.lexer.value().map_err(|error| source.json(error))?;
        match name.as_str() {
            Some("databaseName") => {
                header.name = Some(value.as_str().ok_or_else(|| source.member("databaseName"))?.to_owned())
            }
            Some("databaseVersion") => {
                let version = value
                    .as_number()
                    .filter(|version| *version > 0.0)
                    .ok_or_else(|| source.member("databaseVersion"))?;
                header.version = Some((version * 10.0).round() as u64);
            }
            Some("tables") => header.read_tables(source, &value)?,
            _ => (),
        }
    }
    header.begin(source, visitor)?;
    if has_rows { Ok(()) } else { Err(source.member("data.data").into()) }
}

impl Header {
    fn read_tables(&mut self, source: &Source, value: &Json) -> Result<(), ReadExportError> {
        let wrong = || source.member("data.tables");
        let mut tables = BTreeMap::new();
        for table in value.as_array().ok_or_else(wrong)? {
            let name = table.get("name").and_then(Json::as_str).ok_or_else(wrong)?;
            let schema = table.get("schema").and_then(Json::as_str).ok_or_else(wrong)?;
            let rows = table.get("rowCount").and_then(Json::as_u64).ok_or_else(wrong)?;
            if tables.insert(name.to_owned(), (schema.to_owned(), rows)).is_some() {
                return Err(wrong());
            }
            self.order.push(name.to_owned());
        }
        self.tables = Some(tables);
        Ok(())
    }

    /// Everything that comes before the rows is there: the database begins.
    fn begin<V: SnapshotVisitor>(&mut self, source: &Source, visitor: &mut V) -> Result<(), ReadError<V::Error>> {
        if std::mem::replace(&mut self.told, true) {
            return Ok(());
        }
        let name = self.name.as_deref().ok_or_else(|| source.member("data.databaseName"))?;
        let version = self.version.ok_or_else(|| source.member("data.databaseVersion"))?;
        self.tables.as_ref().ok_or_else(|| source.member("data.tables"))?;
        visitor.database(name, Some(version), &self.order).map_err(ReadError::Visitor)
    }
}

fn read_tables<V: SnapshotVisitor>(
    source: &mut Source,
    header: &Header,
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    source.lexer.begin_array().map_err(|error| source.json(error))?;
    let mut first = true;
    let mut seen = std::collections::BTreeSet::new();
    while source.lexer.next_item(&mut first).map_err(|error| source.json(error))? {
        source.lexer.begin_object().map_err(|error| source.json(error))?;
        let (mut name, mut inbound, mut has_rows, mut first): (Option<String>, _, _, _) = (None, None, false, true);
        while let Some(member) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
            if member.as_str() == Some("rows") {
                has_rows = true;
                let (Some(name), Some(inbound)) = (&name, inbound) else {
                    return Err(source.member("tableName or inbound").into());
                };
                read_rows(source, header, name, inbound, visitor)?;
                continue;
            }
            let value = source.lexer.value().map_err(|error| source.json(error))?;
            match member.as_str() {
                Some("tableName") => {
                    let table = value.as_str().ok_or_else(|| source.member("tableName"))?.to_owned();
                    if !seen.insert(table.clone()) {
                        return Err(source.member("a second table of this name").into());
                    }
                    name = Some(table);
                }
                Some("inbound") => inbound = Some(value.as_bool().ok_or_else(|| source.member("inbound"))?),
                _ => (),
            }
        }
        if !has_rows {
            return Err(source.member("rows").into());
        }
    }
    match header.order.iter().find(|table| !seen.contains(*table)) {
        Some(_) => Err(source.member("the rows of a table").into()),
        None => Ok(()),
    }
}

fn read_rows<V: SnapshotVisitor>(
    source: &mut Source,
    header: &Header,
    name: &str,
    inbound: bool,
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    let tables = header.tables.as_ref();
    let (text, count) =
        tables.and_then(|tables| tables.get(name)).ok_or_else(|| source.member("the table's entry in data.tables"))?;
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
