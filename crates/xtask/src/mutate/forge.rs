//! Making the rest of a chain fit what was tampered with, as an attacker would: links, actor, checksums.

use anabranch_core::ActorId;
use anabranch_core::testing::derived_actor;

use super::chunk::{self, Chunk};

/// The bytes of a chain whose changes follow each other and whose actor is derived from what they say, as far as they
/// can be read.
pub(super) fn fitting(chain: &mut [Chunk]) -> Vec<Vec<u8>> {
    link(chain);
    let bytes = bytes_of(chain);
    let parts: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    let Some(actor) = derived_actor(&parts) else { return bytes };
    let Some(old) = chain.first().and_then(|first| first.actor.clone().try_into().ok()).map(ActorId) else {
        return bytes;
    };
    // Identities hold the id in hexadecimal: as many digits, so that a column is as long as before.
    let (old, new) = (old.to_string(), actor.to_string());
    for chunk in chain.iter_mut() {
        chunk.actor = actor.0.to_vec();
        chunk.columns.iter_mut().for_each(|(_, contents)| replace(contents, old.as_bytes(), new.as_bytes()));
    }
    link(chain);
    bytes_of(chain)
}

/// The bytes of each change.
pub(super) fn bytes_of(chain: &[Chunk]) -> Vec<Vec<u8>> {
    chain.iter().map(Chunk::put_together).collect()
}

/// Each change that continues its chain builds on the one before.
fn link(chain: &mut [Chunk]) {
    for at in 1..chain.len() {
        let Some([before, chunk]) = chain.get_mut(at - 1..=at) else { continue };
        if chunk.seq > 1 {
            chunk.deps = vec![chunk::hash(&before.put_together())];
        }
    }
}

/// Puts `new` wherever `old` stands, which is as long.
pub(super) fn replace(contents: &mut [u8], old: &[u8], new: &[u8]) {
    let mut at = 0;
    while let Some(window) = contents.get_mut(at..).and_then(|rest| rest.get_mut(..old.len())) {
        if window == old {
            window.copy_from_slice(new);
        }
        at += 1;
    }
}
