//! Write-back: a writer's edits at the base that it read, merged with what happened since.

use std::collections::BTreeSet;

use super::capture::own_identity;
use super::diff::Target;
use super::edit::{Edit, ParseEditError};
use super::plan::Plan;
use super::receipt::{RowRefusal, Rows};
use super::{Author, Commit, CommitError};
use crate::document::Document;
use crate::history::KnownHeads;
use crate::key::{Key, KeyPath, MakeKeyError};
use crate::layout::{self, EncodedKey};
use crate::limits;
use crate::value::Value;
use crate::view::View;

/// How a set of edits is committed.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommitOptions {
    /// Commit the other rows where some are refused.
    pub partial: bool,
}

/// Why edits could not be committed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChangeAtError {
    /// The prepared commit could not be taken.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Document {
    /// Commits edits upon `base`. If a row is refused nothing is committed, and the receipt says which and why.
    pub fn change_at(&mut self, base: &KnownHeads, edits: &[Edit], author: &Author) -> Result<Commit, ChangeAtError> {
        self.commit_each(base, edits.iter().map(Ok), author, CommitOptions::default())
    }

    /// Commits the rows of a file of edits upon `base`, those that are no edits counted as refused.
    pub fn commit_rows(
        &mut self,
        base: &KnownHeads,
        rows: &[Result<Edit, ParseEditError>],
        author: &Author,
        options: CommitOptions,
    ) -> Result<Commit, ChangeAtError> {
        self.commit_each(base, rows.iter().map(Result::as_ref), author, options)
    }

    fn commit_each<'e>(
        &mut self,
        base: &KnownHeads,
        rows: impl Iterator<Item = Result<&'e Edit, &'e ParseEditError>>,
        author: &Author,
        options: CommitOptions,
    ) -> Result<Commit, ChangeAtError> {
        let prepared = {
            let view = self.at(base);
            let mut plan = Plan::new(author.clone());
            plan.keep_sequences(view.schema());
            let rows_told = Rows::with_capacity(rows.size_hint().0);
            let mut writer = Writer { next_key: None, plan, rows: rows_told, seen: RowKeys::default(), view: &view };
            rows.for_each(|row| writer.row(row));
            let Writer { plan, rows, .. } = writer;
            if rows.refused() > 0 && !options.partial {
                Plan::new(author.clone()).prepare(self, base, rows)
            } else {
                plan.prepare(self, base, rows)
            }
        };
        Ok(self.commit(prepared)?)
    }
}

struct Writer<'v> {
    view: &'v View<'v>,
    plan: Plan,
    rows: Rows,
    seen: RowKeys,
    next_key: Option<f64>,
}

/// The keys that rows named, the first apart: most commits have no other.
#[derive(Default)]
struct RowKeys {
    first: Option<Key>,
    others: BTreeSet<Key>,
}

impl RowKeys {
    /// Takes a key; `false` if it was there.
    fn insert(&mut self, key: &Key) -> bool {
        match &self.first {
            Some(first) => first != key && self.others.insert(key.clone()),
            None => self.first.replace(key.clone()).is_none(),
        }
    }
}

impl Writer<'_> {
    fn row(&mut self, row: Result<&Edit, &ParseEditError>) {
        let edit = match row {
            Ok(edit) => edit,
            Err(error) => return self.rows.push_refused(None, error.clone().into()),
        };
        let mark = self.plan.mark();
        let mut key = edit_key(edit).cloned();
        let done = match edit {
            Edit::Put { value, .. } => self.put(&mut key, value),
            Edit::Merge { key, set, unset } => {
                self.first_row_of(key).and_then(|()| self.plan.merge(self.view, key, set, unset))
            }
            Edit::Delete { key } => self.delete(key),
        };
        let done = done.and_then(|()| Ok(self.plan.end_record()?));
        match (done, key) {
            (Ok(changed), Some(key)) => self.rows.push_edit(key, changed),
            (Ok(_), None) => self.rows.push_refused(None, RowRefusal::NoKey(MakeKeyError::Missing)),
            (Err(refusal), key) => {
                self.plan.roll_back(mark);
                self.rows.push_refused(key, refusal);
            }
        }
    }

    fn first_row_of(&mut self, key: &Key) -> Result<(), RowRefusal> {
        if self.seen.insert(key) { Ok(()) } else { Err(RowRefusal::SecondRow) }
    }

    fn put(&mut self, key: &mut Option<Key>, value: &Value) -> Result<(), RowRefusal> {
        let schema = self.view.schema();
        let inside = schema.key_path.as_ref().map(|path| path.extract(value));
        let mut value = std::borrow::Cow::Borrowed(value);
        let mut generated = false;
        let own = match (&*key, inside) {
            (Some(key), Some(Ok(inside))) if *key != inside => return Err(RowRefusal::KeyMismatch),
            (Some(key), Some(Err(_))) => {
                inject(schema.key_path.as_ref(), value.to_mut(), key);
                key.clone()
            }
            (Some(key), _) => key.clone(),
            (None, Some(Ok(inside))) => inside,
            (None, _) if schema.auto_increment => {
                generated = true;
                let made = self.generate_key();
                inject(schema.key_path.as_ref(), value.to_mut(), &made);
                made
            }
            (None, Some(Err(error))) => return Err(RowRefusal::NoKey(error)),
            (None, None) => return Err(RowRefusal::NoKey(MakeKeyError::Missing)),
        };
        if let Some(path) = &schema.key_path
            && path.extract(&value).as_ref() != Ok(&own)
        {
            return Err(RowRefusal::KeyMismatch);
        }
        *key = Some(own.clone());
        self.first_row_of(&own)?;
        self.put_at(&own, &value, generated)
    }

    fn put_at(&mut self, key: &Key, value: &Value, generated: bool) -> Result<(), RowRefusal> {
        let encoded = layout::encode_key(key);
        if let Some(record) = self.view.keys().find_encoded(&self.view.registers, &key.into(), EncodedKey::of(&encoded))
        {
            self.plan.put(self.view, Target::Known(record), value, None);
            return Ok(());
        }
        if encoded.len() > limits::KEY_BYTES_MAX {
            return Err(super::plan::RecordTooLarge { what: "key bytes", limit: limits::KEY_BYTES_MAX as u64 }.into());
        }
        let identity = if generated { own_identity(&encoded) } else { encoded };
        self.plan.put(self.view, Target::New(&identity), value, None);
        Ok(())
    }

    /// The number after the largest that the base holds or that this run made.
    fn generate_key(&mut self) -> Key {
        let largest = |view: &View<'_>| {
            let keys = view.in_key_order().into_iter().rev().filter_map(|record| view.key_of(record));
            let numbers =
                keys.filter_map(|key| if let Key::Number(number) = key { Some(number.floor()) } else { None });
            numbers.fold(0.0, f64::max)
        };
        let next = self.next_key.unwrap_or_else(|| largest(self.view)) + 1.0;
        self.next_key = Some(next);
        Key::Number(next)
    }

    fn delete(&mut self, key: &Key) -> Result<(), RowRefusal> {
        self.first_row_of(key)?;
        if let Some(record) = self.view.keys().find(&self.view.registers, key)
            && self.view.value_of(record).is_some()
        {
            self.plan.delete(self.view, record);
        }
        Ok(())
    }
}

fn edit_key(edit: &Edit) -> Option<&Key> {
    match edit {
        Edit::Put { key, .. } => key.as_ref(),
        Edit::Merge { key, .. } | Edit::Delete { key } => Some(key),
    }
}

fn inject(path: Option<&KeyPath>, value: &mut Value, key: &Key) {
    if let Some(path) = path {
        path.inject(value, key);
    }
}
