//! Reading an export in a thread of its own, so that parsing and diffing use two cores.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

use anabranch_core::{Key, StoreSchema, Value};
use anabranch_indexeddb::{Export, ReadError, ReadExportError, SnapshotVisitor, Want};
use anabranch_store::StoreName;

use crate::workspace::StoreArgument;

/// What an export holds, in order.
pub(super) enum Event {
    Database { name: String, version: Option<u64>, tables: Vec<String> },
    Store { name: String, schema: StoreSchema },
    Records(Batch),
    EndStore { complete: bool },
    Progress { read: u64 },
    Failed(ReadExportError),
}

/// Some records of a store.
pub(super) type Batch = Vec<(Key, Value)>;

const BATCH: usize = 256;
const BATCHES_AHEAD: usize = 16;

/// Events as they come, and the way back for batches: they are freed by the thread that allocated them, for an allocator
/// makes two threads wait for each other otherwise.
pub(super) struct Events {
    pub(super) incoming: Receiver<Event>,
    pub(super) spent: Sender<Batch>,
}

/// Reads `export` and sends what it holds; skips stores unless they are in `only` or that is empty.
pub(super) fn events<'scope>(
    scope: &'scope Scope<'scope, '_>,
    export: &'scope Export,
    only: &'scope [String],
) -> Events {
    let (sender, incoming) = sync_channel(BATCHES_AHEAD);
    let (spent, returned) = channel();
    scope.spawn(move || {
        let only = only.iter().map(|text| StoreArgument::parse(text)).collect();
        let batch = Vec::with_capacity(BATCH);
        let mut reader = Reader { sender, returned, batch, only, database: String::new(), skips: false };
        if let Err(ReadError::Export(error)) = export.read(&mut reader) {
            drop(reader.sender.send(Event::Failed(error)));
        }
    });
    Events { incoming, spent }
}

struct Reader {
    sender: SyncSender<Event>,
    returned: Receiver<Batch>,
    batch: Batch,
    only: Vec<StoreArgument>,
    database: String,
    /// The store that is being passed over is not told of, nor is its end.
    skips: bool,
}

/// Nobody listens any more.
struct Stopped;

impl Reader {
    fn send(&mut self, event: Event) -> Result<(), Stopped> {
        self.sender.send(event).map_err(|_| Stopped)
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let mut next = self.returned.try_iter().last().unwrap_or_else(|| Vec::with_capacity(BATCH));
        next.clear();
        let batch = std::mem::replace(&mut self.batch, next);
        self.send(Event::Records(batch))
    }
}

impl SnapshotVisitor for Reader {
    type Error = Stopped;

    fn database(&mut self, name: &str, version: Option<u64>, tables: &[String]) -> Result<(), Stopped> {
        self.database = name.into();
        self.send(Event::Database { name: name.into(), version, tables: tables.to_vec() })
    }

    fn store(&mut self, name: &str, schema: &StoreSchema, _rows: Option<u64>) -> Result<Want, Stopped> {
        let full = StoreName { database: self.database.clone(), store: name.into() };
        if !self.only.is_empty() && !self.only.iter().any(|only| only.names(&full)) {
            self.skips = true;
            return Ok(Want::Skip);
        }
        self.skips = false;
        self.send(Event::Store { name: name.into(), schema: schema.clone() })?;
        Ok(Want::Records)
    }

    fn record(&mut self, key: Key, value: Value) -> Result<(), Stopped> {
        self.batch.push((key, value));
        if self.batch.len() < BATCH { Ok(()) } else { self.flush() }
    }

    fn end_store(&mut self, complete: bool) -> Result<(), Stopped> {
        if self.skips {
            return Ok(());
        }
        self.flush()?;
        self.send(Event::EndStore { complete })
    }

    fn progress(&mut self, read: u64, _total: u64) {
        drop(self.sender.send(Event::Progress { read }));
    }
}
