//! What callgrind wrote: instructions of each function's own.

use std::collections::BTreeMap;

/// How the names of functions that hash begin.
const HASHING: &[&str] = &["sha2::"];

/// Instructions of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) all: u64,
    /// Those that SHA-256 takes.
    pub(super) hashing: u64,
}

/// Counts the instructions of a profile.
///
/// A line of costs belongs to the function that was named last; one that follows a call is the callee's and is counted
/// there. A name is written once, behind a number that stands for it from then on.
pub(super) fn read(profile: &str) -> Counts {
    let (mut counts, mut names) = (Counts::default(), BTreeMap::new());
    let (mut is_hashing, mut is_call) = (false, false);
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            is_hashing = hashes(name, &mut names);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            hashes(name, &mut names);
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if let Some(cost) = cost(line).filter(|_| !std::mem::take(&mut is_call)) {
            counts.all += cost;
            counts.hashing += if is_hashing { cost } else { 0 };
        }
    }
    counts
}

/// Whether a function hashes: `(7) name` says it, `(7)` repeats it.
fn hashes<'p>(name: &'p str, names: &mut BTreeMap<&'p str, bool>) -> bool {
    match name.split_once(' ') {
        Some((number, name)) => {
            let hashes = HASHING.iter().any(|begin| name.starts_with(begin));
            names.insert(number, hashes);
            hashes
        }
        None => names.get(name).copied().unwrap_or(false),
    }
}

/// A position (`16`, `+3`, `-3` or `*`) and a number.
fn cost(line: &str) -> Option<u64> {
    let (position, cost) = line.split_once(' ')?;
    let is_position = position == "*" || position.trim_start_matches(['+', '-']).parse::<u64>().is_ok();
    if is_position { cost.trim().parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Counts, read};

    #[test]
    fn costs_of_calls_are_the_callees() {
        let profile = "positions: line\nevents: Ir\nsummary: 60\n\nob=(1) a\nfl=(1) ???\nfn=(1) merge\n0 10\n+3 5\n\
                       cfn=(2) sha2::sha256::compress\ncalls=2 0\n* 40\n-1 5\n\nfn=(2)\n0 30\n+2 10\n\ntotals: 60\n";
        assert_eq!(read(profile), Counts { all: 60, hashing: 40 });
    }
}
