//! A directory of captures in a few words: records and values are typed JSON, replicas are names.

use std::collections::BTreeMap;

use anabranch_core::json::{key_to_string, read_key, read_value, value_to_string, write_field_path};
use anabranch_core::{
    Author, CaptureKind, Commit, ConflictKind, DeletePolicy, Document, Edit, FieldPath, FieldPolicy, Heads, Key,
    KeyPath, KnownHeads, Resolution, StoreSchema, StoreSnapshot, Value,
};

/// A document and what it knows of the replicas that are captured into it.
#[derive(Clone, Default)]
pub struct Desk {
    pub document: Document,
    pub schema: StoreSchema,
    baselines: BTreeMap<String, Heads>,
}

/// Reads a value of typed JSON.
pub fn value(json: &str) -> Value {
    read_value(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Reads a key of typed JSON.
pub fn key(json: &str) -> Key {
    read_key(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Reads a dotted field path.
pub fn field(path: &str) -> FieldPath {
    anabranch_core::json::parse_field_path(path).unwrap()
}

impl Desk {
    pub fn new() -> Self {
        Self::default()
    }

    /// A store whose generator makes the keys that lie at `id`.
    pub fn generating() -> Self {
        let schema =
            StoreSchema { key_path: Some(KeyPath::Single("id".into())), auto_increment: true, ..Default::default() };
        Self { schema, ..Self::default() }
    }

    /// Captures all that a replica holds: found the first time, diffed against its baseline from then on.
    pub fn capture(&mut self, replica: &str, records: &[(&str, &str)]) -> Commit {
        let kind = match self.baselines.get(replica) {
            None => CaptureKind::First,
            Some(heads) => CaptureKind::Next { baseline: self.known(heads), left_out: Default::default() },
        };
        self.capture_as(replica, kind, records)
    }

    /// Captures a replica that was wiped.
    pub fn capture_lost(&mut self, replica: &str, records: &[(&str, &str)]) -> Commit {
        let earlier = self.known(&self.baselines[replica]);
        self.capture_as(replica, CaptureKind::Lost { earlier }, records)
    }

    pub fn capture_as(&mut self, replica: &str, kind: CaptureKind, records: &[(&str, &str)]) -> Commit {
        let store = StoreSnapshot {
            name: "s".into(),
            schema: self.schema.clone(),
            complete: true,
            records: records.iter().map(|(k, v)| (key(k), value(v))).collect(),
        };
        let commit = self.document.capture_store(replica, kind, &store).unwrap();
        self.baselines.insert(replica.into(), commit.own_heads.clone());
        commit
    }

    /// The replica takes the merged contents: what it holds now is what the document shows.
    pub fn offer(&mut self, replica: &str) -> Vec<(String, String)> {
        self.baselines.insert(replica.into(), self.document.heads());
        self.records()
    }

    /// Takes everything that another directory has, its replicas too.
    pub fn merge(&mut self, other: &Desk) {
        let outcome = self.document.apply(other.document.change_bytes().map(|change| change.bytes));
        assert_eq!((outcome.refused.as_slice(), outcome.waiting), (&[][..], 0));
        for (replica, heads) in &other.baselines {
            self.baselines.entry(replica.clone()).or_insert_with(|| heads.clone());
        }
    }

    pub fn known(&self, heads: &Heads) -> KnownHeads {
        self.document.known(heads).unwrap()
    }

    pub fn heads(&self) -> Heads {
        self.document.heads()
    }

    /// Commits typed JSON edits as a pipeline's run.
    pub fn run(&mut self, run: &str, base: &Heads, edits: &[&str]) -> Commit {
        self.commit(&Author::run(run, "pipe"), base, edits)
    }

    pub fn commit(&mut self, author: &Author, base: &Heads, edits: &[&str]) -> Commit {
        let edits: Vec<Edit> = edits.iter().map(|edit| Edit::from_json(edit.as_bytes()).unwrap()).collect();
        self.document.change_at(&self.known(base), &edits, author).unwrap()
    }

    pub fn resolve(&mut self, record: &str, resolution: Resolution) {
        self.document.resolve(&key(record), &resolution, &Author::person("judge")).unwrap();
    }

    /// Sets the policies, in the document and in what later captures know.
    pub fn policies(&mut self, deletes: DeletePolicy, fields: &[(&str, FieldPolicy)]) {
        let mut schema = self.document.view().schema().clone();
        schema.deletes = deletes;
        schema.fields = fields.iter().map(|(path, policy)| (field(path), *policy)).collect();
        self.document.set_schema(&schema, &Author::person("admin")).unwrap();
    }

    /// What is shown, as typed JSON, in key order.
    pub fn records(&self) -> Vec<(String, String)> {
        self.document
            .view()
            .records()
            .map(|record| (key_to_string(&record.key), value_to_string(&record.value)))
            .collect()
    }

    pub fn show(&self, record: &str) -> Option<String> {
        self.document.view().get(&key(record)).map(|value| value_to_string(&value))
    }

    /// Conflicts as `key field kind: shown | others`, `-` for nothing; others in order of their text.
    pub fn conflicts(&self) -> Vec<String> {
        let text = |value: &Option<Value>| value.as_ref().map_or("-".into(), value_to_string);
        let mut lines: Vec<String> = Vec::new();
        for conflict in self.document.view().conflicts() {
            let mut others: Vec<String> = conflict.others.iter().map(|other| text(&other.value)).collect();
            others.sort();
            let field = conflict.field.as_ref().map_or("-".into(), write_field_path);
            let (key, kind) = (key_to_string(&conflict.key), conflict.kind.name());
            lines.push(format!("{key} {field} {kind}: {} | {}", text(&conflict.shown), others.join(", ")));
        }
        lines
    }

    /// The names of those who wrote what lost.
    pub fn losers(&self, kind: ConflictKind) -> Vec<String> {
        let conflicts = self.document.view().conflicts().into_iter().filter(|conflict| conflict.kind == kind);
        conflicts.flat_map(|conflict| conflict.others).map(|other| other.replica).collect()
    }

    #[track_caller]
    pub fn shows(&self, records: &[(&str, &str)]) {
        let records: Vec<(String, String)> =
            records.iter().map(|(k, v)| (key_to_string(&key(k)), value_to_string(&value(v)))).collect();
        assert_eq!(self.records(), records);
    }

    #[track_caller]
    pub fn lists(&self, conflicts: &[&str]) {
        assert_eq!(self.conflicts(), conflicts);
    }
}

/// Borrows records that a desk gave, to hand them back to it.
pub fn borrowed(records: &[(String, String)]) -> Vec<(&str, &str)> {
    records.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

/// Runs the steps in every order that `orders` lists and checks the desk after each.
pub fn in_every_order(steps: &[&dyn Fn(&mut Desk)], orders: &[&[usize]], check: &dyn Fn(&Desk)) {
    for order in orders {
        let mut desk = Desk::new();
        order.iter().for_each(|at| steps[*at](&mut desk));
        check(&desk);
    }
}
