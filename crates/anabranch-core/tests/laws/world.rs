//! Random histories: replicas that change their data offline, directories that capture and merge them, pipelines.

use std::collections::BTreeSet;

use anabranch_core::testing::{raw_sequences_written, with_pages_of};
use anabranch_core::{
    CaptureKind, Commit, Document, FieldPath, FieldPolicy, Heads, Key, Receipt, StoreSchema, StoreSnapshot, Value,
};

use crate::coverage::Coverage;
use crate::records;

mod devices;
mod others;
mod steps;

use steps::{LIST, Step, TEXT};
pub(crate) use steps::{Steps, histories};

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
