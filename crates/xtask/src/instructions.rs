//! How many instructions the engine takes for the main works: the same on a busy machine as on an idle one.
//!
//! The benches run under callgrind, which counts only what their clock would time. It offers a program no instructions for
//! SHA-256, so hashing counts some twenty times as much there as it takes on a machine that has them: it is told apart.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::run;
use profile::Counts;

mod profile;

/// The works, done once each with [`RECORDS`] records.
const WORKS: &[&str] = &[
    "merge_10k_field_updates_into_10k_records",
    "import_100k_records",
    "capture_100k_records_1_percent_changed",
    "open_100k_records",
    "read_100k_records",
    "commit_one_field",
];
/// Whatever a work's name says: under callgrind a program takes fifty times as long.
const RECORDS: u64 = 10_000;
/// The function of the benches inside which instructions count.
const TIMED: &str = "merge::bench::timed*";
/// What is kept of an earlier count.
const KEPT: &str = "benches/instructions.json";
/// More than this above what is kept is a regression.
const PERCENT_MAX: f64 = 5.0;

/// Counts, shows the difference to what is kept and fails where a work takes more; with `update` keeps the new counts.
pub fn run(update: bool) -> Result<(), String> {
    if run::output("valgrind", &["--version"]).is_err() {
        eprintln!("valgrind is not installed: instructions are not counted");
        return Ok(());
    }
    let kept = kept(&run::root().join(KEPT))?;
    let bench = bench()?;
    let mut counted = BTreeMap::new();
    let mut worse = Vec::new();
    println!("{:<42}{:>14}{:>10}{:>9}", "instructions, of 10,000 records", "now", "to kept", "hashing");
    for work in WORKS {
        let counts = count(&bench, work)?;
        let percent = kept.get(*work).map(|kept| percent_more(kept, &counts));
        let shown = percent.map_or("new".into(), |percent| format!("{percent:+.1} %"));
        let hashing = 100.0 * counts.hashing as f64 / counts.all.max(1) as f64;
        println!("{work:<42}{:>14}{shown:>10}{hashing:>7.0} %", counts.all);
        if percent.is_some_and(|percent| percent > PERCENT_MAX) {
            worse.push(*work);
        }
        counted.insert(*work, counts);
    }
    if update {
        return keep(&run::root().join(KEPT), &counted);
    }
    if worse.is_empty() {
        return Ok(());
    }
    Err(format!("more than {PERCENT_MAX} % above {KEPT}: {}; if that is meant, --update", worse.join(", ")))
}

/// How much more than before.
fn percent_more(before: &Counts, now: &Counts) -> f64 {
    100.0 * (now.all as f64 / before.all.max(1) as f64 - 1.0)
}

/// Builds the benches: where they are.
fn bench() -> Result<String, String> {
    let build = ["bench", "--quiet", "--no-run", "--package", "anabranch-benches", "--message-format", "json"];
    let built = run::output("cargo", &build)?;
    let messages = built.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut benches = messages.filter(|message| message.pointer("/target/name") == Some(&json!("merge")));
    let path = benches.find_map(|message| message.get("executable")?.as_str().map(str::to_owned));
    path.ok_or_else(|| "cargo built no bench called merge".into())
}

fn count(bench: &str, work: &str) -> Result<Counts, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let profile = directory.path().join("profile");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--collect-atstart=no"]).arg(format!("--toggle-collect={TIMED}"));
    valgrind.arg(format!("--callgrind-out-file={}", profile.display())).arg(bench);
    valgrind.args(["--bench", "--engine", "anabranch", "--runs", "1", "--records", &RECORDS.to_string(), work]);
    let output = valgrind.output().map_err(|error| format!("valgrind: {error}"))?;
    if !output.status.success() {
        return Err(format!("{work} failed under valgrind\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = fs::read_to_string(&profile).map_err(|error| format!("{}: {error}", profile.display()))?;
    match profile::read(&text) {
        Counts { all: 0, .. } => Err(format!("{work}: no instruction was counted: is there no {TIMED}?")),
        counts => Ok(counts),
    }
}

fn kept(file: &Path) -> Result<BTreeMap<String, Counts>, String> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(format!("{KEPT}: {error}")),
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{KEPT}: {error}"))?;
    let works = value.as_object().ok_or_else(|| format!("{KEPT} is no object"))?;
    let counts = |(work, counts): (&String, &Value)| {
        let number = |name| counts.get(name).and_then(Value::as_u64);
        let counts = number("all").zip(number("hashing")).map(|(all, hashing)| Counts { all, hashing });
        counts.map(|counts| (work.clone(), counts)).ok_or_else(|| format!("{KEPT}: {work} has no counts"))
    };
    works.iter().map(counts).collect()
}

fn keep(file: &Path, counted: &BTreeMap<&str, Counts>) -> Result<(), String> {
    let works = counted.iter().map(|(work, counts)| {
        let counts = json!({ "all": counts.all, "hashing": counts.hashing });
        ((*work).to_owned(), counts)
    });
    let text = format!("{:#}\n", Value::Object(works.collect()));
    fs::write(file, text).map_err(|error| format!("{KEPT}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Counts, KEPT, PERCENT_MAX, WORKS, keep, kept, percent_more, run};

    #[test]
    fn a_tenth_more_is_a_regression_and_a_tenth_less_is_none() {
        let [before, more, less] = [100, 110, 90].map(|all| Counts { all, hashing: 0 });
        assert!(percent_more(&before, &more) > PERCENT_MAX);
        assert!(percent_more(&before, &less) < 0.0);
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let directory = tempfile::tempdir().expect("a directory for temporary files");
        let file = directory.path().join("kept.json");
        let counted = BTreeMap::from([("one", Counts { all: 7, hashing: 3 }), ("two", Counts { all: 5, hashing: 0 })]);
        keep(&file, &counted).expect("it is written");
        let owned = counted.into_iter().map(|(work, counts)| (work.to_owned(), counts)).collect();
        assert_eq!(kept(&file), Ok(owned));
        assert_eq!(kept(&directory.path().join("none.json")), Ok(BTreeMap::new()));
    }

    #[test]
    fn every_work_is_kept() {
        let kept = kept(&run::root().join(KEPT)).expect("the committed counts");
        assert!(WORKS.iter().all(|work| kept.contains_key(*work)), "{kept:?}");
    }
}
