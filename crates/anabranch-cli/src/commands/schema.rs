//! `schema`: what a store knows of itself.

use std::path::Path;

use anabranch_core::json::{self, SchemaEdit};
use anabranch_core::{Author, StoreSchema};
use anabranch_store::{Note, StoreName};

use super::capture::read_schemas;
use crate::failure::Failure;
use crate::output::Output;
use crate::workspace::{Workspace, now_ms};

/// The name under which schemas set from the command line are listed.
const AUTHOR: &str = "schema";

pub(crate) fn show(workspace: &mut Workspace, name: Option<&str>, out: &mut Output) -> Result<(), Failure> {
    let mut schemas: Vec<(String, StoreSchema)> = Vec::new();
    for name in workspace.stores(name)? {
        let schema = workspace.document(&name)?.view().schema().clone();
        schemas.push((workspace.label(&name), schema));
    }
    let text = json::schemas_to_string(schemas.iter().map(|(name, schema)| (name.as_str(), schema)));
    out.line(text.as_bytes())
}

pub(crate) fn set(workspace: &mut Workspace, only: Option<&str>, file: &Path, out: &mut Output) -> Result<(), Failure> {
    let schemas = read_schemas(file)?;
    let mut stores: Vec<(StoreName, SchemaEdit)> = Vec::new();
    for (name, schema) in schemas {
        let store = workspace.labelled(&name)?;
        if only.map(|only| workspace.store(only)).transpose()?.is_none_or(|only| only == store) {
            stores.push((store, schema));
        }
    }
    if stores.is_empty() {
        return Err(Failure::asked(format_args!(
            "{}: it says nothing of {}",
            file.display(),
            only.unwrap_or("any store")
        )));
    }
    let mut commits = Vec::new();
    for (name, schema) in stores {
        let document = workspace.document(&name)?;
        let schema = schema.upon(document.view().schema());
        let commit = document.set_schema(&schema, &Author::person(AUTHOR));
        let commit = commit.map_err(|error| Failure::asked(format_args!("store {}: {error}", name.store)))?;
        commits.push((name, commit));
    }
    for (name, _) in &commits {
        out.say(format_args!("set the schema of {}", workspace.label(name)))?;
    }
    show(workspace, only, out)?;
    out.flush()?;
    let note = Note { time_ms: Some(now_ms()), source: AUTHOR.into() };
    let mut transaction = workspace.dir.transaction();
    for (name, commit) in &commits {
        transaction.changes(name, &note, commit.changes.iter().map(|change| change.bytes.to_vec()));
    }
    Ok(transaction.commit()?)
}
