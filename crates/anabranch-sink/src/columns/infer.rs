//! Columns from records.

use anabranch_core::Value;

use super::Columns;
use super::kind::Kind;

/// The columns that hold all of `values`: a column for each property, and one for values that are no objects.
pub fn infer<'v>(values: impl IntoIterator<Item = &'v Value>) -> Columns {
    let mut fields = Kind::Struct(Vec::new());
    let mut root: Option<Kind> = None;
    for value in values {
        match (value, &mut fields) {
            (Value::Undefined, _) => (),
            (Value::Object(_), Kind::Struct(_)) => fields.widen(value),
            // Too many properties for columns: records are kept as one value.
            (value, _) => root.get_or_insert(Kind::Unknown).widen(value),
        }
    }
    match fields {
        Kind::Struct(fields) => Columns { fields, root },
        _ => Columns { fields: Vec::new(), root: Some(Kind::Json) },
    }
}
