//! Writing archives: whole under their name, or not at all.

use std::io;

use anabranch_core::ChangeBytes;
use anabranch_wire::{ArchiveHeader, EncodeFrameError, Entry, Note, TransactionDigest, encode_frame, frame_hash};

use super::{Archive, BEFORE, STORE};
use crate::blocks::BlockWriter;
use crate::contents::StoreName;
use crate::disk::Disk;
use crate::transaction::batches;

/// Why changes make no archive.
#[derive(Debug, thiserror::Error)]
pub enum EncodeArchiveError {
    /// Compressing failed: there is not enough memory.
    #[error("cannot compress the archive: {source}")]
    Compress {
        /// What the library said.
        source: io::Error,
    },
    /// A change does not fit a frame.
    #[error(transparent)]
    Frame(#[from] EncodeFrameError),
}

/// Why an archive was not written. Nothing is under its name then that was not there before, unless making it durable failed.
#[derive(Debug, thiserror::Error)]
pub enum WriteArchiveError {
    /// The changes make none.
    #[error(transparent)]
    Encode(#[from] EncodeArchiveError),
    /// Something else has that name.
    #[error("{path} is there already and is another file: choose another name")]
    Exists {
        /// The file.
        path: String,
    },
    /// What was written is not what is read back.
    #[error("{path}: what was written does not read back equal")]
    NotEqual {
        /// The file.
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
}

/// Changes of a store as an archive: those that [`anabranch_core::Document::trim`] returned, in their order.
///
/// # Errors
/// A change does not fit a frame, or compressing fails.
pub fn encode_archive(store: &StoreName, changes: &[ChangeBytes]) -> Result<Vec<u8>, EncodeArchiveError> {
    let mut writer = FrameWriter::new()?;
    writer.push(Entry::Store { number: STORE, database: store.database.clone(), store: store.store.clone() })?;
    for changes in batches(changes.iter().map(|change| change.bytes.to_vec())) {
        writer.push(Entry::Changes { store: STORE, note: Note::default(), changes })?;
    }
    writer.commit()
}

/// Writes an archive of changes durably, and returns how many bytes it has.
///
/// It gets its name once it was read back equal. Another file of that name stays as it is; an archive of the same changes
/// may be written again.
///
/// # Errors
/// Nothing of the changes may be given up then: write them again, or elsewhere.
pub fn write_archive(
    disk: &mut dyn Disk,
    path: &str,
    store: &StoreName,
    changes: &[ChangeBytes],
) -> Result<u64, WriteArchiveError> {
    let archive = encode_archive(store, changes)?;
    let name = format!("{}/{path}", disk.name());
    let failed = |source| WriteArchiveError::Write { path: name.clone(), source };
    match disk.read(path) {
        Ok(have) if !is_archive(&have, store, changes) => return Err(WriteArchiveError::Exists { path: name }),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => (),
    }
    let temporary = format!("{path}.tmp");
    let done = place(disk, &temporary, path, &archive, &|back| is_archive(back, store, changes));
    if !matches!(done, Ok(true)) {
        drop(disk.remove(&temporary));
    }
    match done.map_err(failed)? {
        true => Ok(archive.len() as u64),
        false => Err(WriteArchiveError::NotEqual { path: name }),
    }
}

/// Writes a file under another name first; `false` if it does not read back as it must.
fn place(
    disk: &mut dyn Disk,
    temporary: &str,
    path: &str,
    bytes: &[u8],
    reads_back: &dyn Fn(&[u8]) -> bool,
) -> io::Result<bool> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    disk.create_dir(folder)?;
    disk.write(temporary, bytes)?;
    disk.sync(temporary)?;
    if !reads_back(&disk.read(temporary)?) {
        return Ok(false);
    }
    disk.rename(temporary, path)?;
    disk.sync_dir(folder)?;
    Ok(true)
}

/// Whether these are the bytes of an archive of exactly these changes.
fn is_archive(bytes: &[u8], store: &StoreName, changes: &[ChangeBytes]) -> bool {
    let Ok(archive) = Archive::read(bytes) else { return false };
    archive.store() == store && archive.eq(changes.iter().map(|change| Ok(change.bytes.clone())))
}

/// Frames on their way into blocks.
struct FrameWriter {
    blocks: BlockWriter,
    bytes: u64,
    entries: u32,
    digest: TransactionDigest,
}

impl FrameWriter {
    fn new() -> Result<Self, EncodeArchiveError> {
        let blocks = BlockWriter::behind(Vec::new()).map_err(|source| EncodeArchiveError::Compress { source })?;
        Ok(Self { blocks, bytes: 0, entries: 0, digest: TransactionDigest::behind(&BEFORE) })
    }

    fn push(&mut self, entry: Entry) -> Result<(), EncodeArchiveError> {
        let frame = encode_frame(&entry)?;
        self.bytes += frame.len() as u64;
        self.entries += 1;
        self.digest.add(&frame_hash(&frame).unwrap_or_default());
        self.blocks.push(entry, &frame).map_err(|source| EncodeArchiveError::Compress { source })
    }

    /// Ends the transaction; the whole archive.
    fn commit(mut self) -> Result<Vec<u8>, EncodeArchiveError> {
        self.push(Entry::Commit { entries: self.entries, digest: self.digest.finish() })?;
        let mut archive = ArchiveHeader { frames_bytes: self.bytes }.encode();
        archive.extend(self.blocks.finish().map_err(|source| EncodeArchiveError::Compress { source })?);
        Ok(archive)
    }
}
