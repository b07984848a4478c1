//! Reading the log: segments in order, frames in order, transactions whole.

use anabranch_wire::{
    DecodeFrameError, Entry, Framed, SEGMENT_HEADER_BYTES, SealedHeader, SegmentHeader, decode_frame, frame_hash,
    transaction_digest,
};

use crate::blocks::Damage;
use crate::directory::TornTail;
use crate::disk::Disk;
use crate::error::OpenError;
use crate::sealed;

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
    /// Whether that segment is sealed, so that the next transaction begins another one. The marker never names such an end:
    /// only a log that somebody cut has it.
    pub(crate) is_sealed: bool,
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
    let read = match SealedHeader::is_at(bytes) {
        true => read_sealed(bytes, number, tail, take),
        false => read_plain(bytes, number, tail, take),
    };
    read.map_err(|Damage { at, what }| OpenError::Damaged { path: path.into(), offset: at as u64, what })
}

fn read_plain(bytes: &[u8], number: u32, tail: &mut Tail, take: &mut dyn FnMut(Entry)) -> Result<usize, Damage> {
    let damaged = |at, what| Damage { at, what };
    if bytes.len() < SEGMENT_HEADER_BYTES {
        return Ok(0);
    }
    match SegmentHeader::decode(bytes) {
        Ok(header) if header.number == number && header.before == tail.digest => (),
        _ => return Err(damaged(0, "the segment's header")),
    }
    let (mut at, mut end) = (SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES);
    let mut pending = Pending::default();
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (entry, length) = match decode_frame(rest) {
            Ok(decoded) => decoded,
            Err(DecodeFrameError::CutOff { .. }) => break,
            Err(DecodeFrameError::Version { .. }) => return Err(damaged(at, "a frame of a newer version")),
            Err(DecodeFrameError::Checksum) => return Err(damaged(at, "a frame's contents")),
            Err(_) => return Err(damaged(at, "a frame's header")),
        };
        let digest = pending.frame(entry, rest, &tail.digest, take);
        if let Some(digest) = digest.map_err(|what| damaged(at, what))? {
            end = at + length;
            *tail = Tail { segment: number, length: end as u64, digest, is_sealed: false };
        }
        at += length;
    }
    Ok(end)
}

/// A sealed segment is whole: nothing of it was ever torn by a crash.
fn read_sealed(bytes: &[u8], number: u32, tail: &mut Tail, take: &mut dyn FnMut(Entry)) -> Result<usize, Damage> {
    let (segment, mut blocks) = sealed::read(bytes)?;
    if segment.number != number || segment.before != tail.digest {
        return Err(Damage { at: 0, what: "the segment's header" });
    }
    let mut pending = Pending::default();
    loop {
        let at = blocks.at();
        let Some(entries) = blocks.next()? else { break };
        for Framed { entry, frame } in entries {
            let digest = pending.frame(entry, &frame, &tail.digest, take);
            if let Some(digest) = digest.map_err(|what| Damage { at, what })? {
                *tail = Tail { segment: number, length: bytes.len() as u64, digest, is_sealed: true };
            }
        }
    }
    match pending.entries.is_empty() {
        true => Ok(bytes.len()),
        false => Err(Damage { at: bytes.len(), what: "a transaction without its end" }),
    }
}

/// What was read of a transaction whose end was not.
#[derive(Default)]
struct Pending {
    entries: Vec<Entry>,
    hashes: Vec<[u8; 32]>,
}

impl Pending {
    /// Adds an entry; the one that ends the transaction gives all of them to `take`, and its digest back.
    fn frame(
        &mut self,
        entry: Entry,
        frame: &[u8],
        before: &[u8; 32],
        take: &mut dyn FnMut(Entry),
    ) -> Result<Option<[u8; 32]>, &'static str> {
        let Entry::Commit { entries, digest: stated } = entry else {
            self.entries.push(entry);
            self.hashes.push(frame_hash(frame).unwrap_or_default());
            return Ok(None);
        };
        let digest = transaction_digest(before, self.hashes.drain(..));
        if entries as usize != self.entries.len() || stated != digest {
            return Err("a transaction's digest");
        }
        self.entries.drain(..).for_each(&mut *take);
        take(Entry::Commit { entries, digest });
        Ok(Some(digest))
    }
}
