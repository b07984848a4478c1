//! Whether a replica took what was written back for it: its own contents tell.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::{Heads, Key, KnownHeads, RecordChange, Value, json};
use anabranch_indexeddb::{Export, Format};
use anabranch_store::{Baseline, Offer, Replica, StoreName};

use super::read::{Event, events};
use crate::args::OfferAnswer;
use crate::failure::Failure;
use crate::workspace::{Workspace, known};

/// What the replica holds by its baselines and the offers that it took.
pub(super) type Baselines = BTreeMap<StoreName, Baseline>;

/// What the replica held before it went on by itself.
pub(super) enum Settled {
    /// Its own contents tell, or somebody did.
    Certain(Baselines),
    /// Some records are as offered, others as before: somebody has to say.
    Mixed {
        /// What it asks.
        why: String,
        /// The baselines if the last offer was taken.
        taken: Baselines,
    },
}

/// Decides which offers were taken, in the order in which they were made.
pub(super) fn settle(
    workspace: &mut Workspace,
    replica: &Replica,
    export: &Export,
    answer: Option<OfferAnswer>,
) -> Result<Settled, Failure> {
    let mut baselines = replica.baselines.clone();
    match answer {
        Some(OfferAnswer::NotTaken) => (),
        Some(OfferAnswer::Taken) => replica.offers.last().into_iter().for_each(|offer| take(&mut baselines, offer)),
        None if replica.offers.is_empty() => (),
        None => {
            let contents = Contents::read(workspace, replica, export)?;
            for offer in &replica.offers {
                match votes(workspace, &baselines, offer, &contents, export.format())? {
                    (0, not_taken) if not_taken > 0 => (),
                    (_, 0) => take(&mut baselines, offer),
                    (taken, not_taken) => {
                        let why = format!(
                            "cannot tell whether {} took what was written back for it: {taken} records are as offered, \
                             {not_taken} as before; say --offer taken or --offer not-taken",
                            replica.name
                        );
                        replica.offers.last().into_iter().for_each(|offer| take(&mut baselines, offer));
                        return Ok(Settled::Mixed { why, taken: baselines });
                    }
                }
            }
        }
    }
    Ok(Settled::Certain(baselines))
}

fn take(baselines: &mut Baselines, offer: &Offer) {
    for (store, heads) in &offer.heads {
        let left_out = offer.left_out.get(store).cloned().unwrap_or_default();
        baselines.insert(store.clone(), Baseline { heads: heads.clone(), left_out });
    }
}

/// What the file holds of the records in which offers and baseline differ.
#[derive(Default)]
struct Contents {
    values: BTreeMap<StoreName, BTreeMap<Key, Value>>,
    complete: BTreeSet<StoreName>,
}

impl Contents {
    fn read(workspace: &mut Workspace, replica: &Replica, export: &Export) -> Result<Self, Failure> {
        let mut asked: BTreeMap<StoreName, BTreeSet<Key>> = BTreeMap::new();
        for offer in &replica.offers {
            for (store, heads) in &offer.heads {
                let from = replica.baselines.get(store).map(|baseline| baseline.heads.clone()).unwrap_or_default();
                let changes = changes(workspace, store, &from, heads)?;
                asked.entry(store.clone()).or_default().extend(changes.into_iter().map(|change| change.key));
            }
        }
        let mut contents = Contents::default();
        std::thread::scope(|scope| {
            let (mut database, mut store) = (String::new(), None);
            for event in events(scope, export, &[]).incoming {
                match event {
                    Event::Database { name, .. } => database = name,
                    Event::Store { name, .. } => store = Some(StoreName { database: database.clone(), store: name }),
                    Event::Records(records) => {
                        let Some((store, keys)) = store.as_ref().and_then(|store| Some((store, asked.get(store)?)))
                        else {
                            continue;
                        };
                        let wanted = records.into_iter().filter(|(key, _)| keys.contains(key));
                        contents.values.entry(store.clone()).or_default().extend(wanted);
                    }
                    Event::EndStore { complete: true } => contents.complete.extend(store.take()),
                    Event::EndStore { complete: false } => store = None,
                    Event::Progress { .. } => (),
                    Event::Failed(error) => return Err(Failure::from(error)),
                }
            }
            Ok(contents)
        })
    }
}

/// How many records vote that the offer was taken, and how many that it was not.
fn votes(
    workspace: &mut Workspace,
    baselines: &Baselines,
    offer: &Offer,
    contents: &Contents,
    format: Format,
) -> Result<(usize, usize), Failure> {
    let (mut taken, mut not_taken) = (0, 0);
    let none = BTreeMap::new();
    for (store, heads) in &offer.heads {
        let left_out = offer.left_out.get(store).map_or(&[][..], Vec::as_slice);
        let from = baselines.get(store).map(|baseline| baseline.heads.clone()).unwrap_or_default();
        let read = contents.values.get(store).unwrap_or(&none);
        for change in changes(workspace, store, &from, heads)? {
            let is_left_out = left_out.contains(&json::key_to_string(&change.key));
            let value = read.get(&change.key);
            if value.is_none() && (is_left_out || !contents.complete.contains(store)) {
                continue;
            }
            let is_as = |was: &Option<Value>| is_as_read(value, was.as_ref(), format);
            match (is_as(&change.after), is_as(&change.before)) {
                (true, false) => taken += 1,
                (false, true) => not_taken += 1,
                _ => (),
            }
        }
    }
    Ok((taken, not_taken))
}

fn is_as_read(read: Option<&Value>, was: Option<&Value>, format: Format) -> bool {
    match (read, was) {
        (None, None) => true,
        (Some(read), Some(was)) => read == was || format.loss(read) == format.loss(was),
        _ => false,
    }
}

fn changes(
    workspace: &mut Workspace,
    store: &StoreName,
    from: &Heads,
    to: &Heads,
) -> Result<Vec<RecordChange>, Failure> {
    let document = workspace.document(store)?;
    let (from, to): (KnownHeads, KnownHeads) = (known(document, from)?, known(document, to)?);
    Ok(document.record_changes(&from, &to).changes)
}
