//! The rows of a delivery, encoded.

use std::borrow::Cow;

use anabranch_core::json::key_to_string;
use anabranch_core::{Batch, Key, RecordChange, Value};
use anabranch_sink::columns::{Admitted, Columns, Contract, Misfit};
use anabranch_sink::{TableDelivery, TableName};

use crate::jsonl;
use crate::table::{Columnar, Mode, Table, TextColumn, WriteTableError};

/// The rows of a delivery.
pub(crate) enum Rows {
    Current { keys: Vec<Key>, values: Vec<Value> },
    Changes { batch: Batch },
}

/// A deleted record has no value.
const NOTHING: &Value = &Value::Undefined;

impl Rows {
    pub(crate) fn of(table: &TableDelivery<'_>, mode: Mode) -> Self {
        match mode {
            Mode::Current => {
                let (keys, values) = table.records().map(|record| (record.key, record.value)).unzip();
                Rows::Current { keys, values }
            }
            Mode::Changes => Rows::Changes { batch: table.changes() },
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Rows::Current { keys, .. } => keys.len(),
            Rows::Changes { batch } => batch.changes.len(),
        }
    }

    /// One for each row; a deletion has nothing, which fits everywhere.
    pub(crate) fn values(&self) -> Vec<&Value> {
        match self {
            Rows::Current { values, .. } => values.iter().collect(),
            Rows::Changes { batch } => {
                batch.changes.iter().map(|change| change.after.as_ref().unwrap_or(NOTHING)).collect()
            }
        }
    }

    /// The key of a row, as typed JSON.
    pub(crate) fn key(&self, at: usize) -> Option<String> {
        match self {
            Rows::Current { keys, .. } => keys.get(at).map(key_to_string),
            Rows::Changes { batch } => batch.changes.get(at).map(|change| key_to_string(&change.key)),
        }
    }

    fn is_deletion(&self, at: usize) -> bool {
        let Rows::Changes { batch } = self else { return false };
        batch.changes.get(at).is_some_and(|change| change.after.is_none())
    }

    /// Columns, in which what does not fit is empty.
    pub(crate) fn encode_columns(
        &self,
        values: &[&Value],
        columnar: Columnar,
        admitted: &Admitted,
    ) -> Result<Vec<u8>, WriteTableError> {
        let rows: Vec<usize> = (0..self.len()).filter(|at| stays(*at, admitted)).collect();
        let text = |name, cell: &dyn Fn(usize) -> Option<String>| TextColumn {
            name,
            cells: rows.iter().map(|at| cell(*at)).collect(),
        };
        let mut before = vec![text("_key", &|at| self.key(at))];
        let mut after = Vec::new();
        if let Rows::Changes { batch } = self {
            let change = |at: usize| batch.changes.get(at);
            before.push(text("_op", &|at| change(at).map(|change| change.op().to_string())));
            before.push(text("_origin", &|at| change(at).map(|change| change.origin.label().to_owned())));
            let mut heads = Vec::new();
            jsonl::write_heads(&batch.to, &mut heads);
            let heads = String::from_utf8(heads).ok();
            after.push(text("_heads", &|_| heads.clone()));
        }
        let value = |at: &usize| {
            let value = values.get(*at).filter(|_| !self.is_deletion(*at))?;
            Some(without(value, misfits_of(*at, admitted)))
        };
        let values = rows.iter().map(value).collect();
        let table = Table { before, columns: admitted.columns.settled(), values, after };
        let mut out = Vec::new();
        table.write(columnar, &mut out)?;
        Ok(out)
    }

    /// Lines, which hold every value there is; only a contract keeps some out.
    pub(crate) fn encode_lines(&self, name: &TableName, contract: Contract, admitted: &Admitted) -> Vec<u8> {
        let kept = contract.discards().then_some(&admitted.columns);
        let mut out = Vec::new();
        for at in (0..self.len()).filter(|at| stays(*at, admitted)) {
            match self {
                Rows::Current { keys, values } => {
                    if let (Some(key), Some(value)) = (keys.get(at), values.get(at)) {
                        jsonl::write_record(key, &fitting(value, kept), &mut out);
                    }
                }
                Rows::Changes { batch } => {
                    let Some(change) = batch.changes.get(at) else { continue };
                    let fitting = |value: &Value| fitting(value, kept).into_owned();
                    let (before, after) = (change.before.as_ref().map(fitting), change.after.as_ref().map(fitting));
                    let (key, origin) = (change.key.clone(), change.origin.clone());
                    jsonl::write_change(name, &RecordChange { key, before, after, origin }, batch, &mut out);
                }
            }
            out.push(b'\n');
        }
        out
    }
}

fn stays(at: usize, admitted: &Admitted) -> bool {
    admitted.discarded.binary_search(&at).is_err()
}

fn misfits_of(at: usize, admitted: &Admitted) -> impl Iterator<Item = &Misfit> {
    let first = admitted.misfits.partition_point(|(row, _)| *row < at);
    admitted.misfits.iter().skip(first).take_while(move |(row, _)| *row == at).map(|(_, misfit)| misfit)
}

fn without<'v, 'm>(value: &'v Value, misfits: impl Iterator<Item = &'m Misfit>) -> Cow<'v, Value> {
    let mut value = Cow::Borrowed(value);
    misfits.for_each(|misfit| misfit.take_out_of(value.to_mut()));
    value
}

/// The value without what the contract of `kept` columns keeps out.
fn fitting<'v>(value: &'v Value, kept: Option<&Columns>) -> Cow<'v, Value> {
    let misfits = kept.map(|columns| columns.misfits(value)).unwrap_or_default();
    without(value, misfits.iter().filter(|misfit| misfit.reason.is_by_contract()))
}
