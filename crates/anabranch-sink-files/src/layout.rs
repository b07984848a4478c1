//! Where what lies at the destination.

use anabranch_sink::TableName;

use crate::table::Format;

/// The manifest's name.
pub(crate) const MANIFEST: &str = "_anabranch.json";

/// The three kinds of tables that a store becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Records,
    Conflicts,
    DeadLetters,
}

impl Part {
    pub(crate) const ALL: [Part; 3] = [Part::Records, Part::Conflicts, Part::DeadLetters];

    fn suffix(self) -> &'static str {
        match self {
            Part::Records => "",
            Part::Conflicts => "__conflicts",
            Part::DeadLetters => "__dead_letters",
        }
    }
}

/// The directory of a part of a table.
pub(crate) fn directory(table: &TableName, part: Part) -> String {
    format!("{}/{}{}", encode(&table.database), encode(&table.store), part.suffix())
}

/// The file that a delivery writes there. Its contents are in the name, so that two writers never write over each other.
pub(crate) fn file(table: &TableName, part: Part, generation: u64, contents: &[u8], format: Format) -> String {
    let hash = blake3::hash(contents).to_hex();
    format!(
        "{}/{generation:08}-{}.{}",
        directory(table, part),
        hash.get(..HASH_DIGITS).unwrap_or_default(),
        format.extension()
    )
}

const HASH_DIGITS: usize = 16;

/// Whether a file name is one that a delivery gave.
pub(crate) fn is_ours(name: &str) -> bool {
    let parts = name.split_once('.').and_then(|(stem, extension)| Some((stem.split_once('-')?, extension)));
    let Some(((number, hash), extension)) = parts else { return false };
    number.len() >= 8
        && number.bytes().all(|digit| digit.is_ascii_digit())
        && hash.len() == HASH_DIGITS
        && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
        && ["parquet", "jsonl", "csv"].contains(&extension)
}

/// Percent-encodes a name; one that is all dots would be a step through directories.
fn encode(name: &str) -> String {
    let only_dots = name.bytes().all(|byte| byte == b'.');
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'.' if only_dots => out.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    // An empty name has no directory of its own.
    if out.is_empty() { "%00".into() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_destination() {
        let of = |database: &str, store: &str| {
            directory(&TableName { database: database.into(), store: store.into() }, Part::Conflicts)
        };
        assert_eq!(of("shop", "orders"), "shop/orders__conflicts");
        assert_eq!(of("..", "a/b"), "%2E%2E/a%2Fb__conflicts");
        assert_eq!(of("", "Ü.1"), "%00/%C3%9C.1__conflicts");
    }
}
