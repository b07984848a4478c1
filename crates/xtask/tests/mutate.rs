//! A few thousand cases of the mutation fuzzer; millions of them are `cargo xtask mutate`.

use std::time::Duration;

use xtask::mutate::{self, Memory};

const FOR_EVER: Duration = Duration::MAX;

/// The suite has no counting allocator.
struct Uncounted;

impl Memory for Uncounted {
    fn begin(&self) {}

    fn peak(&self) -> usize {
        0
    }
}

#[test]
fn what_was_tampered_with_is_refused_or_keeps_the_laws() {
    let report = mutate::run(1, 0, 2_000, FOR_EVER, &Uncounted);
    assert!(report.is_good(), "{report}");
    for end in ["honest", "changes tampered", "changes waiting", "saved documents tampered", "entries", "refused"] {
        assert!(report.ended(end) > 0, "no case ends in {end:?}:\n{report}");
    }
}

#[test]
fn honest_changes_are_never_refused() {
    let report = mutate::run_honest(1, 300, FOR_EVER);
    assert!(report.is_good(), "{report}");
    assert!(report.honest_changes() >= 300, "{report}");
}
