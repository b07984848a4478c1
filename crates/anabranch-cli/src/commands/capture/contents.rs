//! Reading an export: every store of it, diffed against what its replica held.

use std::collections::BTreeMap;
use std::path::Path;

use anabranch_core::json::SchemaEdit;
use anabranch_core::{CaptureKind, Document, Prepared, StoreSchema};
use anabranch_indexeddb::{Export, Format};
use anabranch_store::{Database, StoreName};

use super::left_out::{Apart, LeftOut, PreparedApart};
use super::offers::Baselines;
use super::read::{Event, Events, events};
use super::store::{Place, StoreBeingRead};
use crate::args;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::workspace::{Workspace, known};

/// A store of the file, diffed and not yet committed.
pub(super) struct Staged {
    pub(super) name: StoreName,
    pub(super) prepared: Prepared,
    /// Edits of what the replica holds in place of what it never got.
    pub(super) apart: Vec<PreparedApart>,
    /// What the replica never got and does not hold now either.
    pub(super) left_out: LeftOut,
    pub(super) records_read: usize,
}

/// Everything that the file holds.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) databases: BTreeMap<String, Database>,
    pub(super) staged: Vec<Staged>,
    pub(super) blobs: BTreeMap<[u8; 32], Vec<u8>>,
}

impl Contents {
    fn records(&self) -> usize {
        self.staged.iter().map(|staged| staged.records_read).sum()
    }
}

/// A file, and what is known of whose it is.
pub(super) struct Source<'s> {
    pub(super) arguments: &'s args::Capture,
    pub(super) export: &'s Export,
    pub(super) schemas: &'s BTreeMap<String, SchemaEdit>,
    pub(super) baselines: &'s Baselines,
}

impl Source<'_> {
    pub(super) fn read(&self, workspace: &mut Workspace) -> Result<Contents, Failure> {
        let mut contents = Contents::default();
        let progress = Progress::over(self.export.bytes(), "reading");
        std::thread::scope(|scope| {
            let events = events(scope, self.export, &self.arguments.only);
            let mut database = String::new();
            while let Ok(event) = events.incoming.recv() {
                match event {
                    Event::Database { name, version, tables } => {
                        contents.databases.insert(name.clone(), Database { version, stores: tables });
                        database = name;
                    }
                    Event::Store { name, schema } => {
                        let name = StoreName { database: database.clone(), store: name };
                        self.check_is_first(&contents, &name)?;
                        let store = self.begin_store(workspace.document(&name)?, &name, schema)?;
                        let staged = self.read_store(store, &events, &mut contents, &progress)?;
                        contents.staged.push(staged);
                    }
                    Event::Progress { read } => progress.at(read, contents.records()),
                    Event::Failed(error) => return Err(error.into()),
                    Event::Records(_) | Event::EndStore { .. } => {
                        return Err(Failure::bug("records outside a store"));
                    }
                }
            }
            Ok(contents)
        })
    }

    fn file(&self) -> &Path {
        &self.arguments.file
    }

    fn check_is_first(&self, contents: &Contents, name: &StoreName) -> Result<(), Failure> {
        match contents.staged.iter().any(|staged| staged.name == *name) {
            true => Err(Failure::data(format_args!("{}: it holds the store {name} twice", self.file().display()))),
            false => Ok(()),
        }
    }

    /// Begins the diff of a store against what its replica held.
    fn begin_store<'d>(
        &'d self,
        document: &'d Document,
        name: &'d StoreName,
        schema: StoreSchema,
    ) -> Result<StoreBeingRead<'d>, Failure> {
        let place = Place { file: self.file(), name, format: self.export.format() };
        let schema = as_known(schema, document.view().schema(), place.format);
        let replica = self.arguments.replica.as_str();
        let (kind, left_out) = match self.baselines.get(name) {
            None => (CaptureKind::First, LeftOut::default()),
            Some(baseline) if self.arguments.lost_replica => {
                (CaptureKind::Lost { earlier: known(document, &baseline.heads)? }, LeftOut::default())
            }
            Some(baseline) => {
                let left_out = LeftOut::read(&baseline.left_out)?;
                let baseline = known(document, &baseline.heads)?;
                (CaptureKind::Next { baseline, left_out: left_out.keys() }, left_out)
            }
        };
        let mut capture = document.capture(replica, kind);
        let schema = with_policies(schema, self.schemas.get(&name.store), capture.base().schema());
        capture.schema(&schema).map_err(|error| place.failed(&error))?;
        let apart = Apart::new(document, replica, left_out, place);
        Ok(StoreBeingRead { place, capture, apart, records_read: 0 })
    }

    /// Reads the records of a store.
    fn read_store(
        &self,
        mut store: StoreBeingRead<'_>,
        events: &Events,
        contents: &mut Contents,
        progress: &Progress,
    ) -> Result<Staged, Failure> {
        let before = contents.records();
        loop {
            match events.incoming.recv() {
                Ok(Event::Records(mut batch)) => {
                    let mut each = batch.iter_mut();
                    each.try_for_each(|(key, value)| store.record(key, value, &mut contents.blobs))?;
                    // Who reads no more needs no batches back.
                    drop(events.spent.send(batch));
                }
                Ok(Event::Progress { read }) => progress.at(read, before + store.records_read),
                Ok(Event::EndStore { complete }) => return store.finish(complete),
                Ok(Event::Failed(error)) => return Err(error.into()),
                _ => return Err(Failure::bug("the reader stopped inside a store")),
            }
        }
    }
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
