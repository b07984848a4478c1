//! Which crate may know which. The dependencies themselves are held against this list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use crate::run;

/// Each crate, what it is, and the crates of ours that it may depend on.
pub const ARROWS: &[(&str, &str, &[&str])] = &[
    ("anabranch-core", "the merge engine: pure", &[]),
    ("anabranch-wire", "frames, segments, entries: pure", &[]),
    ("anabranch-store", "the store directory: owns durable bytes", &["anabranch-core", "anabranch-wire"]),
    ("anabranch-sink", "the port to pipelines", &["anabranch-core"]),
    ("anabranch-indexeddb", "exports of IndexedDB, read and written", &["anabranch-core"]),
    ("anabranch-sink-files", "Parquet, CSV and JSON Lines", &["anabranch-core", "anabranch-sink"]),
    (
        "anabranch",
        "the face for embedding",
        &[
            "anabranch-core",
            "anabranch-wire",
            "anabranch-store",
            "anabranch-sink",
            "anabranch-indexeddb",
            "anabranch-sink-files",
        ],
    ),
    (
        "anabranch-cli",
        "the command",
        &["anabranch-core", "anabranch-store", "anabranch-sink", "anabranch-indexeddb", "anabranch-sink-files"],
    ),
    ("xtask", "the gate", &["anabranch-core", "anabranch-wire", "anabranch-indexeddb"]),
    ("anabranch-benches", "throughput beside three rivals", &["anabranch-core", "anabranch-store"]),
];

/// Fails if a crate depends on one of ours that the list does not grant it, or is not in the list.
pub fn check() -> Result<(), String> {
    let metadata = run::output("cargo", &["metadata", "--format-version", "1", "--no-deps"])?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().map(|(name, _, may)| (*name, *may)).collect();
    let mut seen = BTreeSet::new();
    for package in members(&metadata, "packages") {
        let name = text(package, "name").unwrap_or_default();
        let may = allowed.get(name).ok_or_else(|| format!("{name} is not in ARROWS"))?;
        seen.insert(name.to_owned());
        for dependency in members(package, "dependencies") {
            // A crate may use itself, with other features, in its own tests.
            let (other, kind) = (text(dependency, "name").unwrap_or_default(), text(dependency, "kind"));
            if allowed.contains_key(other) && !may.contains(&other) && !(kind == Some("dev") && other == name) {
                return Err(format!("{name} must not know {other}"));
            }
        }
    }
    match ARROWS.iter().find(|(name, ..)| !seen.contains(*name)) {
        Some((name, ..)) => Err(format!("ARROWS lists {name}, which is no member")),
        None => Ok(()),
    }
}

fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

/// The list as a table in Markdown, as the README shows it.
pub fn map() -> String {
    let mut map = String::from("| crate | what | knows |\n|---|---|---|\n");
    for (name, what, may) in ARROWS {
        let may: Vec<&str> = may.iter().map(|other| other.trim_start_matches("anabranch-")).collect();
        let may = if may.is_empty() { "nothing of ours".to_owned() } else { may.join(", ") };
        // Writing to a String cannot fail.
        let _ = writeln!(map, "| `{name}` | {what} | {may} |");
    }
    map
}
