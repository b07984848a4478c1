//! What a page holds, as it lies there.

use std::ops::Range;

use super::StoredValue;
use crate::limits;

/// A visible value as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registers) struct StoredEntry {
    pub(in crate::registers) path: u32,
    pub(in crate::registers) counter: u32,
    pub(in crate::registers) change: u32,
    pub(in crate::registers) value: StoredValue,
}

impl StoredEntry {
    /// A word of each of its lines: of four entries, one lies in two.
    pub(in crate::registers) fn lines(&self) -> usize {
        self.path as usize ^ self.value.at() as usize
    }
}

/// A record as it is stored: runs of the page's arenas. In a cache line of its own, for most look-ups wait for it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(in crate::registers) struct StoredSlot {
    pub(super) identity: IdentityRun,
    pub(in crate::registers) entries_at: u32,
    pub(in crate::registers) entries: u32,
    pub(in crate::registers) created: u32,
    /// The last of its found values that were overwritten, or `NONE`.
    pub(super) overwritten: u32,
    /// Its identity once more, if it is so short: to make sure of it, no other line is waited for.
    pub(super) short: [u8; SHORT_IDENTITY_BYTES],
}

/// Where an identity lies among those of a page, in one word: where it begins above, and below how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IdentityRun(u64);

/// Bits for the length of a name.
const LENGTH_BITS: u32 = 24;
const _: () = assert!(limits::NAME_BYTES_MAX < 1 << LENGTH_BITS);

impl IdentityRun {
    pub(super) fn of(at: usize, bytes: usize) -> Self {
        Self((at as u64) << LENGTH_BITS | bytes as u64)
    }

    pub(super) fn bytes(self) -> usize {
        (self.0 & ((1 << LENGTH_BITS) - 1)) as usize
    }

    pub(super) fn range(self) -> Range<usize> {
        let at = (self.0 >> LENGTH_BITS) as usize;
        at..at + self.bytes()
    }
}

/// Bytes that are left in a cache line. Enough for numbers, dates and strings of 38 letters, such as UUIDs.
pub(super) const SHORT_IDENTITY_BYTES: usize = 40;

pub(super) const NONE: u32 = u32::MAX;
