//! npm `indexeddb-export-import`: values only; keys and schema come from the user.

use crate::export::{ReadOptions, Source};
use crate::untyped;
use crate::visit::{ReadError, ReadExportError, ReadRowError, SnapshotVisitor, Want};

pub(crate) fn read<V: SnapshotVisitor>(
    source: &mut Source,
    options: &ReadOptions,
    visitor: &mut V,
) -> Result<(), ReadError<V::Error>> {
    let stem = || source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let database = options.database.clone().unwrap_or_else(stem);
    source.lexer.begin_object().map_err(|error| source.json(error))?;
    let (mut first, mut is_begun) = (true, false);
    while let Some(name) = source.lexer.next_name(&mut first).map_err(|error| source.json(error))? {
        let name = name.as_str().ok_or_else(|| source.member("a store's name"))?.to_owned();
        let schema = options.schemas.get(&name).cloned();
        let schema =
            schema.ok_or_else(|| ReadExportError::SchemaNeeded { path: source.path.clone(), store: name.clone() })?;
        if !std::mem::replace(&mut is_begun, true) {
            let names: Vec<String> = options.schemas.keys().cloned().collect();
            visitor.database(&database, None, &names).map_err(ReadError::Visitor)?;
        }
        let Some(key_path) = schema.key_path.clone() else {
            return Err(ReadExportError::KeysLost { path: source.path.clone(), store: name }.into());
        };
        let want = visitor.store(&name, &schema, None).map_err(ReadError::Visitor)?;
        source.lexer.begin_array().map_err(|error| source.json(error))?;
        let (mut first, mut row) = (true, 0);
        while source.lexer.next_item(&mut first).map_err(|error| source.json(error))? {
            let json = source.lexer.value().map_err(|error| source.json(error))?;
            if want == Want::Records {
                let read = || -> Result<_, ReadRowError> {
                    let value = untyped::value_of(json)?;
                    Ok((key_path.extract(&value)?, value))
                };
                let (key, value) = read().map_err(|error| source.row(&name, row, error))?;
                visitor.record(key, value).map_err(ReadError::Visitor)?;
            }
            row += 1;
            source.progress(visitor);
        }
        visitor.end_store(true).map_err(ReadError::Visitor)?;
    }
    source.lexer.end().map_err(|error| source.json(error))?;
    Ok(())
}
