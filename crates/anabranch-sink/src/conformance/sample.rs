//! What the laws are tried on.

use anabranch_core::{Author, Document, Edit, Key, Value};

use crate::sink::TableName;

/// Three stores at an earlier and a later moment.
pub(super) struct Sample {
    stores: Vec<(TableName, Document)>,
}

impl Sample {
    pub(super) fn first() -> Self {
        let mut orders = Document::new();
        commit(&mut orders, "first", (0..7).map(|at| put(at, [("state", "open".into())])).collect());
        let mut notes = Document::new();
        let keys = [Key::String("a/b".into()), Key::Array(vec![key(1), Key::Date(0.0)]), Key::Binary(vec![0, 255])];
        let note = |key| Edit::Put { key: Some(key), value: Value::from("no object") };
        commit(&mut notes, "first", keys.map(note).into());
        let mut drafts = Document::new();
        commit(&mut drafts, "first", vec![put(1, [])]);
        let stores = [("orders", orders), ("notes & more", notes), ("drafts", drafts)];
        Self { stores: stores.map(|(name, document)| (table(name), document)).into() }
    }

    /// Records added, changed, deleted, with a conflict and a new field; a store unchanged, and one emptied.
    pub(super) fn second() -> Self {
        let mut sample = Self::first();
        for (name, document) in &mut sample.stores {
            let base = document.known(&document.heads()).expect("these are its own heads");
            match name.store.as_str() {
                "orders" => {
                    let added = put(7, [("state", "open".into()), ("paid", true.into())]);
                    let edits = vec![put(1, [("state", "paid".into())]), added, Edit::Delete { key: key(2) }];
                    commit(document, "second", edits);
                    let late = [put(1, [("state", "cancelled".into())])];
                    document.change_at(&base, &late, &Author::run("third", "job")).expect("the sample is sound");
                }
                "drafts" => commit(document, "second", vec![Edit::Delete { key: key(1) }]),
                _ => (),
            }
        }
        sample
    }

    pub(super) fn tables(&self) -> Vec<(TableName, &Document)> {
        self.stores.iter().map(|(name, document)| (name.clone(), document)).collect()
    }
}

fn table(store: &str) -> TableName {
    TableName { database: "shop".into(), store: store.into() }
}

fn key(at: i32) -> Key {
    Key::Number(f64::from(at))
}

fn put<const N: usize>(at: i32, fields: [(&str, Value); N]) -> Edit {
    let lines = Value::Array(vec![Value::object([("sku", Value::from("x"))])]);
    let common = [("total", Value::Number(f64::from(at) / 2.0)), ("lines", lines)];
    Edit::Put { key: Some(key(at)), value: Value::object(common.into_iter().chain(fields)) }
}

fn commit(document: &mut Document, author: &str, edits: Vec<Edit>) {
    let base = document.known(&document.heads()).expect("these are its own heads");
    document.change_at(&base, &edits, &Author::person(author)).expect("the sample is sound");
}
