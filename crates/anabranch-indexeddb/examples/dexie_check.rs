//! `write FILE` writes a file for dexie-export-import with values of every type, in stores of every kind;
//! `compare FILE` reads what the real library exported after it had imported that file.

use std::error::Error;

use anabranch_core::json::{Lexer, key_to_string, read_value, value_to_string};
use anabranch_core::{Index, Key, KeyPath, StoreSchema, Value};
use anabranch_indexeddb::{DexieWriter, Export, Format, ReadOptions, SnapshotVisitor, Want, dexie_leaves_out};

const LINES: &str = include_str!("../tests/dexie/all-types.jsonl");

type Store = (String, StoreSchema, Vec<(Key, Value)>);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", file] => write(file),
        ["compare", file] => compare(file),
        _ => Err("write FILE, or compare FILE".into()),
    }
}

/// The lines' records with keys beside them, and again inside their values; and a store of each kind.
fn stores() -> Result<Vec<Store>, Box<dyn Error>> {
    let (mut beside, mut inside) = (Vec::new(), Vec::new());
    for line in LINES.lines() {
        let mut lexer = Lexer::new(line.as_bytes(), 256);
        let json = lexer.value()?;
        let member = |name| json.get(name).ok_or("a line lacks a member").cloned();
        let key = Key::from_value(&anabranch_core::json::value_from_json(member("key")?)?)?;
        let value = anabranch_core::json::value_from_json(member("value")?)?;
        if dexie_leaves_out(&value).is_some() {
            continue;
        }
        if !matches!(value, Value::Graph(_)) {
            inside.push((key.clone(), Value::object([("id", key.to_value()), ("v", value.clone())])));
        }
        beside.push((key, value));
    }
    let path = |path: &str| KeyPath::Single(path.into());
    let index = |name: &str, key_path, unique, multi_entry| Index { name: name.into(), key_path, unique, multi_entry };
    let indexes = vec![
        index("contact.email", path("contact.email"), true, false),
        index("tags", path("tags"), false, true),
        index("[name+age]", KeyPath::Compound(vec!["name".into(), "age".into()]), false, false),
    ];
    let person = read_value(br#"{"id":7,"name":"Ada","age":36,"tags":["a","b"],"contact":{"email":"a@b.test"}}"#)?;
    let place = read_value(br#"{"a":1,"b":{"c":"x"}}"#)?;
    let compound = KeyPath::Compound(vec!["a".into(), "b.c".into()]);
    let compound_key = compound.extract(&place)?;
    let schema =
        |key_path: Option<KeyPath>, auto_increment| StoreSchema { key_path, auto_increment, ..StoreSchema::default() };
    Ok(vec![
        ("beside".into(), schema(None, false), beside),
        ("inside".into(), schema(Some(path("id")), false), inside),
        ("people".into(), StoreSchema { indexes, ..schema(Some(path("id")), true) }, vec![(Key::Number(7.0), person)]),
        (
            "log".into(),
            schema(None, true),
            vec![(Key::Number(-3.0), Value::from("re-keyed")), (Key::Number(41.0), Value::Null)],
        ),
        ("places".into(), schema(Some(compound), false), vec![(compound_key, place)]),
        ("names".into(), schema(Some(path("")), false), vec![(Key::String("n".into()), Value::from("n"))]),
        ("empty".into(), schema(None, false), Vec::new()),
    ])
}

fn write(file: &str) -> Result<(), Box<dyn Error>> {
    let stores = stores()?;
    let heads: Vec<_> =
        stores.iter().map(|(name, schema, records)| (name.clone(), schema.clone(), records.len() as u64)).collect();
    let mut writer = DexieWriter::new(std::fs::File::create(file)?, "all types ✓", 30, &heads)?;
    for (_, _, records) in &stores {
        writer.begin_store()?;
        for (key, value) in records {
            writer.record(key, value)?;
        }
    }
    writer.finish()?;
    Ok(())
}

#[derive(Default)]
struct Read(Vec<Store>);

impl SnapshotVisitor for Read {
    type Error = std::convert::Infallible;

    fn store(&mut self, name: &str, schema: &StoreSchema, _rows: Option<u64>) -> Result<Want, Self::Error> {
        self.0.push((name.into(), schema.clone(), Vec::new()));
        Ok(Want::Records)
    }

    fn record(&mut self, key: Key, value: Value) -> Result<(), Self::Error> {
        if let Some((_, _, records)) = self.0.last_mut() {
            records.push((key, value));
        }
        Ok(())
    }
}

fn compare(file: &str) -> Result<(), Box<dyn Error>> {
    let mut read = Read::default();
    Export::open(file, &ReadOptions::default())?.read(&mut read)?;
    let mut differences = 0;
    let expected = stores()?;
    let records: usize = expected.iter().map(|(_, _, records)| records.len()).sum();
    let count = expected.len();
    for (name, schema, written) in expected {
        let Some((_, schema_read, records_read)) = read.0.iter().find(|(have, ..)| *have == name) else {
            return Err(format!("the store {name} is gone").into());
        };
        if sorted(&Format::Dexie.schema_loss(&schema)) != sorted(schema_read) {
            differences += 1;
            println!("{name}: {schema_read:?}");
        }
        for (key, value) in &written {
            let got = records_read.iter().find(|(have, _)| have == key).map(|(_, value)| value);
            if got != Some(&Format::Dexie.loss(value)) {
                differences += 1;
                println!(
                    "{name} {}: {} came back as {}",
                    key_to_string(key),
                    value_to_string(value),
                    got.map_or("nothing".into(), value_to_string)
                );
            }
        }
        differences += usize::from(written.len() != records_read.len());
    }
    println!("{count} stores, {records} records, {differences} differences");
    if differences == 0 { Ok(()) } else { Err("the library gave back something else".into()) }
}

fn sorted(schema: &StoreSchema) -> StoreSchema {
    let mut schema = schema.clone();
    schema.indexes.sort();
    schema
}
