//! Committing what was read: changes, baselines and Blobs become durable together.

use anabranch_core::{Commit, Detail, Heads, Receipt};
use anabranch_store::{Baseline, Note, Replica, StoreName};

use super::contents::{Contents, Staged};
use crate::args;
use crate::failure::Failure;
use crate::lines::{self, ReceiptOf};
use crate::output::Output;
use crate::workspace::{Workspace, now_ms};

/// What a store's part of the capture came to.
struct Committed {
    name: StoreName,
    changes: Vec<Vec<u8>>,
    receipt: Receipt,
    heads: Heads,
}

/// Commits every store.
pub(super) fn commit(
    arguments: &args::Capture,
    workspace: &mut Workspace,
    mut replica: Replica,
    contents: Contents,
    out: &mut Output,
) -> Result<(), Failure> {
    let mut committed = Vec::new();
    for staged in contents.staged {
        let base = replica.baselines.get(&staged.name).map(|baseline| baseline.heads.clone()).unwrap_or_default();
        let (store, baseline) = commit_store(workspace, staged)?;
        if out.is_json() {
            let label = workspace.label(&store.name);
            let of =
                ReceiptOf { run: None, replica: Some(&replica.name), store: &label, base: &base, heads: &store.heads };
            out.line(&lines::receipt(&of, &store.receipt))?;
        }
        replica.baselines.insert(store.name.clone(), baseline);
        committed.push(store);
    }
    say(arguments, workspace, &committed, out)?;
    if arguments.dry_run {
        return out.say("dry run: nothing was changed");
    }
    out.flush()?;
    let now = now_ms();
    replica.captured_at_ms = Some(now);
    let note = Note {
        time_ms: Some(now),
        source: arguments.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let mut databases = contents.databases;
    for (name, database) in &mut databases {
        let earlier = workspace.dir.databases().get(name).cloned().unwrap_or_default();
        database.version = database.version.or(earlier.version);
        let gone: Vec<String> = earlier.stores.into_iter().filter(|store| !database.stores.contains(store)).collect();
        database.stores.extend(gone);
    }
    let mut transaction = workspace.dir.transaction();
    for store in committed {
        transaction.store(&store.name);
        transaction.changes(&store.name, &note, store.changes);
    }
    contents.blobs.into_values().for_each(|bytes| {
        transaction.blob(bytes);
    });
    databases.iter().for_each(|(name, database)| transaction.database(name, database));
    transaction.replica(&replica);
    Ok(transaction.commit()?)
}

/// Commits a store, and tells what the replica is known to hold of it from now on.
fn commit_store(workspace: &mut Workspace, staged: Staged) -> Result<(Committed, Baseline), Failure> {
    let Staged { name, prepared, apart, mut left_out, .. } = staged;
    let document = workspace.document(&name)?;
    let Commit { mut receipt, changes, own_heads, mut heads } = document.commit(prepared).map_err(Failure::bug)?;
    let bytes = |changes: Vec<anabranch_core::ChangeBytes>| changes.into_iter().map(|change| change.bytes.to_vec());
    let mut all: Vec<Vec<u8>> = bytes(changes).collect();
    for apart in apart {
        let commit = document.commit(apart.prepared).map_err(Failure::bug)?;
        apart.keys.into_iter().for_each(|key| left_out.hold(key, commit.own_heads.clone()));
        all.extend(bytes(commit.changes));
        add(&mut receipt, commit.receipt);
        heads = commit.heads;
    }
    let baseline = Baseline { heads: own_heads, left_out: left_out.write() };
    Ok((Committed { name, changes: all, receipt, heads }, baseline))
}

/// Counts the rows of a second commit behind those of the first.
fn add(receipt: &mut Receipt, more: Receipt) {
    let before = receipt.rows;
    receipt.rows += more.rows;
    receipt.applied += more.applied;
    receipt.merged += more.merged;
    receipt.superseded += more.superseded;
    receipt.conflicted += more.conflicted;
    receipt.unchanged += more.unchanged;
    receipt.refused += more.refused;
    receipt.details.extend(more.details.into_iter().map(|detail| Detail { row: before + detail.row, ..detail }));
}

fn say(
    arguments: &args::Capture,
    workspace: &Workspace,
    committed: &[Committed],
    out: &mut Output,
) -> Result<(), Failure> {
    if out.is_json() {
        return Ok(());
    }
    out.say(format_args!("{} as the contents of {}:", arguments.file.display(), arguments.replica))?;
    let row = |store: &Committed| {
        let receipt = &store.receipt;
        let counts = [receipt.rows, receipt.applied, receipt.merged, receipt.conflicted, receipt.superseded];
        std::iter::once(workspace.label(&store.name)).chain(counts.iter().map(ToString::to_string)).collect()
    };
    let rows: Vec<Vec<String>> = committed.iter().map(row).collect();
    out.table(&["store", "changed", "applied", "merged", "conflicted", "superseded"], &rows)
}
