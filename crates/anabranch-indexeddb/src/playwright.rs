//! Playwright's `storageState({ indexedDB: true })`. A store's indexes stand after its records, so that the file is
//! read twice: for the schemas, and for the records.

mod encoded;
mod schema;

use anabranch_core::json::Json;
use anabranch_core::{Key, StoreSchema, Value};

use crate::export::Source;
use crate::untyped;
use crate::visit::{ReadError, ReadExportError, ReadRowError, SnapshotVisitor, Want};
use schema::{Database, Store};

/// Reads the schemas of all databases, leaving the records where they are.
pub(crate) fn read_databases(source: &mut Source) -> Result<Vec<Database>, ReadExportError> {
    let mut databases = Vec::new();
    each_database(source, |source| {
        databases.push(schema::read_database(source)?);
        Ok::<(), ReadExportError>(())
    })?;
    if databases.is_empty() { Err(source.member("origins[].indexedDB with a database")) } else { Ok(databases) }
}

/// Reads the records, the schemas being known.
pub(crate) fn read<V: SnapshotVisitor>(
    source: &mut Source,
    databases: &[Database],
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    let mut rest = databases.iter();
    each_database(source, |source| {
        let Some(database) = rest.next() else { return Err(source.changed().into()) };
        let names: Vec<String> = database.stores.iter().map(|store| store.name.clone()).collect();
        visitor.database(&database.name, Some(database.version), &names).map_err(ReadError::Visitor)?;
        let mut stores = database.stores.iter();
        each_member(source, "stores", |source| {
            each_item(source, |source| {
                let Some(store) = stores.next() else { return Err(source.changed().into()) };
                read_store(source, store, visitor)
            })
        })
    })
}

/// Calls `take` at each database of each origin.
fn each_database<E: From<ReadExportError>>(
    source: &mut Source,
    mut take: impl FnMut(&mut Source) -> Result<(), E>,
) -> Result<(), E> {
    each_member(source, "origins", |source| {
        each_item(source, |source| each_member(source, "indexedDB", |source| each_item(source, &mut take)))
    })?;
    Ok(source.lexer.end().map_err(|error| source.json(error))?)
}

/// Calls `take` at the member of this name of an object, and passes over the others.
fn each_member<E: From<ReadExportError>>(
    source: &mut Source,
    wanted: &str,
    mut take: impl FnMut(&mut Source) -> Result<(), E>,
) -> Result<(), E> {
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let mut first = true;
    while let Some(name) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        if name == *wanted {
            take(source)?;
        } else {
            source.lexer.skip_value().map_err(|error| source.json(error))?;
        }
    }
    Ok(())
}

/// Calls `take` at each item of an array.
fn each_item<E: From<ReadExportError>>(
    source: &mut Source,
    mut take: impl FnMut(&mut Source) -> Result<(), E>,
) -> Result<(), E> {
    source.lexer.begin_array().map_err(|error| source.json(error))?;
    let mut first = true;
    while source.lexer.next_item(&mut first).map_err(|error| source.json(error))? {
        take(source)?;
    }
    Ok(())
}

fn read_store<V: SnapshotVisitor>(
    source: &mut Source,
    store: &Store,
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    let want = visitor.store(&store.name, &store.schema, Some(store.records)).map_err(ReadError::Visitor)?;
    let mut row = 0;
    each_member(source, "records", |source| {
        each_item(source, |source| {
            let record = source.lexer.value().map_err(|error| source.json(error))?;
            if want == Want::Records {
                let read = read_record(record, &store.schema);
                let (key, value) = read.map_err(|error| source.row(&store.name, row, error))?;
                visitor.record(key, value).map_err(ReadError::Visitor)?;
            }
            row += 1;
            source.progress(visitor);
            Ok::<(), ReadError<V::Error>>(())
        })
    })?;
    visitor.end_store(true).map_err(ReadError::Visitor)
}

fn read_record(mut record: Json, schema: &StoreSchema) -> Result<(Key, Value), ReadRowError> {
    let mut read = |plain: &str, encoded: &str| match (record.take(plain), record.take(encoded)) {
        (Some(json), None) => untyped::value_of(json).map(Some),
        (None, Some(json)) => encoded::decode(&json).map(Some),
        (None, None) => Ok(None),
        _ => Err(ReadRowError::Shape),
    };
    let value = read("value", "valueEncoded")?.ok_or(ReadRowError::Shape)?;
    let key = match (read("key", "keyEncoded")?, &schema.key_path) {
        (Some(key), _) => Key::from_value(&key)?,
        (None, Some(path)) => path.extract(&value)?,
        (None, None) => return Err(ReadRowError::Shape),
    };
    Ok((key, value))
}
