//! What has to be known before rows are read: the database, its tables, and whose rows come.

use std::collections::BTreeMap;

use anabranch_core::json::Json;

use crate::export::Source;
use crate::visit::{ReadError, ReadExportError, SnapshotVisitor};

/// The database and its tables. The exporter writes them before the rows; whoever sorted the members of the file since
/// then did not, and so they are looked for ahead.
#[derive(Default)]
pub(super) struct Header {
    name: Option<String>,
    version: Option<u64>,
    tables: Option<Tables>,
    told: bool,
    /// Whose rows come, table by table; known only where they had to be looked for.
    ahead: Option<Vec<Part>>,
}

#[derive(Default)]
struct Tables {
    /// Schema text and row count, by table.
    by_name: BTreeMap<String, (String, u64)>,
    order: Vec<String>,
}

/// Whose rows an item of `data.data` holds, as far as it was read.
#[derive(Clone, Default)]
pub(super) struct Part {
    pub(super) table: Option<String>,
    pub(super) inbound: Option<bool>,
}

impl Header {
    /// Reads a member of `data` that is not the rows.
    pub(super) fn member(&mut self, source: &mut Source, name: Option<&str>) -> Result<(), ReadExportError> {
        let Some(value) = value_of(source, name, &["databaseName", "databaseVersion", "tables"])? else {
            return Ok(());
        };
        match name {
            Some("databaseName") => {
                self.name = Some(value.as_str().ok_or_else(|| source.member("databaseName"))?.to_owned());
            }
            Some("databaseVersion") => {
                let version = value.as_number().filter(|version| *version > 0.0);
                let version = version.ok_or_else(|| source.member("databaseVersion"))?;
                self.version = Some((version * 10.0).round() as u64);
            }
            Some("tables") => self.tables = Some(Tables::read(source, &value)?),
            _ => (),
        }
        Ok(())
    }

    /// The database begins: its rows come, or there are none.
    pub(super) fn begin<V: SnapshotVisitor>(
        &mut self,
        source: &Source,
        visitor: &mut V,
    ) -> Result<(), ReadError<V::Error>> {
        if std::mem::replace(&mut self.told, true) {
            return Ok(());
        }
        if self.name.is_none() || self.version.is_none() || self.tables.is_none() {
            self.look_ahead(source)?;
        }
        let name = self.name.as_deref().ok_or_else(|| source.member("data.databaseName"))?;
        let version = self.version.ok_or_else(|| source.member("data.databaseVersion"))?;
        let tables = self.tables.as_ref().ok_or_else(|| source.member("data.tables"))?;
        visitor.database(name, Some(version), &tables.order).map_err(ReadError::Visitor)
    }

    /// Schema text and row count of a table.
    pub(super) fn table(&self, name: &str) -> Option<&(String, u64)> {
        self.tables.as_ref()?.by_name.get(name)
    }

    /// All tables, in the file's order.
    pub(super) fn order(&self) -> &[String] {
        self.tables.as_ref().map_or(&[], |tables| &tables.order)
    }

    /// Whose rows the item at this position of `data.data` holds, where the item itself says it only behind them.
    pub(super) fn part(&mut self, source: &Source, position: usize) -> Result<Part, ReadExportError> {
        if self.ahead.is_none() {
            self.look_ahead(source)?;
        }
        Ok(self.ahead.as_ref().and_then(|parts| parts.get(position)).cloned().unwrap_or_default())
    }

    /// Reads the file from its beginning once more, passing over the rows.
    fn look_ahead(&mut self, source: &Source) -> Result<(), ReadExportError> {
        let mut again = source.again()?;
        let source = &mut again;
        let mut parts = None;
        source.lexer.begin_object().map_err(|error| source.json(error))?;
        let mut first = true;
        while let Some(name) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
            match name.as_str() {
                Some("data") => self.look_into_data(source, &mut parts)?,
                _ => source.lexer.skip_value().map_err(|error| source.json(error))?,
            }
        }
        self.ahead = Some(parts.unwrap_or_default());
        Ok(())
    }

    fn look_into_data(&mut self, source: &mut Source, parts: &mut Option<Vec<Part>>) -> Result<(), ReadExportError> {
        source.lexer.begin_object().map_err(|error| source.json(error))?;
        let mut first = true;
        while let Some(name) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
            if name.as_str() != Some("data") {
                self.member(source, name.as_str())?;
                continue;
            }
            source.lexer.begin_array().map_err(|error| source.json(error))?;
            let (mut own, mut first) = (Vec::new(), true);
            while source.lexer.next_item(&mut first).map_err(|error| source.json(error))? {
                own.push(look_into_part(source)?);
            }
            if parts.replace(own).is_some() {
                return Err(source.twice("data.data"));
            }
        }
        Ok(())
    }
}

/// Reads the value of a member that is one of `known`, and passes over any other.
fn value_of(source: &mut Source, name: Option<&str>, known: &[&str]) -> Result<Option<Json>, ReadExportError> {
    let is_known = name.is_some_and(|name| known.contains(&name));
    let read = if is_known { source.lexer.value().map(Some) } else { source.lexer.skip_value().map(|()| None) };
    read.map_err(|error| source.json(error))
}

fn look_into_part(source: &mut Source) -> Result<Part, ReadExportError> {
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let (mut part, mut first) = (Part::default(), true);
    while let Some(member) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        match member.as_str() {
            Some("rows") => source.lexer.skip_value().map_err(|error| source.json(error))?,
            name => part.member(source, name)?,
        }
    }
    Ok(part)
}

impl Part {
    /// Reads a member of an item of `data.data` that is not the rows.
    pub(super) fn member(&mut self, source: &mut Source, name: Option<&str>) -> Result<(), ReadExportError> {
        let Some(value) = value_of(source, name, &["tableName", "inbound"])? else { return Ok(()) };
        match name {
            Some("tableName") => {
                self.table = Some(value.as_str().ok_or_else(|| source.member("tableName"))?.to_owned());
            }
            Some("inbound") => self.inbound = Some(value.as_bool().ok_or_else(|| source.member("inbound"))?),
            _ => (),
        }
        Ok(())
    }
}

impl Tables {
    fn read(source: &Source, value: &Json) -> Result<Self, ReadExportError> {
        let wrong = || source.member("data.tables");
        let mut tables = Self::default();
        for table in value.as_array().ok_or_else(wrong)? {
            let name = table.get("name").and_then(Json::as_str).ok_or_else(wrong)?;
            let schema = table.get("schema").and_then(Json::as_str).ok_or_else(wrong)?;
            let rows = table.get("rowCount").and_then(Json::as_u64).ok_or_else(wrong)?;
            if tables.by_name.insert(name.to_owned(), (schema.to_owned(), rows)).is_some() {
                return Err(wrong());
            }
            tables.order.push(name.to_owned());
        }
        Ok(tables)
    }
}
