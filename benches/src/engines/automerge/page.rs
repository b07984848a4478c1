//! A page: an automerge document with a map object for each record in its root, arrays as one `bytes` value of JSON.

use std::collections::HashMap;
use std::sync::Arc;

use automerge::transaction::{Transactable, Transaction};
use automerge::{
    ActorId, Automerge as Document, ChangeHash, ObjId, ObjType, Prop, ROOT, ReadDoc, ScalarValue, ScalarValueRef,
    Value, ValueRef, hydrate,
};

use crate::engine::EngineResult;
use crate::read_out::ReadOut;
use crate::rows::{FIELDS, Field, Row, Update};

/// Makes a page of records.
pub(super) fn import(rows: &[Row], actor: ActorId) -> EngineResult<Document> {
    let mut document = Document::new().with_actor(actor);
    let records = rows.iter().map(|row| (row.key.clone(), hydrated(row)));
    document.init_from_hydrate(&records.collect::<HashMap<String, hydrate::Value>>().into())?;
    Ok(document)
}

/// Diffs a page against what its records are now and commits the difference: the change, if there is one.
pub(super) fn capture(document: &mut Document, rows: &[Row]) -> EngineResult<Option<Vec<u8>>> {
    let difference = Difference::of(document, rows)?;
    if difference.fields.is_empty() && difference.new.is_empty() {
        return Ok(None);
    }
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
    last_change(document).map(Some)
}

/// Commits updates: the change.
pub(super) fn commit(document: &mut Document, updates: &[&Update]) -> EngineResult<Vec<u8>> {
    let mut transaction = document.transaction();
    for update in updates {
        put(&mut transaction, update)?;
    }
    transaction.commit();
    last_change(document)
}

/// Tells the keys of the records that changed between two heads.
pub(super) fn touched(document: &Document, from: &[ChangeHash], to: &[ChangeHash], tell: &mut dyn FnMut(&str)) {
    for patch in document.diff(from, to) {
        if let Some((_, Prop::Map(key))) = patch.path.first() {
            tell(key);
        }
    }
}

/// Reads every record out.
pub(super) fn read(document: &Document, out: &mut impl ReadOut) -> EngineResult<()> {
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

/// One field of one record.
pub(super) fn field(document: &Document, key: &str, name: &str) -> Option<Field> {
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

/// How many records there are.
pub(super) fn record_count(document: &Document) -> usize {
    document.length(ROOT)
}

/// The key of the first record.
pub(super) fn first_key(document: &Document) -> Option<String> {
    document.keys(ROOT).next().map(|key| key.to_string())
}

fn last_change(document: &Document) -> EngineResult<Vec<u8>> {
    let change = document.get_last_local_change().ok_or("the commit made no change")?;
    Ok(change.raw_bytes().to_vec())
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
