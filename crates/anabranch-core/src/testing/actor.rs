//! The actor that a chain must have.

use std::sync::Arc;

use crate::change::{ActorId, UncheckedChange};
use crate::history::chain::ActorHasher;

/// The actor that follows from what the changes of a chain say, whatever actor they name: what an attacker would compute.
pub fn derived_actor(chain: &[&[u8]]) -> Option<ActorId> {
    let changes = chain.iter().map(|bytes| UncheckedChange::from_bytes(Arc::from(*bytes), Default::default()).ok());
    let changes: Vec<UncheckedChange> = changes.collect::<Option<_>>()?;
    let first = changes.first()?;
    let kind = first.actor().kind()?;
    Some(ActorHasher::derive_again(kind, &changes))
}
