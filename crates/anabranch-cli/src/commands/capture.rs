//! `capture`: an export becomes the present contents of a replica's database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anabranch_core::json::SchemaEdit;
use anabranch_core::value::BLOB_INLINE_BYTES_MAX;
use anabranch_core::{Capture, CaptureError, CaptureKind, Commit, Key, Prepared, StoreSchema, Value, json};
use anabranch_indexeddb::{Export, Format, ReadOptions};
use anabranch_store::{Baseline, Database, Note, Replica, StoreName};

use crate::args;
use crate::failure::Failure;
use crate::files::{SMALL_FILE_BYTES_MAX, read_file};
use crate::lines::{self, ReceiptOf};
use crate::output::Output;
use crate::progress::Progress;
use crate::workspace::{StoreArgument, Workspace, known, now_ms};

mod guards;
mod offers;
mod read;

use offers::{Baselines, Settled};
use read::{Event, events};

/// A store of the file, diffed and not yet committed.
struct Staged {
    name: StoreName,
    prepared: Prepared,
    /// Keys that the replica never got and does not hold now either.
    left_out: Vec<String>,
}

/// Everything that the file holds.
#[derive(Default)]
struct Contents {
    databases: BTreeMap<String, Database>,
    staged: Vec<Staged>,
    blobs: BTreeMap<[u8; 32], Vec<u8>>,
}

pub(crate) fn run(arguments: &args::Capture, workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let schemas = match &arguments.schema {
        Some(file) => read_schemas(file)?,
        None => BTreeMap::new(),
    };
    check_is_file(&arguments.file)?;
    let whole = schemas.iter().map(|(store, edit)| (store.clone(), edit.upon(&StoreSchema::default()))).collect();
    let export = Export::open(&arguments.file, &ReadOptions { schemas: whole, database: None })?;
    let known_replica = workspace.dir.replicas().get(&arguments.replica).cloned();
    let mut replica =
        known_replica.unwrap_or_else(|| Replica { name: arguments.replica.clone(), ..Replica::default() });
    let settled = match arguments.lost_replica {
        true => Settled::Certain(replica.baselines.clone()),
        false => offers::settle(workspace, &replica, &export, arguments.offer)?,
    };
    let mut read = |baselines: &Baselines| -> Result<(Contents, Vec<String>), Failure> {
        let contents = read_contents(arguments, workspace, &export, &schemas, baselines)?;
        check_only(&arguments.only, &contents)?;
        let refusals = guards::refusals(&contents.staged, arguments);
        Ok((contents, refusals))
    };
    let (baselines, contents, refusals) = match settled {
        Settled::Certain(baselines) => {
            let (contents, refusals) = read(&baselines)?;
            (baselines, contents, refusals)
        }
        // Whoever answers the question shall not meet another refusal: the message names every flag that insists.
        Settled::Mixed { why, taken } => {
            let mut refusals = vec![why];
            let (_, if_taken) = read(&taken)?;
            let (contents, if_not_taken) = read(&replica.baselines)?;
            refusals.extend(if if_taken.is_empty() { if_not_taken } else { if_taken });
            (taken, contents, refusals)
        }
    };
    if !refusals.is_empty() {
        return Err(Failure::asked(refusals.join("; ")));
    }
    replica.baselines = baselines;
    commit(arguments, workspace, replica, contents, out)
}

/// An export is read more than once, so a pipe is none.
fn check_is_file(path: &Path) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::file(path, &error))?;
    if metadata.is_file() {
        return Ok(());
    }
    Err(Failure::asked(format_args!("{} is no regular file: save the export in one", path.display())))
}

/// Schemas from a file that a person wrote.
pub(super) fn read_schemas(file: &Path) -> Result<BTreeMap<String, SchemaEdit>, Failure> {
    let text = read_file(file, SMALL_FILE_BYTES_MAX)?;
    json::read_schema_edits(&text).map_err(|error| Failure::data(format_args!("{}: {error}", file.display())))
}

fn check_only(only: &[String], contents: &Contents) -> Result<(), Failure> {
    for text in only {
        let asked = StoreArgument::parse(text);
        match contents.staged.iter().filter(|staged| asked.names(&staged.name)).count() {
            1 => (),
            0 => {
                let have: Vec<&str> =
                    contents.databases.values().flat_map(|database| &database.stores).map(String::as_str).collect();
                return Err(Failure::asked(format_args!(
                    "--only: the file has no store {text}; it has: {}",
                    have.join(", ")
                )));
            }
            _ => {
                return Err(Failure::asked(format_args!(
                    "--only: several databases of the file have a store {text}: name it DATABASE/STORE"
                )));
            }
        }
    }
    Ok(())
}

fn read_contents(
    arguments: &args::Capture,
    workspace: &mut Workspace,
    export: &Export,
    schemas: &BTreeMap<String, SchemaEdit>,
    baselines: &Baselines,
) -> Result<Contents, Failure> {
    let mut contents = Contents::default();
    let progress = Progress::over(export.bytes(), "reading");
    let mut records = 0;
    std::thread::scope(|scope| {
        let events = events(scope, export, &arguments.only);
        let mut database = String::new();
        while let Ok(event) = events.incoming.recv() {
            match event {
                Event::Database { name, version, tables } => {
                    contents.databases.insert(name.clone(), Database { version, stores: tables });
                    database = name;
                }
                Event::Store { name, schema } => {
                    let name = StoreName { database: database.clone(), store: name };
                    if contents.staged.iter().any(|staged| staged.name == name) {
                        return Err(Failure::data(format_args!(
                            "{}: it holds the store {name} twice",
                            arguments.file.display()
                        )));
                    }
                    let baseline = baselines.get(&name);
                    let document = workspace.document(&name)?;
                    let schema = as_known(schema, document.view().schema(), export.format());
                    let kind = match baseline {
                        None => CaptureKind::First,
                        Some(baseline) if arguments.lost_replica => {
                            CaptureKind::Lost { earlier: known(document, &baseline.heads)? }
                        }
                        Some(baseline) => CaptureKind::Next {
                            baseline: known(document, &baseline.heads)?,
                            left_out: keys(&baseline.left_out),
                        },
                    };
                    let left_out = baseline.map(|baseline| keys(&baseline.left_out)).unwrap_or_default();
                    let mut store = StoreBeingRead {
                        capture: document.capture(&arguments.replica, kind),
                        left_out,
                        format: export.format(),
                        file: &arguments.file,
                        name: &name,
                    };
                    let schema = with_policies(schema, schemas.get(&name.store), store.capture.base().schema());
                    store.capture.schema(&schema).map_err(|error| store.failed(&error))?;
                    let complete = loop {
                        match events.incoming.recv() {
                            Ok(Event::Records(mut batch)) => {
                                records += batch.len();
                                let mut each = batch.iter_mut();
                                each.try_for_each(|(key, value)| store.record(key, value, &mut contents.blobs))?;
                                // Who reads no more needs no batches back.
                                drop(events.spent.send(batch));
                            }
                            Ok(Event::Progress { read }) => progress.at(read, records),
                            Ok(Event::EndStore { complete }) => break complete,
                            Ok(Event::Failed(error)) => return Err(error.into()),
                            _ => return Err(Failure::bug("the reader stopped inside a store")),
                        }
                    };
                    let (prepared, left_out) = store.finish(complete)?;
                    contents.staged.push(Staged { prepared, left_out, name });
                }
                Event::Progress { read } => progress.at(read, records),
                Event::Failed(error) => return Err(error.into()),
                Event::Records(_) | Event::EndStore { .. } => return Err(Failure::bug("records outside a store")),
            }
        }
        Ok(contents)
    })
}

/// What a format loses of a schema is unknown, not changed: the names of indexes, for example.
fn as_known(read: StoreSchema, known: &StoreSchema, format: Format) -> StoreSchema {
    let given = |schema: StoreSchema| StoreSchema { deletes: read.deletes, fields: read.fields.clone(), ..schema };
    let known = given(known.clone());
    if format.schema_loss(&known) == read { known } else { read }
}

/// The source tells what it knows of the store; policies come from the user, then and now.
fn with_policies(schema: StoreSchema, given: Option<&SchemaEdit>, have: &StoreSchema) -> StoreSchema {
    let Some(given) = given else { return schema };
    let policies = given.upon(have);
    StoreSchema { deletes: policies.deletes, fields: policies.fields, ..schema }
}

fn keys(texts: &[String]) -> BTreeSet<Key> {
    texts.iter().filter_map(|text| json::read_key(text.as_bytes()).ok()).collect()
}

struct StoreBeingRead<'d> {
    capture: Capture<'d>,
    left_out: BTreeSet<Key>,
    format: Format,
    file: &'d Path,
    name: &'d StoreName,
}

impl StoreBeingRead<'_> {
    fn record(&mut self, key: &Key, value: &mut Value, blobs: &mut BTreeMap<[u8; 32], Vec<u8>>) -> Result<(), Failure> {
        value.each_blob_mut(&mut |blob| {
            if blob.size > BLOB_INLINE_BYTES_MAX
                && let Some(bytes) = blob.bytes.take()
            {
                blobs.insert(blob.sha256, bytes);
            }
        });
        if !self.left_out.is_empty() {
            self.left_out.remove(key);
        }
        let format = self.format;
        let taken = self.capture.record(key, value, Some(&move |value| format.loss(value)));
        taken.map_err(|error| match error {
            CaptureError::DuplicateKey { .. } => self.failed(&error),
            error => Failure::data(format_args!(
                "{}: store {}: key {}: {error}",
                self.file.display(),
                self.name,
                json::key_to_string(key)
            )),
        })
    }

    fn failed(&self, error: &CaptureError) -> Failure {
        Failure::data(format_args!("{}: store {}: {error}", self.file.display(), self.name))
    }

    fn finish(self, complete: bool) -> Result<(Prepared, Vec<String>), Failure> {
        let Self { capture, left_out, file, name, .. } = self;
        let prepared = capture
            .finish(complete)
            .map_err(|error| Failure::data(format_args!("{}: store {name}: {error}", file.display())))?;
        Ok((prepared, left_out.iter().map(json::key_to_string).collect()))
    }
}

/// Commits every store, and makes changes, baselines and Blobs durable together.
fn commit(
    arguments: &args::Capture,
    workspace: &mut Workspace,
    mut replica: Replica,
    contents: Contents,
    out: &mut Output,
) -> Result<(), Failure> {
    let mut commits: Vec<(StoreName, Commit)> = Vec::new();
    for staged in contents.staged {
        let document = workspace.document(&staged.name)?;
        let base = replica.baselines.get(&staged.name).map(|baseline| baseline.heads.clone()).unwrap_or_default();
        let commit = document.commit(staged.prepared).map_err(Failure::bug)?;
        let of = ReceiptOf {
            run: None,
            replica: Some(&replica.name),
            store: &workspace.label(&staged.name),
            base: &base,
            heads: &commit.heads,
        };
        if out.is_json() {
            out.line(&lines::receipt(&of, &commit.receipt))?;
        }
        replica
            .baselines
            .insert(staged.name.clone(), Baseline { heads: commit.own_heads.clone(), left_out: staged.left_out });
        commits.push((staged.name, commit));
    }
    say(arguments, workspace, &commits, out)?;
    if arguments.dry_run {
        return out.say("dry run: nothing was changed");
    }
    out.flush()?;
    let now = now_ms();
    (replica.captured_at_ms, replica.offers) = (Some(now), Vec::new());
    let note = Note {
        time_ms: Some(now),
        source: arguments.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let mut databases = contents.databases;
    for (name, database) in &mut databases {
        let earlier = workspace.dir.databases().get(name).cloned().unwrap_or_default();
        database.version = database.version.or(earlier.version);
        let gone: Vec<String> = earlier.stores.into_iter().filter(|store| !database.stores.contains(store)).collect();
        database.stores.extend(gone);
    }
    let mut transaction = workspace.dir.transaction();
    for (name, commit) in commits {
        transaction.store(&name);
        transaction.changes(&name, &note, commit.changes.iter().map(|change| change.bytes.to_vec()));
    }
    contents.blobs.into_values().for_each(|bytes| {
        transaction.blob(bytes);
    });
    databases.iter().for_each(|(name, database)| transaction.database(name, database));
    transaction.replica(&replica);
    Ok(transaction.commit()?)
}

fn say(
    arguments: &args::Capture,
    workspace: &Workspace,
    commits: &[(StoreName, Commit)],
    out: &mut Output,
) -> Result<(), Failure> {
    if out.is_json() {
        return Ok(());
    }
    out.say(format_args!("{} as the contents of {}:", arguments.file.display(), arguments.replica))?;
    let row = |(name, commit): &(StoreName, Commit)| {
        let receipt = &commit.receipt;
        let counts = [receipt.rows, receipt.applied, receipt.merged, receipt.conflicted, receipt.superseded];
        std::iter::once(workspace.label(name)).chain(counts.iter().map(ToString::to_string)).collect()
    };
    let rows: Vec<Vec<String>> = commits.iter().map(row).collect();
    out.table(&["store", "changed", "applied", "merged", "conflicted", "superseded"], &rows)
}
