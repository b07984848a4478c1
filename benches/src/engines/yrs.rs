//! Yrs: a map of one map a record, arrays as one value.

use yrs::updates::decoder::Decode;
use yrs::{
    Any, Doc, Map, MapPrelim, MapRef, Number, Out, ReadTxn, StateVector, Transact, TransactionMut, Update as YUpdate,
    WriteTxn,
};

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::read_out::ReadOut;
use crate::rows::{FIELDS, Field, Row, Update};

/// Yrs.
pub(crate) struct Yrs;

/// The root map.
const RECORDS: &str = "records";

impl Engine for Yrs {
    const NAME: &'static str = "yrs";
    /// It tells observers while it applies, at hardly any cost, and cannot be asked afterwards.
    const TELLS_TOUCHED: bool = false;
    type Document = Doc;
    type Mark = ();

    fn import(rows: &[Row]) -> EngineResult<(Doc, Vec<Piece>)> {
        let doc = empty(Replica::Receiver);
        let mut transaction = doc.transact_mut();
        let records = transaction.get_or_insert_map(RECORDS);
        for row in rows {
            insert(&mut transaction, &records, row);
        }
        let bytes = transaction.encode_update_v1();
        drop(transaction);
        Ok((doc, vec![bytes.into()]))
    }

    fn stored(doc: &Doc) -> EngineResult<Vec<Piece>> {
        Ok(vec![doc.transact().encode_state_as_update_v1(&StateVector::default()).into()])
    }

    fn open(stored: &[Piece], replica: Replica) -> EngineResult<Doc> {
        let mut doc = empty(replica);
        Self::merge(&mut doc, stored)?;
        Ok(doc)
    }

    fn capture(doc: &mut Doc, rows: &[Row]) -> EngineResult<Vec<Piece>> {
        let mut transaction = doc.transact_mut();
        let records = transaction.get_or_insert_map(RECORDS);
        for row in rows {
            let Some(Out::YMap(record)) = records.get(&transaction, &row.key) else {
                insert(&mut transaction, &records, row);
                continue;
            };
            for (name, field) in FIELDS.iter().zip(&row.fields) {
                record.try_update(&mut transaction, *name, any(field));
            }
        }
        if records.len(&transaction) as usize != rows.len() {
            return Err("records were deleted: no work here deletes any".into());
        }
        Ok(vec![transaction.encode_update_v1().into()])
    }

    fn commit(doc: &mut Doc, updates: &[Update]) -> EngineResult<Piece> {
        let mut transaction = doc.transact_mut();
        let records = transaction.get_or_insert_map(RECORDS);
        for update in updates {
            let Some(Out::YMap(record)) = records.get(&transaction, &update.key) else {
                return Err(format!("there is no record {}", update.key).into());
            };
            record.insert(&mut transaction, update.name(), any(&update.value));
        }
        Ok(transaction.encode_update_v1().into())
    }

    fn merge(doc: &mut Doc, received: &[Piece]) -> EngineResult<()> {
        let mut transaction = doc.transact_mut();
        for piece in received {
            transaction.apply_update(YUpdate::decode_v1(piece)?)?;
        }
        Ok(())
    }

    fn mark(_: &Doc) {}

    fn read(doc: &Doc, out: &mut impl ReadOut) -> EngineResult<()> {
        let transaction = doc.transact();
        let records = transaction.get_map(RECORDS).ok_or("there is no map of records")?;
        for (key, record) in records.iter(&transaction) {
            let Out::YMap(record) = record else { return Err("a record is no map".into()) };
            out.begin(key);
            for (name, value) in record.iter(&transaction) {
                write(name, &value, out)?;
            }
            out.end();
        }
        Ok(())
    }

    fn field(doc: &Doc, key: &str, name: &str) -> Option<Field> {
        let transaction = doc.transact();
        let Out::YMap(record) = transaction.get_map(RECORDS)?.get(&transaction, key)? else { return None };
        let Out::Any(value) = record.get(&transaction, name)? else { return None };
        match value {
            Any::String(text) => Some(Field::Text(text.to_string())),
            // What was sent comes back as a double where it has more than 31 bits.
            Any::Number(number) if name == "updatedAt" => number.as_f64().map(|ms| Field::Date(ms as i64)),
            Any::Number(Number::Int(number)) => Some(Field::Integer(number)),
            Any::Number(number) => number.as_f64().map(Field::Number),
            Any::Bool(bool) => Some(Field::Bool(bool)),
            Any::Array(tags) => {
                tags.iter().map(tag).map(|tag| tag.map(str::to_owned)).collect::<Option<_>>().map(Field::Tags)
            }
            _ => None,
        }
    }

    fn record_count(doc: &Doc) -> usize {
        let transaction = doc.transact();
        transaction.get_map(RECORDS).map_or(0, |records| records.len(&transaction) as usize)
    }
}

fn empty(replica: Replica) -> Doc {
    Doc::with_client_id(u64::from(replica.id()))
}

fn insert(transaction: &mut TransactionMut<'_>, records: &MapRef, row: &Row) {
    let record = records.insert(transaction, row.key.as_str(), MapPrelim::default());
    for (name, field) in FIELDS.iter().zip(&row.fields) {
        record.insert(transaction, *name, any(field));
    }
}

fn any(field: &Field) -> Any {
    match field {
        Field::Text(text) => Any::String(text.as_str().into()),
        Field::Integer(number) | Field::Date(number) => Any::Number(Number::Int(*number)),
        Field::Number(number) => Any::Number(Number::Float(*number)),
        Field::Bool(bool) => Any::Bool(*bool),
        Field::Tags(tags) => Any::Array(tags.iter().map(|tag| Any::String(tag.as_str().into())).collect()),
    }
}

fn write(name: &str, value: &Out, out: &mut impl ReadOut) -> EngineResult<()> {
    match value {
        Out::Any(Any::String(text)) => out.text(name, text),
        Out::Any(Any::Number(Number::Int(number))) => out.integer(name, *number),
        Out::Any(Any::Number(Number::Float(number))) => out.number(name, *number),
        Out::Any(Any::Bool(bool)) => out.bool(name, *bool),
        Out::Any(Any::Array(tags)) => out.tags(name, tags.iter().filter_map(tag)),
        _ => return Err(format!("field {name} has a type that no row has").into()),
    }
    Ok(())
}

fn tag(tag: &Any) -> Option<&str> {
    if let Any::String(tag) = tag { Some(tag) } else { None }
}
