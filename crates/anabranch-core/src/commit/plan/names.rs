//! The names of planned ops, taken apart: an import has millions of ops, but few fields and one identity a record.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use memchr::memmem;

use crate::layout;
use crate::string::JsString;

/// Identities in the order in which they came, and suffixes, each once.
#[derive(Default)]
pub(super) struct Names {
    identities: String,
    /// Where each identity ends, and the first op that names it.
    ends: Vec<(usize, u32)>,
    suffixes: Vec<Suffix>,
    by_suffix: HashTable<u32>,
    last: u32,
    bytes: usize,
}

struct Suffix {
    text: Box<str>,
    /// Whether what follows its dot is the name of a field, as it is.
    is_plain: bool,
    /// What followed it when it came last: records set the same fields in the same order.
    next: u32,
}

impl Names {
    /// Names the register that the op at a position sets; the position of its suffix.
    pub(super) fn name(&mut self, op: u32, identity: &str, suffix: &str) -> u32 {
        self.bytes += identity.len() + suffix.len();
        if self.last_identity() != Some(identity) {
            self.identities.push_str(identity);
            self.ends.push((self.identities.len(), op));
        }
        self.suffix_position(suffix)
    }

    /// Names a field of the record that was named last, if it is the one that came next when this was the field before;
    /// the position of its suffix, which need not be put together.
    pub(super) fn next_field(&mut self, field: &JsString, name_bytes_max: usize) -> Option<u32> {
        let guess = self.suffixes.get(self.last as usize)?.next;
        let is_its =
            |suffix: &&Suffix| suffix.is_plain && suffix.text.as_bytes().get(1..) == field.as_str().map(str::as_bytes);
        let suffix = self.suffixes.get(guess as usize).filter(is_its)?;
        let bytes = self.last_identity()?.len() + suffix.text.len();
        if bytes > name_bytes_max {
            return None;
        }
        (self.bytes, self.last) = (self.bytes + bytes, guess);
        Some(guess)
    }

    /// Bytes of all names, each as long as it is where it is written out.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets that ops from a position on were named, before which there were so many bytes.
    pub(super) fn roll_back(&mut self, op: u32, bytes: usize) {
        self.ends.truncate(self.ends.partition_point(|(_, first_op)| *first_op < op));
        self.identities.truncate(self.ends.last().map_or(0, |(end, _)| *end));
        self.bytes = bytes;
    }

    /// How many identities there are, and their bytes.
    pub(super) fn identities(&self) -> (usize, usize) {
        (self.ends.len(), self.identities.len())
    }

    /// The identities that ops name, asked for in the order of the ops.
    pub(super) fn identities_in_order<'n>(&'n self) -> impl FnMut(u32) -> &'n str {
        let (mut rest, mut from, mut current) = (self.ends.iter().peekable(), 0, "");
        move |op| {
            while let Some((end, _)) = rest.next_if(|(_, first_op)| *first_op <= op) {
                current = self.identities.get(from..*end).unwrap_or_default();
                from = *end;
            }
            current
        }
    }

    /// Whether some identity or suffix has a blank for its author's id.
    pub(super) fn has_blanks(&self) -> bool {
        let has_blank = |text: &str| memmem::find(text.as_bytes(), layout::OWN_ACTOR.as_bytes()).is_some();
        has_blank(&self.identities) || self.suffixes.iter().any(|suffix| has_blank(&suffix.text))
    }

    fn last_identity(&self) -> Option<&str> {
        let (_, before) = self.ends.split_last()?;
        self.identities.get(before.last().map_or(0, |(end, _)| *end)..)
    }

    /// The suffix at a position.
    pub(super) fn suffix(&self, at: u32) -> &str {
        self.suffixes.get(at as usize).map_or("", |suffix| &suffix.text)
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
        let is_plain = suffix.strip_prefix('.').is_some_and(layout::is_plain_text);
        self.suffixes.push(Suffix { text: suffix.into(), is_plain, next: 0 });
        let suffixes = &self.suffixes;
        let rehash = |at: &u32| suffixes.get(*at as usize).map_or(0, |suffix| hash(&suffix.text));
        self.by_suffix.insert_unique(own, at, rehash);
        at
    }
}

fn hash(suffix: &str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(suffix)
}
