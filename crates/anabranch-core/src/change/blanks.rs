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
    /// Tells, piece by piece, what a change says without its author and, unless it is the first of its chain, without the
    /// change that it builds on.
    pub(crate) fn each_said(&self, chunk: &[u8], author: ActorId, is_first: bool, hear: &mut dyn FnMut(&[u8])) {
        let dep = (!is_first).then_some((self.deps_at, &ChangeHash::BLANK.0[..]));
        let author_at = (self.actor_at, &ActorId::BLANK.0[..]);
        let names = chunk.get(self.names.0..self.names.1).unwrap_or_default();
        // The names of a small change have no room for it.
        let written_out = (names.len() >= layout::OWN_ACTOR.len()).then(|| author.to_string());
        let in_names = written_out.iter().flat_map(|author| memmem::find_iter(names, author));
        let in_names = in_names.map(|at| (self.names.0 + at, layout::OWN_ACTOR.as_bytes()));
        let mut said = HASHED_AT;
        for (at, blank) in dep.into_iter().chain([author_at]).chain(in_names) {
            hear(chunk.get(said..at).unwrap_or_default());
            hear(blank);
            said = at + blank.len();
        }
        hear(chunk.get(said..).unwrap_or_default());
    }

    /// Writes out an author's id where the names leave it blank.
    pub(super) fn fill_names(&self, chunk: &mut [u8], author: ActorId) {
        let names = chunk.get(self.names.0..self.names.1).unwrap_or_default();
        // Hardly any name has a U+0001 in it, and blanks are made of nothing else.
        if memchr::memchr(1, names).is_some() {
            let author = author.to_string();
            let blank: Vec<usize> = memmem::find_iter(names, layout::OWN_ACTOR).collect();
            blank.into_iter().for_each(|at| put(chunk, self.names.0 + at, author.as_bytes()));
        }
    }
}

pub(super) fn put(chunk: &mut [u8], at: usize, bytes: &[u8]) {
    chunk.iter_mut().skip(at).zip(bytes).for_each(|(slot, byte)| *slot = *byte);
}
