//! Export files as they are found in the wild: read, lost, damaged, written.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod browser;
mod damage;
mod fixtures;
mod losses;
mod reading;
mod tags;
mod writing;
