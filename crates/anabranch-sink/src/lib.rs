//! The port to pipelines: what a sink is, what drives it, and the laws that it must obey.
#![doc = include_str!("../README.md")]

pub mod columns;
pub mod conformance;
mod driver;
mod memory;
mod sink;

pub use driver::{DeliverError, Delivered, deliver};
pub use memory::{MemoryError, MemorySink, MemoryTable};
pub use sink::{Checkpoints, Delivery, Sink, TableDelivery, TableName, TableReceipt};
