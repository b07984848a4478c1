//! Dexie's schema strings: the primary key first, then the indexes.

use anabranch_core::{Index, KeyPath, StoreSchema};

use crate::loss;

/// Reads `++id,&email,*tags,[a+b]`.
pub(super) fn parse(text: &str, inbound: bool) -> StoreSchema {
    let mut items = text.split(',');
    let primary = items.next().unwrap_or_default().trim();
    let auto_increment = primary.starts_with("++");
    let primary = primary.trim_start_matches("++").trim_start_matches('&');
    let key_path = if inbound { parse_path(primary) } else { None };
    let indexes = items.map(str::trim).filter(|item| !item.is_empty()).filter_map(parse_index).collect();
    StoreSchema { key_path, auto_increment, indexes, ..StoreSchema::default() }
}

fn parse_index(item: &str) -> Option<Index> {
    let path = item.trim_start_matches(['&', '*']);
    let prefix = item.get(..item.len() - path.len()).unwrap_or_default();
    let key_path = parse_path(path)?;
    Some(Index { name: path.to_owned(), key_path, unique: prefix.contains('&'), multi_entry: prefix.contains('*') })
}

fn parse_path(text: &str) -> Option<KeyPath> {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(parts) => Some(KeyPath::Compound(parts.split('+').map(str::to_owned).collect())),
        None if text.is_empty() => None,
        None => Some(KeyPath::Single(text.to_owned())),
    }
}

/// Writes what [`parse`] reads, as far as the format goes: the importer fails on two indexes of one name.
pub(super) fn write(schema: &StoreSchema) -> String {
    let schema = loss::dexie_schema(schema);
    let mut primary = if schema.auto_increment { "++".to_owned() } else { String::new() };
    primary.push_str(&schema.key_path.as_ref().map(path_text).unwrap_or_default());
    let index = |index: &Index| {
        let prefix = format!("{}{}", if index.unique { "&" } else { "" }, if index.multi_entry { "*" } else { "" });
        format!(",{prefix}{}", path_text(&index.key_path))
    };
    primary + &schema.indexes.iter().map(index).collect::<String>()
}

/// A key path as the format writes it, which is also the name that it gives to an index.
pub(crate) fn path_text(path: &KeyPath) -> String {
    match path {
        KeyPath::Single(path) => path.clone(),
        KeyPath::Compound(parts) => format!("[{}]", parts.join("+")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_strings_come_back() {
        for text in ["++id,&contact.email,name.length,[name+age],*tags,name", "[a+b.c],v", "id", "++id", ",x"] {
            assert_eq!(write(&parse(text, true)), text);
        }
        assert_eq!(write(&parse("++", false)), "++");
        assert!(parse("++", false).auto_increment);
    }
}
