//! The gate: what must be green before a change lands, on a laptop and in CI alike.

use std::time::Instant;

use crate::{arrows, dexie, run, tidy};

/// A named step.
type Step = (&'static str, fn() -> Result<(), String>);

const STEPS: &[Step] = &[
    ("fetch", fetch),
    ("format", || run::cargo(&["fmt", "--all", "--check"], &[])),
    ("arrows", arrows::check),
    ("tidy", tidy::check),
    ("dependencies", dependencies),
    ("lints", || run::cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])),
    ("docs", || run::cargo(&["doc", "--quiet", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])),
    ("pure crates in the browser", wasm),
    ("fuzz targets compile", fuzz_targets),
    ("on all cores", || run::cargo(&["test", "--quiet", "-p", "anabranch-core", "--features", "parallel"], &[])),
    ("buckets", || run::cargo(&["test", "--quiet", "-p", "anabranch-sink-files", "--features", "object_store"], &[])),
    ("the real dexie-export-import", dexie::in_node),
    ("the real dexie-export-import in a real Chromium", dexie::in_chromium),
    ("our history in JavaScript", javascript),
    ("demo", demo),
    // The README's test command.
    ("tests", || run::cargo(&["test", "--workspace"], &[])),
];

/// Runs every step whose name holds `part`; the first that fails ends it.
pub fn run(part: &str) -> Result<(), String> {
    let mut times = Vec::new();
    for (name, step) in STEPS.iter().filter(|(name, _)| name.contains(part)) {
        eprintln!("── {name}");
        let started = Instant::now();
        step().map_err(|error| format!("{name}: {error}"))?;
        times.push(format!("{:>5.0} s  {name}", started.elapsed().as_secs_f64()));
    }
    if times.is_empty() {
        return Err(format!("no step is called {part}"));
    }
    eprintln!("{}\nall green", times.join("\n"));
    Ok(())
}

/// Everything that the lock files name, so that no later step asks the network or writes a lock file.
fn fetch() -> Result<(), String> {
    run::cargo(&["fetch", "--quiet", "--locked"], &[])?;
    run::cargo(&["fetch", "--quiet", "--locked", "--manifest-path", "fuzz/Cargo.toml"], &[])
}

/// Into the same directory, so that nothing is compiled twice.
fn fuzz_targets() -> Result<(), String> {
    let target = run::root().join("target");
    let manifest = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir"];
    run::cargo(&[&["check", "--quiet", "--locked"], &manifest[..], &[&target.to_string_lossy()]].concat(), &[])
}

/// Licences, sources and banned versions. Advisories need a database from the network: `cargo deny check advisories`.
fn dependencies() -> Result<(), String> {
    if run::output("cargo", &["deny", "--version"]).is_err() {
        eprintln!(
            "   cargo-deny is not installed (cargo install cargo-deny --locked): licences, bans and sources SKIPPED"
        );
        return Ok(());
    }
    run::cargo(&["deny", "--offline", "--locked", "check", "bans", "licenses", "sources"], &[])
}

fn wasm() -> Result<(), String> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = run::output("rustc", &["--print", "sysroot"])?;
    if !std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).exists() {
        eprintln!("   the target {TARGET} is not installed (rustup target add {TARGET}): skipped");
        return Ok(());
    }
    run::cargo(&["check", "--quiet", "--target", TARGET, "-p", "anabranch-core", "-p", "anabranch-wire"], &[])
}

/// The npm package `@automerge/automerge` loads a history that we wrote and finds the same values.
fn javascript() -> Result<(), String> {
    if ["node", "npm"].iter().any(|program| run::output(program, &["--version"]).is_err()) {
        eprintln!("   node and npm are not installed: skipped");
        return Ok(());
    }
    const PACKAGE: &str = "crates/anabranch-core/tests/npm";
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let history = directory.path().join("history.json");
    let history = history.to_string_lossy();
    run::cargo(&["run", "--quiet", "-p", "anabranch-core", "--example", "write_history", "--", &history], &[])?;
    run::command("npm", &["ci", "--silent", "--prefix", PACKAGE], &[])?;
    run::command("node", &[&format!("{PACKAGE}/compare.mjs"), &history], &[])
}

/// The README's first command, into a directory of its own, twice.
fn demo() -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let to = directory.path().join("anabranch-demo");
    let to = to.to_string_lossy();
    for _ in 0..2 {
        run::output("cargo", &["run", "--quiet", "--", "demo", &to])?;
    }
    Ok(())
}
