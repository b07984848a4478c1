//! Planning rows: what their fields are called is the same in all of them, and is found out once.

use super::{FIELD_NAME_BYTES_MAX, Plan, RecordTooLarge};
use crate::lent::{Row, RowFields};
use crate::scalar;

/// Where the suffixes of the fields of rows lie.
pub(super) struct RowNames {
    fields: RowFields,
    /// In the order of the fields, each with its bytes.
    suffixes: Vec<(u32, usize)>,
}

impl Plan {
    /// Sets the fields of a row, of a record that is new and was named last.
    pub(crate) fn set_fields_of_row(&mut self, identity: &str, row: Row<'_>) {
        let names = match self.row_names.take() {
            Some(names) if names.fields.is_same(row.row_fields()) => names,
            _ => self.names_of_row(row.row_fields()),
        };
        for ((suffix, suffix_bytes), value) in names.suffixes.iter().zip(row.values()) {
            let Some(value) = value else { continue };
            let bytes = identity.len() + suffix_bytes;
            if bytes > FIELD_NAME_BYTES_MAX {
                self.too_large = Some(RecordTooLarge::of_name());
            }
            self.names.name_at(*suffix, bytes);
            let at = (self.values.len(), self.preds.len());
            let value_code = scalar::write_ref(value, &mut self.values);
            self.push_op(*suffix, value_code, at);
        }
        self.row_names = Some(names);
    }

    fn names_of_row(&mut self, fields: &RowFields) -> RowNames {
        let mut suffix_of = |field| {
            let at = self.names.field_position(field);
            (at, self.names.suffix(at).len())
        };
        RowNames { fields: fields.clone(), suffixes: fields.names().map(&mut suffix_of).collect() }
    }
}
