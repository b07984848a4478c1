//! A few thousand cases of the mutation fuzzer; millions of them are `cargo xtask mutate`.

use xtask::mutate::{self, Memory};

/// The suite has no counting allocator.
struct Uncounted;

impl Memory for Uncounted {
    fn begin(&self) {}

    fn peak(&self) -> usize {
        0
    }
}

#[test]
fn changes_that_were_tampered_with_are_refused_or_taken_by_automerge_too() {
    let report = mutate::run(1, 0, 1_000, &Uncounted);
    assert!(report.is_good(), "{report}");
}
