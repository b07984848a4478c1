//! `cargo xtask`: what is done to this workspace rather than with it.

use std::process::ExitCode;

use xtask::{arrows, gate, run, targets, tidy};

const USAGE: &str = "\
cargo xtask ci                       everything that must be green: format, lints, docs, arrows, tests
cargo xtask tidy                     sizes of files, links of documents, the top level
cargo xtask map                      which crate may know which
cargo xtask bench [--json] [WORK…]   merge throughput beside automerge, yrs and loro
cargo xtask replay TARGET FILE…      a fuzz target's body on files: wire_decode, change_decode, dexie_capture, merge_converges
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = arguments.split_first().map_or(("help", &[][..]), |(verb, rest)| (verb.as_str(), rest));
    let done = match verb {
        "ci" => gate::run(),
        "tidy" => tidy::check(),
        "map" => arrows::check().map(|()| print!("{}", arrows::map())),
        "bench" => bench(rest),
        "replay" => replay(rest),
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
