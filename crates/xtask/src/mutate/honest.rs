//! Histories that nobody tampered with: every change of them is taken, whatever the order.

use std::sync::Arc;

use anabranch_core::Document;

use super::world::World;
use crate::random::Random;

/// Lets a fresh history arrive at a replica that has nothing, in any order and in parts; how many changes it has.
pub(super) fn end_of(random: &mut Random) -> Result<u64, String> {
    let Some(world) = World::new(random.number()) else { return Ok(0) };
    let known = world.document.change_bytes().map(|change| change.bytes);
    let mut changes: Vec<Arc<[u8]>> = known.chain(world.arriving.into_iter().flatten()).collect();
    changes.sort();
    changes.dedup();
    for at in (1..changes.len()).rev() {
        changes.swap(at, random.below(at + 1));
    }
    let (count, mut document) = (changes.len(), Document::new());
    let parts = 1 + random.below(3);
    let mut refused = Vec::new();
    for part in changes.chunks(count.div_ceil(parts).max(1)) {
        refused.extend(document.apply(part.iter().cloned()).refused);
    }
    match refused.is_empty() && document.change_count() == count {
        true => Ok(count as u64),
        false => Err(format!("{} of {count} were taken: {refused:?}", document.change_count())),
    }
}
