//! Setting what a store knows of itself: key path, indexes, merge policies.

use super::diff::Target;
use super::plan::Plan;
use super::receipt::Rows;
use super::{Author, Commit, CommitError};
use crate::document::Document;
use crate::layout;
use crate::schema::StoreSchema;
use crate::view::stored_schema;

/// Why a schema was not set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SetSchemaError {
    /// Records are there, and their keys would not be found any more.
    #[error("the key path and the key generator of a store that holds records cannot change")]
    KeyPathInUse,
    /// The prepared commit could not be taken.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Document {
    /// Sets the schema upon the present heads.
    pub fn set_schema(&mut self, schema: &StoreSchema, author: &Author) -> Result<Commit, SetSchemaError> {
        let prepared = {
            let view = self.view();
            let have = view.schema();
            let keys_change = have.key_path != schema.key_path || have.auto_increment != schema.auto_increment;
            if keys_change && view.record_count() > 0 {
                return Err(SetSchemaError::KeyPathInUse);
            }
            let value = stored_schema::to_value(schema);
            let mut plan = Plan::new(author.clone());
            let target = match view.registers.find(layout::SCHEMA_IDENTITY) {
                Some(record) => Target::Known(record),
                None => Target::New(layout::SCHEMA_IDENTITY),
            };
            plan.put(&view, target, &value, None);
            let ended = plan.end_record();
            debug_assert!(ended.is_ok(), "a schema is far below the limits of a record");
            plan.prepare(self, view.heads(), Rows::default())
        };
        Ok(self.commit(prepared)?)
    }
}
