//! `merge`: another store directory comes into this one, its replicas, offers and runs too.

use std::collections::BTreeMap;
use std::path::Path;

use anabranch_core::{ChangeBytes, Document};
use anabranch_store::{Access, Database, Note, Replica, Run, StoreName};

use crate::failure::Failure;
use crate::lines::Line;
use crate::output::Output;
use crate::workspace::{Workspace, known, now_ms};

pub(crate) fn run(workspace: &mut Workspace, dir: &Path, rename: &[String], out: &mut Output) -> Result<(), Failure> {
    if is_same(Path::new(&workspace.dir.name()), dir) {
        return Err(Failure::asked(format_args!("{} is this store directory itself: name another", dir.display())));
    }
    let mut other = Workspace::open(dir, Access::Read)?;
    let renames = parse_renames(rename, &other)?;
    let mut taken: Vec<(StoreName, Vec<ChangeBytes>)> = Vec::new();
    for name in other.stores(None)? {
        let changes: Vec<_> = other.document(&name)?.change_bytes().map(|change| change.bytes).collect();
        let document = workspace.document(&name)?;
        let outcome = document.apply(changes);
        if let Some(refusal) = outcome.refused.first() {
            let hash = refusal.hash.map(|hash| hash.to_string()).unwrap_or_default();
            return Err(Failure::data(format_args!(
                "{}: store {name}: change {hash}: {}",
                dir.display(),
                refusal.reason
            )));
        }
        taken.push((name, outcome.applied));
    }
    let replicas = merged_replicas(workspace, &other, &renames)?;
    let runs = merged_runs(workspace, &other)?;
    let databases = merged_databases(workspace, &other);
    let blobs = missing_blobs(workspace, &other)?;
    print(workspace, &taken, out)?;
    let note = Note { time_ms: Some(now_ms()), source: format!("merge {}", dir.display()) };
    let mut transaction = workspace.dir.transaction();
    for (name, changes) in &taken {
        transaction.store(name);
        transaction.changes(name, &note, changes.iter().map(|change| change.bytes.to_vec()));
    }
    databases.iter().for_each(|(name, database)| transaction.database(name, database));
    replicas.iter().for_each(|replica| transaction.replica(replica));
    runs.iter().for_each(|run| transaction.run(run));
    blobs.into_iter().for_each(|bytes| {
        transaction.blob(bytes);
    });
    Ok(transaction.commit()?)
}

fn print(workspace: &mut Workspace, taken: &[(StoreName, Vec<ChangeBytes>)], out: &mut Output) -> Result<(), Failure> {
    for (name, changes) in taken {
        let label = workspace.label(name);
        if out.is_json() {
            let heads = workspace.document(name)?.heads();
            out.line(&Line::new().text("store", &label).number("changes", changes.len()).heads("heads", &heads).end())?;
        }
        out.say(format_args!("{label}: {} changes taken", changes.len()))?;
    }
    out.flush()
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// New names by old: each old one is a replica of the other directory, each new one is nobody else's there.
fn parse_renames<'t>(rename: &'t [String], other: &Workspace) -> Result<BTreeMap<&'t str, &'t str>, Failure> {
    let mut renames = BTreeMap::new();
    for text in rename {
        let wrong = |what: &str| Failure::asked(format_args!("--rename {text}: {what}"));
        let parts = text.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty());
        let (old, new) = parts.ok_or_else(|| wrong("write OLD=NEW"))?;
        if !other.dir.replicas().contains_key(old) {
            let have: Vec<&str> = other.dir.replicas().keys().map(String::as_str).collect();
            return Err(wrong(&format!("the other directory has no replica {old}; it has: {}", have.join(", "))));
        }
        if other.dir.replicas().contains_key(new) || renames.values().any(|taken| *taken == new) {
            return Err(wrong(&format!("the other directory has another replica {new}")));
        }
        if renames.insert(old, new).is_some() {
            return Err(wrong(&format!("{old} is renamed twice")));
        }
    }
    Ok(renames)
}

/// The replicas to set here: the other's, and those of both sides with the later baseline.
fn merged_replicas(
    workspace: &mut Workspace,
    other: &Workspace,
    renames: &BTreeMap<&str, &str>,
) -> Result<Vec<Replica>, Failure> {
    let mut merged = Vec::new();
    for theirs in other.dir.replicas().values() {
        let mut theirs = theirs.clone();
        if let Some(new) = renames.get(theirs.name.as_str()) {
            theirs.name = (*new).to_owned();
        }
        match workspace.dir.replicas().get(&theirs.name).cloned() {
            None => merged.push(theirs),
            Some(ours) => merged.extend(join(workspace, &ours, &theirs)?),
        }
    }
    Ok(merged)
}

/// One replica on both sides: whichever was captured later, if that is certain.
fn join(workspace: &mut Workspace, ours: &Replica, theirs: &Replica) -> Result<Option<Replica>, Failure> {
    if ours == theirs {
        return Ok(None);
    }
    let ours_is_later = is_later(workspace, ours, theirs)?;
    let theirs_is_later = is_later(workspace, theirs, ours)?;
    let (mut later, earlier) = match (ours_is_later, theirs_is_later) {
        (true, false) => (ours.clone(), None),
        (false, true) => (theirs.clone(), None),
        (true, true) => (ours.clone(), Some(theirs)),
        (false, false) => {
            return Err(Failure::asked(format_args!(
                "both directories captured a replica {} since they parted: say --rename {}=OTHERNAME for the other's",
                ours.name, ours.name
            )));
        }
    };
    // Equal baselines: no capture came between, so all offers of both sides are open.
    for offer in earlier.into_iter().flat_map(|replica| &replica.offers) {
        if !later.offers.contains(offer) {
            later.offers.push(offer.clone());
        }
    }
    later.offers.sort_by_key(|offer| offer.written_at_ms);
    later.captured_at_ms = ours.captured_at_ms.max(theirs.captured_at_ms);
    Ok((later != *ours).then_some(later))
}

/// Whether every baseline of `later` includes that of `earlier`.
fn is_later(workspace: &mut Workspace, later: &Replica, earlier: &Replica) -> Result<bool, Failure> {
    for (name, baseline) in &earlier.baselines {
        let Some(held) = later.baselines.get(name) else { return Ok(false) };
        let document: &Document = workspace.document(name)?;
        if !document.descends_from(&known(document, &held.heads)?, &known(document, &baseline.heads)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn merged_runs(workspace: &Workspace, other: &Workspace) -> Result<Vec<Run>, Failure> {
    let mut merged = Vec::new();
    for theirs in other.dir.runs().values() {
        match workspace.dir.runs().get(&theirs.id) {
            None => merged.push(theirs.clone()),
            Some(ours) if (&ours.store, &ours.base, &ours.edits) == (&theirs.store, &theirs.base, &theirs.edits) => (),
            Some(_) => {
                return Err(Failure::asked(format_args!(
                    "both directories committed a run {} with different edits or bases: give each run an id of its own",
                    theirs.id
                )));
            }
        }
    }
    Ok(merged)
}

fn merged_databases(workspace: &Workspace, other: &Workspace) -> BTreeMap<String, Database> {
    let mut merged = BTreeMap::new();
    for (name, theirs) in other.dir.databases() {
        let ours = workspace.dir.databases().get(name).cloned().unwrap_or_default();
        let mut both = Database { version: ours.version.max(theirs.version), stores: ours.stores.clone() };
        both.stores.extend(theirs.stores.iter().filter(|store| !ours.stores.contains(store)).cloned());
        if both != ours {
            merged.insert(name.clone(), both);
        }
    }
    merged
}

/// The large Blobs that the other has and this lacks; one whose file is gone there too stays unknown.
fn missing_blobs(workspace: &Workspace, other: &Workspace) -> Result<Vec<Vec<u8>>, Failure> {
    let mut missing = Vec::new();
    for sha256 in other.dir.blobs().keys() {
        if !workspace.dir.has_blob(sha256) {
            missing.extend(other.dir.blob(sha256)?);
        }
    }
    Ok(missing)
}
