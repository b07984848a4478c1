//! Values that have no place in a table's columns.

use anabranch_core::{JsString, Object, Value};

use super::infer::Columns;
use super::kind::{Column, Kind, bytes_of, is_int};

/// A value that has no place in its table.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// Where in the record.
    pub path: Vec<Step>,
    /// The value.
    pub value: Value,
    /// Why.
    pub reason: MisfitReason,
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To a property of an object.
    Name(JsString),
    /// To an item of a list.
    Position(usize),
}

/// Why a value has no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MisfitReason {
    /// Text with a lone surrogate, which no UTF-8 can hold.
    #[error("it holds a lone surrogate, which text at the destination cannot hold")]
    LoneSurrogate,
    /// A property whose name has a lone surrogate.
    #[error("its name holds a lone surrogate, which no column's name can hold")]
    LoneSurrogateInName,
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

impl Misfit {
    /// Takes it out of the value in which it was found: a property goes, an item or the value as a whole becomes null.
    pub fn take_out_of(&self, value: &mut Value) {
        take_out(value, &self.path);
    }
}

/// A path for people, dotted; lone surrogates are replaced.
pub fn write_path(path: &[Step]) -> String {
    if path.is_empty() {
        return "(value)".into();
    }
    let step = |step: &Step| match step {
        Step::Name(name) => name.to_string_lossy().into_owned(),
        Step::Position(at) => at.to_string(),
    };
    path.iter().map(step).collect::<Vec<_>>().join(".")
}

impl Columns {
    /// What of `value` these columns cannot hold.
    pub fn misfits(&self, value: &Value) -> Vec<Misfit> {
        let mut found = Vec::new();
        self.find_misfits(value, &mut found);
        found
    }

    pub(super) fn find_misfits(&self, value: &Value, found: &mut Vec<Misfit>) {
        let mut search = Search { path: Vec::new(), found };
        match (value, &self.root) {
            (Value::Object(object), _) if !self.keeps_objects_whole => search.object(&self.fields, object),
            (value, Some(kind)) => search.value(kind, value),
            // A row of nothing.
            (Value::Null | Value::Undefined, None) => (),
            (value, None) => search.push(value, MisfitReason::NoColumn),
        }
    }
}

struct Search<'f> {
    path: Vec<Step>,
    found: &'f mut Vec<Misfit>,
}

impl Search<'_> {
    fn push(&mut self, value: &Value, reason: MisfitReason) {
        self.found.push(Misfit { path: self.path.clone(), value: value.clone(), reason });
    }

    fn object(&mut self, columns: &[Column], object: &Object) {
        for (at, (name, value)) in object.iter().enumerate() {
            let is_it = |column: &&Column| *name == *column.name;
            let column = columns.get(at).filter(is_it).or_else(|| columns.iter().find(is_it));
            match column {
                Some(Column { kind, .. }) if fits_plainly(kind, value) => continue,
                _ => self.path.push(Step::Name(name.clone())),
            }
            match column {
                _ if name.as_str().is_none() => self.push(value, MisfitReason::LoneSurrogateInName),
                Some(column) => self.value(&column.kind, value),
                None if matches!(value, Value::Null | Value::Undefined) => (),
                None => self.push(value, MisfitReason::NoColumn),
            }
            self.path.pop();
        }
    }

    fn value(&mut self, kind: &Kind, value: &Value) {
        let holds = match (kind, value) {
            (kind, value) if fits_plainly(kind, value) => return,
            (Kind::Struct(columns), Value::Object(object)) => return self.object(columns, object),
            (Kind::List(item), Value::Array(items)) => {
                for (at, value) in items.iter().enumerate() {
                    self.path.push(Step::Position(at));
                    self.value(item, value);
                    self.path.pop();
                }
                return;
            }
            (Kind::Text, Value::String(_)) => return self.push(value, MisfitReason::LoneSurrogate),
            (Kind::Timestamp, Value::Date(_)) => return self.push(value, MisfitReason::InvalidDate),
            (kind, _) => kind.plural(),
        };
        self.push(value, MisfitReason::OtherKind { holds });
    }
}

/// Whether a value fits, without a look inside.
fn fits_plainly(kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null | Value::Undefined) => true,
        // What is unknown is written as typed JSON, which holds everything.
        (Kind::Json | Kind::Unknown, _) => true,
        (Kind::Double, Value::Number(_)) | (Kind::Bool, Value::Bool(_)) => true,
        (Kind::Int, Value::Number(number)) => is_int(*number),
        (Kind::Text, Value::String(text)) => text.as_str().is_some(),
        (Kind::Timestamp, Value::Date(date)) => date.is_some(),
        (Kind::Binary, value) => bytes_of(value).is_some(),
        _ => false,
    }
}

fn take_out(value: &mut Value, path: &[Step]) {
    match (path, value) {
        ([], value) => *value = Value::Null,
        ([Step::Name(name)], Value::Object(object)) => drop(object.remove(name)),
        ([Step::Name(name), rest @ ..], Value::Object(object)) => {
            // Taken and put back, for an object lends no single value to change.
            if let Some(mut inner) = object.remove(name) {
                take_out(&mut inner, rest);
                object.insert(name.clone(), inner);
            }
        }
        ([Step::Position(at), rest @ ..], Value::Array(items)) => {
            if let Some(item) = items.get_mut(*at) {
                take_out(item, rest);
            }
        }
        _ => (),
    }
}
