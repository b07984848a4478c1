//! Files as readers see them: the laws of sinks, what columns hold, contracts, and hostile input.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what is not there fails the test")]

mod conformance;
mod contracts;
mod exact;
mod fidelity;
mod hostile;
mod leftovers;
mod read;
mod shelf;
mod stop;
mod stores;
