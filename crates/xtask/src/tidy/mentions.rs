//! What documents mention is there: files that links and code spans name, and the types and functions of ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Tracked;

/// Everything that a document may mention.
pub(super) struct Known {
    files: BTreeSet<PathBuf>,
    /// Every word that Rust source holds.
    words: BTreeSet<String>,
}

impl Known {
    pub(super) fn of(files: &[Tracked]) -> Self {
        let sources = files.iter().filter(|file| file.path.extension().is_some_and(|extension| extension == "rs"));
        let words = sources.flat_map(|file| words(&file.text)).map(str::to_owned).collect();
        Self { files: files.iter().map(|file| file.path.clone()).collect(), words }
    }

    /// What a document mentions that is not there.
    pub(super) fn wrong_mentions(&self, file: &Tracked) -> Vec<String> {
        let directory = file.path.parent().unwrap_or(Path::new(""));
        let mut wrong = Vec::new();
        for target in links(&file.text).filter(|target| !self.is_path(directory, target)) {
            wrong.push(format!("{}: {target} leads nowhere", file.path.display()));
        }
        for span in spans(&file.text) {
            if looks_like_source(span) && !self.is_source(span) {
                wrong.push(format!("{}: there is no file {span}", file.path.display()));
            }
            if looks_like_type(span) && !words(span).all(|word| self.words.contains(word)) {
                wrong.push(format!("{}: nothing here is called {span}", file.path.display()));
            }
        }
        wrong
    }

    fn is_path(&self, directory: &Path, target: &str) -> bool {
        let mut path = PathBuf::new();
        for part in directory.join(target.split('#').next().unwrap_or_default()).components() {
            match part {
                std::path::Component::ParentDir => drop(path.pop()),
                part => path.push(part),
            }
        }
        self.files.iter().any(|file| file.starts_with(&path))
    }

    /// Documents name a file by its path or by the end of it.
    fn is_source(&self, span: &str) -> bool {
        self.files.iter().any(|file| file.ends_with(span))
    }
}

/// Relative targets of links; those of rustdoc (`crate::Type`) are rustdoc's to check.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with('#') && !target.contains("::"))
}

/// Code spans outside code blocks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

fn looks_like_source(span: &str) -> bool {
    span.ends_with(".rs") && !span.contains([' ', '*', '…'])
}

/// A name in camel case of at least two humps, alone or with a path: others' types rarely have the luck.
fn looks_like_type(span: &str) -> bool {
    let last = span.rsplit("::").next().unwrap_or_default();
    let humps = last.chars().filter(char::is_ascii_uppercase).count();
    let is_name =
        last.chars().all(|char| char.is_ascii_alphanumeric()) && last.starts_with(|c: char| c.is_ascii_uppercase());
    is_name
        && humps >= 2
        && humps < last.len()
        && span.chars().all(|char| char.is_ascii_alphanumeric() || char == ':' || char == '_')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').filter(|word| !word.is_empty())
}
