//! The tables beside a table: its conflicts, and what did not fit.

use anabranch_core::json::{key_to_string, value_to_string, write_string};
use anabranch_core::{Conflict, Value};
use anabranch_sink::TableName;
use anabranch_sink::columns::{Misfit, Step};

use crate::jsonl;
use crate::rows::Rows;
use crate::table::{Format, Table, TextColumn, WriteTableError};

pub(crate) fn encode_conflicts(
    name: &TableName,
    conflicts: &[Conflict],
    format: Format,
) -> Result<Vec<u8>, WriteTableError> {
    let mut out = Vec::new();
    let Some(columnar) = format.columnar() else {
        for conflict in conflicts {
            jsonl::write_conflict(&name.store, conflict, &mut out);
            out.push(b'\n');
        }
        return Ok(out);
    };
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
    Table::of_text(columns).write(columnar, &mut out)?;
    Ok(out)
}

/// The columns of dead letters: the first three are typed JSON.
const DEAD_LETTER: [&str; 4] = ["_key", "field", "value", "reason"];

pub(crate) fn encode_misfits(
    rows: &Rows,
    misfits: &[(usize, Misfit)],
    format: Format,
) -> Result<Vec<u8>, WriteTableError> {
    let cells = |(at, misfit): &(usize, Misfit)| {
        let path = Value::Array(misfit.path.iter().map(step).collect());
        let key = rows.key(*at).unwrap_or_else(|| "null".into());
        [key, value_to_string(&path), value_to_string(&misfit.value), misfit.reason.to_string()]
    };
    let mut out = Vec::new();
    let Some(columnar) = format.columnar() else {
        for misfit in misfits {
            let [key, field, value, reason] = cells(misfit);
            out.extend(format!("{{\"key\":{key},\"field\":{field},\"value\":{value},\"reason\":").as_bytes());
            write_string(&reason, &mut out);
            out.extend(b"}\n");
        }
        return Ok(out);
    };
    let mut columns = DEAD_LETTER.map(|name| TextColumn { name, cells: Vec::with_capacity(misfits.len()) });
    for misfit in misfits {
        columns.iter_mut().zip(cells(misfit)).for_each(|(column, cell)| column.cells.push(Some(cell)));
    }
    Table::of_text(columns.into()).write(columnar, &mut out)?;
    Ok(out)
}

/// A step into a record: a property's name, or an item's position.
fn step(step: &Step) -> Value {
    match step {
        Step::Name(name) => Value::String(name.clone()),
        Step::Position(at) => Value::Number(*at as f64),
    }
}
