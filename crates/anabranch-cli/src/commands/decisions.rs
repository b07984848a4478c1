//! Every automatic decision, looked up: conflicts, why a value shows, every write of a record.

use std::collections::BTreeMap;

use anabranch_core::document::Write;
use anabranch_core::json::{date_to_iso, key_to_string, value_to_string};
use anabranch_core::{ChangeHash, Conflict, Value};

use crate::failure::Failure;
use crate::keys::{parse_field, parse_key};
use crate::lines::{self, field_name};
use crate::output::{Output, shorten};
use crate::workspace::Workspace;

/// Characters of a value that a table shows.
const VALUE_WIDTH: usize = 36;

pub(crate) fn conflicts(workspace: &mut Workspace, name: Option<&str>, out: &mut Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for name in workspace.stores(name)? {
        let label = workspace.label(&name);
        for conflict in workspace.document(&name)?.view().conflicts() {
            if out.is_json() {
                out.line(&lines::conflict(&label, &conflict))?;
            } else {
                rows.push(conflict_row(&label, &conflict));
            }
        }
    }
    match (out.is_json(), rows.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => out.say("no conflicts"),
        (false, false) => {
            out.table(CONFLICT_HEAD, &rows)?;
            out.say("end one: anabranch resolve STORE KEY FIELD VALUE, or resolve STORE KEY --keep | --delete")
        }
    }
}

/// The columns of a table of conflicts.
pub(super) const CONFLICT_HEAD: &[&str] = &["store", "key", "field", "kind", "shows", "instead of", "by policy"];

/// A conflict for people.
pub(super) fn conflict_row(label: &str, conflict: &Conflict) -> Vec<String> {
    let others: Vec<String> = conflict
        .others
        .iter()
        .map(|other| {
            let value = || value_cell(other.value.as_ref(), "removed");
            // Where two records clash, the other one is there, too: its key says more than its contents.
            let what = other.key.as_ref().map_or_else(value, |key| format!("the record {}", key_to_string(key)));
            format!("{what} ({})", other.replica)
        })
        .collect();
    let missing = if conflict.field.is_none() { "deleted" } else { "nothing" };
    vec![
        label.to_owned(),
        shorten(&key_to_string(&conflict.key), VALUE_WIDTH),
        field_name(conflict.field.as_ref()),
        conflict.kind.name().into(),
        value_cell(conflict.shown.as_ref(), missing),
        others.join(", "),
        conflict.policy.into(),
    ]
}

fn value_cell(value: Option<&Value>, missing: &str) -> String {
    value.map_or_else(|| missing.to_owned(), |value| shorten(&value_to_string(value), VALUE_WIDTH))
}

pub(crate) fn explain(
    workspace: &mut Workspace,
    name: &str,
    key: &str,
    field: Option<&str>,
    out: &mut Output,
) -> Result<(), Failure> {
    let name = workspace.store(name)?;
    let (key, field) = (parse_key(key)?, field.map(parse_field).transpose()?);
    let times = workspace.times(&name)?;
    let writes = workspace.document(&name)?.explain(&key, field.as_ref());
    if writes.is_empty() {
        return Err(Failure::asked(format_args!(
            "store {} never had that: see `anabranch history {} KEY`",
            name.store, name.store
        )));
    }
    print_writes(&writes, &times, out)
}

pub(crate) fn history(workspace: &mut Workspace, name: &str, key: &str, out: &mut Output) -> Result<(), Failure> {
    let name = workspace.store(name)?;
    let key = parse_key(key)?;
    let times = workspace.times(&name)?;
    let writes = workspace.document(&name)?.history(&key);
    if writes.is_empty() {
        return Err(Failure::asked(format_args!(
            "store {} never had a record with the key {}",
            name.store,
            key_to_string(&key)
        )));
    }
    print_writes(&writes, &times, out)
}

fn print_writes(writes: &[Write], times: &BTreeMap<ChangeHash, Option<i64>>, out: &mut Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for write in writes {
        let time = times.get(&write.change).copied().flatten();
        let reason = lines::reason(write, writes);
        if out.is_json() {
            out.line(&lines::write(write, reason, time))?;
            continue;
        }
        let value = if write.is_deletion {
            "deleted".into()
        } else {
            value_cell(write.value.as_ref(), if write.field.is_none() { "present" } else { "removed" })
        };
        rows.push(vec![
            field_name(write.field.as_ref()),
            value,
            write.replica.clone(),
            write.origin.label().into(),
            time.map(date_to_iso).unwrap_or_default(),
            reason.into(),
        ]);
    }
    if out.is_json() { Ok(()) } else { out.table(&["field", "value", "by", "origin", "time", ""], &rows) }
}
