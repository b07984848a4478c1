//! Reading the log: segments in order, frames in order, transactions whole.

use anabranch_wire::{
    DecodeFrameError, Entry, SEGMENT_HEADER_BYTES, SegmentHeader, decode_frame, frame_hash, transaction_digest,
};

use crate::directory::{OpenError, TornTail};
use crate::disk::Disk;

pub(crate) const LOG: &str = "log";
pub(crate) const ENDING: &str = ".seg";

/// Where the committed log ends, and the next transaction begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The last segment's number; 0 if there is none yet.
    pub(crate) segment: u32,
    /// Its length up to its last committed transaction.
    pub(crate) length: u64,
    /// The digest of that transaction.
    pub(crate) digest: [u8; 32],
}

pub(crate) fn segment_path(number: u32) -> String {
    format!("{LOG}/{number:08}{ENDING}")
}

/// Reads every committed transaction into `take`. Returns where the log ends, which is before `committed` only if the
/// last segment was cut off, and what follows the end.
pub(crate) fn read(
    disk: &dyn Disk,
    committed: &Tail,
    take: &mut dyn FnMut(Entry),
) -> Result<(Tail, Option<TornTail>), OpenError> {
    let mut tail = Tail::default();
    for number in 1..=committed.segment {
        let path = segment_path(number);
        let bytes = match disk.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(OpenError::MissingSegment { path });
            }
            Err(source) => return Err(OpenError::Read { path, source }),
        };
        let is_last = number == committed.segment;
        let end = if is_last { usize::try_from(committed.length).unwrap_or(usize::MAX) } else { bytes.len() };
        let within = bytes.get(..end.min(bytes.len())).unwrap_or_default();
        let read = read_segment(&path, within, number, &mut tail, take)?;
        if is_last && bytes.len() < end {
            let lost = (end - read) as u64;
            return Ok((tail, Some(TornTail { path, offset: read as u64, bytes: lost, was_committed: true })));
        }
        if read < within.len() || is_last && tail != *committed {
            return Err(OpenError::Damaged { path, offset: read as u64, what: "a transaction without its end" });
        }
        if is_last && bytes.len() > end {
            let beyond = (bytes.len() - end) as u64;
            return Ok((tail, Some(TornTail { path, offset: end as u64, bytes: beyond, was_committed: false })));
        }
    }
    Ok((tail, unfinished_segment(disk, committed.segment + 1)))
}

/// A segment that was begun by a transaction that never ended.
fn unfinished_segment(disk: &dyn Disk, number: u32) -> Option<TornTail> {
    let path = segment_path(number);
    let bytes = disk.read(&path).ok()?.len() as u64;
    Some(TornTail { path, offset: 0, bytes, was_committed: false })
}

/// Reads a segment's transactions and returns where the last whole one ends.
fn read_segment(
    path: &str,
    bytes: &[u8],
    number: u32,
    tail: &mut Tail,
    take: &mut dyn FnMut(Entry),
) -> Result<usize, OpenError> {
    let damaged = |offset: usize, what| OpenError::Damaged { path: path.into(), offset: offset as u64, what };
    if bytes.len() < SEGMENT_HEADER_BYTES {
        return Ok(0);
    }
    match SegmentHeader::decode(bytes) {
        Ok(header) if header.number == number && header.before == tail.digest => (),
        _ => return Err(damaged(0, "the segment's header")),
    }
    let (mut at, mut end) = (SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES);
    let (mut pending, mut hashes): (Vec<Entry>, Vec<[u8; 32]>) = Default::default();
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (entry, length) = match decode_frame(rest) {
            Ok(decoded) => decoded,
            Err(DecodeFrameError::CutOff { .. }) => break,
            Err(DecodeFrameError::Version { .. }) => return Err(damaged(at, "a frame of a newer version")),
            Err(DecodeFrameError::Checksum) => return Err(damaged(at, "a frame's contents")),
            Err(_) => return Err(damaged(at, "a frame's header")),
        };
        let hash = frame_hash(rest).unwrap_or_default();
        at += length;
        match entry {
            Entry::Commit { entries, digest: stated } => {
                let computed = transaction_digest(&tail.digest, hashes.drain(..));
                if entries as usize != pending.len() || stated != computed {
                    return Err(damaged(at - length, "a transaction's digest"));
                }
                pending.drain(..).for_each(&mut *take);
                end = at;
                *tail = Tail { segment: number, length: end as u64, digest: computed };
            }
            entry => {
                pending.push(entry);
                hashes.push(hash);
            }
        }
    }
    Ok(end)
}
