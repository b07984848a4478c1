//! For tests of this and other crates: strategies for keys and values, and a look at the raw registers.

mod actor;
mod keys;
mod names;
mod pages;
mod put;
mod registers;
mod sequences;
mod together;
mod values;

pub use actor::derived_actor;
pub use keys::{any_js_string, any_key, few_keys};
pub use names::{RawName, creation_key, part_value, read_name, scalar_value, schema_of, value_bytes};
pub use pages::{MemorySource, with_pages_of};
pub use put::put;
pub use registers::{RawValue, raw_registers};
pub use sequences::{RawSequence, SequenceWrites, raw_sequences, raw_sequences_written};
pub use together::saved_after_applying;
pub use values::{any_record, any_value, few_records};
