//! Whether a replica took what was written back for it: its own contents tell.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::{Heads, Key, KnownHeads, Value, View, json};
use anabranch_indexeddb::{Export, Format};
use anabranch_store::{Baseline, Offer, Replica, StoreName};

use super::left_out::LeftOut;
use super::read::{Event, events};
use crate::args::OfferAnswer;
use crate::failure::Failure;
use crate::workspace::{Workspace, known};

/// What the replica holds by its baselines and the offers that it took.
pub(super) type Baselines = BTreeMap<StoreName, Baseline>;

/// What the replica held before it went on by itself.
pub(super) enum Settled {
    /// Its own contents tell, or somebody did.
    Certain {
        /// The baselines.
        baselines: Baselines,
        /// Offers of stores of which the file tells nothing: a later one may.
        open: Vec<Offer>,
    },
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
    let mut open: Vec<Offer> = Vec::new();
    match answer {
        Some(OfferAnswer::NotTaken) => (),
        Some(OfferAnswer::Taken) => take_last(&mut baselines, replica)?,
        None if replica.offers.is_empty() => (),
        None => {
            let contents = Contents::read(workspace, replica, export)?;
            for offer in &replica.offers {
                let votes = votes(workspace, &baselines, offer, &contents, export.format())?;
                match (votes.taken, votes.not_taken) {
                    (0, 0) => {
                        let unread = |store: &StoreName| votes.unread.contains(store);
                        take(&mut baselines, &part_of(offer, &|store| !unread(store)))?;
                        open.extend(Some(part_of(offer, &unread)).filter(|offer| !offer.heads.is_empty()));
                    }
                    (_, 0) => {
                        take(&mut baselines, offer)?;
                        // It came after them, so what they offered is in it.
                        open.clear();
                    }
                    (0, _) => (),
                    (taken, not_taken) => {
                        let why = format!(
                            "cannot tell whether {} took what was written back for it: {taken} records are as offered, \
                             {not_taken} as before; say --offer taken or --offer not-taken",
                            replica.name
                        );
                        take_last(&mut baselines, replica)?;
                        return Ok(Settled::Mixed { why, taken: baselines });
                    }
                }
            }
        }
    }
    Ok(Settled::Certain { baselines, open })
}

fn take_last(baselines: &mut Baselines, replica: &Replica) -> Result<(), Failure> {
    replica.offers.last().map_or(Ok(()), |offer| take(baselines, offer))
}

fn take(baselines: &mut Baselines, offer: &Offer) -> Result<(), Failure> {
    for (store, heads) in &offer.heads {
        let keys = offer.left_out.get(store).map_or(&[][..], Vec::as_slice);
        let Baseline { heads: until_now, left_out } = baselines.remove(store).unwrap_or_default();
        let left_out = LeftOut::read(&left_out)?.after_offer(keys, &until_now)?.write();
        baselines.insert(store.clone(), Baseline { heads: heads.clone(), left_out });
    }
    Ok(())
}

/// The offer as far as it is about these stores.
fn part_of(offer: &Offer, is_of: &dyn Fn(&StoreName) -> bool) -> Offer {
    let mut part = offer.clone();
    part.heads.retain(|store, _| is_of(store));
    part.left_out.retain(|store, _| is_of(store));
    part
}

/// What the file holds of the records in which offers and baseline differ.
#[derive(Default)]
struct Contents {
    values: BTreeMap<StoreName, BTreeMap<Key, Value>>,
    read: BTreeSet<StoreName>,
    complete: BTreeSet<StoreName>,
}

impl Contents {
    fn read(workspace: &mut Workspace, replica: &Replica, export: &Export) -> Result<Self, Failure> {
        let mut asked: BTreeMap<StoreName, BTreeSet<Key>> = BTreeMap::new();
        for offer in &replica.offers {
            for (store, heads) in &offer.heads {
                let differences = differences(workspace, replica.baselines.get(store), store, heads)?;
                asked.entry(store.clone()).or_default().extend(differences.into_keys());
            }
        }
        let mut contents = Contents::default();
        std::thread::scope(|scope| {
            let (mut database, mut store) = (String::new(), None);
            for event in events(scope, export, &[]).incoming {
                match event {
                    Event::Database { name, .. } => database = name,
                    Event::Store { name, .. } => {
                        let name = StoreName { database: database.clone(), store: name };
                        contents.read.insert(name.clone());
                        store = Some(name);
                    }
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

/// How the records in which an offer and a baseline differ vote.
#[derive(Default)]
struct Votes {
    taken: usize,
    not_taken: usize,
    /// Stores with such records of which the file holds nothing.
    unread: BTreeSet<StoreName>,
}

fn votes(
    workspace: &mut Workspace,
    baselines: &Baselines,
    offer: &Offer,
    contents: &Contents,
    format: Format,
) -> Result<Votes, Failure> {
    let mut votes = Votes::default();
    let none = BTreeMap::new();
    for (store, heads) in &offer.heads {
        let left_out = offer.left_out.get(store).map_or(&[][..], Vec::as_slice);
        let baseline = baselines.get(store);
        let never_got = baseline.map_or(Ok(LeftOut::default()), |baseline| LeftOut::read(&baseline.left_out))?;
        let read = contents.values.get(store).unwrap_or(&none);
        for (key, (before, after)) in differences(workspace, baseline, store, heads)? {
            if !contents.read.contains(store) {
                votes.unread.insert(store.clone());
                continue;
            }
            let value = read.get(&key);
            // What was left out is as before whether the offer was taken or not; what is absent may be left out, or unread.
            let is_silent = value.is_none() && (never_got.contains(&key) || !contents.complete.contains(store));
            if is_silent || left_out.contains(&json::key_to_string(&key)) {
                continue;
            }
            let is_as = |was: &Option<Value>| is_as_read(value, was.as_ref(), format);
            match (is_as(&after), is_as(&before)) {
                (true, false) => votes.taken += 1,
                (false, true) => votes.not_taken += 1,
                _ => (),
            }
        }
    }
    Ok(votes)
}

fn is_as_read(read: Option<&Value>, was: Option<&Value>, format: Format) -> bool {
    match (read, was) {
        (None, None) => true,
        (Some(read), Some(was)) => read == was || format.loss(read) == format.loss(was),
        _ => false,
    }
}

/// Before and after, by key.
type Differences = BTreeMap<Key, (Option<Value>, Option<Value>)>;

/// What a replica that holds the baseline has, and what the offer has, where the two differ.
fn differences(
    workspace: &mut Workspace,
    baseline: Option<&Baseline>,
    store: &StoreName,
    to: &Heads,
) -> Result<Differences, Failure> {
    let Baseline { heads, left_out } = baseline.cloned().unwrap_or_default();
    let document = &*workspace.document(store)?;
    let (from, to): (KnownHeads, KnownHeads) = (known(document, &heads)?, known(document, to)?);
    let changes = document.record_changes(&from, &to).changes.into_iter();
    let mut differences: Differences = changes.map(|change| (change.key, (change.before, change.after))).collect();
    let (offered, mut as_of): (View<'_>, BTreeMap<&Heads, View<'_>>) = (document.at(&to), BTreeMap::new());
    let left_out = LeftOut::read(&left_out)?;
    for (key, heads) in left_out.held() {
        if !as_of.contains_key(heads) {
            as_of.insert(heads, document.at(&known(document, heads)?));
        }
        let before = as_of.get(heads).and_then(|view| view.get(key));
        differences.insert(key.clone(), (before, offered.get(key)));
    }
    Ok(differences)
}
