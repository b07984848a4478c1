//! `checkout`: a job's copy of a store, with its base beside it.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anabranch_core::{Heads, View};
use anabranch_sink_files::RecordTable;

use super::deliver;
use super::inspect::heads_at;
use crate::args::FileFormat;
use crate::failure::Failure;
use crate::files::PendingFile;
use crate::lines::{self, Line};
use crate::output::Output;
use crate::workspace::Workspace;

pub(crate) fn run(
    workspace: &mut Workspace,
    name: &str,
    file: &Path,
    at: Option<&str>,
    format: FileFormat,
    out: &mut Output,
) -> Result<(), Failure> {
    let name = workspace.store(name)?;
    let (label, argument) = (workspace.label(&name), workspace.argument(&name));
    let document = workspace.document(&name)?;
    let heads = heads_at(document, at)?;
    let view = document.at(&heads);
    let copy = match format {
        FileFormat::Jsonl => PendingFile::write(file, |to| write_lines(&view, to))?,
        FileFormat::Csv | FileFormat::Parquet => {
            let table = RecordTable::new(view.records());
            let mut misfits = 0;
            let copy = PendingFile::write(file, |to| {
                misfits = table.write(deliver::format(format), to).map_err(Failure::environment)?;
                Ok(())
            })?;
            if misfits > 0 {
                crate::warn(&format_args!(
                    "{misfits} values (lone surrogates, invalid dates) have no place in this format and are empty: --format jsonl holds them"
                ));
            }
            copy
        }
    };
    let base = base_path(file);
    let base_file = PendingFile::write(&base, |to| Ok(to.write_all(&base_line(&label, heads.heads()))?))?;
    // Never a copy beside a later base: its edits would undo what it did not have.
    forget(&base)?;
    copy.publish()?;
    base_file.publish()?;
    if out.is_json() {
        let line =
            Line::new().text("store", &label).heads("heads", heads.heads()).number("records", view.record_count());
        return out.line(&line.text("file", &file.to_string_lossy()).text("base", &base.to_string_lossy()).end());
    }
    out.say(format_args!(
        "wrote {} records of {label} to {}, their base to {}",
        view.record_count(),
        file.display(),
        base.display()
    ))?;
    out.say(format_args!("next: anabranch commit {argument} EDITS.jsonl --base {}", base.display()))
}

fn base_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".base.json");
    name.into()
}

fn forget(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::file(path, &error)),
        _ => Ok(()),
    }
}

fn base_line(store: &str, heads: &Heads) -> Vec<u8> {
    let mut line = Line::new().text("store", store).heads("heads", heads).end();
    line.push(b'\n');
    line
}

fn write_lines(view: &View<'_>, to: &mut BufWriter<std::fs::File>) -> Result<(), Failure> {
    let mut line = Vec::new();
    for record in view.lend_records() {
        line.clear();
        lines::record(record.key(), record.value(), &mut line);
        line.push(b'\n');
        to.write_all(&line)?;
    }
    Ok(())
}
