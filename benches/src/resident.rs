//! What a document takes of a process's memory: measured in a process of its own, from what the kernel says.

use std::fs;
use std::path::Path;
use std::process::Command;

use cpu_time::ThreadTime;

use crate::bench::Measured;
use crate::engine::{Engine, EngineResult, Piece};
use crate::pieces;
use crate::read_out::Digest;

/// Opens what is stored in a process of its own and says how many milliseconds that took and how much larger the process
/// is then, or after reading every record; `None` where no kernel tells.
pub(crate) fn measure(engine: &str, stored: &[Piece], read_all: bool) -> Measured {
    resident_bytes()?;
    let directory = std::env::temp_dir().join(format!("anabranch-resident-{}", std::process::id()));
    let measured = pieces::write(&directory, stored).ok().and_then(|()| {
        let read = if read_all { "all" } else { "one" };
        let child = Command::new(std::env::current_exe().ok()?)
            .args(["--resident", engine, "--stored"])
            .arg(&directory)
            .args(["--read", read])
            .output();
        let printed = String::from_utf8(child.ok()?.stdout).ok()?;
        let (ms, bytes) = printed.trim().split_once(' ')?;
        Some((ms.parse().ok()?, bytes.parse().ok()?))
    });
    // A directory for temporary files is not ours to insist on.
    let _ = fs::remove_file(&directory);
    measured
}

/// The child: prints milliseconds and bytes.
pub(crate) fn child<E: Engine>(stored: &Path, read_all: bool) -> EngineResult<()> {
    let before = resident_bytes().ok_or("the kernel does not tell")?;
    let started = ThreadTime::now();
    let document = E::open_file(stored)?;
    if read_all {
        E::read(&document, &mut Digest::default())?;
    } else {
        E::field(&document, "user-000000", "name").ok_or("the first record is missing")?;
    }
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let after = resident_bytes().ok_or("the kernel does not tell")?;
    println!("{ms} {}", after.saturating_sub(before));
    Ok(())
}

/// Linux tells in pages, of 4 KiB wherever this is likely to run.
fn resident_bytes() -> Option<usize> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    statm.split(' ').nth(1)?.parse::<usize>().ok()?.checked_mul(4096)
}
