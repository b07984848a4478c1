//! What became of all cases.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::time::Duration;

use super::End;

/// Cases that broke a law are told one by one up to so many.
const TOLD_MAX: usize = 100;

/// What became of all cases.
#[derive(Default)]
pub struct Report {
    seed: u64,
    cases: u64,
    /// How many ended in each way, and why.
    ends: BTreeMap<&'static str, u64>,
    refused: BTreeMap<String, u64>,
    /// Histories that nobody tampered with, and their changes.
    honest: (u64, u64),
    /// Numbers of cases that broke a law, and what they said.
    broken: Vec<(u64, String)>,
    slowest: (Duration, u64),
    peak: (usize, u64),
}

impl Report {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Whether every case ended as it must.
    pub fn is_good(&self) -> bool {
        self.broken.is_empty()
    }

    /// Honest changes that were offered and taken.
    pub fn honest_changes(&self) -> u64 {
        self.honest.1
    }

    /// How many cases ended in one of the ways whose words begin so.
    pub fn ended(&self, words: &str) -> u64 {
        self.ends.iter().filter(|(end, _)| end.starts_with(words)).map(|(_, count)| count).sum()
    }

    pub(super) fn count_honest(&mut self, changes: u64) {
        self.honest = (self.honest.0 + 1, self.honest.1 + changes);
    }

    pub(super) fn count_broken(&mut self, case: u64, what: String) {
        if self.broken.len() < TOLD_MAX {
            eprintln!("case {case}: {what}\n  cargo xtask mutate --seed {} --from {case} --cases 1", self.seed);
        }
        self.broken.push((case, what));
    }

    pub(super) fn count(&mut self, case: u64, ended: Result<End, String>, took: Duration, peak: usize) {
        self.cases += 1;
        self.slowest = self.slowest.max((took, case));
        self.peak = self.peak.max((peak, case));
        let end = match ended {
            Ok(End::Honest) => "honest changes, all taken",
            Ok(End::Accepted) => "changes tampered with and accepted, by automerge too",
            Ok(End::Waiting) => "changes waiting for what is missing",
            Ok(End::Rebuilt) => "saved documents tampered with that show what the history shows",
            Ok(End::Forged) => "saved documents that show what their forged cache says",
            Ok(End::Read) => "entries, blocks and headers of a log tampered with and read, in their one form",
            Ok(End::Lost) => "saved documents whose forged index needs what no source has (documented)",
            Ok(End::Refused(reason)) => {
                *self.refused.entry(reason).or_default() += 1;
                "refused"
            }
            Err(what) => return self.count_broken(case, what),
        };
        *self.ends.entry(end).or_default() += 1;
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} cases", self.seed, self.cases)?;
        for (end, count) in &self.ends {
            writeln!(f, "{count:>12}  {end}")?;
        }
        for (reason, count) in &self.refused {
            writeln!(f, "{count:>12}  refused: {reason}")?;
        }
        if self.honest.0 > 0 {
            writeln!(f, "{:>12}  honest changes of {} histories, all taken", self.honest.1, self.honest.0)?;
        }
        writeln!(f, "{:>12}  panics, hangs, bombs and broken laws", self.broken.len())?;
        writeln!(f, "slowest case {:?} (case {})", self.slowest.0, self.slowest.1)?;
        write!(f, "peak memory of a case {} bytes (case {})", self.peak.0, self.peak.1)
    }
}
