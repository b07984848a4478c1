//! Transactions: changes, replicas and runs that become durable together.

use std::collections::BTreeMap;
use std::io;

use anabranch_core::Heads;
use anabranch_wire::limits::FRAME_BYTES_TARGET;
use anabranch_wire::{
    EncodeFrameError, Entry, LeftOut, Note, ReplicaEntry, RunEntry, SegmentHeader, encode_frame, frame_hash,
    transaction_digest,
};

use crate::blobs;
use crate::contents::{Database, Offer, Replica, Run, StoreName};
use crate::directory::StoreDir;
use crate::disk::KeepError;
use crate::log::{self, Tail};
use crate::marker;

/// Why a transaction did not become durable. The next open shows the state before it.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The disk is full.
    #[error("the disk of {path} is full: nothing was changed; make room and try again")]
    DiskFull {
        /// The directory.
        path: String,
    },
    /// The file system failed.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier transaction was not made durable, and nobody knows what the disk holds.
    #[error("an earlier write to {path} was not made durable: open the directory anew, which reads what is there")]
    Poisoned {
        /// The directory.
        path: String,
    },
    /// Something does not fit a frame.
    #[error(transparent)]
    Encode(#[from] EncodeFrameError),
}

/// Entries and Blobs that become durable together.
pub struct Transaction<'d> {
    dir: &'d mut StoreDir,
    numbers: BTreeMap<StoreName, u32>,
    entries: Vec<Entry>,
    blobs: BTreeMap<[u8; 32], Vec<u8>>,
}

impl<'d> Transaction<'d> {
    pub(crate) fn new(dir: &'d mut StoreDir) -> Self {
        Self { dir, numbers: BTreeMap::new(), entries: Vec::new(), blobs: BTreeMap::new() }
    }

    /// Makes a store known, even if it has no changes yet.
    pub fn store(&mut self, name: &StoreName) -> u32 {
        if let Some(number) = self.dir.number(name).or_else(|| self.numbers.get(name).copied()) {
            return number;
        }
        let number = self.dir.next_number() + self.numbers.len() as u32;
        self.numbers.insert(name.clone(), number);
        self.entries.push(Entry::Store { number, database: name.database.clone(), store: name.store.clone() });
        number
    }

    /// Adds accepted changes of a store, in order.
    pub fn changes(&mut self, store: &StoreName, note: &Note, changes: impl IntoIterator<Item = Vec<u8>>) {
        let number = self.store(store);
        let entry = |changes| Entry::Changes { store: number, note: note.clone(), changes };
        self.entries.extend(batches(changes).map(entry));
    }

    /// Sets what is known of a replica.
    pub fn replica(&mut self, replica: &Replica) {
        let baselines = replica.baselines.iter().map(|(store, baseline)| anabranch_wire::Baseline {
            heads: self.heads(store, &baseline.heads),
            left_out: baseline.left_out.clone(),
        });
        let baselines = baselines.collect();
        let offers = replica.offers.iter().map(|offer| self.offer(offer)).collect();
        let (name, captured_at_ms) = (replica.name.clone(), replica.captured_at_ms);
        self.entries.push(Entry::Replica(ReplicaEntry { name, captured_at_ms, baselines, offers }));
    }

    /// Adds a committed run.
    pub fn run(&mut self, run: &Run) {
        let base = self.heads(&run.store, &run.base);
        let (id, parameters, receipt) = (run.id.clone(), run.parameters.clone(), run.receipt.clone());
        self.entries.push(Entry::Run(RunEntry { id, base, edits: run.edits, parameters, receipt }));
    }

    /// Sets what is known of a database.
    pub fn database(&mut self, name: &str, database: &Database) {
        let (version, stores) = (database.version, database.stores.clone());
        self.entries.push(Entry::Database { name: name.into(), version, stores });
    }

    /// Adds a large Blob.
    pub fn blob(&mut self, bytes: Vec<u8>) -> [u8; 32] {
        let sha256 = blobs::hash(&bytes);
        if !self.dir.blobs().contains_key(&sha256) && !self.blobs.contains_key(&sha256) {
            self.entries.push(Entry::Blob { sha256, size: bytes.len() as u64 });
        }
        // Written even if it was kept before: its file may have been lost since.
        self.blobs.insert(sha256, bytes);
        sha256
    }

    /// Makes everything durable. A transaction without entries writes nothing.
    pub fn commit(self) -> Result<(), CommitError> {
        let Self { dir, entries, blobs, .. } = self;
        if dir.poisoned {
            return Err(CommitError::Poisoned { path: dir.name() });
        }
        if entries.is_empty() && blobs.is_empty() {
            return Ok(());
        }
        match write(dir, &entries, &blobs, Empty::IsNothing) {
            Ok(tail) => {
                entries.into_iter().for_each(|entry| dir.take(entry));
                dir.moved_to(tail);
                Ok(())
            }
            Err(error) => {
                undo(dir, blobs.keys());
                Err(error)
            }
        }
    }

    fn heads(&mut self, store: &StoreName, heads: &Heads) -> anabranch_wire::Heads {
        anabranch_wire::Heads { store: self.store(store), hashes: heads.hashes().iter().map(|hash| hash.0).collect() }
    }

    fn offer(&mut self, offer: &Offer) -> anabranch_wire::Offer {
        let heads = offer.heads.iter().map(|(store, heads)| self.heads(store, heads)).collect();
        let left = offer.left_out.iter().map(|(store, keys)| LeftOut { store: self.store(store), keys: keys.clone() });
        let left_out = left.collect();
        anabranch_wire::Offer { heads, left_out, written_at_ms: offer.written_at_ms }
    }
}

/// Changes by the entry: each is closed once it exceeds [`FRAME_BYTES_TARGET`].
pub(crate) fn batches(changes: impl IntoIterator<Item = Vec<u8>>) -> impl Iterator<Item = Vec<Vec<u8>>> {
    let mut changes = changes.into_iter();
    std::iter::from_fn(move || {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes <= FRAME_BYTES_TARGET
            && let Some(change) = changes.next()
        {
            bytes += change.len();
            batch.push(change);
        }
        (!batch.is_empty()).then_some(batch)
    })
}

/// What to do where there are no entries.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Empty {
    /// Nothing: only Blobs are written, which a lost file may have needed.
    IsNothing,
    /// A transaction all the same.
    IsWritten,
}

/// Writes Blobs, then entries, then the marker; returns where the log ends if it grew.
pub(crate) fn write(
    dir: &mut StoreDir,
    entries: &[Entry],
    blobs: &BTreeMap<[u8; 32], Vec<u8>>,
    empty: Empty,
) -> Result<Option<Tail>, CommitError> {
    for (sha256, bytes) in blobs {
        let kept = blobs::write(&mut *dir.disk, sha256, bytes);
        kept.map_err(|error| failed(dir, &blobs::path(sha256), error))?;
    }
    if entries.is_empty() && empty == Empty::IsNothing {
        return Ok(None);
    }
    let (tail, bytes) = encode(dir, entries)?;
    let path = log::segment_path(tail.segment);
    append(dir, &path, &tail, &bytes).map_err(|error| failed(dir, &path, error))?;
    marker::write(&mut *dir.disk, &tail).map_err(|error| failed(dir, marker::MARKER, error))?;
    Ok(Some(tail))
}

pub(crate) fn failed(dir: &mut StoreDir, path: &str, error: KeepError) -> CommitError {
    dir.poisoned |= matches!(error, KeepError::Sync(_));
    let source = error.into_io();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CommitError::DiskFull { path: dir.name() },
        _ => CommitError::Write { path: format!("{}/{path}", dir.name()), source },
    }
}

/// The transaction's bytes, in a new segment where the last one is full, and where the log ends with them.
fn encode(dir: &StoreDir, entries: &[Entry]) -> Result<(Tail, Vec<u8>), CommitError> {
    let mut tail = dir.tail.clone();
    let mut bytes = Vec::new();
    if tail.segment == 0 || tail.is_sealed || tail.length > dir.segment_bytes_target {
        (tail.segment, tail.length, tail.is_sealed) = (tail.segment + 1, 0, false);
        bytes = SegmentHeader { number: tail.segment, before: tail.digest }.encode();
    }
    let mut hashes = Vec::with_capacity(entries.len());
    for entry in entries {
        let frame = encode_frame(entry)?;
        hashes.push(frame_hash(&frame).unwrap_or_default());
        bytes.extend(frame);
    }
    tail.digest = transaction_digest(&tail.digest, hashes);
    bytes.extend(encode_frame(&Entry::Commit { entries: entries.len() as u32, digest: tail.digest })?);
    tail.length += bytes.len() as u64;
    Ok((tail, bytes))
}

/// Writes the bytes behind the committed end.
fn append(dir: &mut StoreDir, path: &str, tail: &Tail, bytes: &[u8]) -> Result<(), KeepError> {
    let begin = tail.length - bytes.len() as u64;
    if begin == 0 {
        // The segment before is read to its end from now on: nothing that was torn may be left there.
        if dir.tail.segment > 0 && !dir.tail.is_sealed {
            let before = log::segment_path(dir.tail.segment);
            dir.disk.truncate(&before, dir.tail.length)?;
            dir.disk.sync(&before).map_err(KeepError::Sync)?;
        }
        dir.disk.write(path, bytes)?;
        dir.disk.sync(path).map_err(KeepError::Sync)?;
        return dir.disk.sync_dir(log::LOG).map_err(KeepError::Sync);
    }
    dir.disk.truncate(path, begin)?;
    dir.disk.append(path, bytes)?;
    dir.disk.sync(path).map_err(KeepError::Sync)
}

/// Puts the files back as they were, as far as the disk lets it: what stays behind the committed end is ignored by readers
/// and cut off by the next writer.
pub(crate) fn undo<'b>(dir: &mut StoreDir, blobs: impl Iterator<Item = &'b [u8; 32]>) {
    let (before, committed) = (&dir.tail, &dir.committed);
    let disk = &mut *dir.disk;
    // The log may only be cut once no marker names more of it.
    if !marker::names(disk, committed) && marker::write(disk, committed).is_err() {
        return;
    }
    drop(disk.remove(marker::TEMPORARY));
    if before.segment > 0 && !before.is_sealed {
        drop(disk.truncate(&log::segment_path(before.segment), before.length));
    }
    let begun = log::segment_path(before.segment + 1);
    // A segment that the marker names must be there, if only to say that what it held is gone.
    drop(if before.segment < committed.segment { disk.truncate(&begun, 0) } else { disk.remove(&begun) });
    for sha256 in blobs.filter(|sha256| !dir.blobs.contains_key(*sha256)) {
        blobs::forget(disk, sha256);
    }
}
