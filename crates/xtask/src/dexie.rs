//! What we write for dexie-export-import, imported and exported again by the library itself: nothing may change.

use std::path::{Path, PathBuf};

use crate::run;

const SCRIPT: &str = "crates/anabranch-indexeddb/tests/dexie";
/// The names under which a Chromium may be installed; `CHROMIUM` names another.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// In Node, with IndexedDB in memory.
pub fn in_node() -> Result<(), String> {
    if !is_installed() {
        return Ok(());
    }
    values_of_every_type(&|from, to| run::output("node", &[&format!("{SCRIPT}/reimport.mjs"), from, to]))
}

/// In a Chromium, with a profile on disk; and then captured, as a device's export is.
pub fn in_chromium() -> Result<(), String> {
    let Some(browser) = browser() else {
        eprintln!("   no Chromium is installed (or named by CHROMIUM): skipped");
        return Ok(());
    };
    if !is_installed() {
        return Ok(());
    }
    let reimport = |from: &str, to: &str| {
        let script = format!("{SCRIPT}/chromium.mjs");
        run::output("node", &[&script, &browser.to_string_lossy(), from, to])
    };
    values_of_every_type(&reimport)?;
    the_demo_again(&reimport)
}

/// Imports the first file and exports what was imported to the second; tells what there was.
type Reimport<'r> = &'r dyn Fn(&str, &str) -> Result<String, String>;

fn values_of_every_type(reimport: Reimport<'_>) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (written, exported) = (inside(directory.path(), "written.json"), inside(directory.path(), "exported.json"));
    let check = ["run", "--quiet", "-p", "anabranch-indexeddb", "--example", "dexie_check", "--"];
    run::output("cargo", &[&check[..], &["write", &written]].concat())?;
    reimport(&written, &exported)?;
    run::output("cargo", &[&check[..], &["compare", &exported]].concat())?;
    Ok(())
}

/// The demo's write-back, taken by a device and captured: the offer was taken, and not one record differs.
fn the_demo_again(reimport: Reimport<'_>) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let demo = directory.path().join("demo");
    let (store, back) = (inside(&demo, "store"), inside(&demo, "tablet-back.json"));
    let exported = inside(directory.path(), "exported.json");
    let anabranch = ["run", "--quiet", "--"];
    run::output("cargo", &[&anabranch[..], &["demo", &demo.to_string_lossy()]].concat())?;
    reimport(&back, &exported)?;
    let capture = ["--json", "--store", &store, "capture", &exported, "--replica", "tablet"];
    let receipts = run::output("cargo", &[&anabranch[..], &capture].concat())?;
    let unchanged = |line: &str| line.contains("\"rows\":0,");
    match receipts.lines().count() > 0 && receipts.lines().all(unchanged) {
        true => Ok(()),
        false => Err(format!("the capture of what was written back is not empty:\n{receipts}")),
    }
}

fn inside(directory: &Path, name: &str) -> String {
    directory.join(name).to_string_lossy().into_owned()
}

/// Fetches the library, as the lock file names it; where that cannot be done the step is skipped, and says so.
fn is_installed() -> bool {
    if ["node", "npm"].iter().any(|program| run::output(program, &["--version"]).is_err()) {
        eprintln!("   node and npm are not installed: skipped");
        return false;
    }
    let install = ["ci", "--prefix", SCRIPT, "--no-audit", "--no-fund", "--prefer-offline", "--silent"];
    run::output("npm", &install).map_or_else(
        |error| {
            eprintln!("   the library cannot be fetched: skipped ({})", error.lines().next().unwrap_or_default());
            false
        },
        |_| true,
    )
}

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let directories: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let installed = || BROWSERS.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    named.or_else(|| installed().find(|path| path.is_file()))
}
