//! Columns from records.

use anabranch_core::Value;
use serde::{Deserialize, Serialize};

use super::kind::{Column, Kind};

/// The columns of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// One for each property of records that are objects.
    pub fields: Vec<Column>,
    /// The column for records that are no objects, if there were any.
    pub root: Option<Kind>,
    /// Whether records that are objects are in the root column too, for they have too many properties. Once it is so it
    /// stays, whatever comes.
    #[serde(default)]
    pub keeps_objects_whole: bool,
}

/// The columns that hold all of `values`: a column for each property, and one for values that are no objects.
pub fn infer<'v>(values: impl IntoIterator<Item = &'v Value>) -> Columns {
    let mut fields = Kind::Struct(Vec::new());
    let mut root: Option<Kind> = None;
    for value in values {
        match value {
            Value::Undefined => (),
            Value::Object(_) => fields.widen(value),
            value => root.get_or_insert(Kind::Unknown).widen(value),
        }
    }
    Columns::of(fields, root)
}

impl Columns {
    /// `fields` is a struct, or typed JSON where its properties were too many.
    fn of(fields: Kind, root: Option<Kind>) -> Self {
        match fields {
            Kind::Struct(fields) => Self { fields, root, keeps_objects_whole: false },
            _ => Self { fields: Vec::new(), root: Some(Kind::Json), keeps_objects_whole: true },
        }
    }

    fn into_parts(self) -> (Kind, Option<Kind>) {
        let fields = if self.keeps_objects_whole { Kind::Json } else { Kind::Struct(self.fields) };
        (fields, self.root)
    }

    /// The columns that hold what either holds.
    pub fn joined(self, other: Columns) -> Columns {
        let (mut fields, root) = self.into_parts();
        let (other_fields, other_root) = other.into_parts();
        fields.join(other_fields);
        let root = match (root, other_root) {
            (Some(mut ours), Some(theirs)) => {
                ours.join(theirs);
                Some(ours)
            }
            (ours, theirs) => ours.or(theirs),
        };
        Columns::of(fields, root)
    }

    /// The columns as they are written.
    pub fn settled(&self) -> Columns {
        let settle = |column: &Column| Column { name: column.name.clone(), kind: column.kind.settled() };
        Columns {
            fields: self.fields.iter().map(settle).collect(),
            root: self.root.as_ref().map(Kind::settled),
            keeps_objects_whole: self.keeps_objects_whole,
        }
    }
}
