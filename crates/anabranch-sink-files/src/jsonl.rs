//! JSON Lines: the lines of the command, one object each.

use anabranch_core::json::{write_key, write_string, write_value};
use anabranch_core::{Batch, Conflict, FieldPath, Heads, Key, RecordChange, Value};
use anabranch_sink::TableName;

/// Appends `{"key":K,"value":V}`.
pub fn write_record(key: &Key, value: &Value, out: &mut Vec<u8>) {
    out.extend(b"{\"key\":");
    write_key(key, out);
    out.extend(b",\"value\":");
    write_value(value, out);
    out.push(b'}');
}

/// Appends a record change that is a Debezium envelope as well. `ts_ms` is null: time decides nothing here.
pub(crate) fn write_change(table: &TableName, change: &RecordChange, batch: &Batch, out: &mut Vec<u8>) {
    out.extend(b"{\"store\":");
    write_string(&table.store, out);
    out.extend(b",\"key\":");
    write_key(&change.key, out);
    out.extend(format!(",\"op\":\"{}\",\"before\":", change.op()).as_bytes());
    write_optional(change.before.as_ref(), out);
    out.extend(b",\"after\":");
    write_optional(change.after.as_ref(), out);
    out.extend(b",\"origin\":");
    write_string(change.origin.label(), out);
    out.extend(b",\"heads\":");
    write_heads(&batch.to, out);
    out.extend(b",\"source\":{\"connector\":\"anabranch\",\"db\":");
    write_string(&table.database, out);
    out.extend(b",\"table\":");
    write_string(&table.store, out);
    out.extend(b",\"snapshot\":");
    out.extend(if batch.from.is_empty() { &b"\"true\""[..] } else { b"\"false\"" });
    out.extend(b"},\"ts_ms\":null,\"transaction\":null}");
}

/// Appends a conflict line.
pub fn write_conflict(store: &str, conflict: &Conflict, out: &mut Vec<u8>) {
    out.extend(b"{\"store\":");
    write_string(store, out);
    out.extend(b",\"key\":");
    write_key(&conflict.key, out);
    out.extend(b",\"field\":");
    write_field(conflict.field.as_ref(), out);
    out.extend(format!(",\"kind\":\"{}\",\"shown\":", conflict.kind.name()).as_bytes());
    write_optional(conflict.shown.as_ref(), out);
    out.extend(b",\"others\":");
    write_others(conflict, out);
    out.extend(b",\"policy\":");
    write_string(conflict.policy, out);
    out.push(b'}');
}

/// Appends the values that lost, as a JSON array.
pub(crate) fn write_others(conflict: &Conflict, out: &mut Vec<u8>) {
    write_list(&conflict.others, out, |other, out| {
        out.extend(b"{\"value\":");
        write_optional(other.value.as_ref(), out);
        out.extend(b",\"replica\":");
        write_string(&other.replica, out);
        out.extend(format!(",\"change\":\"{}\"", other.change).as_bytes());
        if let Some(key) = &other.key {
            out.extend(b",\"key\":");
            write_key(key, out);
        }
        out.push(b'}');
    });
}

/// Appends a field as a JSON array of names, or null for the record as a whole.
pub(crate) fn write_field(field: Option<&FieldPath>, out: &mut Vec<u8>) {
    match field {
        None => out.extend(b"null"),
        Some(field) => write_list(&field.0, out, |name, out| write_value(&Value::String(name.clone()), out)),
    }
}

/// Appends heads as a JSON array of hashes.
pub(crate) fn write_heads(heads: &Heads, out: &mut Vec<u8>) {
    write_list(heads.hashes(), out, |hash, out| out.extend(format!("\"{hash}\"").as_bytes()));
}

fn write_optional(value: Option<&Value>, out: &mut Vec<u8>) {
    match value {
        Some(value) => write_value(value, out),
        None => out.extend(b"null"),
    }
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}
