//! A store while it is read: its records go to the diff, and large Blobs to where they are kept.

use std::collections::BTreeMap;
use std::path::Path;

use anabranch_core::value::BLOB_INLINE_BYTES_MAX;
use anabranch_core::{Capture, CaptureError, Key, Value, json};
use anabranch_indexeddb::Format;
use anabranch_store::StoreName;

use super::contents::Staged;
use super::left_out::Apart;
use crate::failure::Failure;

/// Where records are read from, for messages, and as what.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) file: &'p Path,
    pub(super) name: &'p StoreName,
    pub(super) format: Format,
}

impl Place<'_> {
    pub(super) fn failed(&self, error: &CaptureError) -> Failure {
        Failure::data(format_args!("{}: store {}: {error}", self.file.display(), self.name))
    }

    pub(super) fn failed_at(&self, key: &Key, error: &CaptureError) -> Failure {
        match error {
            CaptureError::DuplicateKey { .. } => self.failed(error),
            error => Failure::data(format_args!(
                "{}: store {}: key {}: {error}",
                self.file.display(),
                self.name,
                json::key_to_string(key)
            )),
        }
    }
}

/// A store while it is read.
pub(super) struct StoreBeingRead<'d> {
    pub(super) place: Place<'d>,
    pub(super) capture: Capture<'d>,
    pub(super) apart: Apart<'d>,
    pub(super) records_read: usize,
}

impl StoreBeingRead<'_> {
    pub(super) fn record(
        &mut self,
        key: &Key,
        value: &mut Value,
        blobs: &mut BTreeMap<[u8; 32], Vec<u8>>,
    ) -> Result<(), Failure> {
        self.records_read += 1;
        value.each_blob_mut(&mut |blob| {
            if blob.size > BLOB_INLINE_BYTES_MAX
                && let Some(bytes) = blob.bytes.take()
            {
                blobs.insert(blob.sha256, bytes);
            }
        });
        if self.apart.takes(key, value, self.capture.base())? {
            return Ok(());
        }
        let format = self.place.format;
        let taken = self.capture.record(key, value, Some(&move |value| format.loss(value)));
        taken.map_err(|error| self.place.failed_at(key, &error))
    }

    pub(super) fn finish(self, complete: bool) -> Result<Staged, Failure> {
        let Self { place, capture, apart, records_read } = self;
        let prepared = capture.finish(complete).map_err(|error| place.failed(&error))?;
        let (apart, left_out) = apart.finish()?;
        Ok(Staged { name: place.name.clone(), prepared, apart, left_out, records_read })
    }
}
