//! Mutating what comes from elsewhere by its structure: whatever arrives ends in a typed refusal, or in something that
//! keeps the laws.
//!
//! A case is honest changes, a saved document or a log, of which something was tampered with (or nothing). It is decided by
//! the seed and its number alone, so that one line replays it.

mod bytes;
mod changes;
mod chunk;
mod forge;
mod honest;
mod leb128;
mod panics;
mod report;
mod runs;
mod saved;
mod tamper;
mod tokens;
mod wire;
mod world;

use std::time::{Duration, Instant};

pub use report::Report;

use crate::random::Random;
use world::World;

/// Cases that begin with the same honest history.
const CASES_PER_WORLD: u64 = 4_096;
/// What a case may take.
const CASE_TIME_MAX: Duration = Duration::from_secs(1);
/// What a case may allocate at once.
const CASE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Worlds of honest changes between two lines of progress.
const HONEST_PROGRESS: u64 = 10_000;
/// Type codes of values that are sequences.
const SEQUENCE_LIST: u64 = 14;
const SEQUENCE_TEXT: u64 = 15;

/// What memory a case took, as the binary's allocator counts it.
pub trait Memory {
    /// Begins to count a case.
    fn begin(&self);
    /// The most bytes that were allocated at once since then, beyond what was before.
    fn peak(&self) -> usize;
}

/// What a case ended in.
enum End {
    /// Honest changes were taken.
    Honest,
    /// Changes that were tampered with were taken, by automerge too.
    Accepted,
    Waiting,
    Refused(String),
    /// A damaged or forged saved document shows what the history shows.
    Rebuilt,
    /// A saved document shows what its forged index or page says.
    Forged,
    /// Entries of a log were read that have these bytes.
    Read,
    /// A saved document says of itself that it needs what no source has.
    Lost,
}

/// Runs the cases `from..from + count` of a seed, none of which begins after `time`.
pub fn run(seed: u64, from: u64, count: u64, time: Duration, memory: &dyn Memory) -> Report {
    let began = Instant::now();
    let mut report = Report::new(seed);
    let mut world = None;
    let quiet = panics::Quiet::new();
    for case in from..from.saturating_add(count) {
        if began.elapsed() > time {
            break;
        }
        let block = case / CASES_PER_WORLD;
        if world.as_ref().is_none_or(|(have, _)| *have != block) {
            let made = quiet.catch(|| world_of(seed, block));
            world = Some((
                block,
                made.map_err(|what| report.count_broken(case, format!("an honest history: {what}"))).ok(),
            ));
        }
        let Some((_, Some(world))) = &world else { continue };
        memory.begin();
        let started = Instant::now();
        let mut ended = end_of(world, seed, case, &quiet);
        let (mut took, peak) = (started.elapsed(), memory.peak());
        // Somebody else may have had the processor: the case itself takes what it takes each time.
        for _ in 0..2 {
            if took > CASE_TIME_MAX {
                let started = Instant::now();
                ended = end_of(world, seed, case, &quiet);
                took = took.min(started.elapsed());
            }
        }
        if took > CASE_TIME_MAX {
            ended = Err(format!("it took {took:?}"));
        }
        if peak > CASE_BYTES_MAX {
            ended = Err(format!("it allocated {peak} bytes at once"));
        }
        report.count(case, ended, took, peak);
        if case % 100_000 == 99_999 {
            eprintln!("{report}\nafter {:?}\n", began.elapsed());
        }
    }
    report
}

/// Lets histories that nobody tampered with arrive elsewhere, in any order, until they were so many changes.
pub fn run_honest(seed: u64, changes: u64, time: Duration) -> Report {
    let began = Instant::now();
    let mut report = Report::new(seed);
    let quiet = panics::Quiet::new();
    for block in 0u64.. {
        if report.honest_changes() >= changes || began.elapsed() > time {
            break;
        }
        let ended = quiet.catch(|| honest::end_of(&mut Random::new(mix(seed ^ 0x686f_6e65_7374, block))));
        match ended.unwrap_or_else(Err) {
            Ok(count) => report.count_honest(count),
            Err(what) => report.count_broken(block, format!("honest history: {what}")),
        }
        if block % HONEST_PROGRESS == HONEST_PROGRESS - 1 {
            eprintln!("{report}\nafter {:?}\n", began.elapsed());
        }
    }
    report
}

/// What a case ends in: changes mostly, as they are what strangers send.
fn end_of(world: &World, seed: u64, case: u64, quiet: &panics::Quiet) -> Result<End, String> {
    let mut random = Random::new(mix(seed, case));
    let ended = quiet.catch(|| match random.below(16) {
        0..=10 => changes::end_of(world, &mut random),
        11 | 12 => saved::end_of(world, &mut random, quiet),
        _ => wire::end_of(world, &mut random),
    });
    ended.unwrap_or_else(|what| Err(format!("it panicked: {what}")))
}

/// A block's honest history; a seed whose maker gives up is passed over.
fn world_of(seed: u64, block: u64) -> World {
    let seeds = (0u64..).map(|attempt| mix(mix(seed, block), attempt));
    seeds.into_iter().find_map(World::new).expect("some seed makes a history")
}

fn mix(seed: u64, number: u64) -> u64 {
    Random::new(seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d)).number()
}
