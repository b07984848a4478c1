//! A record that is written to: its identity, and what is set in it if the change makes it.

use super::super::page::{Keep, Runs, StoredEntry};
use crate::layout::{self, Hashes};
use crate::scalar::Scalar;

/// The identity of a record, hashed.
#[derive(Clone, Copy)]
pub(super) struct Identity<'i> {
    /// UTF-8, as was checked.
    pub(super) bytes: &'i [u8],
    pub(super) hashes: Hashes,
}

impl<'i> Identity<'i> {
    pub(super) fn of(identity: &'i str) -> Self {
        Self { bytes: identity.as_bytes(), hashes: Hashes::of_identity(identity.as_bytes()) }
    }

    pub(super) fn text(&self) -> &'i str {
        std::str::from_utf8(self.bytes).expect("names were checked")
    }

    /// The actor that gave it a generated key, written out.
    pub(super) fn creator(&self) -> Option<&'i str> {
        let key = layout::key_length_of_identity(self.bytes);
        self.bytes.get(key + 1..).and_then(|creator| std::str::from_utf8(creator).ok())
    }
}

/// The registers of a record that a change makes; where values lie is told from the first of them on.
#[derive(Default)]
pub(super) struct NewRecord {
    pub(super) entries: Vec<StoredEntry>,
    pub(super) values: Runs,
}

impl NewRecord {
    #[inline]
    pub(super) fn set(&mut self, path: u32, counter: u32, change: u32, value: Scalar<'_>) {
        let value = self.values.keep(value);
        self.entries.push(StoredEntry { path, counter, change, value });
    }
}
