//! Files as readers see them: the laws of sinks, what columns hold, contracts, and hostile input.

mod conformance;
mod contracts;
mod fidelity;
mod hostile;
mod leftovers;
mod read;
mod shelf;
mod stop;
mod stores;
