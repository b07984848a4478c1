//! Resolving: writing what follows all concurrent values, so that a conflict is over.

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
    /// The record stays, or comes back with all that was written.
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
                Resolution::Field(path, value) => plan.resolve_field(&view, slot, key, path, value)?,
                Resolution::Keep => plan.set(&view, slot.identity(), Some(slot), "", |_| Scalar::PRESENT.code),
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
    /// Writes a field as a whole: its leaves, nothing else at, below or above it.
    fn resolve_field(
        &mut self,
        view: &View<'_>,
        slot: Slot<'_>,
        key: &Key,
        path: &FieldPath,
        value: &Value,
    ) -> Result<(), ResolveError> {
        if let Some(key_path) = &view.schema().key_path {
            let mut whole = view
                .value_of(view.keys().find(&view.registers, key).ok_or(ResolveError::NoSuchRecord)?)
                .unwrap_or(Value::Undefined);
            super::change_at::make_room(&mut whole, &path.0);
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
        let mut written = Vec::new();
        each_leaf(value, &mut prefix, &mut |suffix, leaf| {
            self.set_leaf(view, slot.identity(), Some(slot), suffix, leaf);
            written.push(suffix.to_owned());
        });
        let touches = |suffix: &str| {
            let main = suffix.split(layout::PART).next().unwrap_or_default();
            path.0.is_empty() || main == "=" || main == field || is_inside(main, &field) || is_inside(&field, main)
        };
        self.remove_others(view, slot, |suffix| !touches(suffix) || written.iter().any(|written| written == suffix));
        Ok(())
    }
}

fn is_inside(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('\0'))
}
