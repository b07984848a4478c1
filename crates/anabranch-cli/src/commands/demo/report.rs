//! What the demo shows: the merge, its decisions, and where to look further.

use std::collections::BTreeMap;
use std::path::Path;

use anabranch_core::ActorKind;
use anabranch_core::json::Lexer;

use super::RUN;
use crate::commands::commit::{RECEIPT_DEPTH, counts};
use crate::commands::decisions::{CONFLICT_HEAD, conflict_row};
use crate::commands::inspect;
use crate::failure::Failure;
use crate::output::Output;
use crate::workspace::Workspace;

/// Conflicts that are shown; the command for the others follows.
const CONFLICTS_SHOWN: usize = 16;

pub(super) fn print(workspace: &mut Workspace, dir: &Path, out: &mut Output) -> Result<(), Failure> {
    let receipt = workspace.dir.runs().get(RUN).map(|run| run.receipt.clone()).unwrap_or_default();
    if out.is_json() {
        inspect::stores(workspace, out)?;
        crate::commands::decisions::conflicts(workspace, None, out)?;
        return out.line(receipt.as_bytes());
    }
    out.say("Two devices held the same IndexedDB database and went offline; a pipeline read it, too. Merged:\n")?;
    inspect::stores(workspace, out)?;
    picture(workspace, out)?;
    conflicts(workspace, out)?;
    run(&receipt, out)?;
    files(dir, out)
}

/// Writes of each replica and run since the common start.
fn writes(workspace: &mut Workspace) -> Result<BTreeMap<(ActorKind, String), usize>, Failure> {
    let mut writes = BTreeMap::new();
    for name in workspace.stores(None)? {
        for change in workspace.document(&name)?.changes() {
            *writes.entry((change.kind, change.by)).or_default() += change.ops;
        }
    }
    Ok(writes)
}

fn picture(workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let writes = writes(workspace)?;
    let branches: Vec<String> = writes
        .iter()
        .filter(|((kind, _), _)| matches!(kind, ActorKind::Capture | ActorKind::Run))
        .map(|((_, by), count)| format!("{by}: {count} fields written"))
        .collect();
    let width = branches.iter().map(|branch| branch.chars().count()).max().unwrap_or(0);
    out.say("\nHow the histories left and rejoined:\n")?;
    let last = branches.len().saturating_sub(1);
    for (at, branch) in branches.iter().enumerate() {
        let padding = "─".repeat(width - branch.chars().count());
        let (leave, join) = match at {
            0 => ("  start ●──┬─", "─┬──● merged"),
            at if at == last => ("           └─", "─┘"),
            _ => ("           ├─", "─┤"),
        };
        out.say(format_args!("{leave}─ {branch} {padding}{join}"))?;
    }
    out.say("")
}

fn conflicts(workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for name in workspace.stores(None)? {
        let label = workspace.label(&name);
        rows.extend(
            workspace.document(&name)?.view().conflicts().iter().map(|conflict| conflict_row(&label, conflict)),
        );
    }
    out.say(format_args!("{} conflicts, each decided, none lost:\n", rows.len()))?;
    let all = rows.len();
    rows.truncate(CONFLICTS_SHOWN);
    out.table(CONFLICT_HEAD, &rows)?;
    if all > rows.len() {
        out.say(format_args!("… and {} more", all - rows.len()))?;
    }
    Ok(())
}

fn run(receipt: &str, out: &mut Output) -> Result<(), Failure> {
    let json = Lexer::new(receipt.as_bytes(), RECEIPT_DEPTH).value().map_err(Failure::bug)?;
    out.say(format_args!(
        "\nThe pipeline's corrections of the common start, merged with what people did meanwhile, {}.\n",
        counts(&json)
    ))
}

fn files(dir: &Path, out: &mut Output) -> Result<(), Failure> {
    let dir = dir.display();
    out.say(format_args!(
        "In {dir}/: store/ (the store), parquet/ and jsonl/ (delivered), tablet-back.json (for the tablet to import), files/ \
         (what it was made of).\n\nLook further:\n\
         \x20 anabranch --store {dir}/store conflicts\n\
         \x20 anabranch --store {dir}/store explain sites s040 bank.height\n\
         \x20 anabranch --store {dir}/store history sites s050\n\
         \x20 anabranch --store {dir}/store resolve sites s041 name '\"The old mill\"'\n\
         \x20 duckdb -c \"select name, bank, tags from '{dir}/parquet/survey/sites/*.parquet' limit 5\"\n\
         (from the source tree: cargo run -q -- in the place of anabranch)"
    ))
}
