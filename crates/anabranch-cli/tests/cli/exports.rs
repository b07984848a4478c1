//! Small exports, written as dexie-export-import writes them.

use serde_json::{Value, json};

/// A table of an export: its name, its Dexie schema, its rows (with the keys inside).
pub type Table<'t> = (&'t str, &'t str, Vec<Value>);

/// An export of one database, its members in the library's order.
pub fn dexie(database: &str, tables: &[Table<'_>]) -> String {
    let join = |parts: Vec<String>| parts.join(",");
    let described = tables.iter().map(|(name, schema, rows)| {
        format!(r#"{{"name":{},"schema":"{schema}","rowCount":{}}}"#, json!(name), rows.len())
    });
    let data = tables.iter().map(|(name, schema, rows)| {
        let rows = Value::Array(rows.clone());
        format!(r#"{{"tableName":{},"inbound":{},"rows":{rows}}}"#, json!(name), !schema.is_empty())
    });
    format!(
        r#"{{"formatName":"dexie","formatVersion":1,"data":{{"databaseName":{},"databaseVersion":10,"tables":[{}],"data":[{}]}}}}"#,
        json!(database),
        join(described.collect()),
        join(data.collect())
    )
}

/// Orders `o1` to `o<n>`, each with a state and a nested object.
pub fn orders(n: usize) -> Vec<Value> {
    (1..=n).map(|n| order(&format!("o{n}"), "new", n)).collect()
}

pub fn order(id: &str, state: &str, n: usize) -> Value {
    json!({"id": id, "state": state, "n": n, "ship": {"city": "Nuuk"}})
}

/// The export of a shop with these orders.
pub fn shop(orders: &[Value]) -> String {
    dexie("shop", &[("orders", "id", orders.to_vec())])
}

/// The orders, the one with this id changed.
pub fn with(orders: &[Value], id: &str, change: impl Fn(&mut Value)) -> Vec<Value> {
    let mut orders = orders.to_vec();
    change(orders.iter_mut().find(|order| order["id"] == id).unwrap());
    orders
}

/// The orders without the one with this id.
pub fn without(orders: &[Value], id: &str) -> Vec<Value> {
    orders.iter().filter(|order| order["id"] != id).cloned().collect()
}
