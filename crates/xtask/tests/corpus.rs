//! The committed corpus of every fuzz target, replayed by the normal suite.

#![expect(clippy::unwrap_used, reason = "tests")]

use xtask::{run, targets};

#[test]
fn no_target_panics_on_its_corpus() {
    for (name, body) in targets::TARGETS {
        let directory = run::root().join("fuzz/corpus").join(name);
        let mut files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no corpus");
        files.iter().for_each(|file| body(&std::fs::read(file).unwrap()));
    }
}
