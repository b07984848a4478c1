//! `verify`: every checksum and law that can be checked at rest.

use std::path::Path;

use anabranch_core::{Document, Heads};
use anabranch_store::{Access, StoreName};

use super::capture::LeftOut;
use crate::failure::Failure;
use crate::lines::Line;
use crate::output::Output;
use crate::workspace::{Workspace, known};

pub(crate) fn run(path: &Path, out: &mut Output) -> Result<(), Failure> {
    // Opening reads every frame and its checksums.
    let mut workspace = Workspace::open(path, Access::Read)?;
    if let Some(torn) = workspace.dir.torn_tail().filter(|torn| torn.was_committed) {
        return Err(Failure::data(format_args!(
            "{}: {} bytes are missing from byte {} on: restore the directory from a backup, or go on without what was committed there",
            torn.path, torn.bytes, torn.offset
        )));
    }
    workspace.dir.check_blobs()?;
    let blobs = workspace.dir.blobs().clone();
    for name in workspace.stores(None)? {
        let label = workspace.label(&name);
        let place = format!("{}: store {name}", workspace.dir.name());
        let own = workspace.replayed(&name)?;
        // Loading trusts the log; here every change goes through the guard, as if it came from a stranger.
        let mut checked = Document::new();
        let outcome = checked.apply(own.change_bytes().map(|change| change.bytes));
        if let Some(refusal) = outcome.refused.first() {
            let hash = refusal.hash.map(|hash| hash.to_string()).unwrap_or_default();
            return Err(Failure::data(format_args!("{place}: change {hash}: {}", refusal.reason)));
        }
        if checked.heads() != own.heads() || outcome.waiting > 0 {
            return Err(Failure::data(format_args!("{place}: its changes do not lead to its heads")));
        }
        check_cache(&workspace, &name, &checked)?;
        let (changes, view) = (checked.change_count(), checked.view());
        let (mut records, mut elsewhere) = (0, 0);
        for record in view.records() {
            records += 1;
            // No error: a Blob by reference whose bytes never came is unknown, not lost.
            record.value.each_blob(&mut |blob| {
                elsewhere += usize::from(blob.bytes.is_none() && !blobs.contains_key(&blob.sha256))
            });
        }
        if out.is_json() {
            out.line(
                &Line::new()
                    .text("store", &label)
                    .number("changes", changes)
                    .number("records", records)
                    .text("outcome", "sound")
                    .end(),
            )?;
        }
        out.say(format_args!("{label}: {changes} changes, {records} records: sound"))?;
        if elsewhere > 0 {
            out.say(format_args!("{label}: {elsewhere} Blobs whose bytes are not here"))?;
        }
    }
    check_replicas(&mut workspace)?;
    out.say(format_args!("{} Blobs: sound", blobs.len()))
}

/// A cache that is taken says what the log says.
fn check_cache(workspace: &Workspace, name: &StoreName, document: &Document) -> Result<(), Failure> {
    let Some(cached) = workspace.dir.cached(name) else { return Ok(()) };
    let is_equal =
        cached.document.heads() == document.heads() && cached.document.view().records().eq(document.view().records());
    let dir = workspace.dir.name();
    let differs =
        || Failure::data(format_args!("{dir}/cache: store {name}: not what the log says: remove {dir}/cache"));
    is_equal.then_some(()).ok_or_else(differs)
}

/// Baselines, offers and runs name heads that the stores have.
fn check_replicas(workspace: &mut Workspace) -> Result<(), Failure> {
    let replicas = workspace.dir.replicas().clone();
    let mut all: Vec<(StoreName, Heads)> = Vec::new();
    for replica in replicas.values() {
        for (name, baseline) in &replica.baselines {
            let left_out = LeftOut::read(&baseline.left_out)?;
            all.extend(left_out.held().map(|(_, heads)| (name.clone(), heads.clone())));
            all.push((name.clone(), baseline.heads.clone()));
        }
        let offered = replica.offers.iter().flat_map(|offer| &offer.heads);
        all.extend(offered.map(|(name, heads)| (name.clone(), heads.clone())));
    }
    all.extend(workspace.dir.runs().values().map(|run| (run.store.clone(), run.base.clone())));
    for (name, heads) in all {
        let dir = workspace.dir.name();
        let document = workspace.document(&name)?;
        known(document, &heads).map_err(|error| Failure::data(format_args!("{dir}: store {name}: {error}")))?;
    }
    Ok(())
}
