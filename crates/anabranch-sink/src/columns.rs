//! Columns for records: inferred from values, kept by a contract.

mod contract;
mod infer;
mod kind;
mod misfit;

pub use contract::{Admitted, Contract, ContractError, Fidelity};
pub use infer::{Columns, infer};
pub use kind::{Column, Kind, bytes_of, is_int};
pub use misfit::{Misfit, MisfitReason, Step, write_path};

/// Properties of one object that become columns; an object with more of them is typed JSON text.
pub const STRUCT_FIELDS_MAX: usize = 512;

/// Objects and lists inside one another that become structs and lists; what lies deeper is typed JSON text.
pub const KIND_DEPTH_MAX: usize = 32;
