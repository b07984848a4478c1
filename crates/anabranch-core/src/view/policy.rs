//! Which of several concurrent values shows: a closed list of policies, all of them functions of the values and ops.

use std::cmp::Ordering;

use super::View;
use super::fields::value_of;
use crate::change::ActorKind;
use crate::key::Key;
use crate::registers::Entry;
use crate::scalar;
use crate::schema::FieldPolicy;

impl FieldPolicy {
    /// The name in schemas, conflicts and receipts.
    pub fn name(self) -> &'static str {
        match self {
            FieldPolicy::LastWriter => "last_writer",
            FieldPolicy::Counter => "counter",
            FieldPolicy::Max => "max",
            FieldPolicy::Min => "min",
            FieldPolicy::Set => "set",
            FieldPolicy::PeopleOverPipelines => "people_over_pipelines",
            FieldPolicy::Text => "text",
            FieldPolicy::List => "list",
        }
    }

    /// The policy of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        use FieldPolicy::*;
        [LastWriter, Counter, Max, Min, Set, PeopleOverPipelines, Text, List]
            .into_iter()
            .find(|policy| policy.name() == name)
    }
}

impl View<'_> {
    /// Orders two visible values of one register; the greater shows.
    pub(crate) fn compare(&self, policy: FieldPolicy, a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
        let there = |entry: &Entry<'_>| !entry.scalar.is_absent();
        let lamport = || self.lamport(a).cmp(&self.lamport(b));
        match policy {
            FieldPolicy::PeopleOverPipelines => {
                let rank = |entry: &Entry<'_>| (self.origin_rank(entry), there(entry));
                rank(a).cmp(&rank(b)).then_with(lamport)
            }
            FieldPolicy::Max => there(a).cmp(&there(b)).then_with(|| self.compare_values(a, b)).then_with(lamport),
            FieldPolicy::Min => there(a).cmp(&there(b)).then_with(|| self.compare_values(b, a)).then_with(lamport),
            _ => there(a).cmp(&there(b)).then_with(lamport),
        }
    }

    /// Found below pipelines, pipelines below people.
    fn origin_rank(&self, entry: &Entry<'_>) -> u8 {
        match self.history.chain(entry.last_edit().change).kind {
            ActorKind::Found => 0,
            ActorKind::Run => 1,
            _ => 2,
        }
    }

    /// Values that can be keys in the order of keys, above all others, which are ordered by their bytes.
    fn compare_values(&self, a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
        let key = |entry: &Entry<'_>| value_of(entry).and_then(|value| Key::from_value(&value).ok());
        let written = |entry: &Entry<'_>| {
            let mut bytes = Vec::new();
            let code = value_of(entry).map(|value| scalar::write_value(&value, &mut bytes));
            (code, bytes)
        };
        key(a).cmp(&key(b)).then_with(|| match (a.sequence, b.sequence) {
            (None, None) => a.scalar.cmp(&b.scalar),
            _ => written(a).cmp(&written(b)),
        })
    }
}
