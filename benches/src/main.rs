//! Merge throughput beside automerge, yrs and loro, on the same records in one run.

mod engine;
mod engines;
mod json_rows;
mod rows;
mod work;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::engine::Engine;
use crate::engines::{anabranch::Anabranch, automerge::Automerge, limit::Limit, loro::Loro, yrs::Yrs};
use crate::work::{Bench, MeasureError, Work};

/// Times the same works on the same records with every engine: CPU milliseconds, the median of some runs.
#[derive(Parser)]
#[command(name = "merge")]
struct Arguments {
    /// Print one JSON object for each work and engine.
    #[arg(long)]
    json: bool,
    /// How often each work is done.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// What `cargo bench` passes.
    #[arg(long, hide = true)]
    bench: bool,
    /// The works; all of them if none is named.
    works: Vec<Work>,
}

/// What was measured of one engine at one work.
struct Measured {
    engine: &'static str,
    cpu_ms: f64,
    bytes: usize,
}

type Table = BTreeMap<Work, Vec<Measured>>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let works = if arguments.works.is_empty() { Work::value_variants().to_vec() } else { arguments.works.clone() };
    match measure_all(&works, arguments.runs.max(1)) {
        Ok(table) => {
            if arguments.json {
                print_json(&table, arguments.runs.max(1))
            } else {
                print_table(&table)
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(works: &[Work], runs: usize) -> Result<Table, MeasureError> {
    let mut table = Table::new();
    measure::<Anabranch>(works, runs, &mut table)?;
    measure::<Limit>(works, runs, &mut table)?;
    measure::<Yrs>(works, runs, &mut table)?;
    measure::<Automerge>(works, runs, &mut table)?;
    measure::<Loro>(works, runs, &mut table)?;
    Ok(table)
}

fn measure<E: Engine>(works: &[Work], runs: usize, table: &mut Table) -> Result<(), MeasureError> {
    let mut by_count: BTreeMap<usize, Vec<Work>> = BTreeMap::new();
    works.iter().for_each(|work| by_count.entry(work.record_count()).or_default().push(*work));
    for (count, works) in by_count {
        eprintln!("{}: {count} records", E::NAME);
        let bench = Bench::<E>::new(count)?;
        for work in works {
            let mut times = Vec::with_capacity(runs);
            let mut bytes = 0;
            for _ in 0..runs {
                let (ms, sent) = bench.run(work)?;
                times.push(ms);
                bytes = sent;
            }
            times.sort_by(f64::total_cmp);
            let cpu_ms = times.get(times.len() / 2).copied().unwrap_or_default();
            eprintln!("  {}: {cpu_ms:.3} ms", work.name());
            table.entry(work).or_default().push(Measured { engine: E::NAME, cpu_ms, bytes });
        }
    }
    Ok(())
}

fn print_json(table: &Table, runs: usize) {
    for (work, measured) in table {
        for Measured { engine, cpu_ms, bytes } in measured {
            let work = work.name();
            println!(
                "{{\"work\":\"{work}\",\"engine\":\"{engine}\",\"cpu_ms\":{cpu_ms:.4},\"bytes\":{bytes},\"runs\":{runs}}}"
            );
        }
    }
}

/// A row for each work: milliseconds, and how many times as long as Anabranch the others take.
fn print_table(table: &Table) {
    for (work, measured) in table {
        let own =
            measured.iter().find(|measured| measured.engine == Anabranch::NAME).map_or(f64::NAN, |own| own.cpu_ms);
        println!("{}", work.name());
        for Measured { engine, cpu_ms, bytes } in measured {
            println!("  {engine:<10} {cpu_ms:>12.3} ms  {:>8.2} ×  {bytes:>12} bytes", cpu_ms / own);
        }
    }
}
