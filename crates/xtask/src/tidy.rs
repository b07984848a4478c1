//! What a compiler does not check: sizes of files and functions, what documents mention, paths of one machine, the top level.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{arrows, run};

mod mentions;
mod sizes;

/// What lies at the top, beside dotfiles.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "deny.toml",
    "crates",
    "benches",
    "fuzz",
];

/// How absolute paths of somebody's machine begin, cut in two so that this file has none.
const MACHINE_PATHS: &[(&str, &str)] =
    &[("/ho", "me/"), ("/ro", "ot/"), ("/wo", "rk/"), ("/Us", "ers/"), ("C:\\Us", "ers"), ("/tmp/", "wt")];

/// A file under version control.
struct Tracked {
    path: PathBuf,
    /// Its text, if it is text.
    text: String,
}

/// Checks everything and lists all that is wrong.
pub fn check() -> Result<(), String> {
    let files = tracked()?;
    let known = mentions::Known::of(&files);
    let mut wrong = Vec::new();
    for file in &files {
        wrong.extend(misplaced(file));
        wrong.extend(machine_paths(file));
        match file.path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => wrong.extend(sizes::too_large(file)),
            Some("md") => wrong.extend(known.wrong_mentions(file)),
            _ => (),
        }
    }
    let readme = files.iter().find(|file| file.path == Path::new("README.md"));
    if readme.is_none_or(|readme| !readme.text.contains(&arrows::map())) {
        wrong.push("README.md: its map of the crates is not what `cargo xtask map` prints".into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn tracked() -> Result<Vec<Tracked>, String> {
    let listed = run::output("git", &["ls-files"])?;
    let paths = listed.lines().map(PathBuf::from).filter(|path| run::root().join(path).exists());
    // What is no text is no text to check.
    let read = |path: PathBuf| Tracked { text: fs::read_to_string(run::root().join(&path)).unwrap_or_default(), path };
    Ok(paths.map(read).collect())
}

fn misplaced(file: &Tracked) -> Option<String> {
    let top = file.path.components().next()?.as_os_str().to_string_lossy();
    let belongs = top.starts_with('.') || TOP.contains(&&*top);
    (!belongs).then(|| format!("{}: does not belong at the top level", file.path.display()))
}

fn machine_paths(file: &Tracked) -> Vec<String> {
    let is_lock = file.path.file_name().is_some_and(|name| name == "package-lock.json" || name == "Cargo.lock");
    let begins = MACHINE_PATHS.iter().map(|(one, other)| format!("{one}{other}"));
    let found = begins.filter(|begin| !is_lock && file.text.contains(begin));
    found.map(|begin| format!("{}: {begin} is a path of one machine", file.path.display())).collect()
}
