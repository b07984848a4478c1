//! Mutating changes by their structure: whatever arrives ends in a typed refusal, or in a history that automerge takes too.
//!
//! A case is honest changes, one chain of which was tampered with (or none). It is decided by the seed and its number
//! alone, so that one line replays it.

mod chunk;
mod forge;
mod leb128;
mod runs;
mod tamper;
mod world;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anabranch_core::Document;
use anabranch_core::document::ApplyOutcome;

use crate::random::Random;
use chunk::Chunk;
use world::World;

/// Cases that begin with the same honest history.
const CASES_PER_WORLD: u64 = 2_000;
/// One in so many cases is honest, and must be taken.
const HONEST_ONE_IN: usize = 16;

/// What memory a case took, as the binary's allocator counts it.
pub trait Memory {
    /// Begins to count a case.
    fn begin(&self);
    /// The most bytes that were allocated at once since then, beyond what was before.
    fn peak(&self) -> usize;
}

/// What became of all cases.
#[derive(Default)]
pub struct Report {
    seed: u64,
    cases: u64,
    honest: u64,
    accepted: u64,
    waiting: u64,
    refused: BTreeMap<String, u64>,
    /// Numbers of cases that broke a law, and what they said.
    broken: Vec<(u64, String)>,
    slowest: (Duration, u64),
    peak: (usize, u64),
}

/// What a case ended in.
enum End {
    Honest,
    Accepted,
    Waiting,
    Refused(String),
}

/// Runs the cases `from..from + count` of a seed.
pub fn run(seed: u64, from: u64, count: u64, memory: &dyn Memory) -> Report {
    let mut report = Report { seed, ..Report::default() };
    let mut world = None;
    for case in from..from.saturating_add(count) {
        let block = case / CASES_PER_WORLD;
        if world.as_ref().is_none_or(|(have, _)| *have != block) {
            world = Some((block, world_of(seed, block)));
        }
        let Some((_, world)) = &world else { continue };
        memory.begin();
        let started = Instant::now();
        let ended = panic::catch_unwind(AssertUnwindSafe(|| end_of(world, &mut Random::new(mix(seed, case)))));
        report.slowest = report.slowest.max((started.elapsed(), case));
        report.peak = report.peak.max((memory.peak(), case));
        report.count(case, ended.unwrap_or_else(|_| Err("it panicked".into())));
        if case % 1_000_000 == 999_999 {
            eprintln!("{report}");
        }
    }
    report
}

impl Report {
    /// Whether every case ended as it must.
    pub fn is_good(&self) -> bool {
        self.broken.is_empty()
    }

    fn count(&mut self, case: u64, ended: Result<End, String>) {
        self.cases += 1;
        match ended {
            Ok(End::Honest) => self.honest += 1,
            Ok(End::Accepted) => self.accepted += 1,
            Ok(End::Waiting) => self.waiting += 1,
            Ok(End::Refused(reason)) => *self.refused.entry(reason).or_default() += 1,
            Err(what) => {
                eprintln!("case {case}: {what}\n  cargo xtask mutate --seed {} --from {case} --cases 1", self.seed);
                self.broken.push((case, what));
            }
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} cases", self.seed, self.cases)?;
        writeln!(f, "{:>12}  honest, all taken", self.honest)?;
        writeln!(f, "{:>12}  tampered with and accepted, by automerge too", self.accepted)?;
        writeln!(f, "{:>12}  waiting for what is missing", self.waiting)?;
        for (reason, count) in &self.refused {
            writeln!(f, "{count:>12}  refused: {reason}")?;
        }
        writeln!(f, "{:>12}  panics and broken laws", self.broken.len())?;
        writeln!(f, "slowest case {:?} (case {})", self.slowest.0, self.slowest.1)?;
        write!(f, "peak memory of a case {} bytes (case {})", self.peak.0, self.peak.1)
    }
}

/// A block's honest history; a seed whose maker gives up is passed over.
fn world_of(seed: u64, block: u64) -> World {
    let seeds = (0u64..).map(|attempt| mix(mix(seed, block), attempt));
    seeds.into_iter().find_map(World::new).expect("some seed makes a history")
}

fn mix(seed: u64, number: u64) -> u64 {
    Random::new(seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d)).number()
}

/// Lets the commits of the world arrive, one of them tampered with.
fn end_of(world: &World, random: &mut Random) -> Result<End, String> {
    let mut arriving = world.arriving.clone();
    let honest = random.once_in(HONEST_ONE_IN);
    let target = random.below(arriving.len());
    if !honest {
        let chain = arriving.get_mut(target).ok_or("no commit arrives")?;
        let tampered = tampered(chain, random)?;
        if *chain == tampered {
            return Ok(End::Refused("(the same bytes)".into()));
        }
        *chain = tampered;
    }
    let mut document = world.document.clone();
    let before = document.change_count();
    let outcome = document.apply(arriving.iter().flatten().cloned());
    if document.change_count() != before + outcome.applied.len() {
        return Err("what was refused left a trace".into());
    }
    if honest {
        let all = outcome.refused.is_empty() && outcome.waiting == 0;
        return if all {
            Ok(End::Honest)
        } else {
            Err(format!("honest changes were not taken: {:?}", outcome.refused))
        };
    }
    let applied = |bytes: &Arc<[u8]>| outcome.applied.iter().any(|change| change.bytes == *bytes);
    let innocent = arriving.iter().enumerate().filter(|(at, _)| *at != target).flat_map(|(_, chain)| chain);
    if let Some(at) = innocent.into_iter().position(|bytes| !applied(bytes)) {
        return Err(format!("innocent change {at} was not taken: {:?}", outcome.refused));
    }
    if arriving.get(target).into_iter().flatten().any(applied) {
        check_accepted(&document)?;
        return Ok(End::Accepted);
    }
    Ok(end_of_refused(&outcome))
}

fn end_of_refused(outcome: &ApplyOutcome) -> End {
    match outcome.refused.first() {
        Some(refusal) => {
            let reason = format!("{:?}", refusal.reason);
            let digits = |char: char| char.is_ascii_digit();
            End::Refused(reason.split(digits).next().unwrap_or_default().trim_end_matches(['{', ' ', ':']).into())
        }
        None => End::Waiting,
    }
}

/// The chain after an attacker had it: half of the time the rest of it is made to fit, and sometimes raw bytes are hit.
fn tampered(chain: &[Arc<[u8]>], random: &mut Random) -> Result<Vec<Arc<[u8]>>, String> {
    let chunks: Option<Vec<Chunk>> = chain.iter().map(|bytes| Chunk::take_apart(bytes)).collect();
    let mut chunks = chunks.ok_or("an honest change cannot be taken apart")?;
    tamper::tamper(&mut chunks, random);
    let mut bytes = if random.once_in(4) { forge::bytes_of(&chunks) } else { forge::fitting(&mut chunks) };
    if random.once_in(16) {
        let at = random.below(bytes.len());
        if let Some(bytes) = bytes.get_mut(at) {
            hit_raw(bytes, random);
        }
    }
    Ok(bytes.into_iter().map(Arc::from).collect())
}

/// Damages bytes that the parts do not tell: lengths, overlong integers, the frame.
fn hit_raw(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(4) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, random.number() as u8),
        2 => drop(bytes.remove(at)),
        _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
    }
    if random.below(4) != 0 {
        chunk::seal(bytes);
    }
}

/// What was accepted is readable here, loads again from its bytes, and stock automerge takes it.
fn check_accepted(document: &Document) -> Result<(), String> {
    let shown = document.view().records().count();
    document.view().conflicts();
    let bytes: Vec<Arc<[u8]>> = document.change_bytes().map(|change| change.bytes).collect();
    let (again, outcome) = Document::load(bytes);
    if again.heads() != document.heads() || again.view().records().count() != shown || !outcome.refused.is_empty() {
        return Err("its own log opens to something else".into());
    }
    let automerge = document.to_automerge().map_err(|error| format!("automerge refuses it: {error}"))?;
    if automerge.get_heads().len() != document.heads().hashes().len() {
        return Err("automerge has other heads".into());
    }
    Ok(())
}
