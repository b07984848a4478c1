//! The schema contract: what becomes of values that the columns do not hold.

use anabranch_core::{Object, Value};
use serde::{Deserialize, Serialize};

use super::infer;
use super::kind::{Column, Kind, bytes_of, is_int};

/// What may happen to a table's columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// Columns are added and widened as records need it.
    #[default]
    Evolve,
    /// Columns stay; a record that does not fit stops the delivery.
    Freeze,
    /// Columns stay; values that do not fit are dead letters.
    DiscardValue,
    /// Columns stay; records that do not fit are dead letters.
    DiscardRow,
}

impl Contract {
    /// All of them, by name.
    pub const ALL: [(&'static str, Contract); 4] = [
        ("evolve", Contract::Evolve),
        ("freeze", Contract::Freeze),
        ("discard_value", Contract::DiscardValue),
        ("discard_row", Contract::DiscardRow),
    ];
}

/// The columns of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// One for each property of records that are objects.
    pub fields: Vec<Column>,
    /// The column for records that are no objects, if there were any.
    pub root: Option<Kind>,
}

/// A value that has no place in its table.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// Where in the record.
    pub path: Vec<String>,
    /// The value.
    pub value: Value,
    /// Why.
    pub reason: MisfitReason,
}

/// Why a value has no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MisfitReason {
    /// Text or a name with a lone surrogate, which no UTF-8 can hold.
    #[error("it holds a lone surrogate, which text at the destination cannot hold")]
    LoneSurrogate,
    /// A date that is none.
    #[error("it is an invalid date")]
    InvalidDate,
    /// The contract keeps the columns as they are, and there is none for it.
    #[error("there is no column for it, and the contract keeps the columns")]
    NoColumn,
    /// The contract keeps the columns as they are, and its column holds something else.
    #[error("its column holds {holds}, and the contract keeps the columns")]
    OtherKind {
        /// What the column holds.
        holds: &'static str,
    },
}

impl MisfitReason {
    /// Whether the contract is the reason, rather than what the format can hold.
    pub fn is_by_contract(&self) -> bool {
        matches!(self, MisfitReason::NoColumn | MisfitReason::OtherKind { .. })
    }
}

/// Why a delivery stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the contract freezes the columns, and a record does not fit: {path}: {reason}")]
pub struct ContractError {
    /// Where in the record, dotted.
    pub path: String,
    /// Why.
    pub reason: MisfitReason,
}

/// What a contract lets in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Admitted {
    /// The columns from now on.
    pub columns: Columns,
    /// Positions of the records that stay out, ascending.
    pub discarded: Vec<usize>,
    /// What did not fit, with the position of its record.
    pub misfits: Vec<(usize, Misfit)>,
}

impl Contract {
    /// Holds `values` against the columns that the table had; a table without columns takes what comes.
    pub fn admit(self, had: Option<&Columns>, values: &[&Value]) -> Result<Admitted, ContractError> {
        let columns = match (self, had) {
            (Contract::Evolve, Some(had)) => had.widened(infer(values.iter().copied())),
            (Contract::Evolve, None) | (_, None) => infer(values.iter().copied()),
            (_, Some(had)) => had.clone(),
        };
        let mut admitted = Admitted { columns, ..Admitted::default() };
        let mut found = Vec::new();
        for (at, value) in values.iter().enumerate() {
            admitted.columns.misfits(value, &mut found);
            if found.is_empty() {
                continue;
            }
            match self {
                Contract::Freeze => {
                    let first = found.swap_remove(0);
                    let at_root = || "(value)".to_owned();
                    let path = if first.path.is_empty() { at_root() } else { first.path.join(".") };
                    return Err(ContractError { path, reason: first.reason });
                }
                Contract::DiscardRow => admitted.discarded.push(at),
                Contract::Evolve | Contract::DiscardValue => (),
            }
            admitted.misfits.extend(found.drain(..).map(|misfit| (at, misfit)));
        }
        Ok(admitted)
    }
}

impl Columns {
    fn widened(&self, by: Columns) -> Columns {
        let mut fields = Kind::Struct(self.fields.clone());
        fields.join(Kind::Struct(by.fields));
        let root = match (self.root.clone(), by.root) {
            (Some(mut ours), Some(theirs)) => {
                ours.join(theirs);
                Some(ours)
            }
            (ours, theirs) => ours.or(theirs),
        };
        match fields {
            Kind::Struct(fields) => Columns { fields, root },
            _ => Columns { fields: Vec::new(), root: Some(Kind::Json) },
        }
    }

    /// The columns as they are written.
    pub fn settled(&self) -> Columns {
        let settle = |column: &Column| Column { name: column.name.clone(), kind: column.kind.settled() };
        Columns { fields: self.fields.iter().map(settle).collect(), root: self.root.as_ref().map(Kind::settled) }
    }

    /// Whether records that are objects are kept as one value.
    pub fn keeps_objects_whole(&self) -> bool {
        self.fields.is_empty() && self.root == Some(Kind::Json)
    }

    /// Appends what of `value` these columns cannot hold.
    fn misfits(&self, value: &Value, found: &mut Vec<Misfit>) {
        match (value, &self.root) {
            (Value::Object(object), _) if !self.keeps_objects_whole() => {
                misfits_of_object(&self.fields, object, &mut Vec::new(), found)
            }
            (value, Some(kind)) => misfits(kind, value, &mut Vec::new(), found),
            (Value::Undefined, None) => (),
            (value, None) => {
                found.push(Misfit { path: Vec::new(), value: value.clone(), reason: MisfitReason::NoColumn })
            }
        }
    }
}

fn misfits_of_object(columns: &[Column], object: &Object, path: &mut Vec<String>, found: &mut Vec<Misfit>) {
    for (at, (name, value)) in object.iter().enumerate() {
        let Some(text) = name.as_str() else {
            let path = path.iter().cloned().chain([name.to_string_lossy().into_owned()]).collect();
            found.push(Misfit { path, value: value.clone(), reason: MisfitReason::LoneSurrogate });
            continue;
        };
        if matches!(value, Value::Null | Value::Undefined) {
            continue;
        }
        let column = columns
            .get(at)
            .filter(|column| column.name == text)
            .or_else(|| columns.iter().find(|column| column.name == text));
        if let Some(Column { kind, .. }) = column
            && fits_plainly(kind, value)
        {
            continue;
        }
        path.push(text.to_owned());
        match column {
            Some(column) => misfits(&column.kind, value, path, found),
            None => found.push(Misfit { path: path.clone(), value: value.clone(), reason: MisfitReason::NoColumn }),
        }
        path.pop();
    }
}

/// The usual cases, without a look inside.
fn fits_plainly(kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Double, Value::Number(_)) | (Kind::Bool, Value::Bool(_)) | (Kind::Json, _) => true,
        (Kind::Int, Value::Number(number)) => is_int(*number),
        (Kind::Text, Value::String(text)) => text.as_str().is_some(),
        (Kind::Timestamp, Value::Date(date)) => date.is_some(),
        _ => false,
    }
}

fn misfits(kind: &Kind, value: &Value, path: &mut Vec<String>, found: &mut Vec<Misfit>) {
    let holds = match (kind, value) {
        (_, Value::Null | Value::Undefined) => return,
        (kind, value) if fits_plainly(kind, value) => return,
        (Kind::Binary, value) if bytes_of(value).is_some() => return,
        (Kind::Struct(columns), Value::Object(object)) => return misfits_of_object(columns, object, path, found),
        (Kind::List(item), Value::Array(items)) => {
            return items.iter().for_each(|value| misfits(item, value, path, found));
        }
        (Kind::Text, Value::String(_)) => return push(path, value, MisfitReason::LoneSurrogate, found),
        (Kind::Timestamp, Value::Date(_)) => return push(path, value, MisfitReason::InvalidDate, found),
        // What is unknown is written as typed JSON, which holds everything.
        (Kind::Unknown, _) => return,
        (Kind::List(_), _) => "lists",
        (Kind::Struct(_), _) => "objects",
        (Kind::Bool, _) => "booleans",
        (Kind::Int, _) => "integers",
        (Kind::Double, _) => "numbers",
        (Kind::Text, _) => "text",
        (Kind::Timestamp, _) => "dates",
        (Kind::Binary, _) => "bytes",
        (Kind::Json, _) => return,
    };
    push(path, value, MisfitReason::OtherKind { holds }, found);
}

fn push(path: &[String], value: &Value, reason: MisfitReason, found: &mut Vec<Misfit>) {
    found.push(Misfit { path: path.to_vec(), value: value.clone(), reason });
}
