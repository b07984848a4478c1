//! The marker: what this directory is, and where its committed log ends (FORMAT.md §7).

use crate::disk::{Disk, KeepError};
use crate::log::Tail;

pub(crate) const MARKER: &str = "ANABRANCH";
pub(crate) const TEMPORARY: &str = "ANABRANCH.tmp";
const FIRST_LINE: &str = "anabranch store 1";
const CHECK_DIGITS: usize = 16;

/// What a file that should be a marker turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadMarkerError {
    /// A newer version's.
    Newer,
    /// None, or damaged.
    Damaged,
}

/// Replaces the marker as a whole: by that a transaction is committed.
pub(crate) fn write(disk: &mut dyn Disk, tail: &Tail) -> Result<(), KeepError> {
    disk.write(TEMPORARY, encode(tail).as_bytes())?;
    disk.sync(TEMPORARY).map_err(KeepError::Sync)?;
    disk.rename(TEMPORARY, MARKER)?;
    disk.sync_dir("").map_err(KeepError::Sync)
}

/// Whether the marker names this end.
pub(crate) fn names(disk: &dyn Disk, tail: &Tail) -> bool {
    disk.read(MARKER).is_ok_and(|bytes| bytes == encode(tail).as_bytes())
}

fn encode(tail: &Tail) -> String {
    let digest: String = tail.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines = format!("{FIRST_LINE}\nsegments {}\nend {}\ndigest {digest}\n", tail.segment, tail.length);
    let check: String = blake3::hash(lines.as_bytes()).to_hex().chars().take(CHECK_DIGITS).collect();
    format!("{lines}check {check}\n")
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Tail, ReadMarkerError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ReadMarkerError::Damaged)?;
    let tail = parse(text).ok_or(ReadMarkerError::Damaged);
    match tail {
        // One marker has one form, so that a flipped byte anywhere is noticed.
        Ok(tail) if encode(&tail) == text => Ok(tail),
        _ if text.starts_with("anabranch store ") && !text.starts_with(&format!("{FIRST_LINE}\n")) => {
            Err(ReadMarkerError::Newer)
        }
        _ => Err(ReadMarkerError::Damaged),
    }
}

fn parse(text: &str) -> Option<Tail> {
    let mut lines = text.lines().skip(1);
    let segment = lines.next()?.strip_prefix("segments ")?.parse().ok()?;
    let length = lines.next()?.strip_prefix("end ")?.parse().ok()?;
    let digits = lines.next()?.strip_prefix("digest ")?;
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.as_bytes().as_chunks::<2>().0) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Tail { segment, length, digest, is_sealed: false })
}
