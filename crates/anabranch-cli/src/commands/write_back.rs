//! `write-back`: the merged contents as a file that a replica's application imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufWriter;

use anabranch_core::{Key, Record, StoreSchema, json};
use anabranch_indexeddb::{DexieWriter, WriteExportError, dexie_leaves_out};
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
    left_out: Vec<LeftOut>,
}

/// A record that the file does not hold.
struct LeftOut {
    key: String,
    reason: String,
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
        let reason = |record: &Record| match losers.contains(&record.key) {
            true => Some("another record holds its place in a unique index".to_owned()),
            false => dexie_leaves_out(&record.value).map(|reason| reason.to_string()),
        };
        let (mut records, mut left_out) = (Vec::new(), Vec::new());
        for record in view.records() {
            match reason(&record) {
                Some(reason) => left_out.push(LeftOut { key: json::key_to_string(&record.key), reason }),
                None => records.push(record),
            }
        }
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
    }
    out.say(format_args!(
        "wrote {}; import it with dexie-export-import, then capture {} as usual",
        arguments.file.display(),
        arguments.replica
    ))
}

fn line(store: &str, part: &Part) -> Vec<u8> {
    let detail = |left: &LeftOut| Line::new().raw("key", left.key.as_bytes()).text("reason", &left.reason).end();
    let details: Vec<Vec<u8>> = part.left_out.iter().map(detail).collect();
    Line::new()
        .text("store", store)
        .number("records", part.records.len())
        .number("left_out", part.left_out.len())
        .raw("details", &[b"[", details.join(&b',').as_slice(), b"]"].concat())
        .end()
}
