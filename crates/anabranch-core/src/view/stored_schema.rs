//! The schema and the policies of a store, kept as a record of the store's own history.

use super::View;
use crate::json;
use crate::key::KeyPath;
use crate::layout;
use crate::schema::{DeletePolicy, FieldPath, FieldPolicy, Index, StoreSchema};
use crate::string::JsString;
use crate::value::{Object, Value};

/// The schema as the value that is diffed into registers like any record.
pub(crate) fn to_value(schema: &StoreSchema) -> Value {
    let mut value = Object::default();
    value.insert("auto_increment".into(), Value::Bool(schema.auto_increment));
    value.insert("key_path".into(), key_path_value(schema.key_path.as_ref()));
    let index = |index: &Index| {
        let value = Value::object([
            ("key_path", key_path_value(Some(&index.key_path))),
            ("multi_entry", Value::Bool(index.multi_entry)),
            ("unique", Value::Bool(index.unique)),
        ]);
        (JsString::from(index.name.as_str()), value)
    };
    value.insert("indexes".into(), Value::Object(schema.indexes.iter().map(index).collect()));
    if schema.deletes == DeletePolicy::EditWins {
        value.insert("deletes".into(), Value::from("edit_wins"));
    }
    let policies = schema.fields.iter().filter(|(_, policy)| **policy != FieldPolicy::LastWriter);
    let fields: Object =
        policies.map(|(field, policy)| (json::write_field_path(field).into(), Value::from(policy.name()))).collect();
    if !fields.is_empty() {
        value.insert("fields".into(), Value::Object(fields));
    }
    Value::Object(value)
}

fn key_path_value(path: Option<&KeyPath>) -> Value {
    match path {
        None => Value::Null,
        Some(KeyPath::Single(path)) => Value::from(path.as_str()),
        Some(KeyPath::Compound(paths)) => Value::Array(paths.iter().map(|path| Value::from(path.as_str())).collect()),
    }
}

/// The schema at a view's heads; what nobody wrote has its default.
pub(super) fn read(view: &View<'_>) -> StoreSchema {
    let Some(record) = view.registers.find(layout::SCHEMA_IDENTITY) else { return StoreSchema::default() };
    let fields = view.fields(view.registers.slot(record), None);
    from_value(&view.assemble(&fields.leaves))
}

/// The schema that a value stands for.
pub(crate) fn from_value(value: &Value) -> StoreSchema {
    let Value::Object(value) = value else { return StoreSchema::default() };
    StoreSchema {
        key_path: value.get("key_path").and_then(read_key_path),
        auto_increment: value.get("auto_increment") == Some(&Value::Bool(true)),
        indexes: object(value.get("indexes")).filter_map(|(name, index)| read_index(name, index)).collect(),
        deletes: match value.get("deletes") {
            Some(Value::String(name)) if *name == *"edit_wins" => DeletePolicy::EditWins,
            _ => DeletePolicy::DeleteWins,
        },
        fields: object(value.get("fields")).filter_map(|(field, policy)| read_policy(field, policy)).collect(),
    }
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&JsString, &Value)> {
    match value {
        Some(Value::Object(object)) => Some(object.iter()),
        _ => None,
    }
    .into_iter()
    .flatten()
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => text.as_str(),
        _ => None,
    }
}

fn read_key_path(value: &Value) -> Option<KeyPath> {
    match value {
        Value::Array(paths) => {
            paths.iter().map(|path| text(path).map(str::to_owned)).collect::<Option<_>>().map(KeyPath::Compound)
        }
        path => Some(KeyPath::Single(text(path)?.to_owned())),
    }
}

fn read_index(name: &JsString, value: &Value) -> Option<Index> {
    let Value::Object(index) = value else { return None };
    let flag = |name: &str| index.get(name) == Some(&Value::Bool(true));
    let key_path = read_key_path(index.get("key_path")?)?;
    Some(Index { name: name.as_str()?.to_owned(), key_path, unique: flag("unique"), multi_entry: flag("multi_entry") })
}

fn read_policy(field: &JsString, policy: &Value) -> Option<(FieldPath, FieldPolicy)> {
    Some((json::parse_field_path(field.as_str()?).ok()?, FieldPolicy::from_name(text(policy)?)?))
}
