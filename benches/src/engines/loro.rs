//! Loro: a map of one map a record, arrays as one value.

use loro::{Container, ExportMode, Frontiers, Index, LoroDoc, LoroMap, LoroValue, ValueOrContainer};

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::read_out::ReadOut;
use crate::rows::{FIELDS, Field, Row, Update};

/// Loro.
pub(crate) struct Loro;

/// The root map.
const RECORDS: &str = "records";

impl Engine for Loro {
    const NAME: &'static str = "loro";
    type Document = LoroDoc;
    type Mark = Frontiers;

    fn import(rows: &[Row]) -> EngineResult<(LoroDoc, Vec<Piece>)> {
        let doc = LoroDoc::new();
        doc.set_peer_id(u64::from(Replica::Receiver.id()))?;
        let records = doc.get_map(RECORDS);
        for row in rows {
            insert(&records, row)?;
        }
        doc.commit();
        let stored = Self::stored(&doc)?;
        Ok((doc, stored))
    }

    fn stored(doc: &LoroDoc) -> EngineResult<Vec<Piece>> {
        Ok(vec![doc.export(ExportMode::Snapshot)?.into()])
    }

    fn open(stored: &[Piece], replica: Replica) -> EngineResult<LoroDoc> {
        let doc = LoroDoc::new();
        doc.set_peer_id(u64::from(replica.id()))?;
        for piece in stored {
            doc.import(piece)?;
        }
        Ok(doc)
    }

    fn capture(doc: &mut LoroDoc, rows: &[Row]) -> EngineResult<Vec<Piece>> {
        let before = doc.oplog_vv();
        let records = doc.get_map(RECORDS);
        for row in rows {
            let Some(record) = record(&records, &row.key) else {
                insert(&records, row)?;
                continue;
            };
            for (name, field) in FIELDS.iter().zip(&row.fields) {
                // An insert of what is there already writes nothing.
                record.insert(name, value(field))?;
            }
        }
        if records.len() != rows.len() {
            return Err("records were deleted: no work here deletes any".into());
        }
        doc.commit();
        Ok(vec![doc.export(ExportMode::updates(&before))?.into()])
    }

    fn commit(doc: &mut LoroDoc, updates: &[Update]) -> EngineResult<Piece> {
        let before = doc.oplog_vv();
        let records = doc.get_map(RECORDS);
        for update in updates {
            let record = record(&records, &update.key).ok_or_else(|| format!("there is no record {}", update.key))?;
            record.insert(update.name(), value(&update.value))?;
        }
        doc.commit();
        Ok(doc.export(ExportMode::updates(&before))?.into())
    }

    fn merge(doc: &mut LoroDoc, received: &[Piece]) -> EngineResult<()> {
        let pieces: Vec<Vec<u8>> = received.iter().map(|piece| piece.to_vec()).collect();
        doc.import_batch(&pieces)?;
        Ok(())
    }

    fn mark(doc: &LoroDoc) -> Frontiers {
        doc.state_frontiers()
    }

    fn touched_since(doc: &LoroDoc, mark: &Frontiers, tell: &mut dyn FnMut(&str)) -> EngineResult<()> {
        let difference = doc.diff(mark, &doc.state_frontiers())?;
        for (container, _) in difference.iter() {
            let path = doc.get_path_to_container(container).ok_or("a changed record is nowhere")?;
            if let Some((_, Index::Key(key))) = path.into_iter().nth(1) {
                tell(&key);
            }
        }
        Ok(())
    }

    fn read(doc: &LoroDoc, out: &mut impl ReadOut) -> EngineResult<()> {
        let LoroValue::Map(records) = doc.get_map(RECORDS).get_deep_value() else {
            return Err("there is no map of records".into());
        };
        for (key, record) in records.iter() {
            let LoroValue::Map(record) = record else { return Err("a record is no map".into()) };
            out.begin(key);
            for (name, value) in record.iter() {
                write(name, value, out)?;
            }
            out.end();
        }
        Ok(())
    }

    fn field(doc: &LoroDoc, key: &str, name: &str) -> Option<Field> {
        let ValueOrContainer::Value(value) = record(&doc.get_map(RECORDS), key)?.get(name)? else { return None };
        match value {
            LoroValue::String(text) => Some(Field::Text(text.to_string())),
            LoroValue::I64(ms) if name == "updatedAt" => Some(Field::Date(ms)),
            LoroValue::I64(number) => Some(Field::Integer(number)),
            LoroValue::Double(number) => Some(Field::Number(number)),
            LoroValue::Bool(bool) => Some(Field::Bool(bool)),
            LoroValue::List(tags) => {
                tags.iter().map(tag).map(|tag| tag.map(str::to_owned)).collect::<Option<_>>().map(Field::Tags)
            }
            _ => None,
        }
    }

    fn record_count(doc: &LoroDoc) -> usize {
        doc.get_map(RECORDS).len()
    }
}

fn record(records: &LoroMap, key: &str) -> Option<LoroMap> {
    if let ValueOrContainer::Container(Container::Map(record)) = records.get(key)? { Some(record) } else { None }
}

fn insert(records: &LoroMap, row: &Row) -> EngineResult<()> {
    let record = records.insert_container(&row.key, LoroMap::new())?;
    for (name, field) in FIELDS.iter().zip(&row.fields) {
        record.insert(name, value(field))?;
    }
    Ok(())
}

fn value(field: &Field) -> LoroValue {
    match field {
        Field::Text(text) => text.as_str().into(),
        Field::Integer(number) | Field::Date(number) => LoroValue::I64(*number),
        Field::Number(number) => LoroValue::Double(*number),
        Field::Bool(bool) => LoroValue::Bool(*bool),
        Field::Tags(tags) => tags.iter().map(|tag| LoroValue::from(tag.as_str())).collect::<Vec<_>>().into(),
    }
}

fn write(name: &str, value: &LoroValue, out: &mut impl ReadOut) -> EngineResult<()> {
    match value {
        LoroValue::String(text) => out.text(name, text),
        LoroValue::I64(number) => out.integer(name, *number),
        LoroValue::Double(number) => out.number(name, *number),
        LoroValue::Bool(bool) => out.bool(name, *bool),
        LoroValue::List(tags) => out.tags(name, tags.iter().filter_map(tag)),
        _ => return Err(format!("field {name} has a type that no row has").into()),
    }
    Ok(())
}

fn tag(tag: &LoroValue) -> Option<&str> {
    if let LoroValue::String(tag) = tag { Some(tag) } else { None }
}
