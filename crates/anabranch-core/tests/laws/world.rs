//! Random histories: replicas that change their data offline, directories that capture and merge them, pipelines.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::testing::{any_key, any_record, few_keys, few_records, raw_sequences_written, with_pages_of};
use anabranch_core::{
    Author, CaptureKind, Commit, DeletePolicy, Document, Edit, FieldPath, FieldPolicy, Heads, Key, Receipt, Resolution,
    StoreSchema, StoreSnapshot, Value,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::coverage::Coverage;
use crate::records;

/// A store's kind and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    replicas: usize,
    directories: usize,
    generates_keys: bool,
    /// Whether sources say from the start which fields are sequences.
    declares: bool,
    steps: Vec<Step>,
    /// What happens after everybody was captured once more.
    last: Step,
}

#[derive(Clone, Debug)]
enum Step {
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
enum RunEdit {
    Put(Key, Value),
    PutGenerated(Value),
    Merge(Index, usize, Value),
    Unset(Index, usize),
    Delete(Index),
}

const FIELDS: &[&str] = &["x", "y", "n", "s", TEXT, LIST];
/// The fields that are declared a text and a list where some are.
const TEXT: &str = "t";
const LIST: &str = "l";

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

/// A replica's database, and what was last captured of it.
#[derive(Clone, Default)]
struct Replica {
    records: records::Map,
    generated: f64,
    baseline: Option<Heads>,
}

#[derive(Clone, Default)]
pub(crate) struct World {
    schema: StoreSchema,
    replicas: Vec<Replica>,
    directories: Vec<Document>,
    heads_seen: Vec<Heads>,
    deleted: BTreeSet<Key>,
    runs: usize,
    pub(crate) coverage: Coverage,
}

impl World {
    pub(crate) fn run(steps: &Steps) -> Self {
        let mut schema = StoreSchema { auto_increment: steps.generates_keys, ..StoreSchema::default() };
        if steps.declares {
            let field = |name: &str| FieldPath(vec![name.into()]);
            schema.fields = [(field(TEXT), FieldPolicy::Text), (field(LIST), FieldPolicy::List)].into();
        }
        let mut world = Self { schema, ..Self::default() };
        world.replicas = vec![Replica::default(); steps.replicas];
        world.directories = (0..steps.directories).map(|at| with_pages_of(1 + at)).collect();
        if steps.declares {
            world.begin_alike();
        }
        steps.steps.iter().for_each(|step| world.step(step));
        (0..steps.replicas).for_each(|replica| world.capture(replica));
        world.step(&steps.last);
        let merged = world.merged();
        if !merged.view().conflicts().is_empty() {
            world.coverage.happened("a conflict was listed");
        }
        world.note_edited_sequences(&merged);
        world
    }

    /// All replicas hold the same note, and all but the last were captured with it.
    fn begin_alike(&mut self) {
        let list = Value::Array(vec![Value::Number(1.0), Value::Number(2.0)]);
        let note = Value::object([(TEXT, Value::from("one two")), (LIST, list)]);
        for replica in &mut self.replicas {
            replica.records.insert(Key::String("note".into()), note.clone());
        }
        (1..self.replicas.len()).for_each(|replica| self.capture(replica - 1));
    }

    fn note_edited_sequences(&mut self, merged: &Document) {
        for (_, sequence) in raw_sequences_written(merged) {
            let (edited, on_two_sides) = match sequence.is_text {
                true => ("a text was edited", "a text was edited on two sides"),
                false => ("a list was edited", "a list was edited on two sides"),
            };
            if sequence.commits > 1 {
                self.coverage.happened(edited);
            }
            if sequence.is_concurrent {
                self.coverage.happened(on_two_sides);
            }
        }
    }

    pub(crate) fn documents(&self) -> Vec<Document> {
        self.directories.clone()
    }

    pub(crate) fn heads_seen(&self) -> &[Heads] {
        &self.heads_seen
    }

    /// All directories in one.
    pub(crate) fn merged(&self) -> Document {
        let mut merged = Document::new();
        for directory in &self.directories {
            merged.apply(directory.change_bytes().map(|change| change.bytes));
        }
        merged
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Put { replica, key, value } => {
                let replica = replica.index(self.replicas.len());
                if self.deleted.contains(key) {
                    self.coverage.happened("a record was made again");
                }
                self.replicas[replica].records.insert(key.clone(), value.clone());
                if let Key::Number(number) = key {
                    self.replicas[replica].generated = self.replicas[replica].generated.max(number.floor());
                }
            }
            Step::PutGenerated { replica, value } => self.put_generated(replica.index(self.replicas.len()), value),
            Step::Edit { replica, which, is_text, at, gone, came } => {
                self.edit(replica.index(self.replicas.len()), which, *is_text, (at, *gone, came))
            }
            Step::Delete { replica, which } => {
                let replica = replica.index(self.replicas.len());
                let keys: Vec<Key> = self.replicas[replica].records.keys().cloned().collect();
                if !keys.is_empty() {
                    let key = which.get(&keys).clone();
                    self.replicas[replica].records.remove(&key);
                    self.deleted.insert(key);
                    self.coverage.happened("a deletion");
                }
            }
            Step::Capture { replica } => self.capture(replica.index(self.replicas.len())),
            Step::Offer { replica, taken } => self.offer(replica.index(self.replicas.len()), *taken),
            Step::Lose { replica, keep } => self.lose(replica.index(self.replicas.len()), *keep),
            Step::Run { directory, base, edits } => self.pipeline(directory.index(self.directories.len()), base, edits),
            Step::Policy { directory, edit_wins, fields } => {
                self.policy(directory.index(self.directories.len()), *edit_wins, fields)
            }
            Step::Merge { from, to } => {
                let (from, to) = (from.index(self.directories.len()), to.index(self.directories.len()));
                if from != to {
                    let changes: Vec<_> = self.directories[from].change_bytes().map(|change| change.bytes).collect();
                    self.directories[to].apply(changes);
                    self.coverage.happened("directories merged");
                }
            }
            Step::Resolve { directory, which, how, value } => {
                self.resolve(directory.index(self.directories.len()), which, *how, value)
            }
        }
    }

    /// Replaces a few characters or elements of the text or list of some record, which begins as the same everywhere.
    fn edit(&mut self, replica: usize, which: &Index, is_text: bool, (at, gone, came): (&Index, usize, &str)) {
        let mut records: Vec<&mut Value> =
            self.replicas[replica].records.values_mut().filter(|value| matches!(value, Value::Object(_))).collect();
        if records.is_empty() {
            return;
        }
        // Every other edit is one of the record that all began with, if it is there: texts sort last.
        let which = which.index(2 * records.len()).min(records.len() - 1);
        let Value::Object(record) = &mut *records[which] else { return };
        let name = if is_text { TEXT } else { LIST };
        let edited = match record.get(name) {
            Some(Value::String(text)) if is_text => {
                let mut chars: Vec<char> = text.as_str().unwrap_or_default().chars().collect();
                let from = at.index(chars.len() + 1);
                let to = (from + gone).min(chars.len());
                chars.splice(from..to, came.chars());
                Value::String(chars.into_iter().collect::<String>().into())
            }
            Some(Value::Array(items)) if !is_text => {
                let mut items = items.clone();
                let from = at.index(items.len() + 1);
                let to = (from + gone).min(items.len());
                items.splice(from..to, came.chars().map(|char| Value::String(char.to_string().into())));
                Value::Array(items)
            }
            _ if is_text => Value::from("one two"),
            _ => Value::Array(vec![Value::Number(1.0), Value::Number(2.0)]),
        };
        record.insert(name.into(), edited);
    }

    fn put_generated(&mut self, replica: usize, value: &Value) {
        if !self.schema.auto_increment {
            return;
        }
        let replica = &mut self.replicas[replica];
        replica.generated = replica.generated.max(0.0) + 1.0;
        if replica.generated < 9e15 && replica.baseline.is_some() {
            replica.records.insert(Key::Number(replica.generated), value.clone());
            self.coverage.happened("a generated key");
        }
    }

    /// Each replica is captured into one directory, always the same.
    fn home(&self, replica: usize) -> usize {
        replica % self.directories.len()
    }

    fn snapshot(&self, replica: usize) -> StoreSnapshot {
        let records = self.replicas[replica].records.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        StoreSnapshot { name: "s".into(), schema: self.schema.clone(), complete: true, records }
    }

    fn capture(&mut self, replica: usize) {
        let home = self.home(replica);
        let kind = match &self.replicas[replica].baseline {
            None => CaptureKind::First,
            Some(heads) => {
                CaptureKind::Next { baseline: self.directories[home].known(heads).unwrap(), left_out: BTreeSet::new() }
            }
        };
        let others = self.replicas.iter().any(|replica| replica.baseline.is_some());
        if matches!(kind, CaptureKind::First) && others {
            self.coverage.happened("a first capture beside another");
        }
        self.capture_as(replica, kind);
    }

    fn capture_as(&mut self, replica: usize, kind: CaptureKind) {
        let (home, snapshot) = (self.home(replica), self.snapshot(replica));
        let commit = self.directories[home].capture_store(&format!("replica {replica}"), kind, &snapshot).unwrap();
        self.committed(home, &commit);
        self.replicas[replica].baseline = Some(commit.own_heads);
    }

    fn committed(&mut self, directory: usize, commit: &Commit) {
        assert_adds_up(&commit.receipt);
        self.heads_seen.push(commit.own_heads.clone());
        self.heads_seen.push(self.directories[directory].heads());
    }

    /// The merged contents are written back; what the replica did since its last capture is lost, as an import does.
    fn offer(&mut self, replica: usize, taken: bool) {
        let home = self.home(replica);
        if !taken {
            return self.coverage.happened("an offer was not taken");
        }
        let directory = &self.directories[home];
        self.replicas[replica].records = records::of(directory);
        self.replicas[replica].baseline = Some(directory.heads());
        self.coverage.happened("an offer was taken");
    }

    fn lose(&mut self, replica: usize, keep: bool) {
        let home = self.home(replica);
        let Some(heads) = self.replicas[replica].baseline.clone() else { return };
        if !keep {
            self.replicas[replica].records.clear();
            self.replicas[replica].generated = 0.0;
        }
        let earlier = self.directories[home].known(&heads).unwrap();
        self.capture_as(replica, CaptureKind::Lost { earlier });
        self.coverage.happened("a replica was lost");
    }

    fn pipeline(&mut self, directory: usize, base: &Index, edits: &[RunEdit]) {
        let known: Vec<_> =
            self.heads_seen.iter().filter_map(|heads| self.directories[directory].known(heads).ok()).collect();
        if known.is_empty() {
            return;
        }
        let base = base.get(&known).clone();
        let keys: Vec<Key> = self.directories[directory].at(&base).records().map(|record| record.key).collect();
        let field = |at: usize| FieldPath(vec![FIELDS[at].into()]);
        let mut seen = BTreeSet::new();
        let edits: Vec<Edit> = edits
            .iter()
            .filter_map(|edit| match edit {
                RunEdit::Put(key, value) => Some(Edit::Put { key: Some(key.clone()), value: value.clone() }),
                RunEdit::PutGenerated(value) => Some(Edit::Put { key: None, value: value.clone() }),
                _ if keys.is_empty() => None,
                RunEdit::Merge(which, at, value) => Some(Edit::Merge {
                    key: which.get(&keys).clone(),
                    set: vec![(field(*at), value.clone())],
                    unset: vec![],
                }),
                RunEdit::Unset(which, at) => {
                    Some(Edit::Merge { key: which.get(&keys).clone(), set: vec![], unset: vec![field(*at)] })
                }
                RunEdit::Delete(which) => Some(Edit::Delete { key: which.get(&keys).clone() }),
            })
            .filter(|edit| match edit {
                Edit::Put { key: None, .. } => self.schema.auto_increment,
                Edit::Put { key: Some(key), .. } | Edit::Merge { key, .. } | Edit::Delete { key } => {
                    seen.insert(key.clone())
                }
            })
            .collect();
        self.runs += 1;
        let author = Author::run(&format!("run {}", self.runs), "pipe");
        let rows: Vec<_> = edits.into_iter().map(Ok).collect();
        let options = anabranch_core::CommitOptions { partial: true };
        let is_old = *base.heads() != self.directories[directory].heads();
        let commit = self.directories[directory].commit_rows(&base, &rows, &author, options).unwrap();
        assert_eq!(commit.receipt.rows, rows.len());
        if is_old {
            self.coverage.happened("a run at an old base");
        }
        self.committed(directory, &commit);
    }

    fn policy(&mut self, directory: usize, edit_wins: bool, fields: &[(usize, FieldPolicy)]) {
        let document = &mut self.directories[directory];
        let mut schema = document.view().schema().clone();
        schema.deletes = if edit_wins { DeletePolicy::EditWins } else { DeletePolicy::DeleteWins };
        schema.fields = fields
            .iter()
            .map(|(at, policy)| (FieldPath(vec![FIELDS[*at].into()]), *policy))
            .collect::<BTreeMap<_, _>>();
        let commit = document.set_schema(&schema, &Author::person("admin")).unwrap();
        self.coverage.happened("a policy changed");
        self.committed(directory, &commit);
    }

    fn resolve(&mut self, directory: usize, which: &Index, how: u8, value: &Value) {
        // The first directory from there on that has a conflict.
        let count = self.directories.len();
        let mut others = (directory..directory + count).map(|at| at % count);
        let Some(directory) = others.find(|at| self.directories[*at].view().conflict_count() > 0) else { return };
        let conflicts = self.directories[directory].view().conflicts();
        let conflict = which.get(&conflicts);
        let resolution = match (how, &conflict.field) {
            (0, _) => Resolution::Delete,
            (1, _) | (_, None) => Resolution::Keep,
            (_, Some(field)) => Resolution::Field(field.clone(), value.clone()),
        };
        let commit = self.directories[directory].resolve(&conflict.key, &resolution, &Author::person("judge")).unwrap();
        self.coverage.happened("a conflict was resolved");
        self.committed(directory, &commit);
    }
}

/// Every row is counted once.
fn assert_adds_up(receipt: &Receipt) {
    let counted = receipt.applied
        + receipt.merged
        + receipt.superseded
        + receipt.conflicted
        + receipt.unchanged
        + receipt.refused;
    assert_eq!(counted, receipt.rows, "{receipt:?}");
}
