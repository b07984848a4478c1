//! Values as Arrow arrays, column by column.

use std::sync::Arc;

use anabranch_core::Value;
use anabranch_core::json::value_to_string;
use anabranch_sink::columns::{Column, Kind, bytes_of, is_int};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StructArray,
    TimestampMillisecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, TimeUnit};

use super::is_null;

/// A field of an Arrow schema; every field may be null.
pub(super) fn field(name: &str, kind: &Kind) -> Field {
    Field::new(name, data_type(kind), true)
}

fn data_type(kind: &Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Int => DataType::Int64,
        Kind::Double => DataType::Float64,
        Kind::Text | Kind::Json | Kind::Unknown => DataType::Utf8,
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        Kind::Binary => DataType::Binary,
        Kind::List(item) => DataType::List(Arc::new(field("item", item))),
        Kind::Struct(columns) => DataType::Struct(fields(columns)),
    }
}

fn fields(columns: &[Column]) -> Fields {
    columns.iter().map(|column| field(&column.name, &column.kind)).collect()
}

/// For each column the values that the objects have there. Objects order their properties, so a property is mostly where it
/// was in the object before.
pub(super) fn properties<'v>(columns: &[Column], objects: &[Option<&'v Value>]) -> Vec<Vec<Option<&'v Value>>> {
    let mut values: Vec<Vec<Option<&Value>>> = columns.iter().map(|_| vec![None; objects.len()]).collect();
    let mut column_at: Vec<usize> = Vec::new();
    for (row, object) in objects.iter().enumerate() {
        let Some(Value::Object(object)) = object else { continue };
        for (at, (name, value)) in object.iter().enumerate() {
            let is_at = |column: &usize| columns.get(*column).is_some_and(|column| *name == *column.name);
            let found = column_at.get(at).copied().filter(is_at).or_else(|| (0..columns.len()).find(is_at));
            let Some(found) = found else { continue };
            if let Some(slot) = values.get_mut(found).and_then(|values| values.get_mut(row)) {
                *slot = Some(value);
            }
            if column_at.len() <= at {
                column_at.resize(at + 1, found);
            }
            if let Some(slot) = column_at.get_mut(at) {
                *slot = found;
            }
        }
    }
    values
}

/// An array of this kind; what does not fit it is null.
pub(super) fn array(kind: &Kind, values: &[Option<&Value>]) -> Result<ArrayRef, ArrowError> {
    let values_of = values.iter().map(|value| value.filter(|value| !is_null(kind, value)));
    Ok(match kind {
        Kind::Bool => Arc::new(
            values_of
                .map(|value| if let Some(Value::Bool(bool)) = value { Some(*bool) } else { None })
                .collect::<BooleanArray>(),
        ),
        Kind::Int => Arc::new(values_of.map(int).collect::<Int64Array>()),
        Kind::Double => Arc::new(
            values_of
                .map(|value| if let Some(Value::Number(number)) = value { Some(*number) } else { None })
                .collect::<Float64Array>(),
        ),
        Kind::Text => Arc::new(
            values_of
                .map(|value| if let Some(Value::String(text)) = value { text.as_str() } else { None })
                .collect::<StringArray>(),
        ),
        Kind::Timestamp => {
            let ms = values_of.map(|value| if let Some(Value::Date(ms)) = value { *ms } else { None });
            Arc::new(ms.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
        }
        Kind::Binary => Arc::new(values_of.map(|value| value.and_then(bytes_of)).collect::<BinaryArray>()),
        Kind::Json | Kind::Unknown => {
            Arc::new(values_of.map(|value| value.map(value_to_string)).collect::<StringArray>())
        }
        Kind::List(item) => list(item, values)?,
        Kind::Struct(columns) => {
            let present: Vec<bool> = values.iter().map(|value| matches!(value, Some(Value::Object(_)))).collect();
            let mut children = Vec::with_capacity(columns.len());
            for (column, values) in columns.iter().zip(properties(columns, values)) {
                children.push(array(&column.kind, &values)?);
            }
            Arc::new(StructArray::try_new(fields(columns), children, Some(NullBuffer::from(present)))?)
        }
    })
}

fn int(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Number(number)) if is_int(*number) => Some(*number as i64),
        _ => None,
    }
}

fn list(item: &Kind, values: &[Option<&Value>]) -> Result<ArrayRef, ArrowError> {
    let (mut items, mut lengths, mut present): (Vec<Option<&Value>>, Vec<usize>, Vec<bool>) = Default::default();
    for value in values {
        match value {
            Some(Value::Array(list)) => {
                items.extend(list.iter().map(Some));
                lengths.push(list.len());
                present.push(true);
            }
            _ => {
                lengths.push(0);
                present.push(false);
            }
        }
    }
    let field = Arc::new(field("item", item));
    let array = ListArray::try_new(
        field,
        OffsetBuffer::from_lengths(lengths),
        array(item, &items)?,
        Some(NullBuffer::from(present)),
    )?;
    Ok(Arc::new(array))
}
