//! Capturing rows: what a service has as structs, or a database as the result of a query.

use super::{Capture, CaptureError, Coming, TOGETHER};
use crate::ahead::load_ahead;
use crate::lent::{KeyRef, Row, RowFields, ValueRef};

impl Capture<'_> {
    /// Takes a row, as [`Capture::record`] takes the object that it is: of each field the value that stands in its place, `None`
    /// where the record has no such field. Nothing is built of a row that is new or what it was.
    pub fn row(
        &mut self,
        key: &KeyRef<'_>,
        fields: &RowFields,
        values: &[Option<ValueRef<'_>>],
    ) -> Result<(), CaptureError> {
        self.rows([(key.clone(), values)], fields)
    }

    /// Takes rows, in any order, up to the first that cannot be taken. They are looked for together.
    ///
    /// ```
    /// use anabranch_core::{CaptureKind, Document, KeyRef, RowFields, ValueRef};
    ///
    /// let users = [("u1", "Ada", 36.0), ("u2", "Grace", 85.0)];
    /// let mut document = Document::new();
    /// let mut capture = document.capture("service", CaptureKind::First);
    /// let fields = RowFields::new(["name", "age"])?;
    /// let row = |(id, name, age): &(&'static str, &'static str, f64)| {
    ///     (KeyRef::String(id), [Some(ValueRef::String(name)), Some(ValueRef::Number(*age))])
    /// };
    /// capture.rows(users.iter().map(row), &fields)?;
    /// let commit = document.commit(capture.finish(true)?)?;
    /// assert_eq!((commit.receipt.applied, document.view().record_count()), (2, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows<'r, V: AsRef<[Option<ValueRef<'r>>]>>(
        &mut self,
        rows: impl IntoIterator<Item = (KeyRef<'r>, V)>,
        fields: &RowFields,
    ) -> Result<(), CaptureError> {
        let mut rows = rows.into_iter();
        let mut together: Vec<(KeyRef<'r>, V)> = Vec::with_capacity(rows.size_hint().0.min(TOGETHER));
        loop {
            together.clear();
            together.extend(rows.by_ref().take(TOGETHER));
            if together.is_empty() {
                return Ok(());
            }
            load_ahead(together.iter().flat_map(|(key, values)| words(key, values.as_ref())));
            let mut keys = std::mem::take(&mut self.keys);
            keys.encode(together.iter().map(|(key, _)| key));
            self.base.registers.load(keys.iter());
            let taken = keys.iter().zip(&together).try_for_each(|(encoded, (key, values))| {
                let (values, wanted) = (values.as_ref(), fields.len());
                let wrong = CaptureError::RowLength { values: values.len(), fields: wanted };
                let row = Row::of(fields, values).ok_or(wrong)?;
                self.encoded_record((key, encoded), Coming::Row(row))
            });
            self.keys = keys;
            taken?;
        }
    }
}

/// A word of each text in a row.
fn words<'w>(key: &'w KeyRef<'_>, values: &'w [Option<ValueRef<'_>>]) -> impl Iterator<Item = usize> {
    let of = |text: &str| text.bytes().next().map_or(0, usize::from);
    let of_key = if let KeyRef::String(text) = key { of(text) } else { 0 };
    let of_value = move |value: &ValueRef<'_>| match value {
        ValueRef::String(text) => of(text),
        _ => 0,
    };
    std::iter::once(of_key).chain(values.iter().flatten().map(of_value))
}
