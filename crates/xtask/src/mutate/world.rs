//! Honest histories of a few small records, and what two replicas make of them next.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use anabranch_core::testing::{any_key, any_record, few_keys, few_records, with_pages_of};
use anabranch_core::{
    Author, CaptureKind, Commit, DeletePolicy, Document, Edit, FieldPath, FieldPolicy, Heads, Key, StoreSchema,
    StoreSnapshot, Value,
};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::saved::SavedWorld;
use crate::random::Random;

/// So many records are many: their keys are numbers, and they lie in few pages.
const RECORDS_MANY: usize = 30;

/// The changes of one commit, each as its bytes.
pub(super) type Chain = Vec<Arc<[u8]>>;

/// A document, and the commits that arrive at it: concurrent with each other, complete and honest.
pub(super) struct World {
    pub(super) document: Document,
    pub(super) arriving: Vec<Chain>,
    /// Whether what it is saved as was trimmed before.
    trim: bool,
    saved: OnceCell<SavedWorld>,
}

/// Makes records and picks what to do with them.
struct Maker {
    random: Random,
    runner: TestRunner,
    keys: BoxedStrategy<Key>,
    values: BoxedStrategy<Value>,
    schema: StoreSchema,
    /// Whether records hold a text and a list.
    sequences: bool,
}

impl World {
    /// The world of a seed.
    pub(super) fn new(seed: u64) -> Option<Self> {
        let mut maker = Maker::new(seed);
        let count = maker.record_count();
        let pages_of = if count < RECORDS_MANY { 2 } else { RECORDS_MANY };
        let mut document = if maker.random.once_in(2) { Document::new() } else { with_pages_of(pages_of) };
        let baseline = maker.capture(&mut document, "tablet", CaptureKind::First, count)?.own_heads;
        if maker.random.once_in(2) {
            maker.capture(&mut document, "laptop", CaptureKind::First, count)?;
        }
        document.set_schema(&maker.schema.clone(), &Author::person("desk")).ok()?;
        maker.edit(&mut document)?;
        let commits = [Maker::edit, Maker::run, Maker::policy_or_edit];
        let mut arriving = vec![maker.next_capture(&document, &baseline)?];
        for _ in 0..2 {
            let commit = maker.random.pick(&commits).copied()?;
            arriving.push(chain(&commit(&mut maker, &mut document.clone())?));
        }
        arriving.retain(|chain| !chain.is_empty());
        let trim = maker.random.once_in(6);
        (!arriving.is_empty()).then_some(Self { document, arriving, trim, saved: OnceCell::new() })
    }

    /// What its document is saved as.
    pub(super) fn saved(&self) -> &SavedWorld {
        self.saved.get_or_init(|| SavedWorld::new(&self.document, self.trim))
    }
}

impl Maker {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let bytes: Vec<u8> = (0..4).flat_map(|_| random.number().to_le_bytes()).collect();
        let runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let awkward = random.once_in(3);
        let (keys, values) = if awkward { (any_key(), any_record()) } else { (few_keys(), few_records()) };
        let policies = [FieldPolicy::Counter, FieldPolicy::Max, FieldPolicy::Set, FieldPolicy::PeopleOverPipelines];
        let policy = random.pick(&policies).copied().unwrap_or_default();
        let mut fields = BTreeMap::from([(FieldPath(vec!["n".into()]), policy)]);
        let sequences = random.once_in(2);
        if sequences {
            fields.insert(FieldPath(vec!["t".into()]), FieldPolicy::Text);
            fields.insert(FieldPath(vec!["l".into()]), FieldPolicy::List);
        }
        let schema = StoreSchema {
            auto_increment: random.once_in(3),
            deletes: if random.once_in(2) { DeletePolicy::EditWins } else { DeletePolicy::DeleteWins },
            fields,
            ..StoreSchema::default()
        };
        Self { random, runner, keys, values, schema, sequences }
    }

    /// Mostly a few; now and then more than one change of a chain holds.
    fn record_count(&mut self) -> usize {
        if self.random.once_in(32) { 104 } else { 1 + self.random.below(8) }
    }

    fn key(&mut self) -> Option<Key> {
        self.keys.new_tree(&mut self.runner).ok().map(|tree| tree.current())
    }

    fn value(&mut self) -> Option<Value> {
        let mut value = self.values.new_tree(&mut self.runner).ok()?.current();
        if let (true, Value::Object(record)) = (self.sequences, &mut value) {
            let random = &mut self.random;
            let text: String = (0..random.below(6)).filter_map(|_| random.pick(&['a', 'b', 'ü', '𝄞'])).collect();
            let list = (0..random.below(5)).map(|_| Value::Number(random.below(3) as f64)).collect();
            record.insert("t".into(), Value::String(text.as_str().into()));
            record.insert("l".into(), Value::Array(list));
        }
        Some(value)
    }

    fn records(&mut self, count: usize) -> Vec<(Key, Value)> {
        let numbers = count > RECORDS_MANY;
        let mut records: Vec<(Key, Value)> = (0..count)
            .filter_map(|at| {
                let key = if numbers { Key::Number(at as f64 + 1.0) } else { self.key()? };
                Some((key, self.value()?))
            })
            .collect();
        records.sort_by(|a, b| a.0.cmp(&b.0));
        records.dedup_by(|a, b| a.0 == b.0);
        records
    }

    fn capture(&mut self, document: &mut Document, by: &str, kind: CaptureKind, count: usize) -> Option<Commit> {
        let schema = StoreSchema { auto_increment: self.schema.auto_increment, ..StoreSchema::default() };
        let records = self.records(count);
        let snapshot = StoreSnapshot { name: "s".into(), schema, complete: true, records };
        document.capture_store(by, kind, &snapshot).ok()
    }

    fn next_capture(&mut self, document: &Document, baseline: &Heads) -> Option<Chain> {
        let baseline = document.known(baseline).ok()?;
        let count = self.record_count();
        let kind = CaptureKind::Next { baseline, left_out: Default::default() };
        let commit = self.capture(&mut document.clone(), "tablet", kind, count)?;
        Some(chain(&commit))
    }

    fn edits(&mut self) -> Vec<Edit> {
        let mut edits: Vec<(Key, Edit)> = Vec::new();
        for _ in 0..=self.random.below(4) {
            let (Some(key), Some(value)) = (self.key(), self.value()) else { continue };
            let edit = match self.random.below(4) {
                0 => Edit::Delete { key: key.clone() },
                _ => Edit::Put { key: Some(key.clone()), value },
            };
            if edits.iter().all(|(have, _)| *have != key) {
                edits.push((key, edit));
            }
        }
        edits.into_iter().map(|(_, edit)| edit).collect()
    }

    fn edit(&mut self, document: &mut Document) -> Option<Commit> {
        self.commit(document, &Author::person("desk"))
    }

    fn run(&mut self, document: &mut Document) -> Option<Commit> {
        self.commit(document, &Author::run("nightly-1", "pipeline"))
    }

    fn policy_or_edit(&mut self, document: &mut Document) -> Option<Commit> {
        let schema = StoreSchema { deletes: DeletePolicy::DeleteWins, ..self.schema.clone() };
        if self.random.once_in(2) {
            return document.set_schema(&schema, &Author::person("admin")).ok();
        }
        self.commit(document, &Author::person("phone"))
    }

    fn commit(&mut self, document: &mut Document, author: &Author) -> Option<Commit> {
        let base = document.known(&document.heads()).ok()?;
        document.change_at(&base, &self.edits(), author).ok()
    }
}

fn chain(commit: &Commit) -> Chain {
    commit.changes.iter().map(|change| change.bytes.clone()).collect()
}
