//! `write-back`: the merged contents as a file that a replica's application imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufWriter;

use anabranch_core::{Key, Record, StoreSchema, Value, json};
use anabranch_indexeddb::{DexieWriter, Lost, Step, WriteExportError, dexie_leaves_out, dexie_loses};
use anabranch_store::{Offer, Replica, StoreName};

use crate::args;
use crate::failure::Failure;
use crate::files::PendingFile;
use crate::lines::Line;
use crate::output::Output;
use crate::workspace::{Workspace, now_ms};

/// How many losses are said to people; the lines list all.
const LOSSES_SAID_MAX: usize = 20;

/// A store as it is written.
struct Part {
    name: StoreName,
    schema: StoreSchema,
    records: Vec<Record>,
    left_out: Vec<LeftOut>,
    losses: Vec<Loss>,
}

/// A record that the file does not hold.
struct LeftOut {
    key: String,
    reason: String,
}

/// A value inside a record that the file holds, which comes back as another: unknown there, so neither an edit nor a deletion.
struct Loss {
    key: String,
    lost: Lost,
}

pub(crate) fn run(arguments: &args::WriteBack, workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let args::ExportFormat::Dexie = arguments.format;
    let known_replica = workspace.dir.replicas().get(&arguments.replica).cloned();
    let mut replica =
        known_replica.unwrap_or_else(|| Replica { name: arguments.replica.clone(), ..Replica::default() });
    let database = choose_database(workspace, &replica, arguments.database.as_deref())?;
    let parts = parts(workspace, &database)?;
    let mut offer = Offer { written_at_ms: Some(now_ms()), ..Offer::default() };
    for part in &parts {
        offer.heads.insert(part.name.clone(), workspace.document(&part.name)?.heads());
        if !part.left_out.is_empty() {
            let keys = part.left_out.iter().map(|left| left.key.clone()).collect();
            offer.left_out.insert(part.name.clone(), keys);
        }
    }
    let version = workspace.dir.databases().get(&database).and_then(|database| database.version).unwrap_or(10);
    let pending = PendingFile::write(&arguments.file, |file| write(file, workspace, &database, version, &parts))?;
    say(arguments, workspace, &parts, out)?;
    out.flush()?;
    // The offer is durable before the file has its name. If this stops between the two, nobody can take the offer: the
    // next capture reads what it differs in as before and forgets it, and where it reads nothing of a store the offer of
    // that store stays open. The other way round a file could be taken that nobody remembers, and what others had written
    // into it would be read as this replica's own edits.
    replica.offers.push(offer);
    let mut transaction = workspace.dir.transaction();
    transaction.replica(&replica);
    transaction.commit()?;
    pending.publish()
}

fn choose_database(workspace: &Workspace, replica: &Replica, asked: Option<&str>) -> Result<String, Failure> {
    let all: BTreeSet<&str> = workspace.dir.stores().map(|store| store.database.as_str()).collect();
    if let Some(asked) = asked {
        let known = all.contains(asked).then(|| asked.to_owned());
        return known.ok_or_else(|| Failure::asked(format_args!("there is no database {asked}")));
    }
    let own: BTreeSet<&str> = replica.baselines.keys().map(|store| store.database.as_str()).collect();
    let choice = if own.is_empty() { all } else { own };
    let mut names = choice.iter();
    match (names.next(), names.next()) {
        (None, _) => Err(Failure::asked("there is nothing to write back yet: capture an export first")),
        (Some(one), None) => Ok((*one).to_owned()),
        (Some(_), Some(_)) => {
            let names: Vec<&str> = choice.into_iter().collect();
            Err(Failure::asked(format_args!("say --database: there are {}", names.join(", "))))
        }
    }
}

/// The stores of a database in its own order, with what is written of each.
fn parts(workspace: &mut Workspace, database: &str) -> Result<Vec<Part>, Failure> {
    let order = workspace.dir.databases().get(database).map(|database| database.stores.clone()).unwrap_or_default();
    let position = |name: &StoreName| order.iter().position(|store| *store == name.store).unwrap_or(order.len());
    let mut names: Vec<StoreName> = workspace.dir.stores().filter(|name| name.database == database).cloned().collect();
    names.sort_by_key(position);
    let mut parts = Vec::new();
    for name in names {
        let view = workspace.document(&name)?.view();
        let losers: BTreeSet<Key> = view.unique_losers().into_iter().collect();
        let reason = |record: &Record| match losers.contains(&record.key) {
            true => Some("another record holds its place in a unique index".to_owned()),
            false => dexie_leaves_out(&record.value).map(|reason| reason.to_string()),
        };
        let (mut records, mut left_out, mut losses) = (Vec::new(), Vec::new(), Vec::new());
        for record in view.records() {
            if let Some(reason) = reason(&record) {
                left_out.push(LeftOut { key: json::key_to_string(&record.key), reason });
                continue;
            }
            let lost = dexie_loses(&record.value).into_iter();
            losses.extend(lost.map(|lost| Loss { key: json::key_to_string(&record.key), lost }));
            records.push(record);
        }
        parts.push(Part { schema: view.schema().clone(), records, left_out, losses, name });
    }
    Ok(parts)
}

fn write(
    file: &mut BufWriter<File>,
    workspace: &Workspace,
    database: &str,
    version: u64,
    parts: &[Part],
) -> Result<(), Failure> {
    let stores: Vec<_> =
        parts.iter().map(|part| (part.name.store.clone(), part.schema.clone(), part.records.len() as u64)).collect();
    let failed = |error: WriteExportError| match error {
        WriteExportError::Write(error) => Failure::from(error),
        WriteExportError::BlobElsewhere { sha256 } => Failure::data(format_args!(
            "{}: the bytes of the Blob {sha256} are missing from blobs/",
            workspace.dir.name()
        )),
    };
    let mut writer = DexieWriter::new(file, database, version, &stores).map_err(failed)?;
    for part in parts {
        writer.begin_store().map_err(failed)?;
        for record in &part.records {
            let value = workspace.with_blobs(&record.value)?;
            writer.record(&record.key, &value).map_err(failed)?;
        }
    }
    writer.finish().map(|_| ()).map_err(failed)
}

fn say(arguments: &args::WriteBack, workspace: &Workspace, parts: &[Part], out: &mut Output) -> Result<(), Failure> {
    let parts: BTreeMap<String, &Part> = parts.iter().map(|part| (workspace.label(&part.name), part)).collect();
    for (store, part) in &parts {
        if out.is_json() {
            out.line(&line(store, part))?;
            continue;
        }
        out.say(format_args!("{store}: {} records", part.records.len()))?;
        for left in &part.left_out {
            out.say(format_args!("  not in it: {}: {}", left.key, left.reason))?;
        }
        for loss in part.losses.iter().take(LOSSES_SAID_MAX) {
            let place = String::from_utf8_lossy(&path(&loss.lost.path)).into_owned();
            out.say(format_args!("  not as it is: {} {place}: {}", loss.key, loss.lost.what))?;
        }
        if part.losses.len() > LOSSES_SAID_MAX {
            out.say(format_args!("  and {} more: --json lists all", part.losses.len() - LOSSES_SAID_MAX))?;
        }
    }
    out.say(format_args!(
        "wrote {}; import it with dexie-export-import, then capture {} as usual",
        arguments.file.display(),
        arguments.replica
    ))
}

fn line(store: &str, part: &Part) -> Vec<u8> {
    let detail = |left: &LeftOut| Line::new().raw("key", left.key.as_bytes()).text("reason", &left.reason).end();
    let loss = |loss: &Loss| {
        let line = Line::new().raw("key", loss.key.as_bytes()).raw("field", &path(&loss.lost.path));
        line.text("reason", &loss.lost.what.to_string()).end()
    };
    let lossy: BTreeSet<&str> = part.losses.iter().map(|loss| loss.key.as_str()).collect();
    Line::new()
        .text("store", store)
        .number("records", part.records.len())
        .number("left_out", part.left_out.len())
        .number("lossy", lossy.len())
        .raw("details", &array(part.left_out.iter().map(detail)))
        .raw("losses", &array(part.losses.iter().map(loss)))
        .end()
}

fn array(items: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let items: Vec<Vec<u8>> = items.collect();
    [b"[", items.join(&b',').as_slice(), b"]"].concat()
}

/// A path as an array of names and positions.
fn path(steps: &[Step]) -> Vec<u8> {
    array(steps.iter().map(|step| {
        let mut text = Vec::new();
        match step {
            Step::Name(name) => json::write_value(&Value::String(name.clone()), &mut text),
            Step::Position(at) => text.extend(at.to_string().as_bytes()),
        }
        text
    }))
}
