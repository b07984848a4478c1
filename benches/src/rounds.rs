//! Rounds: every engine does a work once, one after the other, and then all of them again.
//!
//! A shared machine's speed drifts by more than the engines differ, within seconds; in a round it is nearly the same for all.

use crate::bench::{Contestant, MeasureError};
use crate::table::{Row, Table};
use crate::work::Work;

/// How many rounds there are, and what came of them.
pub(crate) struct Rounds {
    runs: usize,
    pub(crate) table: Table,
    pub(crate) failed: bool,
}

/// What an engine measured, round by round.
struct Score<'c> {
    contestant: &'c dyn Contestant,
    /// CPU milliseconds and bytes.
    measured: Vec<(f64, usize)>,
    /// Whether it goes on to the next round.
    is_in: bool,
}

impl Rounds {
    /// So many rounds, one at least.
    pub(crate) fn new(runs: usize) -> Self {
        Self { runs: runs.max(1), table: Table::default(), failed: false }
    }

    /// All rounds of one work. An engine that fails fails alone: the others are measured all the same.
    pub(crate) fn work(&mut self, work: Work, contestants: &[Box<dyn Contestant>]) {
        eprintln!("{}", work.name());
        let begin = |contestant| Score { contestant, measured: Vec::new(), is_in: true };
        let mut scores: Vec<Score<'_>> = contestants.iter().map(|contestant| begin(&**contestant)).collect();
        for round in 0..work.rounds(self.runs) {
            for score in scores.iter_mut().filter(|score| score.is_in) {
                match score.contestant.once(work, round == 0) {
                    Ok(measured) => {
                        score.is_in = measured.is_some();
                        score.measured.extend(measured);
                    }
                    Err(error) => {
                        score.is_in = false;
                        score.measured.clear();
                        self.fail(&error);
                    }
                }
            }
        }
        scores.into_iter().for_each(|score| self.add(work, score));
    }

    /// Notes that something could not be measured.
    pub(crate) fn fail(&mut self, error: &MeasureError) {
        eprintln!("  {error}");
        self.failed = true;
    }

    /// The median, and the bytes of that run.
    fn add(&mut self, work: Work, score: Score<'_>) {
        let (engine, mut measured) = (score.contestant.name(), score.measured);
        measured.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let Some((cpu_ms, bytes)) = measured.get(measured.len() / 2).copied() else {
            return eprintln!("  {engine}: nothing was measured");
        };
        eprintln!("  {engine}: {cpu_ms:.3} ms");
        self.table.add(work, Row { engine, cpu_ms, bytes, runs: measured.len() });
    }
}
