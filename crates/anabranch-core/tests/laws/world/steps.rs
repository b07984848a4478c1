//! What may happen, drawn at random.

use anabranch_core::testing::{any_key, any_record, few_keys, few_records};
use anabranch_core::{FieldPolicy, Key, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A store's kind and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    pub(super) replicas: usize,
    pub(super) directories: usize,
    pub(super) generates_keys: bool,
    /// Whether sources say from the start which fields are sequences.
    pub(super) declares: bool,
    pub(super) steps: Vec<Step>,
    /// What happens after everybody was captured once more.
    pub(super) last: Step,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Put {
        replica: Index,
        key: Key,
        value: Value,
    },
    PutGenerated {
        replica: Index,
        value: Value,
    },
    /// Somebody edits the text or the list in one record.
    Edit {
        replica: Index,
        which: Index,
        is_text: bool,
        at: Index,
        gone: usize,
        came: String,
    },
    Delete {
        replica: Index,
        which: Index,
    },
    Capture {
        replica: Index,
    },
    Offer {
        replica: Index,
        taken: bool,
    },
    Lose {
        replica: Index,
        keep: bool,
    },
    Run {
        directory: Index,
        base: Index,
        edits: Vec<RunEdit>,
    },
    Policy {
        directory: Index,
        edit_wins: bool,
        fields: Vec<(usize, FieldPolicy)>,
    },
    Merge {
        from: Index,
        to: Index,
    },
    Resolve {
        directory: Index,
        which: Index,
        how: u8,
        value: Value,
    },
}

#[derive(Clone, Debug)]
pub(super) enum RunEdit {
    Put(Key, Value),
    PutGenerated(Value),
    Merge(Index, usize, Value),
    Unset(Index, usize),
    Delete(Index),
}

pub(super) const FIELDS: &[&str] = &["x", "y", "n", "s", TEXT, LIST];
/// The fields that are declared a text and a list where some are.
pub(super) const TEXT: &str = "t";
pub(super) const LIST: &str = "l";

/// Histories of 2 to 6 replicas in 1 to 3 directories.
pub(crate) fn histories() -> impl Strategy<Value = Steps> {
    (2usize..=6, 1usize..=3, any::<(bool, bool)>(), vec(step(), 6..32), step()).prop_map(
        |(replicas, directories, (generates_keys, declares), steps, last)| Steps {
            replicas,
            directories,
            generates_keys,
            declares,
            steps,
            last,
        },
    )
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![6 => few_keys(), 1 => any_key()]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![6 => few_records(), 1 => any_record()]
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    prop_oneof![
        8 => (index(), key(), value()).prop_map(|(replica, key, value)| Step::Put { replica, key, value }),
        2 => (index(), value()).prop_map(|(replica, value)| Step::PutGenerated { replica, value }),
        6 => (index(), index(), any::<bool>(), index(), 0usize..3, "[ab \u{1F600}]{0,3}").prop_map(
            |(replica, which, is_text, at, gone, came)| Step::Edit { replica, which, is_text, at, gone, came }
        ),
        2 => (index(), index()).prop_map(|(replica, which)| Step::Delete { replica, which }),
        8 => index().prop_map(|replica| Step::Capture { replica }),
        3 => (index(), any::<bool>()).prop_map(|(replica, taken)| Step::Offer { replica, taken }),
        1 => (index(), any::<bool>()).prop_map(|(replica, keep)| Step::Lose { replica, keep }),
        2 => (index(), index(), vec(run_edit(), 1..4)).prop_map(|(directory, base, edits)| Step::Run { directory, base, edits }),
        1 => (index(), any::<bool>(), vec((0..FIELDS.len(), policy()), 0..3))
            .prop_map(|(directory, edit_wins, fields)| Step::Policy { directory, edit_wins, fields }),
        2 => (index(), index()).prop_map(|(from, to)| Step::Merge { from, to }),
        5 => (index(), index(), 0u8..4, value()).prop_map(|(directory, which, how, value)| Step::Resolve { directory, which, how, value }),
    ]
}

fn run_edit() -> impl Strategy<Value = RunEdit> {
    let index = any::<Index>;
    prop_oneof![
        2 => (key(), value()).prop_map(|(key, value)| RunEdit::Put(key, value)),
        1 => value().prop_map(RunEdit::PutGenerated),
        3 => (index(), 0..FIELDS.len(), value()).prop_map(|(which, field, value)| RunEdit::Merge(which, field, value)),
        1 => (index(), 0..FIELDS.len()).prop_map(|(which, field)| RunEdit::Unset(which, field)),
        1 => index().prop_map(RunEdit::Delete),
    ]
}

fn policy() -> impl Strategy<Value = FieldPolicy> {
    use FieldPolicy::*;
    proptest::sample::select(vec![LastWriter, Counter, Max, Min, Set, PeopleOverPipelines, Text, List])
}
