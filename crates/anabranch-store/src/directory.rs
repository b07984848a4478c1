//! The store directory: what it holds, read from its log.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use anabranch_core::{ChangeHash, Heads};
use anabranch_wire::limits::SEGMENT_BYTES_TARGET;
use anabranch_wire::{Entry, Note, ReplicaEntry, RunEntry};

use crate::blobs;
use crate::contents::{Baseline, Database, Offer, Replica, Run, StoreName};
use crate::disk::{Access, Disk, KeepError};
use crate::error::{InitError, OpenError};
use crate::log::{self, Tail};
use crate::marker::{self, MARKER, ReadMarkerError};
use crate::transaction::Transaction;

const LOCK: &str = "lock";

/// What lies behind the last whole transaction: ignored, and cut off by the next writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub path: String,
    /// Where the tail begins.
    pub offset: u64,
    /// Its length; where transactions are gone, the length of what should be there.
    pub bytes: u64,
    /// Whether transactions that were committed are gone: somebody cut the file. Otherwise a crash left a transaction that
    /// never ended.
    pub was_committed: bool,
}

/// Whether `name` is what making a directory leaves behind when it fails before the marker is there.
fn is_remnant(disk: &dyn Disk, name: &str) -> bool {
    match name {
        log::LOG | blobs::BLOBS => disk.list(name).is_ok_and(|names| names.is_empty()),
        LOCK => disk.read(name).is_ok_and(|bytes| bytes.is_empty()),
        _ => name == marker::TEMPORARY,
    }
}

#[derive(Debug, Default)]
struct Stored {
    number: u32,
    changes: Vec<(Arc<[u8]>, Arc<Note>)>,
}

/// An open store directory.
pub struct StoreDir {
    pub(crate) disk: Box<dyn Disk>,
    pub(crate) tail: Tail,
    /// Where the marker says that the log ends: beyond `tail` if somebody cut the log.
    pub(crate) committed: Tail,
    pub(crate) torn: Option<TornTail>,
    /// Something was not made durable: what the disk holds is only known again after opening it anew.
    pub(crate) poisoned: bool,
    /// A segment that is longer gets no further transaction.
    pub(crate) segment_bytes_target: u64,
    order: Vec<StoreName>,
    stores: BTreeMap<StoreName, Stored>,
    replicas: BTreeMap<String, Replica>,
    runs: BTreeMap<String, Run>,
    databases: BTreeMap<String, Database>,
    pub(crate) blobs: BTreeMap<[u8; 32], u64>,
    /// The digest of every transaction: a point of this log, and of no other.
    digests: BTreeSet<[u8; 32]>,
}

impl StoreDir {
    /// Makes an empty store directory.
    pub fn init(disk: &mut dyn Disk) -> Result<(), InitError> {
        let path = disk.name();
        let names = match disk.list("") {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(InitError::NoDirectory { path }),
            Err(source) => return Err(InitError::Read { path, source }),
        };
        if names.iter().any(|name| name == MARKER) {
            return Err(InitError::Exists { path });
        }
        if !names.iter().all(|name| is_remnant(disk, name)) {
            return Err(InitError::NotEmpty { path });
        }
        let mut make = || {
            disk.create_dir("")?;
            disk.create_dir(log::LOG)?;
            disk.create_dir(blobs::BLOBS)?;
            disk.write(LOCK, &[])?;
            marker::write(disk, &Tail::default()).map_err(KeepError::into_io)
        };
        make().map_err(|source| InitError::Write { path, source })
    }

    /// Opens a store directory and reads what it holds.
    pub fn open(disk: impl Disk + 'static, access: Access) -> Result<Self, OpenError> {
        let path = disk.name();
        Self::open_named(disk, access, &path).map_err(|error| error.within(&path))
    }

    fn open_named(mut disk: impl Disk + 'static, access: Access, path: &str) -> Result<Self, OpenError> {
        match disk.read(MARKER) {
            Ok(_) => (),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                let has_log =
                    disk.list(log::LOG).is_ok_and(|names| names.iter().any(|name| name.ends_with(log::ENDING)));
                return Err(match has_log {
                    true => OpenError::MissingSegment { path: MARKER.into() },
                    false => OpenError::NotAStore { path: path.into() },
                });
            }
            Err(source) => return Err(OpenError::Read { path: MARKER.into(), source }),
        }
        match disk.lock(LOCK, access) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(OpenError::Locked { path: path.into() });
            }
            other => other.map_err(|source| OpenError::Read { path: LOCK.into(), source })?,
        }
        // Another process may have replaced the marker before the lock was taken.
        let marker = disk.read(MARKER).map_err(|source| OpenError::Read { path: MARKER.into(), source })?;
        let committed = marker::decode(&marker).map_err(|error| match error {
            ReadMarkerError::Newer => OpenError::Newer { path: path.into() },
            ReadMarkerError::Damaged => OpenError::Damaged { path: MARKER.into(), offset: 0, what: "the marker" },
        })?;
        let mut dir = Self {
            disk: Box::new(disk),
            tail: Tail::default(),
            committed: committed.clone(),
            torn: None,
            poisoned: false,
            segment_bytes_target: SEGMENT_BYTES_TARGET,
            order: Vec::new(),
            stores: BTreeMap::new(),
            replicas: BTreeMap::new(),
            runs: BTreeMap::new(),
            databases: BTreeMap::new(),
            blobs: BTreeMap::new(),
            digests: BTreeSet::new(),
        };
        let mut entries = Vec::new();
        let (tail, torn) = log::read(&*dir.disk, &committed, &mut |entry| entries.push(entry))?;
        entries.into_iter().for_each(|entry| dir.take(entry));
        dir.tail = tail;
        dir.torn = torn.map(|torn| TornTail { path: format!("{path}/{}", torn.path), ..torn });
        Ok(dir)
    }

    /// The directory's name, for messages.
    pub fn name(&self) -> String {
        self.disk.name()
    }

    /// What a crash left behind, if anything.
    pub fn torn_tail(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// The stores, in the order in which they came.
    pub fn stores(&self) -> impl Iterator<Item = &StoreName> {
        self.order.iter()
    }

    /// The changes of a store with their notes, in the order in which they were accepted.
    pub fn changes(&self, store: &StoreName) -> &[(Arc<[u8]>, Arc<Note>)] {
        self.stores.get(store).map_or(&[], |stored| &stored.changes)
    }

    /// The replicas, by name.
    pub fn replicas(&self) -> &BTreeMap<String, Replica> {
        &self.replicas
    }

    /// The runs, by id.
    pub fn runs(&self) -> &BTreeMap<String, Run> {
        &self.runs
    }

    /// The databases, by name.
    pub fn databases(&self) -> &BTreeMap<String, Database> {
        &self.databases
    }

    /// The bytes of a large Blob; `None` if they are not here.
    pub fn blob(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, OpenError> {
        blobs::read(&*self.disk, sha256).map_err(|error| error.within(&self.name()))
    }

    /// The large Blobs that were kept, by the SHA-256 of their bytes, with their sizes.
    pub fn blobs(&self) -> &BTreeMap<[u8; 32], u64> {
        &self.blobs
    }

    /// Whether a large Blob was kept and its file is here, whole.
    pub fn has_blob(&self, sha256: &[u8; 32]) -> bool {
        self.blobs.contains_key(sha256) && matches!(self.blob(sha256), Ok(Some(_)))
    }

    /// Reads every large Blob that was kept: each must be here, whole.
    pub fn check_blobs(&self) -> Result<(), OpenError> {
        for (sha256, size) in &self.blobs {
            let path = format!("{}/{}", self.name(), blobs::path(sha256));
            match self.blob(sha256)? {
                None => return Err(OpenError::MissingBlob { path }),
                Some(bytes) if bytes.len() as u64 == *size => (),
                Some(_) => return Err(OpenError::Damaged { path, offset: 0, what: "a Blob's size" }),
            }
        }
        Ok(())
    }

    /// Lets segments end after fewer bytes than FORMAT.md's target; any reader takes them.
    pub fn with_segment_bytes_target(mut self, bytes: u64) -> Self {
        self.segment_bytes_target = bytes;
        self
    }

    /// Begins a transaction.
    pub fn transaction(&mut self) -> Transaction<'_> {
        Transaction::new(self)
    }

    pub(crate) fn number(&self, store: &StoreName) -> Option<u32> {
        self.stores.get(store).map(|stored| stored.number)
    }

    pub(crate) fn next_number(&self) -> u32 {
        self.order.len() as u32 + 1
    }

    /// Whether a transaction of this log has this digest.
    pub(crate) fn has_digest(&self, digest: &[u8; 32]) -> bool {
        self.digests.contains(digest)
    }

    fn name_of(&self, number: u32) -> Option<StoreName> {
        self.order.get(number.checked_sub(1)? as usize).cloned()
    }

    /// Takes it that a transaction was committed, if the log grew.
    pub(crate) fn moved_to(&mut self, tail: Option<Tail>) {
        if let Some(tail) = tail {
            self.digests.insert(tail.digest);
            (self.tail, self.committed, self.torn) = (tail.clone(), tail, None);
        }
    }

    /// Takes an entry of a transaction, or its end.
    pub(crate) fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Store { number, database, store } => {
                let name = StoreName { database, store };
                self.order.push(name.clone());
                self.stores.insert(name, Stored { number, changes: Vec::new() });
            }
            Entry::Changes { store, note, changes } => {
                let note = Arc::new(note);
                if let Some(stored) = self.name_of(store).and_then(|name| self.stores.get_mut(&name)) {
                    stored.changes.extend(changes.into_iter().map(|bytes| (Arc::from(bytes), note.clone())));
                }
            }
            Entry::Replica(entry) => {
                let replica = self.read_replica(entry);
                self.replicas.insert(replica.name.clone(), replica);
            }
            Entry::Run(entry) => {
                if let Some(run) = self.read_run(entry) {
                    self.runs.insert(run.id.clone(), run);
                }
            }
            Entry::Database { name, version, stores } => {
                self.databases.insert(name, Database { version, stores });
            }
            Entry::Blob { sha256, size } => {
                self.blobs.insert(sha256, size);
            }
            Entry::Commit { digest, .. } => {
                self.digests.insert(digest);
            }
        }
    }

    fn read_replica(&self, entry: ReplicaEntry) -> Replica {
        let heads = |heads: anabranch_wire::Heads| {
            let hashes: Heads = heads.hashes.into_iter().map(ChangeHash).collect();
            self.name_of(heads.store).map(|name| (name, hashes))
        };
        let baselines = entry.baselines.into_iter().filter_map(|baseline| {
            let (name, heads) = heads(baseline.heads)?;
            Some((name, Baseline { heads, left_out: baseline.left_out }))
        });
        let offer = |offer: anabranch_wire::Offer| Offer {
            heads: offer.heads.into_iter().filter_map(heads).collect(),
            left_out: offer
                .left_out
                .into_iter()
                .filter_map(|left| Some((self.name_of(left.store)?, left.keys)))
                .collect(),
            written_at_ms: offer.written_at_ms,
        };
        Replica {
            name: entry.name,
            captured_at_ms: entry.captured_at_ms,
            baselines: baselines.collect(),
            offers: entry.offers.into_iter().map(offer).collect(),
        }
    }

    fn read_run(&self, entry: RunEntry) -> Option<Run> {
        let store = self.name_of(entry.base.store)?;
        let base = entry.base.hashes.into_iter().map(ChangeHash).collect();
        Some(Run {
            id: entry.id,
            store,
            base,
            edits: entry.edits,
            parameters: entry.parameters,
            receipt: entry.receipt,
        })
    }
}
