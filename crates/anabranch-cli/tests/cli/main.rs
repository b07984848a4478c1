//! The command as others meet it: its arguments, its lines, its files and its exit codes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![expect(unreachable_pub, reason = "a test binary, where nothing is reachable from outside")]

mod bad_input;
mod cache;
mod capture;
mod commit;
mod compact;
mod damage;
mod decisions;
mod deliver;
mod demo;
mod environment;
mod exports;
mod files;
mod harness;
mod help;
mod inspect;
mod merge;
mod names;
mod offers;
mod schema;
