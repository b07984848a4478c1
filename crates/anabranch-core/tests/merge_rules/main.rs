//! The rules of merging, one example each.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod commits;
mod fields;
mod found;
mod identity;
mod life;
mod merging_fields;
mod misfits;
mod policies;
mod receipts;
mod sequence_changes;
mod sequences;
mod sizes;
