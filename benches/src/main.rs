//! What merging, importing, capturing, opening and reading cost beside automerge, yrs and loro, on the same records in
//! one run.

mod bench;
mod engine;
mod engines;
mod json_rows;
mod pieces;
mod read_out;
mod resident;
mod rows;
mod table;
mod work;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::bench::Bench;
use crate::engine::{Engine, EngineResult};
use crate::engines::{anabranch::Anabranch, automerge::Automerge, limit::Limit, loro::Loro, yrs::Yrs};
use crate::table::{Row, Table};
use crate::work::Work;

/// Times the same works on the same records with every engine: CPU milliseconds of one thread, the median of some runs.
///
/// Bytes are what a work made, sent or kept; of each work its list says which.
#[derive(Parser)]
#[command(name = "merge")]
struct Arguments {
    /// Print one JSON object for each work and engine.
    #[arg(long)]
    json: bool,
    /// How often each work is done.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Only these engines; what takes an engine minutes or gigabytes it does only if it is named here.
    #[arg(long = "engine", value_name = "ENGINE")]
    engines: Vec<String>,
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

/// The works to measure, and what came of them.
struct Measuring {
    works: Vec<Work>,
    runs: usize,
    engines: Vec<String>,
    table: Table,
    failed: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let (Some(engine), Some(stored)) = (&arguments.resident, &arguments.stored) {
        return resident(engine, stored, arguments.read.as_deref() == Some("all"));
    }
    let works = if arguments.works.is_empty() { Work::value_variants().to_vec() } else { arguments.works };
    let (runs, engines) = (arguments.runs.max(1), arguments.engines);
    let mut measuring = Measuring { works, runs, engines, table: Table::default(), failed: false };
    measuring.engine::<Anabranch>();
    measuring.engine::<Limit>();
    measuring.engine::<Yrs>();
    measuring.engine::<Automerge>();
    measuring.engine::<Loro>();
    print!("{}", if arguments.json { measuring.table.json() } else { measuring.table.ratios(Anabranch::NAME) });
    if measuring.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Measuring {
    /// An engine that fails fails alone: the others are measured all the same.
    fn engine<E: Engine>(&mut self) {
        if !self.engines.is_empty() && !self.engines.iter().any(|engine| engine == E::NAME) {
            return;
        }
        let mut by_count: BTreeMap<usize, Vec<Work>> = BTreeMap::new();
        self.works.iter().for_each(|work| by_count.entry(work.record_count()).or_default().push(*work));
        for (count, works) in by_count {
            let is_skipped =
                |work: &Work| work.writes_many() && count > E::MERGE_RECORDS_MAX && self.engines.is_empty();
            let (skipped, works): (Vec<Work>, Vec<Work>) = works.into_iter().partition(is_skipped);
            for work in skipped {
                eprintln!("{0}: {1}: skipped, takes minutes or gigabytes (--engine {0})", E::NAME, work.name());
            }
            if works.is_empty() {
                continue;
            }
            eprintln!("{}: {count} records", E::NAME);
            match Bench::<E>::new(count) {
                Ok(bench) => works.into_iter().for_each(|work| self.work(&bench, work)),
                Err(error) => self.fail(error),
            }
        }
    }

    fn work<E: Engine>(&mut self, bench: &Bench<E>, work: Work) {
        let measured = match bench.run(work, self.runs) {
            Ok(measured) => measured,
            Err(error) => return self.fail(error),
        };
        let mut measured: Vec<(f64, usize)> = measured.into_iter().flatten().collect();
        measured.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let Some((cpu_ms, bytes)) = measured.get(measured.len() / 2).copied() else {
            return eprintln!("  {}: cannot be asked of this engine, or here", work.name());
        };
        eprintln!("  {}: {cpu_ms:.3} ms", work.name());
        self.table.add(work, Row { engine: E::NAME, cpu_ms, bytes, runs: measured.len() });
    }

    fn fail(&mut self, error: impl std::error::Error) {
        eprintln!("  {error}");
        self.failed = true;
    }
}

fn resident(engine: &str, stored: &std::path::Path, read_all: bool) -> ExitCode {
    let child: fn(&std::path::Path, bool) -> EngineResult<()> = match engine {
        Anabranch::NAME => resident::child::<Anabranch>,
        Limit::NAME => resident::child::<Limit>,
        Yrs::NAME => resident::child::<Yrs>,
        Automerge::NAME => resident::child::<Automerge>,
        Loro::NAME => resident::child::<Loro>,
        _ => return ExitCode::FAILURE,
    };
    match child(stored, read_all) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{engine}: {error}");
            ExitCode::FAILURE
        }
    }
}
