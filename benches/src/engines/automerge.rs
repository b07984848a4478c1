//! Automerge in its best layout: a map object for each record in the root, arrays as one `bytes` value of JSON.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use automerge::transaction::{Transactable, Transaction};
use automerge::{
    ActorId, Automerge as Document, Change, ChangeHash, ObjId, ObjType, Prop, ROOT, ReadDoc, ScalarValue,
    ScalarValueRef, Value, ValueRef, hydrate,
};

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::read_out::ReadOut;
use crate::rows::{FIELDS, Field, Row, Update};

/// Automerge.
pub(crate) struct Automerge;

impl Engine for Automerge {
    const NAME: &'static str = "automerge";
    /// Of a document that was imported or loaded as a whole, automerge 0.12.0 keeps all values in one slab of 12 MB and
    /// copies its rest for every op that it merges or commits (hexane 1.0.0-alpha.5, `splice_slab`): 10,000 updates take more memory than 24 GB.
    const MERGE_RECORDS_MAX: usize = 10_000;
    type Document = Document;
    type Mark = Vec<ChangeHash>;

    fn import(rows: &[Row]) -> EngineResult<(Document, Vec<Piece>)> {
        let mut document = Document::new().with_actor(actor(Replica::Receiver));
        let records = rows.iter().map(|row| (row.key.clone(), hydrated(row)));
        document.init_from_hydrate(&records.collect::<HashMap<String, hydrate::Value>>().into())?;
        let bytes = document.save_nocompress();
        Ok((document, vec![bytes.into()]))
    }

    fn stored(document: &Document) -> EngineResult<Vec<Piece>> {
        Ok(vec![document.save().into()])
    }

    fn open(stored: &[Piece], replica: Replica) -> EngineResult<Document> {
        let piece = stored.first().ok_or("nothing is stored")?;
        Ok(Document::load(piece)?.with_actor(actor(replica)))
    }

    fn capture(document: &mut Document, rows: &[Row]) -> EngineResult<Vec<Piece>> {
        let before = document.get_heads();
        let difference = Difference::of(document, rows)?;
        let mut transaction = document.transaction();
        for (record, name, field) in difference.fields {
            transaction.put(&record, name, scalar(field))?;
        }
        for row in difference.new {
            let record = transaction.put_object(ROOT, row.key.as_str(), ObjType::Map)?;
            for (name, field) in FIELDS.iter().zip(&row.fields) {
                transaction.put(&record, *name, scalar(field))?;
            }
        }
        transaction.commit();
        Ok(vec![document.save_after(&before).into()])
    }

    fn commit(document: &mut Document, updates: &[Update]) -> EngineResult<Piece> {
        let mut transaction = document.transaction();
        for update in updates {
            put(&mut transaction, update)?;
        }
        transaction.commit();
        let change = document.get_last_local_change().ok_or("the commit made no change")?;
        Ok(change.raw_bytes().into())
    }

    fn merge(document: &mut Document, received: &[Piece]) -> EngineResult<()> {
        let changes: Result<Vec<Change>, _> = received.iter().map(|piece| Change::from_bytes(piece.to_vec())).collect();
        document.apply_changes(changes?)?;
        Ok(())
    }

    fn mark(document: &Document) -> Vec<ChangeHash> {
        document.get_heads()
    }

    fn touched_since(document: &Document, mark: &Vec<ChangeHash>) -> EngineResult<Option<BTreeSet<String>>> {
        let patches = document.diff(mark, &document.get_heads());
        let keys = patches.into_iter().filter_map(|patch| match patch.path.into_iter().next()?.1 {
            Prop::Map(key) => Some(key),
            Prop::Seq(_) => None,
        });
        Ok(Some(keys.collect()))
    }

    fn read(document: &Document, out: &mut impl ReadOut) -> EngineResult<()> {
        let mut keys: HashMap<ObjId, String> = HashMap::new();
        let mut open: Option<Arc<ObjId>> = None;
        // Objects come one after the other, the root first.
        for entry in document.iter() {
            let (Some(name), Some(value)) = (entry.key(), entry.item.value()) else {
                return Err("a list is in the store".into());
            };
            if *entry.obj == ROOT {
                keys.insert(entry.item.id().ok_or("a record has no id")?, name.to_owned());
                continue;
            }
            if open.as_ref() != Some(&entry.obj) {
                if open.is_some() {
                    out.end();
                }
                out.begin(keys.get(&*entry.obj).ok_or("a record is not in the root")?);
                open = Some(entry.obj.clone());
            }
            write(name, value, out)?;
        }
        if open.is_some() {
            out.end();
        }
        Ok(())
    }

    fn field(document: &Document, key: &str, name: &str) -> Option<Field> {
        let (_, record) = document.get(ROOT, key).ok()??;
        let Value::Scalar(scalar) = document.get(&record, name).ok()??.0 else { return None };
        match scalar.as_ref() {
            ScalarValue::Str(text) => Some(Field::Text(text.to_string())),
            ScalarValue::Int(number) => Some(Field::Integer(*number)),
            ScalarValue::F64(number) => Some(Field::Number(*number)),
            ScalarValue::Boolean(bool) => Some(Field::Bool(*bool)),
            ScalarValue::Timestamp(ms) => Some(Field::Date(*ms)),
            ScalarValue::Bytes(json) => serde_json::from_slice(json).ok().map(Field::Tags),
            _ => None,
        }
    }

    fn record_count(document: &Document) -> usize {
        document.length(ROOT)
    }
}

/// What differs between a document and what its records are now.
struct Difference<'r> {
    fields: Vec<(ObjId, &'static str, &'r Field)>,
    new: Vec<&'r Row>,
}

impl<'r> Difference<'r> {
    /// Reads the whole document once: reading it field by field is slower.
    fn of(document: &Document, rows: &'r [Row]) -> EngineResult<Self> {
        let mut records: HashMap<ObjId, &Row> = HashMap::new();
        let mut seen = vec![false; rows.len()];
        let mut fields = Vec::new();
        let mut record: Option<(Arc<ObjId>, &Row)> = None;
        for entry in document.iter() {
            let (Some(name), Some(value)) = (entry.key(), entry.item.value()) else {
                return Err("a list is in the store".into());
            };
            if *entry.obj == ROOT {
                let at = rows.binary_search_by(|row| row.key.as_str().cmp(name));
                let at = at.map_err(|_| "records were deleted: no work here deletes any")?;
                records.extend(entry.item.id().zip(rows.get(at)));
                seen.get_mut(at).into_iter().for_each(|seen| *seen = true);
                continue;
            }
            let row = match &record {
                Some((id, row)) if *id == entry.obj => *row,
                _ => *records.get(&*entry.obj).ok_or("a record is not in the root")?,
            };
            record = Some((entry.obj.clone(), row));
            let (name, field) = field_of(row, name).ok_or("fields were deleted: no work here deletes any")?;
            if !is(value, field) {
                fields.push((ObjId::clone(&entry.obj), name, field));
            }
        }
        let new = rows.iter().zip(seen).filter(|(_, seen)| !seen).map(|(row, _)| row).collect();
        Ok(Self { fields, new })
    }
}

fn field_of<'r>(row: &'r Row, name: &str) -> Option<(&'static str, &'r Field)> {
    FIELDS.iter().copied().zip(&row.fields).find(|(have, _)| *have == name)
}

fn is(value: &ValueRef<'_>, field: &Field) -> bool {
    let ValueRef::Scalar(value) = value else { return false };
    match (value, field) {
        (ScalarValueRef::Str(have), Field::Text(text)) => have == text,
        (ScalarValueRef::Int(have), Field::Integer(number)) => have == number,
        (ScalarValueRef::F64(have), Field::Number(number)) => have.to_bits() == number.to_bits(),
        (ScalarValueRef::Boolean(have), Field::Bool(bool)) => have == bool,
        (ScalarValueRef::Timestamp(have), Field::Date(ms)) => have == ms,
        (ScalarValueRef::Bytes(have), Field::Tags(tags)) => **have == *json(tags),
        _ => false,
    }
}

fn actor(replica: Replica) -> ActorId {
    ActorId::from([replica.id(); 16])
}

fn hydrated(row: &Row) -> hydrate::Value {
    let fields = FIELDS.iter().zip(&row.fields).map(|(name, field)| (*name, hydrate::Value::Scalar(scalar(field))));
    fields.collect::<HashMap<&str, hydrate::Value>>().into()
}

fn put(transaction: &mut Transaction<'_>, update: &Update) -> EngineResult<()> {
    let found = transaction.get(ROOT, update.key.as_str())?;
    let (_, record) = found.ok_or_else(|| format!("there is no record {}", update.key))?;
    transaction.put(&record, update.name(), scalar(&update.value))?;
    Ok(())
}

fn scalar(field: &Field) -> ScalarValue {
    match field {
        Field::Text(text) => ScalarValue::Str(text.as_str().into()),
        Field::Integer(number) => ScalarValue::Int(*number),
        Field::Number(number) => ScalarValue::F64(*number),
        Field::Bool(bool) => ScalarValue::Boolean(*bool),
        Field::Tags(tags) => ScalarValue::Bytes(json(tags)),
        Field::Date(ms) => ScalarValue::Timestamp(*ms),
    }
}

fn json(tags: &[String]) -> Vec<u8> {
    serde_json::to_vec(tags).expect("writing strings into memory cannot fail")
}

fn write(name: &str, value: &ValueRef<'_>, out: &mut impl ReadOut) -> EngineResult<()> {
    match value {
        ValueRef::Scalar(ScalarValueRef::Str(text)) => out.text(name, text),
        ValueRef::Scalar(ScalarValueRef::Int(number) | ScalarValueRef::Timestamp(number)) => out.integer(name, *number),
        ValueRef::Scalar(ScalarValueRef::F64(number)) => out.number(name, *number),
        ValueRef::Scalar(ScalarValueRef::Boolean(bool)) => out.bool(name, *bool),
        ValueRef::Scalar(ScalarValueRef::Bytes(json)) => {
            out.tags(name, serde_json::from_slice::<Vec<String>>(json)?.iter().map(String::as_str));
        }
        _ => return Err(format!("field {name} has a type that no row has").into()),
    }
    Ok(())
}
