//! The actor that a chain must have.

use crate::change::{ActorId, Decoded};
use crate::document::derived_actor_of;
use crate::history::chain::Header;

/// The actor that follows from what the changes of a chain say, whatever actor they name: what an attacker would compute.
pub fn derived_actor(chain: &[&[u8]]) -> Option<ActorId> {
    let changes = chain.iter().map(|bytes| Decoded::read(bytes, Default::default()).ok());
    let changes: Vec<Decoded> = changes.collect::<Option<_>>()?;
    let changes: Vec<&Decoded> = changes.iter().collect();
    let first = changes.first()?;
    let kind = first.actor().kind()?;
    let header = Header::parse(&first.message, kind)?;
    derived_actor_of(&header, kind, &changes, chain)
}
