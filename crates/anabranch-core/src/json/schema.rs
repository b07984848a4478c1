//! Store schemas as JSON: the form of `schema` and of `capture --schema`.

use std::collections::BTreeMap;

use super::{Json, Lexer, parse_field_path, write_field_path, write_string};
use crate::key::KeyPath;
use crate::schema::{DeletePolicy, FieldPath, FieldPolicy, Index, StoreSchema};

/// Why a text is no schema file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadSchemaError {
    /// The text is no JSON.
    #[error("the schema is no JSON: {what}")]
    NotJson {
        /// What is wrong and where.
        what: String,
    },
    /// A member is missing or of the wrong type.
    #[error("store {store:?}: member {member:?} is missing or of the wrong type")]
    Member {
        /// The store; empty for the file as a whole.
        store: String,
        /// The member.
        member: &'static str,
    },
    /// A policy that does not exist.
    #[error("store {store:?}: there is no policy {policy:?}")]
    UnknownPolicy {
        /// The store.
        store: String,
        /// What was found.
        policy: String,
    },
}

/// What a schema file says of one store; what it leaves out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaEdit {
    /// Where the key is inside a value, `Some(None)` for out-of-line keys.
    pub key_path: Option<Option<KeyPath>>,
    /// Whether a key generator makes keys.
    pub auto_increment: Option<bool>,
    /// All indexes.
    pub indexes: Option<Vec<Index>>,
    /// What a deletion means against a concurrent edit.
    pub deletes: Option<DeletePolicy>,
    /// The policies of all fields that have one.
    pub fields: Option<BTreeMap<FieldPath, FieldPolicy>>,
}

impl SchemaEdit {
    /// The schema that was `schema` before this edit.
    pub fn upon(&self, schema: &StoreSchema) -> StoreSchema {
        StoreSchema {
            key_path: self.key_path.as_ref().unwrap_or(&schema.key_path).clone(),
            auto_increment: self.auto_increment.unwrap_or(schema.auto_increment),
            indexes: self.indexes.as_ref().unwrap_or(&schema.indexes).clone(),
            deletes: self.deletes.unwrap_or(schema.deletes),
            fields: self.fields.as_ref().unwrap_or(&schema.fields).clone(),
        }
    }
}

/// Reads `{"stores":{S:{"key_path":…,"auto_increment":b,"indexes":[…],"deletes":…,"fields":{…}}}}` as whole schemas.
pub fn read_schemas(text: &[u8]) -> Result<BTreeMap<String, StoreSchema>, ReadSchemaError> {
    let edits = read_schema_edits(text)?;
    Ok(edits.into_iter().map(|(store, edit)| (store, edit.upon(&StoreSchema::default()))).collect())
}

/// Reads the same form as what it changes.
pub fn read_schema_edits(text: &[u8]) -> Result<BTreeMap<String, SchemaEdit>, ReadSchemaError> {
    let mut lexer = Lexer::new(text, 32);
    let json = lexer.value().and_then(|json| lexer.end().map(|()| json));
    let json = json.map_err(|error| ReadSchemaError::NotJson { what: error.to_string() })?;
    let wrong = || ReadSchemaError::Member { store: String::new(), member: "stores" };
    let Some(Json::Object(stores)) = json.get("stores") else { return Err(wrong()) };
    stores
        .iter()
        .map(|(name, schema)| {
            let name = name.as_str().ok_or_else(wrong)?.to_owned();
            Ok((name.clone(), read_schema(&name, schema)?))
        })
        .collect()
}

fn read_schema(store: &str, json: &Json) -> Result<SchemaEdit, ReadSchemaError> {
    let wrong = |member| ReadSchemaError::Member { store: store.into(), member };
    let unknown = |policy: &str| ReadSchemaError::UnknownPolicy { store: store.into(), policy: policy.into() };
    if !matches!(json, Json::Object(_)) {
        return Err(wrong("schema"));
    }
    let key_path = match json.get("key_path") {
        None => None,
        Some(Json::Null) => Some(None),
        Some(path) => Some(Some(read_key_path(path).ok_or_else(|| wrong("key_path"))?)),
    };
    let flag =
        |json: &Json, member| json.get(member).map(|flag| flag.as_bool().ok_or_else(|| wrong(member))).transpose();
    let index = |index: &Json| {
        Ok(Index {
            name: index.get("name").and_then(Json::as_str).ok_or_else(|| wrong("indexes"))?.to_owned(),
            key_path: index.get("key_path").and_then(read_key_path).ok_or_else(|| wrong("indexes"))?,
            unique: flag(index, "unique")?.unwrap_or(false),
            multi_entry: flag(index, "multi_entry")?.unwrap_or(false),
        })
    };
    let indexes = match json.get("indexes") {
        None => None,
        Some(list) => {
            let list = list.as_array().ok_or_else(|| wrong("indexes"))?;
            Some(list.iter().map(index).collect::<Result<_, _>>()?)
        }
    };
    let deletes = match json.get("deletes").map(|policy| policy.as_str().ok_or_else(|| wrong("deletes"))).transpose()? {
        None => None,
        Some("delete_wins") => Some(DeletePolicy::DeleteWins),
        Some("edit_wins") => Some(DeletePolicy::EditWins),
        Some(other) => return Err(unknown(other)),
    };
    let fields = match json.get("fields") {
        None => None,
        Some(Json::Object(members)) => {
            let mut fields: BTreeMap<FieldPath, FieldPolicy> = BTreeMap::new();
            for (path, policy) in members {
                let path = path.as_str().and_then(|path| parse_field_path(path).ok()).ok_or_else(|| wrong("fields"))?;
                let policy = policy.as_str().ok_or_else(|| wrong("fields"))?;
                fields.insert(path, FieldPolicy::from_name(policy).ok_or_else(|| unknown(policy))?);
            }
            Some(fields)
        }
        Some(_) => return Err(wrong("fields")),
    };
    Ok(SchemaEdit { key_path, auto_increment: flag(json, "auto_increment")?, indexes, deletes, fields })
}

fn read_key_path(json: &Json) -> Option<KeyPath> {
    match json {
        Json::Array(paths) => {
            paths.iter().map(|path| path.as_str().map(str::to_owned)).collect::<Option<_>>().map(KeyPath::Compound)
        }
        path => Some(KeyPath::Single(path.as_str()?.to_owned())),
    }
}

/// Writes what [`read_schemas`] reads, on one line.
pub fn schemas_to_string<'s>(stores: impl IntoIterator<Item = (&'s str, &'s StoreSchema)>) -> String {
    let mut out = b"{\"stores\":{".to_vec();
    for (at, (name, schema)) in stores.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(name, &mut out);
        out.push(b':');
        write_schema(schema, &mut out);
    }
    out.extend(b"}}");
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn write_schema(schema: &StoreSchema, out: &mut Vec<u8>) {
    out.extend(b"{\"key_path\":");
    write_key_path(schema.key_path.as_ref(), out);
    out.extend(format!(",\"auto_increment\":{},\"indexes\":[", schema.auto_increment).as_bytes());
    for (at, index) in schema.indexes.iter().enumerate() {
        out.extend(if at > 0 { &b",{\"name\":"[..] } else { b"{\"name\":" });
        write_string(&index.name, out);
        out.extend(b",\"key_path\":");
        write_key_path(Some(&index.key_path), out);
        out.extend(format!(",\"unique\":{},\"multi_entry\":{}}}", index.unique, index.multi_entry).as_bytes());
    }
    let deletes = crate::view::delete_policy_name(schema.deletes);
    out.extend(format!("],\"deletes\":\"{deletes}\",\"fields\":{{").as_bytes());
    for (at, (path, policy)) in schema.fields.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(&write_field_path(path), out);
        out.push(b':');
        write_string(policy.name(), out);
    }
    out.extend(b"}}");
}

/// Appends a key path as JSON: a string, an array of strings, or null for out-of-line keys.
pub fn write_key_path(path: Option<&KeyPath>, out: &mut Vec<u8>) {
    match path {
        None => out.extend(b"null"),
        Some(KeyPath::Single(path)) => write_string(path, out),
        Some(KeyPath::Compound(paths)) => {
            out.push(b'[');
            for (at, path) in paths.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_string(path, out);
            }
            out.push(b']');
        }
    }
}
