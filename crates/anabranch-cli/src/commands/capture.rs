//! `capture`: an export becomes the present contents of a replica's database.

use std::collections::BTreeMap;
use std::path::Path;

use anabranch_core::json::SchemaEdit;
use anabranch_core::{StoreSchema, json};
use anabranch_indexeddb::{Export, ReadOptions};
use anabranch_store::Replica;

use crate::args;
use crate::failure::Failure;
use crate::files::{SMALL_FILE_BYTES_MAX, read_file};
use crate::output::Output;
use crate::workspace::{StoreArgument, Workspace};

mod contents;
mod guards;
mod keep;
mod left_out;
mod offers;
mod read;
mod store;

use contents::{Contents, Source};
pub(super) use left_out::LeftOut;
use offers::{Baselines, Settled};

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
        true => Settled::Certain { baselines: replica.baselines.clone(), open: Vec::new() },
        false => offers::settle(workspace, &replica, &export, arguments.offer)?,
    };
    let mut read = |baselines: &Baselines| -> Result<(Contents, Vec<String>), Failure> {
        let source = Source { arguments, export: &export, schemas: &schemas, baselines };
        let contents = source.read(workspace)?;
        check_only(&arguments.only, &contents)?;
        let refusals = guards::refusals(&contents.staged, arguments);
        Ok((contents, refusals))
    };
    let (baselines, open, contents, refusals) = match settled {
        Settled::Certain { baselines, open } => {
            let (contents, refusals) = read(&baselines)?;
            (baselines, open, contents, refusals)
        }
        // Whoever answers the question shall not meet another refusal: the message names every flag that insists.
        Settled::Mixed { why, taken } => {
            let mut refusals = vec![why];
            let (_, if_taken) = read(&taken)?;
            let (contents, if_not_taken) = read(&replica.baselines)?;
            refusals.extend(if if_taken.is_empty() { if_not_taken } else { if_taken });
            (taken, Vec::new(), contents, refusals)
        }
    };
    if !refusals.is_empty() {
        return Err(Failure::asked(refusals.join("; ")));
    }
    (replica.baselines, replica.offers) = (baselines, open);
    keep::commit(arguments, workspace, replica, contents, out)
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
