//! Resolving: writing what follows all concurrent values, so that a conflict is over.

use std::collections::BTreeSet;

use super::plan::{Plan, RecordTooLarge};
use super::receipt::Rows;
use super::{Author, Commit, CommitError};
use crate::document::Document;
use crate::key::Key;
use crate::layout;
use crate::registers::Slot;
use crate::scalar::Scalar;
use crate::schema::FieldPath;
use crate::value::Value;
use crate::view::View;
use crate::view::fields::each_leaf;

/// How a conflict ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolution {
    /// The field has this value.
    Field(FieldPath, Value),
    /// The record stays as it shows, or comes back with all that was written.
    Keep,
    /// The record is deleted.
    Delete,
}

/// Why a conflict was not resolved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ResolveError {
    /// Nobody ever made a record with this key.
    #[error("this store never had a record with that key")]
    NoSuchRecord,
    /// The field holds the key itself.
    #[error("the field holds the record's key, which cannot change")]
    KeyField,
    /// The record is too large.
    #[error(transparent)]
    RecordTooLarge(#[from] RecordTooLarge),
    /// The prepared commit could not be taken.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Document {
    /// Writes a resolution upon the present heads.
    pub fn resolve(&mut self, key: &Key, resolution: &Resolution, author: &Author) -> Result<Commit, ResolveError> {
        let prepared = {
            let view = self.view();
            let record = view.keys().find(&view.registers, key).ok_or(ResolveError::NoSuchRecord)?;
            let slot = view.registers.slot(record);
            let mut plan = Plan::new(author.clone());
            plan.keep_sequences(view.schema());
            match resolution {
                Resolution::Field(path, value) => plan.resolve_field(&view, slot, key, path, Some(value))?,
                Resolution::Keep => {
                    plan.set(&view, slot.identity(), Some(slot), "", |_| Scalar::PRESENT.code);
                    if let Some(shown) = view.value_of(record) {
                        plan.keep_shown(&view, slot, key, &shown)?;
                    }
                }
                Resolution::Delete => plan.set(&view, slot.identity(), Some(slot), "", |_| Scalar::DELETED.code),
            }
            plan.end_record()?;
            let mut rows = Rows::default();
            rows.push_edit(key.clone(), true);
            plan.prepare(self, view.heads(), rows)
        };
        Ok(self.commit(prepared)?)
    }
}

impl Plan {
    /// Writes what shows wherever values clash.
    fn keep_shown(&mut self, view: &View<'_>, slot: Slot<'_>, key: &Key, shown: &Value) -> Result<(), ResolveError> {
        let clashes = view.fields(slot, None).clashes;
        let mut paths: Vec<FieldPath> =
            clashes.iter().map(|clash| view.paths().info(clash.path).field.clone()).collect();
        // A field is written as a whole, so those inside it are written with it.
        paths.sort_by_key(|path| path.0.len());
        let mut written: Vec<FieldPath> = Vec::new();
        for path in paths {
            if !written.iter().any(|outer| path.0.starts_with(&outer.0)) {
                self.resolve_field(view, slot, key, &path, value_at(shown, &path))?;
                written.push(path);
            }
        }
        Ok(())
    }

    /// Writes a field as a whole, or that it is not there: its leaves, nothing else at, below or above it.
    fn resolve_field(
        &mut self,
        view: &View<'_>,
        slot: Slot<'_>,
        key: &Key,
        path: &FieldPath,
        value: Option<&Value>,
    ) -> Result<(), ResolveError> {
        if let (Some(value), Some(key_path)) = (value, &view.schema().key_path) {
            let mut whole = view
                .value_of(view.keys().find(&view.registers, key).ok_or(ResolveError::NoSuchRecord)?)
                .unwrap_or(Value::Undefined);
            super::merge_fields::make_room(&mut whole, &path.0);
            crate::view::fields::place(&mut whole, &path.0, value.clone());
            if key_path.extract(&whole).as_ref() != Ok(key) {
                return Err(ResolveError::KeyField);
            }
        }
        let mut prefix = layout::encode_path(path);
        let field = prefix.clone();
        if path.0.is_empty() {
            prefix.clear();
        }
        let mut written = BTreeSet::new();
        if let Some(value) = value {
            each_leaf(value, &mut prefix, &mut |suffix, leaf| {
                self.set_leaf(view, slot.identity(), Some(slot), suffix, leaf);
                written.insert(suffix.to_owned());
            });
        }
        let touches = |suffix: &str| {
            let main = suffix.split(layout::PART).next().unwrap_or_default();
            path.0.is_empty() || main == "=" || main == field || is_inside(main, &field) || is_inside(&field, main)
        };
        self.remove_others(view, slot, |suffix| !touches(suffix) || written.contains(suffix));
        Ok(())
    }
}

fn value_at<'v>(whole: &'v Value, path: &FieldPath) -> Option<&'v Value> {
    path.0.iter().try_fold(whole, |at, name| match at {
        Value::Object(object) => object.iter().find(|(have, _)| *have == name).map(|(_, value)| value),
        _ => None,
    })
}

fn is_inside(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('\0'))
}
