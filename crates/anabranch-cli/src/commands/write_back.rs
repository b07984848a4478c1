//! `write-back`: the merged contents as a file that a replica's application imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufWriter;

use anabranch_core::{Key, Record, StoreSchema, json};
use anabranch_indexeddb::{DexieWriter, WriteExportError};
use anabranch_store::{Offer, Replica, StoreName};

use crate::args;
use crate::failure::Failure;
use crate::files::PendingFile;
use crate::lines::Line;
use crate::output::Output;
use crate::workspace::{Workspace, now_ms};

/// A store as it is written.
struct Part {
    name: StoreName,
    schema: StoreSchema,
    records: Vec<Record>,
    left_out: Vec<String>,
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
            offer.left_out.insert(part.name.clone(), part.left_out.clone());
        }
    }
    let version = workspace.dir.databases().get(&database).and_then(|database| database.version).unwrap_or(10);
    let pending = PendingFile::write(&arguments.file, |file| write(file, workspace, &database, version, &parts))?;
    say(arguments, workspace, &parts, out)?;
    out.flush()?;
    // An offer that nobody gets does no harm; a file that nobody remembers would look like edits.
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
        let stays = |record: &Record| !losers.contains(&record.key) && DexieWriter::<File>::can_hold(&record.value);
        let (records, left): (Vec<Record>, Vec<Record>) = view.records().partition(stays);
        let left_out = left.iter().map(|record| json::key_to_string(&record.key)).collect();
        parts.push(Part { schema: view.schema().clone(), records, left_out, name });
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
    let records: BTreeMap<String, (usize, usize)> =
        parts.iter().map(|part| (workspace.label(&part.name), (part.records.len(), part.left_out.len()))).collect();
    for (store, (records, left_out)) in &records {
        if out.is_json() {
            out.line(
                &Line::new().text("store", store).number("records", *records).number("left_out", *left_out).end(),
            )?;
        } else {
            let left = if *left_out > 0 {
                format!(" ({left_out} that the format or a unique index leaves no room for are not in it)")
            } else {
                String::new()
            };
            out.say(format_args!("{store}: {records} records{left}"))?;
        }
    }
    out.say(format_args!(
        "wrote {}; import it with dexie-export-import, then capture {} as usual",
        arguments.file.display(),
        arguments.replica
    ))
}
