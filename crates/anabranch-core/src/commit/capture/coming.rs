//! What comes into a capture: a record that was built, or a row.

use std::borrow::{Borrow, Cow};

use crate::commit::diff::{Loss, Target};
use crate::commit::plan::Plan;
use crate::layout::{self, EncodedKey};
use crate::lent::{KeyRef, Row};
use crate::value::Value;
use crate::view::View;

/// A record's value, with what its source loses of values, or a row.
#[derive(Clone, Copy)]
pub(super) enum Coming<'c> {
    Value(&'c Value, Option<Loss<'c>>),
    Row(Row<'c>),
}

impl Coming<'_> {
    /// Sets what must be set for the record to become this; whether the base shows it.
    pub(super) fn put(self, plan: &mut Plan, view: &View<'_>, target: Target<'_>) -> bool {
        match self {
            Coming::Value(value, loss) => plan.put(view, target, value, loss),
            Coming::Row(row) => plan.put_row(view, target, row),
        }
    }

    /// Whether this is what comes of a value.
    pub(super) fn is(self, was: &Value) -> bool {
        let (value, loss) = match self {
            Coming::Value(value, loss) => (Cow::Borrowed(value), loss),
            Coming::Row(row) => (Cow::Owned(row.to_value()), None),
        };
        *was == *value || loss.is_some_and(|loss| loss(was) == *value)
    }
}

/// Encoded keys, in room that is used again.
#[derive(Default)]
pub(super) struct EncodedKeys {
    text: String,
    /// Where each ends, and its hash.
    ends: Vec<(usize, u64)>,
}

impl EncodedKeys {
    /// Encodes these keys and forgets those before.
    pub(super) fn encode<'k, K: Borrow<KeyRef<'k>>>(&mut self, keys: impl Iterator<Item = K>) {
        self.text.clear();
        self.ends.clear();
        for key in keys {
            let from = self.text.len();
            key.borrow().write(&mut self.text);
            let hash = layout::hash_key(self.text.get(from..).unwrap_or_default());
            self.ends.push((self.text.len(), hash));
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = EncodedKey<'_>> {
        let mut from = 0;
        self.ends.iter().map(move |(end, hash)| {
            let text = self.text.get(std::mem::replace(&mut from, *end)..*end).unwrap_or_default();
            EncodedKey { text, hash: *hash }
        })
    }
}
