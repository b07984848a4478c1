//! The rows of a delivery, encoded.

use std::borrow::Cow;

use anabranch_core::json::{key_to_string, value_to_string, write_string};
use anabranch_core::{Batch, Conflict, Key, RecordChange, Value};
use anabranch_sink::columns::{Admitted, Columns, Contract, Step};
use anabranch_sink::{TableDelivery, TableName};

use crate::jsonl;
use crate::table::{Format, Mode, Table, TextColumn, WriteTableError};

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

    pub(crate) fn values(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match self {
            Rows::Current { values, .. } => Box::new(values.iter()),
            // A deletion has no value: nothing, which fits everywhere.
            Rows::Changes { batch } => {
                Box::new(batch.changes.iter().map(|change| change.after.as_ref().unwrap_or(NOTHING)))
            }
        }
    }

    fn key(&self, at: usize) -> Option<String> {
        match self {
            Rows::Current { keys, .. } => keys.get(at).map(key_to_string),
            Rows::Changes { batch } => batch.changes.get(at).map(|change| key_to_string(&change.key)),
        }
    }

    pub(crate) fn encode(
        &self,
        name: &TableName,
        format: Format,
        contract: Contract,
        admitted: &Admitted,
    ) -> Result<Vec<u8>, WriteTableError> {
        let stays = |at: &usize| admitted.discarded.binary_search(at).is_err();
        let rows: Vec<usize> = (0..self.len()).filter(stays).collect();
        if format == Format::Jsonl {
            let drops_values = contract == Contract::DiscardValue;
            return Ok(self.encode_lines(name, &rows, if drops_values { admitted } else { &NONE }));
        }
        let all: Vec<&Value> = self.values().collect();
        let text = |name, cell: &dyn Fn(usize) -> Option<String>| TextColumn {
            name,
            cells: rows.iter().map(|at| cell(*at)).collect(),
        };
        let mut before = vec![text("_key", &|at| self.key(at))];
        let mut after = Vec::new();
        let mut values: Vec<Option<&Value>> = rows.iter().map(|at| all.get(*at).copied()).collect();
        if let Rows::Changes { batch } = self {
            let change = |at: usize| batch.changes.get(at);
            before.push(text("_op", &|at| change(at).map(|change| change.op().to_string())));
            before.push(text("_origin", &|at| change(at).map(|change| change.origin.label().to_owned())));
            let mut heads = Vec::new();
            jsonl::write_heads(&batch.to, &mut heads);
            let heads = String::from_utf8(heads).ok();
            after.push(text("_heads", &|_| heads.clone()));
            values = rows.iter().map(|at| change(*at).and_then(|change| change.after.as_ref())).collect();
        }
        let table = Table { before, columns: admitted.columns.settled(), values, after };
        let mut out = Vec::new();
        table.write(format, &mut out)?;
        Ok(out)
    }

    /// Lines without the values that `dropped` names.
    fn encode_lines(&self, name: &TableName, rows: &[usize], dropped: &Admitted) -> Vec<u8> {
        let mut out = Vec::new();
        for at in rows {
            match self {
                Rows::Current { keys, values } => {
                    if let (Some(key), Some(value)) = (keys.get(*at), values.get(*at)) {
                        jsonl::write_record(key, &without(value, *at, dropped), &mut out);
                    }
                }
                Rows::Changes { batch } => {
                    if let Some(change) = batch.changes.get(*at) {
                        let after = change.after.as_ref().map(|after| without(after, *at, dropped).into_owned());
                        jsonl::write_change(name, &RecordChange { after, ..change.clone() }, batch, &mut out);
                    }
                }
            }
            out.push(b'\n');
        }
        out
    }
}

static NONE: Admitted = Admitted {
    columns: Columns { fields: Vec::new(), root: None, keeps_objects_whole: false },
    discarded: Vec::new(),
    misfits: Vec::new(),
};

/// The value of row `at` without what is dropped of it.
fn without<'v>(value: &'v Value, at: usize, dropped: &Admitted) -> Cow<'v, Value> {
    let mut value = Cow::Borrowed(value);
    let first = dropped.misfits.partition_point(|(row, _)| *row < at);
    for (_, misfit) in dropped.misfits.iter().skip(first).take_while(|(row, _)| *row == at) {
        misfit.take_out_of(value.to_mut());
    }
    value
}

pub(crate) fn encode_conflicts(
    name: &TableName,
    conflicts: &[Conflict],
    format: Format,
) -> Result<Vec<u8>, WriteTableError> {
    let mut out = Vec::new();
    if format == Format::Jsonl {
        for conflict in conflicts {
            jsonl::write_conflict(&name.store, conflict, &mut out);
            out.push(b'\n');
        }
        return Ok(out);
    }
    let column = |name, cell: &dyn Fn(&Conflict) -> Option<String>| TextColumn {
        name,
        cells: conflicts.iter().map(cell).collect(),
    };
    let json = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).ok()
    };
    let columns = vec![
        column("_key", &|conflict| Some(key_to_string(&conflict.key))),
        column("field", &|conflict| {
            conflict.field.as_ref().and_then(|field| json(&|out| jsonl::write_field(Some(field), out)))
        }),
        column("kind", &|conflict| Some(conflict.kind.name().into())),
        column("shown", &|conflict| conflict.shown.as_ref().map(value_to_string)),
        column("others", &|conflict| json(&|out| jsonl::write_others(conflict, out))),
        column("policy", &|conflict| Some(conflict.policy.into())),
    ];
    Table::of_text(columns).write(format, &mut out)?;
    Ok(out)
}

/// A step into a record: a property's name, or an item's position.
fn step(step: &Step) -> Value {
    match step {
        Step::Name(name) => Value::String(name.clone()),
        Step::Position(at) => Value::Number(*at as f64),
    }
}

pub(crate) fn encode_misfits(rows: &Rows, admitted: &Admitted, format: Format) -> Result<Vec<u8>, WriteTableError> {
    let cells: Vec<[Option<String>; 4]> = admitted
        .misfits
        .iter()
        .map(|(at, misfit)| {
            let path = Value::Array(misfit.path.iter().map(step).collect());
            [
                rows.key(*at),
                Some(value_to_string(&path)),
                Some(value_to_string(&misfit.value)),
                Some(misfit.reason.to_string()),
            ]
        })
        .collect();
    let mut out = Vec::new();
    if format == Format::Jsonl {
        for [key, field, value, reason] in &cells {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "null".into());
            out.extend(
                format!("{{\"key\":{},\"field\":{},\"value\":{},\"reason\":", text(key), text(field), text(value))
                    .as_bytes(),
            );
            write_string(reason.as_deref().unwrap_or_default(), &mut out);
            out.extend(b"}\n");
        }
        return Ok(out);
    }
    let names = ["_key", "field", "value", "reason"];
    let column =
        |(at, name)| TextColumn { name, cells: cells.iter().map(|row| row.get(at).cloned().flatten()).collect() };
    Table::of_text(names.into_iter().enumerate().map(column).collect()).write(format, &mut out)?;
    Ok(out)
}
