//! The lines of NDJSON that other programs rely on.

use anabranch_core::commit::Outcome;
use anabranch_core::document::Write;
use anabranch_core::json::{
    date_to_iso, write_field_path, write_key, write_lent_key, write_lent_value, write_string, write_value,
};
use anabranch_core::{Conflict, Detail, FieldPath, Heads, Key, KeyRef, Receipt, Value, ValueRef};

/// A JSON object being written.
pub(crate) struct Line(Vec<u8>);

impl Line {
    pub(crate) fn new() -> Self {
        Self(b"{".to_vec())
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        write_string(name, &mut self.0);
        self.0.push(b':');
        &mut self.0
    }

    pub(crate) fn text(mut self, name: &str, text: &str) -> Self {
        write_string(text, self.name(name));
        self
    }

    pub(crate) fn optional_text(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self.raw(name, b"null"),
        }
    }

    pub(crate) fn raw(mut self, name: &str, json: &[u8]) -> Self {
        self.name(name).extend(json);
        self
    }

    pub(crate) fn number(self, name: &str, number: impl ToString) -> Self {
        self.raw(name, number.to_string().as_bytes())
    }

    pub(crate) fn key(mut self, name: &str, key: &Key) -> Self {
        write_key(key, self.name(name));
        self
    }

    pub(crate) fn value(mut self, name: &str, value: Option<&Value>) -> Self {
        match value {
            Some(value) => write_value(value, self.name(name)),
            None => self.name(name).extend(b"null"),
        }
        self
    }

    pub(crate) fn heads(mut self, name: &str, heads: &Heads) -> Self {
        let hashes: Vec<String> = heads.hashes().iter().map(|hash| format!("\"{hash}\"")).collect();
        self.name(name).extend(format!("[{}]", hashes.join(",")).as_bytes());
        self
    }

    pub(crate) fn field(mut self, name: &str, field: Option<&FieldPath>) -> Self {
        let out = self.name(name);
        match field {
            None => out.extend(b"null"),
            Some(field) => write_value(&Value::Array(field.0.iter().cloned().map(Value::String).collect()), out),
        }
        self
    }

    pub(crate) fn time(self, name: &str, ms: Option<i64>) -> Self {
        self.optional_text(name, ms.map(date_to_iso).as_deref())
    }
}

pub(crate) fn record(key: &KeyRef<'_>, value: ValueRef<'_>, out: &mut Vec<u8>) {
    out.extend(b"{\"key\":");
    write_lent_key(key, out);
    out.extend(b",\"value\":");
    write_lent_value(value, out);
    out.push(b'}');
}

pub(crate) fn conflict(store: &str, conflict: &Conflict) -> Vec<u8> {
    Line::new()
        .text("store", store)
        .key("key", &conflict.key)
        .field("field", conflict.field.as_ref())
        .text("kind", conflict.kind.name())
        .value("shown", conflict.shown.as_ref())
        .raw("others", &others(conflict))
        .text("policy", conflict.policy)
        .end()
}

fn others(conflict: &Conflict) -> Vec<u8> {
    let mut out = b"[".to_vec();
    for (at, other) in conflict.others.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let mut line = Line::new().value("value", other.value.as_ref()).text("replica", &other.replica);
        line = line.text("change", &other.change.to_string());
        if let Some(key) = &other.key {
            line = line.key("key", key);
        }
        out.extend(line.end());
    }
    out.push(b']');
    out
}

/// What a receipt says beside its counts.
pub(crate) struct ReceiptOf<'r> {
    pub(crate) run: Option<&'r str>,
    pub(crate) replica: Option<&'r str>,
    pub(crate) store: &'r str,
    pub(crate) base: &'r Heads,
    pub(crate) heads: &'r Heads,
}

pub(crate) fn receipt(of: &ReceiptOf<'_>, receipt: &Receipt) -> Vec<u8> {
    let mut details = b"[".to_vec();
    for (at, detail) in receipt.details.iter().enumerate() {
        if at > 0 {
            details.push(b',');
        }
        details.extend(detail_line(detail));
    }
    details.push(b']');
    let mut line = Line::new().optional_text("run", of.run);
    if let Some(replica) = of.replica {
        line = line.text("replica", replica);
    }
    line.text("store", of.store)
        .heads("base", of.base)
        .heads("heads", of.heads)
        .number("rows", receipt.rows)
        .number("applied", receipt.applied)
        .number("merged", receipt.merged)
        .number("superseded", receipt.superseded)
        .number("conflicted", receipt.conflicted)
        .number("unchanged", receipt.unchanged)
        .number("refused", receipt.refused)
        .raw("details", &details)
        .end()
}

fn detail_line(detail: &Detail) -> Vec<u8> {
    let mut line = Line::new().number("row", detail.row);
    if let Some(key) = &detail.key {
        line = line.key("key", key);
    }
    line = line.text("outcome", detail.outcome.name());
    if let Some(field) = &detail.field {
        line = line.field("field", Some(field));
    }
    if let Some(reason) = reason_of_row(detail) {
        line = line.text("reason", &reason);
    }
    line.end()
}

/// Why a row met its outcome, and which value shows, where that is not plain.
pub(crate) fn reason_of_row(detail: &Detail) -> Option<String> {
    let reason = match (detail.outcome, detail.shows) {
        (Outcome::Refused, _) => return detail.refusal.as_ref().map(ToString::to_string),
        (Outcome::Superseded, _) if detail.field.is_none() => "the record was deleted since the base: it stays deleted",
        (Outcome::Superseded, _) => "the field's policy shows another value",
        (Outcome::Conflicted, Some(true)) if detail.field.is_none() => "others edited the record: it shows as deleted",
        (Outcome::Conflicted, _) if detail.field.is_none() => "others edited the record: their edits show",
        (Outcome::Conflicted, Some(true)) => "written concurrently with another value: this one shows",
        (Outcome::Conflicted, _) => "written concurrently with another value: the other shows",
        (Outcome::Merged, Some(true)) => {
            "made concurrently with another value: this one shows, the other is a conflict"
        }
        (Outcome::Merged, _) => "others wrote the record since the base: both are kept",
        (Outcome::Applied | Outcome::Unchanged, _) => return None,
    };
    Some(reason.to_owned())
}

pub(crate) fn write(write: &Write, reason: &str, time_ms: Option<i64>) -> Vec<u8> {
    Line::new()
        .field("field", write.field.as_ref())
        .value("value", write.value.as_ref())
        .text("replica", &write.replica)
        .text("origin", write.origin.label())
        .text("change", &write.change.to_string())
        .time("time", time_ms)
        .raw("shown", if write.shown { b"true" } else { b"false" })
        .text("reason", reason)
        .end()
}

/// Why a write of a record shows or does not, given all of them.
pub(crate) fn reason(write: &Write, all: &[Write]) -> &'static str {
    let is_same = |other: &Write| other.shown && other.field == write.field && other.value == write.value;
    match (write.shown, write.visible, write.is_deletion, write.is_part) {
        (true, _, true, _) => "the record is deleted",
        (true, _, _, true) => "counts towards what is shown",
        (true, ..) => "shown",
        (false, false, ..) => "overwritten by a write that saw it",
        (false, true, true, _) => "overruled by a concurrent edit",
        (false, true, false, true) => "counts towards what is shown",
        (false, true, false, false) if all.iter().any(is_same) => "the same value shows, by another write",
        (false, true, false, false) => "hidden by a concurrent write or a deletion",
    }
}

/// A field for people.
pub(crate) fn field_name(field: Option<&FieldPath>) -> String {
    match field {
        None => "(record)".into(),
        Some(field) if field.0.is_empty() => "(value)".into(),
        Some(field) => write_field_path(field),
    }
}
