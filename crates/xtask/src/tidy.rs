//! What a compiler does not check: sizes of files, links of documents, the top level.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{arrows, run};

/// No source file is longer.
const LINES_MAX: usize = 600;

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

/// Checks everything and lists all that is wrong.
pub fn check() -> Result<(), String> {
    let files = tracked()?;
    let mut wrong = Vec::new();
    for file in &files {
        let top =
            file.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
        if !top.starts_with('.') && !TOP.contains(&top.as_str()) {
            wrong.push(format!("{}: does not belong at the top level", file.display()));
        }
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => wrong.extend(too_long(file)),
            Some("md") => wrong.extend(broken_links(file)),
            _ => (),
        }
    }
    let readme = fs::read_to_string(run::root().join("README.md")).unwrap_or_default();
    if !readme.contains(&arrows::map()) {
        wrong.push("README.md: its map of the crates is not what `cargo xtask map` prints".into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn tracked() -> Result<Vec<PathBuf>, String> {
    let listed = run::output("git", &["ls-files"])?;
    Ok(listed.lines().map(PathBuf::from).filter(|path| run::root().join(path).exists()).collect())
}

fn too_long(file: &Path) -> Option<String> {
    let lines = fs::read_to_string(run::root().join(file)).ok()?.lines().count();
    (lines > LINES_MAX).then(|| format!("{}: {lines} lines, more than {LINES_MAX}", file.display()))
}

/// Relative links in Markdown lead to files that are there.
fn broken_links(file: &Path) -> Vec<String> {
    let path = run::root().join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let directory = path.parent().map(Path::to_owned).unwrap_or_default();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_path = |target: &&str| !target.contains("://") && !target.starts_with('#') && !target.contains("::");
    let is_broken = |target: &&str| !directory.join(target.split('#').next().unwrap_or_default()).exists();
    targets
        .filter(is_path)
        .filter(is_broken)
        .map(|target| format!("{}: {target} leads nowhere", file.display()))
        .collect()
}
