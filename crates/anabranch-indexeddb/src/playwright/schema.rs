//! What a storageState says of databases and stores, beside their records.

use anabranch_core::json::Json;
use anabranch_core::{Index, KeyPath, StoreSchema};

use super::each_item;
use crate::export::Source;
use crate::visit::ReadExportError;

/// A database of the file.
pub(crate) struct Database {
    pub(super) name: String,
    pub(super) version: u64,
    pub(super) stores: Vec<Store>,
}

/// A store of the file.
pub(super) struct Store {
    pub(super) name: String,
    pub(super) schema: StoreSchema,
    pub(super) records: u64,
}

/// Reads a database, passing over its records.
pub(super) fn read_database(source: &mut Source) -> Result<Database, ReadExportError> {
    let (mut name, mut version, mut stores) = (None, None, None);
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let mut first = true;
    while let Some(member) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        if member == *"stores" {
            let mut read = Vec::new();
            each_item(source, |source| {
                read.push(read_store(source)?);
                Ok::<(), ReadExportError>(())
            })?;
            stores = Some(read);
            continue;
        }
        let value = source.lexer.value().map_err(|error| source.json(error))?;
        match member.as_str() {
            Some("name") => name = value.as_str().map(str::to_owned),
            Some("version") => version = value.as_u64(),
            _ => (),
        }
    }
    Ok(Database {
        name: name.ok_or_else(|| source.member("indexedDB[].name"))?,
        version: version.ok_or_else(|| source.member("indexedDB[].version"))?,
        stores: stores.ok_or_else(|| source.member("indexedDB[].stores"))?,
    })
}

fn read_store(source: &mut Source) -> Result<Store, ReadExportError> {
    let (mut members, mut records) = (Vec::new(), None);
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let mut first = true;
    while let Some(member) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        if member == *"records" {
            let mut count = 0;
            each_item(source, |source| {
                count += 1;
                source.lexer.skip_value().map_err(|error| source.json(error))
            })?;
            records = Some(count);
        } else {
            members.push((member, source.lexer.value().map_err(|error| source.json(error))?));
        }
    }
    let store = Json::Object(members);
    let name = store.get("name").and_then(Json::as_str).ok_or_else(|| source.member("stores[].name"))?;
    let schema = read_schema(&store).ok_or_else(|| source.member("stores[].keyPath or indexes"))?;
    let records = records.ok_or_else(|| source.member("stores[].records"))?;
    Ok(Store { name: name.to_owned(), schema, records })
}

fn read_schema(store: &Json) -> Option<StoreSchema> {
    let flag = |json: &Json, name| json.get(name).and_then(Json::as_bool).unwrap_or(false);
    let mut indexes = Vec::new();
    for index in store.get("indexes").and_then(Json::as_array).unwrap_or_default() {
        let name = index.get("name")?.as_str()?.to_owned();
        let (unique, multi_entry) = (flag(index, "unique"), flag(index, "multiEntry"));
        indexes.push(Index { name, key_path: read_key_path(index)??, unique, multi_entry });
    }
    let (key_path, auto_increment) = (read_key_path(store)?, flag(store, "autoIncrement"));
    Some(StoreSchema { key_path, auto_increment, indexes, ..StoreSchema::default() })
}

/// The key path, if there is one; `None` where it is malformed.
fn read_key_path(json: &Json) -> Option<Option<KeyPath>> {
    let text = |path: &Json| path.as_str().map(str::to_owned);
    match (json.get("keyPathArray"), json.get("keyPath")) {
        (Some(paths), _) => {
            let paths = paths.as_array()?.iter().map(text).collect::<Option<_>>()?;
            Some(Some(KeyPath::Compound(paths)))
        }
        (None, None | Some(Json::Null)) => Some(None),
        (None, Some(path)) => text(path).map(|path| Some(KeyPath::Single(path))),
    }
}
