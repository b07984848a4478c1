//! `compact`: the log, compressed.

use crate::failure::Failure;
use crate::lines::Line;
use crate::output::Output;
use crate::progress::Progress;
use crate::workspace::Workspace;

pub(crate) fn plan(workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let segments = workspace.dir.to_compact()?;
    let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
    if out.is_json() {
        let line = Line::new().number("segments", segments.len()).number("bytes_before", count(bytes));
        return out.line(&line.end());
    }
    match segments.len() {
        0 => out.say("nothing to compress"),
        segments => out.say(format_args!("would compress {segments} segments of the log, {bytes} bytes")),
    }
}

pub(crate) fn run(workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let bytes = workspace.dir.to_compact()?.iter().map(|segment| segment.bytes).sum();
    let progress = Progress::over(bytes, "compressing");
    let done = workspace.dir.compact(&mut |bytes, _| progress.to(bytes))?;
    drop(progress);
    if out.is_json() {
        let line = Line::new().number("segments", count(done.segments.into()));
        let line = line.number("bytes_before", count(done.bytes_before)).number("bytes_after", count(done.bytes_after));
        return out.line(&line.end());
    }
    match done.segments {
        0 => out.say(format_args!("nothing to compress: the log takes {} bytes", done.bytes_after)),
        segments => out.say(format_args!(
            "compressed {segments} segments of the log: it takes {} bytes, and took {}",
            done.bytes_after, done.bytes_before
        )),
    }
}

fn count(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
