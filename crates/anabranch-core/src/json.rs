//! Typed JSON: one form for every IndexedDB key and value, and a streaming reader of JSON that may hold lone surrogates.

mod date;
mod field_path;
mod input;
mod lexer;
mod number;
mod read;
mod schema;
mod tree;
mod write;

pub use date::{date_to_iso, iso_to_date};
pub use field_path::{ParseFieldPathError, parse_field_path, write_field_path};
pub use lexer::{JsonError, JsonErrorKind, Lexer};
pub use read::{ReadKeyError, ReadValueError, read_key, read_value, value_from_json};
pub use schema::{ReadSchemaError, SchemaEdit, read_schema_edits, read_schemas, schemas_to_string, write_key_path};
pub use tree::Json;
pub use write::{
    base64, hex, key_to_string, value_to_string, write_key, write_lent_key, write_lent_value, write_string, write_value,
};

/// Levels of arrays and objects that a document around values may have on top of theirs.
pub const WRAPPER_DEPTH: usize = 16;
