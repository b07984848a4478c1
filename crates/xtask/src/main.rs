//! `cargo xtask`: what is done to this workspace rather than with it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use xtask::{arrows, gate, instructions, mutate, run, targets, tidy};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const USAGE: &str = "\
cargo xtask ci [STEP]                everything that must be green: format, lints, docs, arrows, tests; or the steps whose
                                     names hold STEP
cargo xtask tidy                     sizes of files, links of documents, the top level
cargo xtask map                      which crate may know which
cargo xtask bench [--json] [WORK…]   merge throughput beside automerge, yrs and loro
cargo xtask instructions [--update]  instructions of our engine at the main works, under callgrind: held against those in
                                     benches/instructions.json, or kept there
cargo xtask replay TARGET FILE…      a fuzz target's body on files: wire_decode, block_unpack, change_decode, dexie_capture,
                                    merge_converges
cargo xtask mutate [--cases N] [--seed S] [--from CASE] [--seconds T] [--honest N]
                                     changes, saved documents and logs tampered with by their structure: refused, or
                                     keeping the laws; then N honest changes in other orders, of which none is refused
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = arguments.split_first().map_or(("help", &[][..]), |(verb, rest)| (verb.as_str(), rest));
    let done = match verb {
        "ci" => gate::run(rest.first().map_or("", String::as_str)),
        "tidy" => tidy::check(),
        "map" => arrows::check().map(|()| print!("{}", arrows::map())),
        "bench" => bench(rest),
        "instructions" => instructions(rest),
        "replay" => replay(rest),
        "mutate" => tampered(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(format!("there is no {other}\n{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("xtask: {what}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &[String]) -> Result<(), String> {
    let mut command = vec!["bench", "--quiet", "--package", "anabranch-benches", "--"];
    command.extend(arguments.iter().map(String::as_str));
    run::cargo(&command, &[])
}

fn instructions(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => instructions::run(false),
        [update] if update == "--update" => instructions::run(true),
        _ => Err(format!("{arguments:?} is no option of instructions\n{USAGE}")),
    }
}

fn replay(arguments: &[String]) -> Result<(), String> {
    let Some((target, files)) = arguments.split_first() else { return Err(format!("name a target\n{USAGE}")) };
    let body = targets::body(target).ok_or_else(|| format!("there is no target {target}\n{USAGE}"))?;
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        eprintln!("{file}: {} bytes", bytes.len());
        body(&bytes);
    }
    eprintln!("{} files: no panic", files.len());
    Ok(())
}

/// Millions of cases want an optimised build: a debug build starts one.
fn tampered(arguments: &[String]) -> Result<(), String> {
    if cfg!(debug_assertions) {
        let mut command = vec!["run", "--quiet", "--release", "--package", "xtask", "--", "mutate"];
        command.extend(arguments.iter().map(String::as_str));
        return run::cargo(&command, &[]);
    }
    let (mut cases, mut seed, mut from, mut seconds, mut honest) = (100_000, 1, 0, u64::from(u32::MAX), 10_000);
    for pair in arguments.chunks(2) {
        let slot = match pair.first().map(String::as_str) {
            Some("--cases") => &mut cases,
            Some("--seed") => &mut seed,
            Some("--from") => &mut from,
            Some("--seconds") => &mut seconds,
            Some("--honest") => &mut honest,
            _ => return Err(format!("{pair:?} is no option of mutate\n{USAGE}")),
        };
        let number = pair.get(1).and_then(|number| number.replace('_', "").parse().ok());
        *slot = number.ok_or_else(|| format!("{pair:?}: a number is missing"))?;
    }
    let time = Duration::from_secs(seconds);
    let reports =
        [mutate::run_honest(seed, honest, time), mutate::run(seed, from, cases, time, &CountedMemory(0.into()))];
    reports.iter().for_each(|report| println!("{report}"));
    if reports.iter().all(mutate::Report::is_good) { Ok(()) } else { Err("a case broke a law".into()) }
}

/// What is allocated now, as the allocator of this binary counts it.
struct CountedMemory(AtomicUsize);

impl mutate::Memory for CountedMemory {
    fn begin(&self) {
        ALLOCATOR.reset_peak_usage();
        self.0.store(ALLOCATOR.current_usage(), Ordering::Relaxed);
    }

    fn peak(&self) -> usize {
        ALLOCATOR.peak_usage().saturating_sub(self.0.load(Ordering::Relaxed))
    }
}
