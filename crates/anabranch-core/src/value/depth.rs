//! How deep a value nests, found without going deeper than is allowed.

use super::{Value, ViewBuffer};

impl Value {
    /// Whether at most `levels` values lie one inside the other below this one, itself counted if it can hold others.
    pub(crate) fn nests_within(&self, levels: usize) -> bool {
        let inside = |value: &Value| levels > 0 && (value.holds_none() || value.nests_within(levels - 1));
        match self {
            Value::Array(items) | Value::Set(items) => levels > 0 && items.iter().all(inside),
            Value::Object(object) => levels > 0 && object.values().all(inside),
            Value::Map(entries) => levels > 0 && entries.iter().all(|(key, value)| inside(key) && inside(value)),
            Value::SparseArray(array) => {
                levels > 0 && array.items.iter().all(|(_, item)| inside(item)) && array.properties.values().all(inside)
            }
            Value::Error { cause: Some(cause), .. } => inside(cause),
            Value::Graph(graph) => inside(&graph.root) && graph.defs.iter().all(inside),
            Value::View(view) => match &view.buffer {
                ViewBuffer::Part { buffer, .. } => inside(buffer),
                ViewBuffer::Whole(_) => true,
            },
            _ => true,
        }
    }

    /// Whether it is of a kind that holds no other values, as most fields are.
    fn holds_none(&self) -> bool {
        matches!(self, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Date(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_nesting_counts_one_level() {
        let around: [fn(Value) -> Value; 5] = [
            |value| Value::Array(vec![Value::Null, value]),
            |value| Value::Set(vec![value]),
            |value| Value::object([("a", value)]),
            |value| Value::Map(vec![(value, Value::Null)]),
            |value| Value::Map(vec![(Value::Null, value)]),
        ];
        assert!(Value::Null.nests_within(0));
        for wrap in around {
            let mut value = Value::Null;
            for levels in 1..5 {
                value = wrap(value);
                assert!(value.nests_within(levels));
                assert!(!value.nests_within(levels - 1), "{value:?}");
            }
        }
        assert!(!Value::object([]).nests_within(0));
    }
}
