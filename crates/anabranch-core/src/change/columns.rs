//! Run-length columns (automerge binary format, "Run Length Encoding" and "Delta Encoding").

mod read;
mod texts;
mod write;

pub(super) use read::{BadColumn, BooleanDecoder, NullableDecoder, RunDecoder, RunValue};
pub(super) use texts::{Valid, each_text_accepted};
pub(super) use write::{ColumnValue, write_booleans, write_deltas, write_nullable, write_runs};

#[cfg(test)]
mod tests;
