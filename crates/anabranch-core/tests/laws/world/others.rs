//! What happens in a directory: pipelines commit at old bases, policies change, conflicts are resolved.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::{Author, DeletePolicy, Edit, FieldPath, FieldPolicy, Key, Resolution, Value};
use proptest::sample::Index;

use super::World;
use super::steps::{FIELDS, RunEdit};

impl World {
    pub(super) fn pipeline(&mut self, directory: usize, base: &Index, edits: &[RunEdit]) {
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

    pub(super) fn policy(&mut self, directory: usize, edit_wins: bool, fields: &[(usize, FieldPolicy)]) {
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

    pub(super) fn resolve(&mut self, directory: usize, which: &Index, how: u8, value: &Value) {
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
