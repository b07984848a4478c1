//! What the random histories did: a law that was never put to the test has not been tested.

use std::collections::BTreeMap;

/// How often each kind of event happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, usize>);

/// What must have happened over all cases of a law.
const ALL: &[&str] = &[
    "a first capture beside another",
    "an offer was taken",
    "an offer was not taken",
    "a policy changed",
    "a generated key",
    "a deletion",
    "a record was made again",
    "directories merged",
    "a run at an old base",
    "a replica was lost",
    "a conflict was resolved",
    "a conflict was listed",
    "a text was edited",
    "a list was edited",
    "a text was edited on two sides",
    "a list was edited on two sides",
];

impl Coverage {
    pub(crate) fn happened(&mut self, what: &'static str) {
        assert!(ALL.contains(&what), "{what} is not in the list");
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Coverage) {
        other.0.iter().for_each(|(what, count)| *self.0.entry(what).or_default() += count);
    }

    pub(crate) fn assert_all_happened(&self) {
        let missing: Vec<_> = ALL.iter().filter(|what| !self.0.contains_key(*what)).collect();
        assert!(missing.is_empty(), "the generators never made this happen: {missing:?}");
    }
}
