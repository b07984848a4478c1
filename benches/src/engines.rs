//! The engines.

pub(crate) mod anabranch;
pub(crate) mod automerge;
pub(crate) mod limit;
pub(crate) mod loro;
pub(crate) mod yrs;
