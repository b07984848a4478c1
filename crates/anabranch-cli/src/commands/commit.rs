//! `commit`: a job's edits, merged at the base that it read.

use std::path::Path;

use anabranch_core::json::{self, Json, Lexer};
use anabranch_core::{Author, Commit, CommitOptions, Edit, Heads, KnownHeads};
use anabranch_store::{Note, Run, StoreName};

use crate::args;
use crate::failure::{Class, Failure};
use crate::files::{EDITS_FILE_BYTES_MAX, SMALL_FILE_BYTES_MAX, read_file};
use crate::lines::{self, ReceiptOf, field_name};
use crate::output::Output;
use crate::workspace::{Workspace, now_ms, parse_heads};

/// Levels of nesting in a base file.
const BASE_FILE_DEPTH: usize = 8;
/// Levels of nesting in a receipt and the keys in it.
pub(super) const RECEIPT_DEPTH: usize = 96;

pub(crate) fn run(arguments: &args::Commit, workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let name = workspace.store(&arguments.name)?;
    let label = workspace.label(&name);
    if arguments.run.as_deref().is_some_and(str::is_empty) {
        return Err(Failure::asked("--run: an empty name is none"));
    }
    let text = read_file(&arguments.edits, EDITS_FILE_BYTES_MAX)?;
    let base = read_base(workspace, &name, &arguments.base)?;
    let asked = asked(arguments, &name, &base, &text);
    if let Some(run) = workspace.dir.runs().get(&asked.id) {
        return again(run, &asked, out);
    }
    let document = workspace.document(&name)?;
    let rows: Vec<_> = edit_lines(&text).map(Edit::from_json).collect();
    let author = Author::run(&asked.id, &arguments.origin);
    let options = CommitOptions { partial: arguments.partial };
    let commit = document.commit_rows(&base, &rows, &author, options).map_err(Failure::bug)?;
    let of = ReceiptOf { run: Some(&asked.id), replica: None, store: &label, base: base.heads(), heads: &commit.heads };
    let receipt = lines::receipt(&of, &commit.receipt);
    let verdict = verdict(arguments, &commit);
    print(&receipt, &commit, out)?;
    if verdict.is_ok() && arguments.dry_run {
        out.say("dry run: nothing was changed")?;
    }
    out.flush()?;
    verdict?;
    if arguments.dry_run {
        return Ok(());
    }
    let receipt = String::from_utf8(receipt).map_err(Failure::bug)?;
    keep(workspace, &Run { receipt, ..asked }, &commit, arguments)
}

/// The run as it was asked for; its receipt comes later.
fn asked(arguments: &args::Commit, name: &StoreName, base: &KnownHeads, text: &[u8]) -> Run {
    let edits = *blake3::hash(text).as_bytes();
    let limit = arguments.max_conflicts.map_or_else(|| "none".into(), |limit| limit.to_string());
    let parameters = format!("origin={} partial={} max_conflicts={limit}", arguments.origin, arguments.partial);
    let derived = || {
        let of = format!("{name}\n{}\n{parameters}\n", base.heads());
        let hash = blake3::Hasher::new().update(of.as_bytes()).update(&edits).finalize();
        format!("run-{}", hash.to_hex().chars().take(16).collect::<String>())
    };
    let id = arguments.run.clone().unwrap_or_else(derived);
    Run { id, store: name.clone(), base: base.heads().clone(), edits, parameters, receipt: String::new() }
}

/// A run that was committed before: the same receipt, or a refusal.
fn again(run: &Run, asked: &Run, out: &mut Output) -> Result<(), Failure> {
    if (&run.store, &run.base, &run.edits) != (&asked.store, &asked.base, &asked.edits) {
        return Err(Failure::asked(format_args!(
            "run {} was committed with another store, base or other edits: choose another --run",
            run.id
        )));
    }
    if out.is_json() {
        out.line(run.receipt.as_bytes())?;
    }
    let receipt = Lexer::new(run.receipt.as_bytes(), RECEIPT_DEPTH).value().map_err(Failure::bug)?;
    out.say(format_args!("{}\nrun {} was committed before: nothing was changed", counts(&receipt), run.id))
}

/// The counts of a receipt, for people.
pub(super) fn counts(receipt: &Json) -> String {
    let count = |name: &str| receipt.get(name).and_then(Json::as_u64).unwrap_or(0);
    let outcomes = ["applied", "merged", "conflicted", "superseded", "unchanged", "refused"];
    let outcomes = outcomes.map(|name| format!("{} {name}", count(name)));
    format!("{} rows: {}", count("rows"), outcomes.join(", "))
}

fn edit_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// The heads on the command line, or in the file that `checkout` wrote.
fn read_base(workspace: &mut Workspace, name: &StoreName, base: &str) -> Result<KnownHeads, Failure> {
    let path = Path::new(base);
    let is_heads = base.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b',');
    if is_heads && !path.exists() {
        return parse_heads(workspace.document(name)?, base);
    }
    let text = read_file(path, SMALL_FILE_BYTES_MAX)?;
    let damaged =
        |what: &dyn std::fmt::Display| Failure::data(format_args!("{}: no base file: {what}", path.display()));
    let mut lexer = Lexer::new(text.as_slice(), BASE_FILE_DEPTH);
    let json = lexer.value().and_then(|json| lexer.end().map(|()| json)).map_err(|error| damaged(&error))?;
    if let Some(store) = json.get("store").and_then(Json::as_str)
        && workspace.labelled(store)? != *name
    {
        return Err(Failure::asked(format_args!(
            "{} is a base of store {store}, not of {}",
            path.display(),
            name.store
        )));
    }
    let hashes = json.get("heads").and_then(Json::as_array).ok_or_else(|| damaged(&"it has no heads"))?;
    let hashes: Option<Vec<&str>> = hashes.iter().map(Json::as_str).collect();
    let hashes = hashes.ok_or_else(|| damaged(&"its heads are no hashes"))?;
    let document = workspace.document(name)?;
    let heads: Heads = document.locate(hashes).map_err(Failure::asked)?;
    crate::workspace::known(document, &heads)
}

fn print(receipt: &[u8], commit: &Commit, out: &mut Output) -> Result<(), Failure> {
    if out.is_json() {
        return out.line(receipt);
    }
    let json = Lexer::new(receipt, RECEIPT_DEPTH).value().map_err(Failure::bug)?;
    out.say(counts(&json))?;
    let met = commit.receipt.details.iter().filter(|detail| !matches!(detail.outcome.name(), "applied" | "unchanged"));
    let rows: Vec<Vec<String>> = met
        .map(|detail| {
            let key = detail.key.as_ref().map(json::key_to_string).unwrap_or_default();
            let field = detail.field.as_ref().map(|field| field_name(Some(field))).unwrap_or_default();
            let reason = lines::reason_of_row(detail).unwrap_or_default();
            vec![detail.row.to_string(), key, detail.outcome.name().into(), field, reason]
        })
        .collect();
    if rows.is_empty() { Ok(()) } else { out.table(&["row", "key", "outcome", "field", "reason"], &rows) }
}

/// Whether the commit may stand.
fn verdict(arguments: &args::Commit, commit: &Commit) -> Result<(), Failure> {
    let counts = &commit.receipt;
    if counts.refused > 0 && !arguments.partial {
        let first = counts.details.iter().find_map(|detail| Some((detail.row, detail.refusal.as_ref()?)));
        let first = first.map(|(row, refusal)| format!(" (row {row}: {refusal})")).unwrap_or_default();
        return Err(Failure::data(format_args!(
            "{}: {} of {} rows are refused{first}, nothing was committed: correct them, or say --partial to commit the \
             others",
            arguments.edits.display(),
            counts.refused,
            counts.rows
        )));
    }
    let met = counts.conflicted + counts.superseded;
    match arguments.max_conflicts {
        Some(limit) if met > limit => Err(Failure::new(
            Class::Conflicts,
            format_args!(
                "{met} rows met conflicts, more than --max-conflicts {limit}: nothing was committed; check out again, or raise the limit"
            ),
        )),
        _ => Ok(()),
    }
}

fn keep(workspace: &mut Workspace, run: &Run, commit: &Commit, arguments: &args::Commit) -> Result<(), Failure> {
    let source = arguments.edits.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let note = Note { time_ms: Some(now_ms()), source };
    let mut transaction = workspace.dir.transaction();
    transaction.changes(&run.store, &note, commit.changes.iter().map(|change| change.bytes.to_vec()));
    transaction.run(run);
    Ok(transaction.commit()?)
}
