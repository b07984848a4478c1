//! The names of planned ops, taken apart: an import has millions of ops, but few fields and one identity a record.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::layout;

/// The name of a register: positions of an identity and of a suffix.
#[derive(Clone, Copy)]
pub(super) struct Name {
    identity: u32,
    suffix: u32,
}

/// Identities in the order in which they came, and suffixes, each once.
#[derive(Default)]
pub(super) struct Names {
    identities: String,
    /// Where each identity ends.
    ends: Vec<usize>,
    suffixes: Vec<Suffix>,
    by_suffix: HashTable<u32>,
    last: u32,
    bytes: usize,
}

struct Suffix {
    text: Box<str>,
    /// What followed it when it came last: records set the same fields in the same order.
    next: u32,
}

impl Names {
    /// The name that `identity` and `suffix` make together.
    pub(super) fn name(&mut self, identity: &str, suffix: &str) -> Name {
        self.bytes += identity.len() + suffix.len();
        Name { identity: self.identity_position(identity), suffix: self.suffix_position(suffix) }
    }

    /// Bytes of all names, each as long as it is where it is written out.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets that names were made since there were so many bytes.
    pub(super) fn roll_back(&mut self, bytes: usize) {
        self.bytes = bytes;
    }

    /// How many identities there are, and their bytes.
    pub(super) fn identities(&self) -> (usize, usize) {
        (self.ends.len(), self.identities.len())
    }

    /// A name's two parts.
    pub(super) fn parts(&self, name: Name) -> (&str, &str) {
        (self.identity(name.identity), self.suffix(name.suffix))
    }

    /// Whether some identity or suffix has a blank for its author's id.
    pub(super) fn has_blanks(&self) -> bool {
        self.identities.contains(layout::OWN_ACTOR)
            || self.suffixes.iter().any(|suffix| suffix.text.contains(layout::OWN_ACTOR))
    }

    fn identity(&self, at: u32) -> &str {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before as usize)).copied().unwrap_or(0);
        let end = self.ends.get(at as usize).copied().unwrap_or(before);
        self.identities.get(before..end).unwrap_or_default()
    }

    fn suffix(&self, at: u32) -> &str {
        self.suffixes.get(at as usize).map_or("", |suffix| &suffix.text)
    }

    fn identity_position(&mut self, identity: &str) -> u32 {
        if let Some(last) = (self.ends.len() as u32).checked_sub(1)
            && self.identity(last) == identity
        {
            return last;
        }
        self.identities.push_str(identity);
        self.ends.push(self.identities.len());
        self.ends.len() as u32 - 1
    }

    fn suffix_position(&mut self, suffix: &str) -> u32 {
        let guess = self.suffixes.get(self.last as usize).map_or(0, |last| last.next);
        if self.suffixes.get(guess as usize).is_some_and(|guess| layout::is_suffix(&guess.text, suffix)) {
            self.last = guess;
            return guess;
        }
        let (hash, suffixes) = (hash(suffix), &self.suffixes);
        let has = |at: &u32| suffixes.get(*at as usize).is_some_and(|have| *have.text == *suffix);
        let at = match self.by_suffix.find(hash, has) {
            Some(at) => *at,
            None => self.intern(suffix, hash),
        };
        if let Some(last) = self.suffixes.get_mut(self.last as usize) {
            last.next = at;
        }
        self.last = at;
        at
    }

    fn intern(&mut self, suffix: &str, own: u64) -> u32 {
        let at = self.suffixes.len() as u32;
        self.suffixes.push(Suffix { text: suffix.into(), next: 0 });
        let suffixes = &self.suffixes;
        let rehash = |at: &u32| suffixes.get(*at as usize).map_or(0, |suffix| hash(&suffix.text));
        self.by_suffix.insert_unique(own, at, rehash);
        at
    }
}

fn hash(suffix: &str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(suffix)
}
