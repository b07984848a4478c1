//! Anabranch: our own registers over automerge changes.

use std::collections::BTreeSet;
use std::path::Path;

use anabranch_core::{
    Author, CaptureKind, ChangeBytes, Document, Edit, FieldPath, Heads, JsString, Key, KeyRef, KnownHeads, RowFields,
    StoreSchema, Value, ValueRef,
};
use anabranch_store::testing::MemoryDisk;
use anabranch_store::{Access, Disk, Note, StoreDir, StoreName};

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::read_out::ReadOut;
use crate::rows::{FIELDS, Field, Row, Update};

mod saved;

/// The engine of this workspace.
pub(crate) struct Anabranch;

/// A document and the name under which its replica commits.
pub(crate) struct NamedDocument {
    document: Document,
    replica: &'static str,
}

impl Engine for Anabranch {
    const NAME: &'static str = "anabranch";
    const RECORDS_MAX: usize = 1_000_000;
    type Document = NamedDocument;
    type Mark = Heads;

    fn import(rows: &[Row]) -> EngineResult<(Self::Document, Vec<Piece>)> {
        let mut own = NamedDocument { document: Document::new(), replica: replica_name(Replica::Receiver) };
        let changes = capture(&mut own, CaptureKind::First, rows)?;
        Ok((own, changes))
    }

    fn stored(own: &Self::Document) -> EngineResult<Vec<Piece>> {
        Ok(pieces(own.document.change_bytes()))
    }

    fn open(stored: &[Piece], replica: Replica) -> EngineResult<Self::Document> {
        let (document, outcome) = Document::load(stored.iter().cloned());
        match outcome.refused.into_iter().next() {
            Some(refusal) => Err(refusal.reason.into()),
            None => Ok(NamedDocument { document, replica: replica_name(replica) }),
        }
    }

    fn kept(own: &Self::Document) -> EngineResult<Vec<Piece>> {
        saved::save(&own.document)
    }

    fn open_kept(kept: &[Piece]) -> EngineResult<Self::Document> {
        Ok(NamedDocument { document: saved::open(kept)?, replica: replica_name(Replica::Receiver) })
    }

    fn open_file(file: &Path) -> EngineResult<Self::Document> {
        Ok(NamedDocument { document: saved::open_file(file)?, replica: replica_name(Replica::Receiver) })
    }

    /// The log of a store directory that was compacted, all of it but the open tail of a frame of no entries.
    fn sealed(own: &Self::Document) -> EngineResult<Vec<Piece>> {
        let disk = MemoryDisk::default();
        StoreDir::init(&mut disk.clone())?;
        let mut dir = StoreDir::open(disk.clone(), Access::Write)?;
        let name = StoreName { database: "bench".into(), store: "users".into() };
        let note = Note { time_ms: Some(0), source: "bench".into() };
        let mut transaction = dir.transaction();
        transaction.changes(&name, &note, own.document.change_bytes().map(|change| change.bytes.to_vec()));
        transaction.commit()?;
        dir.compact(&mut |_, _| ())?;
        let sealed = dir.segments()?.into_iter().filter(|segment| segment.is_sealed);
        sealed.map(|segment| Ok(disk.read(&format!("log/{:08}.seg", segment.number))?.into())).collect()
    }

    fn capture(own: &mut Self::Document, rows: &[Row]) -> EngineResult<Vec<Piece>> {
        let baseline = heads(&own.document)?;
        capture(own, CaptureKind::Next { baseline, left_out: BTreeSet::new() }, rows)
    }

    fn commit(own: &mut Self::Document, updates: &[Update]) -> EngineResult<Piece> {
        let base = heads(&own.document)?;
        let edits: Vec<Edit> = updates.iter().map(edit).collect();
        let commit = own.document.change_at(&base, &edits, &Author::person(own.replica))?;
        match commit.changes.as_slice() {
            [change] => Ok(change.bytes.clone()),
            changes => Err(format!("a commit of {} updates is {} changes", updates.len(), changes.len()).into()),
        }
    }

    fn merge(own: &mut Self::Document, received: &[Piece]) -> EngineResult<()> {
        let outcome = own.document.apply(received.iter().cloned());
        outcome.refused.into_iter().next().map_or(Ok(()), |refusal| Err(refusal.reason.into()))
    }

    fn mark(own: &Self::Document) -> Heads {
        own.document.heads()
    }

    fn touched_since(own: &Self::Document, mark: &Heads, tell: &mut dyn FnMut(&str)) -> EngineResult<()> {
        let mut others = 0;
        own.document.each_touched(&own.document.known(mark)?, &heads(&own.document)?, &mut |key| match key {
            KeyRef::String(key) => tell(key),
            KeyRef::Other(_) => others += 1,
        });
        if others > 0 { Err("a record has a key that no row has".into()) } else { Ok(()) }
    }

    fn read(own: &Self::Document, out: &mut impl ReadOut) -> EngineResult<()> {
        for record in own.document.view().scan() {
            let (KeyRef::String(key), ValueRef::Object(fields)) = (record.key(), record.value()) else {
                return Err("a record has a key or a value that no row has".into());
            };
            out.begin(key);
            for (name, value) in fields {
                write(text(name)?, value, out)?;
            }
            out.end();
        }
        Ok(())
    }

    fn field(own: &Self::Document, key: &str, name: &str) -> Option<Field> {
        let Value::Object(fields) = own.document.view().get(&Key::String(key.into()))? else { return None };
        match fields.get(name)? {
            Value::String(text) => Some(Field::Text(text.as_str()?.to_owned())),
            // IndexedDB has one type of number.
            Value::Number(number) if name == "age" => Some(Field::Integer(*number as i64)),
            Value::Number(number) => Some(Field::Number(*number)),
            Value::Bool(bool) => Some(Field::Bool(*bool)),
            Value::Date(ms) => ms.map(Field::Date),
            Value::Array(tags) => {
                tags.iter().map(tag).map(|tag| tag.map(str::to_owned)).collect::<Option<_>>().map(Field::Tags)
            }
            _ => None,
        }
    }

    fn record_count(own: &Self::Document) -> usize {
        own.document.view().record_count()
    }
}

fn replica_name(replica: Replica) -> &'static str {
    match replica {
        Replica::Receiver => "desk",
        Replica::Sender => "phone",
    }
}

fn heads(document: &Document) -> EngineResult<KnownHeads> {
    Ok(document.known(&document.heads())?)
}

fn capture(own: &mut NamedDocument, kind: CaptureKind, rows: &[Row]) -> EngineResult<Vec<Piece>> {
    let mut capture = own.document.capture(own.replica, kind);
    capture.schema(&StoreSchema::default())?;
    capture.rows(rows.iter().map(lend_row), &RowFields::new(FIELDS)?)?;
    let prepared = capture.finish(true)?;
    Ok(pieces(own.document.commit(prepared)?.changes))
}

fn pieces(changes: impl IntoIterator<Item = ChangeBytes>) -> Vec<Piece> {
    changes.into_iter().map(|change| change.bytes).collect()
}

fn edit(update: &Update) -> Edit {
    let field = FieldPath(vec![update.name().into()]);
    Edit::Merge {
        key: Key::String(update.key.as_str().into()),
        set: vec![(field, value(&update.value))],
        unset: Vec::new(),
    }
}

fn value(field: &Field) -> Value {
    match field {
        Field::Text(text) => Value::from(text.as_str()),
        Field::Integer(number) => Value::Number(*number as f64),
        Field::Number(number) => Value::Number(*number),
        Field::Bool(bool) => Value::Bool(*bool),
        Field::Tags(tags) => Value::Array(tags.iter().map(|tag| Value::from(tag.as_str())).collect()),
        Field::Date(ms) => Value::Date(Some(*ms)),
    }
}

fn lend_row(row: &Row) -> (KeyRef<'_>, [Option<ValueRef<'_>>; FIELDS.len()]) {
    (KeyRef::String(&row.key), row.fields.each_ref().map(|field| Some(lend(field))))
}

fn lend(field: &Field) -> ValueRef<'_> {
    match field {
        Field::Text(text) => ValueRef::String(text),
        Field::Integer(number) => ValueRef::Number(*number as f64),
        Field::Number(number) => ValueRef::Number(*number),
        Field::Bool(bool) => ValueRef::Bool(*bool),
        Field::Tags(tags) => ValueRef::from(tags.as_slice()),
        Field::Date(ms) => ValueRef::Date(*ms),
    }
}

fn write(name: &str, value: ValueRef<'_>, out: &mut impl ReadOut) -> EngineResult<()> {
    match value {
        ValueRef::String(text) => out.text(name, text),
        ValueRef::Number(number) => out.number(name, number),
        ValueRef::Bool(bool) => out.bool(name, bool),
        ValueRef::Date(ms) => out.integer(name, ms),
        ValueRef::Array(tags) => {
            out.tags(name, tags.filter_map(|tag| if let ValueRef::String(tag) = tag { Some(tag) } else { None }))
        }
        _ => return Err(format!("field {name} has a type that no row has").into()),
    }
    Ok(())
}

fn tag(tag: &Value) -> Option<&str> {
    if let Value::String(tag) = tag { tag.as_str() } else { None }
}

fn text(string: &JsString) -> EngineResult<&str> {
    string.as_str().ok_or_else(|| "a string has a lone surrogate".into())
}
