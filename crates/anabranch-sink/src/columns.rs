//! Columns for records: inferred from values, kept by a contract.

mod contract;
mod infer;
mod kind;

pub use contract::{Admitted, Columns, Contract, ContractError, Misfit, MisfitReason};
pub use infer::infer;
pub use kind::{Column, Kind, bytes_of, is_int};

/// Properties of one object that become columns; an object with more of them is typed JSON text.
pub const STRUCT_FIELDS_MAX: usize = 512;
