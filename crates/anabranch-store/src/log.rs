//! Reading the log: segments in order, frames in order, transactions whole.

use anabranch_wire::{DecodeFrameError, Entry, SEGMENT_HEADER_BYTES, SegmentHeader, decode_frame, frame_hash};

use crate::directory::{OpenError, TornTail};
use crate::disk::Disk;

pub(crate) const LOG: &str = "log";

/// Where the next transaction goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The last segment's number.
    pub(crate) segment: u32,
    /// Its length up to its last whole transaction.
    pub(crate) length: u64,
    /// The digest of that transaction.
    pub(crate) digest: [u8; 32],
}

pub(crate) fn segment_path(number: u32) -> String {
    format!("{LOG}/{number:08}.seg")
}

/// The digest of a transaction whose frames have these hashes.
pub(crate) fn digest(before: &[u8; 32], frames: impl Iterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before);
    frames.for_each(|frame| {
        hasher.update(&frame);
    });
    *hasher.finalize().as_bytes()
}


/// Reads every whole transaction into `take` and tells where the log ends.
pub(crate) fn read(disk: &dyn Disk, segments: u32, take: &mut dyn FnMut(Entry)) -> Result<(Tail, Option<TornTail>), OpenError> {
    let names = disk.list(LOG).map_err(|source| OpenError::Read { path: LOG.into(), source })?;
    let numbers: Vec<u32> = names.iter().filter_map(|name| name.strip_suffix(".seg")?.parse().ok()).collect();
    let last = numbers.iter().copied().max().unwrap_or(0).max(segments);
    let mut tail = Tail { segment: 0, length: 0, digest: [0; 32] };
    let mut torn = None;
    for number in 1..=last {
        let path = segment_path(number);
        if !numbers.contains(&number) {
            return Err(OpenError::MissingSegment { path });
        }
        let bytes = disk.read(&path).map_err(|source| OpenError::Read { path: path.clone(), source })?;
        // A segment that was begun but never counted may be cut off anywhere.
        let is_counted = number <= segments;
        match SegmentHeader::decode(&bytes) {
            Ok(header) if header.number == number && header.before == tail.digest => (),
            _ if !is_counted && bytes.len() < SEGMENT_HEADER_BYTES => {
                torn = Some(TornTail { path, offset: 0, bytes: bytes.len() as u64 });
                break;
            }
            _ => return Err(OpenError::Damaged { path, offset: 0, what: "the segment's header" }),
        }
        let end = read_segment(&path, &bytes, &mut tail.digest, take)?;
        (tail.segment, tail.length) = (number, end as u64);
        if end < bytes.len() {
            if number != last {
                return Err(OpenError::Damaged { path, offset: end as u64, what: "a transaction without its end" });
            }
            torn = Some(TornTail { path, offset: end as u64, bytes: (bytes.len() - end) as u64 });
        }
    }
    Ok((tail, torn))
}

/// Reads a segment's transactions and returns where the last whole one ends.
fn read_segment(path: &str, bytes: &[u8], before: &mut [u8; 32], take: &mut dyn FnMut(Entry)) -> Result<usize, OpenError> {
    let damaged = |offset: usize, what| OpenError::Damaged { path: path.into(), offset: offset as u64, what };
    let (mut at, mut end) = (SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES);
    let mut pending: Vec<Entry> = Vec::new();
    let mut hashes: Vec<[u8; 32]> = Vec::new();
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (entry, length) = match decode_frame(rest) {
            Ok(decoded) => decoded,
            Err(DecodeFrameError::CutOff { .. }) => return Ok(end),
            // What a crash leaves where a file grew before its contents came.
            Err(_) if rest.iter().all(|byte| *byte == 0) => return Ok(end),
            Err(DecodeFrameError::Version { .. }) => return Err(damaged(at, "a frame of a newer version")),
            Err(DecodeFrameError::Checksum) => return Err(damaged(at, "a frame's contents")),
            Err(_) => return Err(damaged(at, "a frame's header")),
        };
        let hash = frame_hash(rest).unwrap_or_default();
        at += length;
        match entry {
            Entry::Commit { entries, digest: stated } => {
                let computed = digest(before, hashes.drain(..));
                if entries as usize != pending.len() || stated != computed {
                    return Err(damaged(at - length, "a transaction's digest"));
                }
                *before = computed;
                pending.drain(..).for_each(&mut *take);
                end = at;
            }
            entry => {
                pending.push(entry);
                hashes.push(hash);
            }
        }
    }
    Ok(end)
}
