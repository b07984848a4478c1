//! What a store directory holds: stores, records, heads, changes.

use anabranch_core::json::{key_to_string, write_key_path, write_lent_key, write_lent_value};
use anabranch_core::{Document, KeyRef, KnownHeads, ValueRef, View};

use crate::failure::Failure;
use crate::keys::parse_key;
use crate::lines::{self, Line};
use crate::output::Output;
use crate::workspace::{Workspace, parse_heads};

/// The heads that `--at` names, or where the document is.
pub(super) fn heads_at(document: &Document, at: Option<&str>) -> Result<KnownHeads, Failure> {
    match at {
        Some(at) => parse_heads(document, at),
        None => crate::workspace::known(document, &document.heads()),
    }
}

pub(crate) fn stores(workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for name in workspace.stores(None)? {
        let view = workspace.document(&name)?.view();
        let schema = view.schema();
        let mut key_path = Vec::new();
        write_key_path(schema.key_path.as_ref(), &mut key_path);
        let (records, conflicts) = (view.record_count(), view.conflict_count());
        if out.is_json() {
            let line =
                Line::new().text("database", &name.database).text("store", &name.store).raw("key_path", &key_path);
            let line = line.raw("auto_increment", if schema.auto_increment { b"true" } else { b"false" });
            out.line(&line.number("records", records).number("conflicts", conflicts).end())?;
        } else {
            let key_path = match schema.key_path {
                Some(_) => String::from_utf8_lossy(&key_path).into_owned(),
                None => "(outside)".into(),
            };
            let keys = format!("{key_path}{}", if schema.auto_increment { ", generated" } else { "" });
            rows.push(vec![
                name.database.clone(),
                name.store.clone(),
                keys,
                records.to_string(),
                conflicts.to_string(),
            ]);
        }
    }
    match (out.is_json(), rows.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => out.say("no store yet: capture an export with `anabranch capture FILE --replica NAME`"),
        (false, false) => out.table(&["database", "store", "key", "records", "conflicts"], &rows),
    }
}

pub(crate) fn records(
    workspace: &mut Workspace,
    name: &str,
    at: Option<&str>,
    out: &mut Output,
) -> Result<(), Failure> {
    let name = workspace.store(name)?;
    let document = workspace.document(&name)?;
    let heads = heads_at(document, at)?;
    print_records(&document.at(&heads), out)
}

fn print_records(view: &View<'_>, out: &mut Output) -> Result<(), Failure> {
    let mut line = Vec::new();
    for record in view.lend_records() {
        line.clear();
        print_record(record.key(), record.value(), out, &mut line)?;
    }
    Ok(())
}

fn print_record(key: &KeyRef<'_>, value: ValueRef<'_>, out: &mut Output, line: &mut Vec<u8>) -> Result<(), Failure> {
    if out.is_json() {
        lines::record(key, value, line);
        return out.line(line);
    }
    write_lent_key(key, line);
    line.extend(b"  ");
    write_lent_value(value, line);
    out.say(String::from_utf8_lossy(line))
}

pub(crate) fn get(
    workspace: &mut Workspace,
    name: &str,
    key: &str,
    at: Option<&str>,
    out: &mut Output,
) -> Result<(), Failure> {
    let name = workspace.store(name)?;
    let key = parse_key(key)?;
    let document = workspace.document(&name)?;
    let heads = heads_at(document, at)?;
    match document.at(&heads).get(&key) {
        Some(value) => print_record(&KeyRef::from(&key), ValueRef::from(&value), out, &mut Vec::new()),
        None => {
            Err(Failure::asked(format_args!("store {} has no record with the key {}", name.store, key_to_string(&key))))
        }
    }
}

pub(crate) fn heads(workspace: &mut Workspace, name: Option<&str>, out: &mut Output) -> Result<(), Failure> {
    for name in workspace.stores(name)? {
        let label = workspace.label(&name);
        let heads = workspace.document(&name)?.heads();
        if out.is_json() {
            out.line(&Line::new().text("store", &label).heads("heads", &heads).end())?;
        } else {
            out.say(format_args!("{label}  {heads}"))?;
        }
    }
    Ok(())
}

pub(crate) fn log(workspace: &mut Workspace, name: Option<&str>, out: &mut Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for name in workspace.stores(name)? {
        let label = workspace.label(&name);
        let times = workspace.times(&name)?;
        for change in workspace.document(&name)?.changes() {
            let time = times.get(&change.hash).copied().flatten();
            let kind = change.kind.name();
            if out.is_json() {
                let line = Line::new().text("store", &label).text("change", &change.hash.to_string());
                let line = line
                    .heads("deps", &change.deps.iter().copied().collect())
                    .text("by", &change.by)
                    .text("kind", kind);
                let line = line.text("origin", change.origin.label()).number("ops", change.ops);
                let line = line.raw("part", format!("[{},{}]", change.part.0, change.part.1).as_bytes());
                out.line(&line.time("time", time).end())?;
            } else {
                let part = format!("{}/{}", change.part.0 + 1, change.part.1);
                let time = time.map(anabranch_core::json::date_to_iso).unwrap_or_default();
                let hash = change.hash.to_string().chars().take(12).collect();
                rows.push(vec![label.clone(), hash, kind.into(), change.by, part, change.ops.to_string(), time]);
            }
        }
    }
    if out.is_json() { Ok(()) } else { out.table(&["store", "change", "kind", "by", "part", "writes", "time"], &rows) }
}

pub(crate) fn status(workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let names = workspace.stores(None)?;
    let (mut records, mut conflicts, mut changes) = (0, 0, 0);
    for name in &names {
        let document = workspace.document(name)?;
        changes += document.change_count();
        let view = document.view();
        records += view.record_count();
        conflicts += view.conflict_count();
    }
    let dir = &workspace.dir;
    let counts = [
        ("databases", dir.databases().len()),
        ("stores", names.len()),
        ("records", records),
        ("conflicts", conflicts),
        ("changes", changes),
        ("replicas", dir.replicas().len()),
        ("runs", dir.runs().len()),
    ];
    if out.is_json() {
        let line = counts
            .iter()
            .fold(Line::new().text("directory", &dir.name()), |line, (name, count)| line.number(name, *count));
        return out.line(&line.end());
    }
    out.say(dir.name())?;
    let rows: Vec<Vec<String>> = counts.iter().map(|(name, count)| vec![name.to_string(), count.to_string()]).collect();
    out.table(&["", ""], &rows)?;
    if conflicts > 0 {
        out.say("look at them: anabranch conflicts")?;
    }
    Ok(())
}
