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
    format!("{}/{}{}", encode(&table.database), encode_store(&table.store), part.suffix())
}

/// The file that a delivery writes there. Its contents are in the name, so that two writers never write over each other.
pub(crate) fn file(table: &TableName, part: Part, generation: u64, contents: &[u8], format: Format) -> String {
    format!("{}/{generation:08}-{}.{}", directory(table, part), short_hash(contents), format.extension())
}

/// The delivery that wrote a file of this name, whole or not; `None` for files that are not ours.
pub(crate) fn generation_of(name: &str) -> Option<u64> {
    let name = match name.strip_prefix('.') {
        Some(hidden) => hidden.strip_suffix(TEMPORARY)?.rsplit_once('.')?.0,
        None => name,
    };
    let (stem, extension) = name.split_once('.')?;
    let (number, hash) = stem.split_once('-')?;
    let is_ours = number.len() >= 8
        && number.bytes().all(|digit| digit.is_ascii_digit())
        && hash.len() == HASH_DIGITS
        && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
        && ["parquet", "jsonl", "csv"].contains(&extension);
    if is_ours { number.parse().ok() } else { None }
}

/// The name of a file while `writer` writes it: hidden from readers, and nobody else's.
pub(crate) fn temporary(name: &str, writer: &str) -> String {
    format!(".{name}.{writer}{TEMPORARY}")
}

const TEMPORARY: &str = ".tmp";
const HASH_DIGITS: usize = 16;

fn short_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().chars().take(HASH_DIGITS).collect()
}

/// Longest encoded name: file systems end at 255 bytes, and a suffix follows.
const NAME_BYTES_MAX: usize = 200;

/// Percent-encodes a name, injectively: what no name needs encoded (`%5F`, `%2D`) marks the names that have no plain form.
fn encode(name: &str) -> String {
    // One that is all dots would be a step through directories.
    let only_dots = name.bytes().all(|byte| byte == b'.');
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'.' if only_dots => out.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    if out.is_empty() {
        return "%5F".into();
    }
    if out.len() > NAME_BYTES_MAX {
        let end = NAME_BYTES_MAX - "%2D".len() - HASH_DIGITS;
        // No escape is cut in two.
        let end = (end - 2..end).find(|at| out.as_bytes().get(*at) == Some(&b'%')).unwrap_or(end);
        out.truncate(end);
        out.push_str("%2D");
        out.push_str(&short_hash(name.as_bytes()));
    }
    out
}

/// A store whose own name ends like the directory of another one's conflicts is told apart from it.
fn encode_store(name: &str) -> String {
    let mut out = encode(name);
    for suffix in Part::ALL.map(Part::suffix) {
        let at = out.len().saturating_sub(suffix.len());
        // Some file systems do not tell cases apart.
        if !suffix.is_empty() && out.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(suffix)) {
            out.replace_range(at..=at, "%5F");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(database: &str, store: &str) -> String {
        directory(&TableName { database: database.into(), store: store.into() }, Part::Conflicts)
    }

    #[test]
    fn names_stay_inside_the_destination() {
        assert_eq!(of("shop", "orders"), "shop/orders__conflicts");
        assert_eq!(of("..", "a/b"), "%2E%2E/a%2Fb__conflicts");
        assert_eq!(of("\u{0}", "Ü.1"), "%00/%C3%9C.1__conflicts");
    }

    #[test]
    fn different_names_are_different_directories_of_bounded_length() {
        let long = |last: &str| "ü".repeat(300) + last;
        let names =
            ["", "\u{0}", "_", ".", "..", "%2E", "%00", "%5F", "a", "a__conflicts", "a__Conflicts", "a%5F_conflicts"];
        let mut seen: Vec<String> = Vec::new();
        for name in names.map(String::from).into_iter().chain([long("a"), long("b"), "x".repeat(300), "x".repeat(201)])
        {
            for part in Part::ALL {
                let path = directory(&TableName { database: "d".into(), store: name.clone() }, part);
                assert!(path.len() < 250, "{path}");
                assert!(path.is_ascii() && path.matches('/').count() == 1, "{path}");
                seen.push(path);
            }
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_file_tells_the_delivery_that_wrote_it() {
        let table = TableName { database: "d".into(), store: "s".into() };
        let path = file(&table, Part::Records, 123_456_789, b"rows", Format::Csv);
        let name = path.rsplit('/').next().expect("there is a last part");
        assert_eq!(generation_of(name), Some(123_456_789));
        assert_eq!(generation_of(&temporary(name, "77-0")), Some(123_456_789));
        for other in ["notes.csv", ".DS_Store", "00000001-xyz.csv", "00000001-0123456789abcdef.txt", "_SUCCESS", ""] {
            assert_eq!(generation_of(other), None, "{other}");
        }
    }
}
