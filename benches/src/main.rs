//! What merging, importing, capturing, opening and reading cost beside automerge, yrs and loro, on the same records in
//! one run.

mod bench;
mod engine;
mod engines;
mod json_rows;
mod pieces;
mod read_out;
mod resident;
mod rounds;
mod rows;
mod table;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use clap::{Parser, ValueEnum};

use crate::bench::{Bench, Contestant, MeasureError};
use crate::engine::{Engine, EngineResult};
use crate::engines::{anabranch::Anabranch, automerge::Automerge, limit::Limit, loro::Loro, yrs::Yrs};
use crate::rounds::Rounds;
use crate::rows::{Row, rows};
use crate::work::Work;

/// Times the same works on the same records with every engine: CPU milliseconds of one thread, the median of some runs.
///
/// A work is done in rounds, once by every engine and then once again: a machine that slows down does so for all of them.
///
/// Bytes are what a work made, sent or kept; of each work its list says which.
#[derive(Parser)]
#[command(name = "merge")]
struct Arguments {
    /// Print one JSON object for each work and engine.
    #[arg(long)]
    json: bool,
    /// How often each work is done; more than once, those of microseconds five times as often.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Only these engines; what takes an engine minutes or gigabytes it does only if it is named here.
    #[arg(long = "engine", value_name = "ENGINE")]
    engines: Vec<String>,
    /// This many records in place of those that a work's name says.
    #[arg(long, hide = true)]
    records: Option<usize>,
    /// What `cargo bench` passes.
    #[arg(long, hide = true)]
    bench: bool,
    /// The works; all of them if none is named.
    works: Vec<Work>,
    /// How much memory this engine takes for what is stored in a file.
    #[arg(long, hide = true, requires = "stored", requires = "read")]
    resident: Option<String>,
    #[arg(long, hide = true)]
    stored: Option<PathBuf>,
    #[arg(long, hide = true)]
    read: Option<String>,
}

/// Prepares an engine's documents of some records.
type Prepare = fn(Rc<[Row]>) -> Result<Box<dyn Contestant>, MeasureError>;

/// How an engine takes part.
struct Entry {
    name: &'static str,
    records_max: usize,
    prepare: Prepare,
    /// Measures its memory in this process.
    resident: fn(&Path, bool) -> EngineResult<()>,
}

const ENTRIES: [Entry; 5] =
    [entry::<Anabranch>(), entry::<Limit>(), entry::<Yrs>(), entry::<Automerge>(), entry::<Loro>()];

const fn entry<E: Engine + 'static>() -> Entry {
    Entry {
        name: E::NAME,
        records_max: E::RECORDS_MAX,
        prepare: |rows| Ok(Box::new(Bench::<E>::new(rows)?)),
        resident: resident::child::<E>,
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let (Some(engine), Some(stored)) = (&arguments.resident, &arguments.stored) {
        return resident(engine, stored, arguments.read.as_deref() == Some("all"));
    }
    let works = if arguments.works.is_empty() { Work::value_variants() } else { &arguments.works };
    let mut by_count: BTreeMap<usize, Vec<Work>> = BTreeMap::new();
    for work in works {
        by_count.entry(arguments.records.unwrap_or(work.record_count())).or_default().push(*work);
    }
    let mut rounds = Rounds::new(arguments.runs);
    for (count, works) in by_count {
        let contestants = contestants(count, &arguments.engines, &mut rounds);
        works.into_iter().for_each(|work| rounds.work(work, &contestants));
    }
    print!("{}", if arguments.json { rounds.table.json() } else { rounds.table.ratios(Anabranch::NAME) });
    if rounds.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The engines that were asked for, each with so many records.
fn contestants(count: usize, engines: &[String], rounds: &mut Rounds) -> Vec<Box<dyn Contestant>> {
    let rows: Rc<[Row]> = rows(count).into();
    let mut contestants = Vec::new();
    for Entry { name, records_max, prepare, .. } in &ENTRIES {
        let is_named = engines.iter().any(|engine| engine == name);
        if !is_named && !engines.is_empty() {
            continue;
        }
        if !is_named && count > *records_max {
            eprintln!("{name}: {count} records: skipped, takes minutes or gigabytes (--engine {name})");
            continue;
        }
        eprintln!("{name}: {count} records");
        match prepare(rows.clone()) {
            Ok(contestant) => contestants.push(contestant),
            Err(error) => rounds.fail(&error),
        }
    }
    contestants
}

fn resident(engine: &str, stored: &Path, read_all: bool) -> ExitCode {
    let Some(entry) = ENTRIES.iter().find(|entry| entry.name == engine) else { return ExitCode::FAILURE };
    match (entry.resident)(stored, read_all) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{engine}: {error}");
            ExitCode::FAILURE
        }
    }
}
