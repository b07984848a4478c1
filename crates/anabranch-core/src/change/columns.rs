//! Run-length columns (automerge binary format, "Run Length Encoding" and "Delta Encoding").

mod read;
mod texts;
mod write;

pub(super) use read::{BadColumn, BooleanDecoder, NullableDecoder, RunDecoder, RunValue};
pub(super) use texts::{Valid, each_text_accepted};
pub(super) use write::{ColumnValue, DeltaEncoder, NullableEncoder, RunEncoder, write_booleans};

#[cfg(test)]
mod tests;
