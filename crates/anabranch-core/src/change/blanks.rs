//! What is left blank in a change while its author's id is derived from the rest (FORMAT.md, "Actors").

use memchr::memmem;

use super::{ActorId, HASHED_AT};
use crate::heads::ChangeHash;
use crate::layout;

/// Where a plain chunk says who its author is and what it builds on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Blanks {
    /// The first dependency.
    pub(crate) deps_at: usize,
    pub(crate) actor_at: usize,
    /// The column of names, in which the author's id may be written out.
    pub(crate) names: (usize, usize),
}

impl Blanks {
    /// What a change says without its author and, unless it is the first of its chain, without the change that it builds on.
    pub(crate) fn said(&self, chunk: &[u8], author: ActorId, is_first: bool) -> Vec<u8> {
        let mut chunk = chunk.to_vec();
        if !is_first {
            put(&mut chunk, self.deps_at, &ChangeHash::BLANK.0);
        }
        put(&mut chunk, self.actor_at, &ActorId::BLANK.0);
        self.replace_in_names(&mut chunk, &author.to_string(), layout::OWN_ACTOR);
        chunk.drain(..HASHED_AT);
        chunk
    }

    /// Writes out an author's id where the names leave it blank.
    pub(super) fn fill_names(&self, chunk: &mut [u8], author: ActorId) {
        let names = chunk.get(self.names.0..self.names.1).unwrap_or_default();
        // Hardly any name has a U+0001 in it, and blanks are made of nothing else.
        if memchr::memchr(1, names).is_some() {
            self.replace_in_names(chunk, layout::OWN_ACTOR, &author.to_string());
        }
    }

    /// Replaces a text of 32 bytes by another wherever it stands in the names.
    fn replace_in_names(&self, chunk: &mut [u8], old: &str, new: &str) {
        let names = chunk.get(self.names.0..self.names.1).unwrap_or_default();
        let found: Vec<usize> = memmem::find_iter(names, old).collect();
        found.into_iter().for_each(|at| put(chunk, self.names.0 + at, new.as_bytes()));
    }
}

pub(super) fn put(chunk: &mut [u8], at: usize, bytes: &[u8]) {
    chunk.iter_mut().skip(at).zip(bytes).for_each(|(slot, byte)| *slot = *byte);
}
