//! Compacting: storage is rewritten, and nothing that it says is changed.

use std::collections::BTreeMap;
use std::io;

use anabranch_wire::SealedHeader;

use crate::directory::StoreDir;
use crate::disk::{Disk, KeepError};
use crate::log::{self, segment_path};
use crate::sealed::{seal, unseal};
use crate::transaction::{self, CommitError};

/// A last segment of fewer bytes stays open: sealing it would make more files rather than fewer bytes.
const TAIL_BYTES_MIN: u64 = 16 * 1024;

/// Why a directory was not compacted, or not to the end. What it holds is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// The last segment could not be closed, or the disk fails.
    #[error(transparent)]
    Keep(#[from] CommitError),
    /// A segment cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A segment was damaged since the directory was opened, or what was written is not what is read back.
    #[error("{path}: what would take its place does not read back equal: left as it is")]
    NotEqual {
        /// The file.
        path: String,
    },
}

/// A segment of the log and how large it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentBytes {
    /// Its number.
    pub number: u32,
    /// Bytes of its file.
    pub bytes: u64,
    /// Whether it is sealed and compressed.
    pub is_sealed: bool,
}

/// What compacting did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Segments that were compressed.
    pub segments: u32,
    /// Bytes of the log before.
    pub bytes_before: u64,
    /// Bytes of the log after.
    pub bytes_after: u64,
}

impl StoreDir {
    /// The segments of the log up to where it is committed.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn segments(&self) -> Result<Vec<SegmentBytes>, CompactError> {
        let segment = |number| {
            let file = read(&*self.disk, &segment_path(number), &self.name())?;
            let is_last = number == self.tail.segment && !self.tail.is_sealed;
            let bytes = if is_last { self.tail.length } else { file.len() as u64 };
            Ok(SegmentBytes { number, bytes, is_sealed: SealedHeader::is_at(&file) })
        };
        (1..=self.tail.segment).map(segment).collect()
    }

    /// The segments that [`StoreDir::compact`] would compress, unless that saves nothing.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn to_compact(&self) -> Result<Vec<SegmentBytes>, CompactError> {
        let mut segments = self.segments()?;
        let is_closed = |segment: &SegmentBytes| segment.number < self.tail.segment || self.closes_tail();
        segments.retain(|segment| !segment.is_sealed && is_closed(segment));
        Ok(segments)
    }

    /// Whether the last segment is worth sealing.
    fn closes_tail(&self) -> bool {
        !self.tail.is_sealed && self.tail.length >= TAIL_BYTES_MIN
    }

    /// Compresses all of the log but a small open tail; what the directory holds stays the same, and so does its digest.
    ///
    /// A segment is replaced by one rename, after what takes its place was read back equal. So stopping anywhere leaves a
    /// directory that holds what it held; the next call goes on. `progress` is told
    /// how many bytes of segments are done, of how many.
    ///
    /// # Errors
    /// The disk fails. Segments that were compressed before stay so.
    pub fn compact(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Compaction, CompactError> {
        if self.poisoned {
            return Err(CommitError::Poisoned { path: self.name() }.into());
        }
        let before = self.segments()?;
        self.close_tail()?;
        let plain: Vec<&SegmentBytes> =
            before.iter().filter(|segment| !segment.is_sealed && segment.number < self.tail.segment).collect();
        let total = plain.iter().map(|segment| segment.bytes).sum();
        let (mut segments, mut done) = (0, 0);
        for segment in plain {
            progress(done, total);
            segments += u32::from(self.compress(segment.number)?);
            done += segment.bytes;
        }
        let bytes = |segments: &[SegmentBytes]| segments.iter().map(|segment| segment.bytes).sum();
        Ok(Compaction { segments, bytes_before: bytes(&before), bytes_after: bytes(&self.segments()?) })
    }

    /// Begins another segment, by a transaction of nothing, so that the last one can be sealed.
    fn close_tail(&mut self) -> Result<(), CompactError> {
        if !self.closes_tail() {
            return Ok(());
        }
        let target = std::mem::take(&mut self.segment_bytes_target);
        let written = transaction::write(self, &[], &BTreeMap::new(), transaction::Empty::IsWritten);
        self.segment_bytes_target = target;
        match written {
            Ok(tail) => {
                self.moved_to(tail);
                Ok(())
            }
            Err(error) => {
                transaction::undo(self, std::iter::empty());
                Err(error.into())
            }
        }
    }

    /// Whether the segment was replaced: not where that would save nothing.
    fn compress(&mut self, number: u32) -> Result<bool, CompactError> {
        let (path, name) = (segment_path(number), self.name());
        let not_equal = || CompactError::NotEqual { path: format!("{name}/{path}") };
        let plain = read(&*self.disk, &path, &name)?;
        let sealed = seal(&plain).ok_or_else(not_equal)?;
        if sealed.len() >= plain.len() {
            return Ok(false);
        }
        let temporary = format!("{path}.tmp");
        let done = self.replace(&temporary, &path, &sealed, &plain);
        if !matches!(done, Ok(true)) {
            drop(self.disk.remove(&temporary));
        }
        match done {
            Ok(true) => Ok(true),
            Ok(false) => Err(not_equal()),
            Err(error) => Err(transaction::failed(self, &path, error).into()),
        }
    }

    /// Puts `sealed` in the place of `plain`; `false` if it does not read back equal.
    fn replace(&mut self, temporary: &str, path: &str, sealed: &[u8], plain: &[u8]) -> Result<bool, KeepError> {
        self.disk.write(temporary, sealed)?;
        self.disk.sync(temporary).map_err(KeepError::Sync)?;
        if unseal(&self.disk.read(temporary)?).ok().as_deref() != Some(plain) {
            return Ok(false);
        }
        self.disk.rename(temporary, path)?;
        self.disk.sync_dir(log::LOG).map_err(KeepError::Sync)?;
        Ok(true)
    }
}

fn read(disk: &dyn Disk, path: &str, dir: &str) -> Result<Vec<u8>, CompactError> {
    disk.read(path).map_err(|source| CompactError::Read { path: format!("{dir}/{path}"), source })
}
