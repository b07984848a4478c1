//! The register index: for every record and field, the values that are still visible.
//!
//! Records are spread over pages by the hash of their key. Pages split as they grow; each replica has its own, and nothing
//! outside this module sees them.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::change::{Decoded, OpRef, Place, SequenceAction};
use crate::history::History;
use crate::layout;
use crate::scalar::Scalar;
use crate::sequence::OpId;

mod directory;
mod layers;
mod page;
mod paths;
mod sequences;
mod slot;

use directory::Directory;
pub(crate) use layers::RegistersAt;
use page::{Page, StoredEntry};
pub(crate) use paths::{LIFE, Paths, ROOT};
use sequences::kind_of;
pub(crate) use sequences::{Held, SequenceEdit};
pub(crate) use slot::{Entry, Slot};

/// Records after which a page splits.
const PAGE_RECORDS_MAX: usize = 1024;
/// Bytes of values after which a page splits, if it holds more than one record.
const PAGE_VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The visible values of every register, by record.
#[derive(Clone, Default)]
pub(crate) struct Registers {
    directory: Directory,
    pages: Vec<Page>,
    pub(crate) paths: Arc<Paths>,
    /// Encoded keys that several records claim, one of them at least because a generator made it.
    contested: BTreeSet<Box<str>>,
    /// The hash of the key of the record that holds a sequence, by the op that made it.
    objects: HashMap<OpId, u64, foldhash::fast::FixedState>,
}

/// Where a record lies. Holds until the next change is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RecordId {
    pub(super) page: u32,
    pub(super) at: u32,
}

/// What applying a change did.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// The hash of each record that was touched, ascending.
    pub(crate) records: Vec<u32>,
    /// Whether records came, or what decides who keeps a generated key.
    pub(crate) keys_moved: bool,
}

impl Registers {
    /// Registers without records that know the paths of others.
    pub(crate) fn with_paths(paths: Arc<Paths>) -> Self {
        Self { paths, ..Self::default() }
    }

    pub(crate) fn record_count(&self) -> usize {
        self.pages.iter().map(Page::len).sum()
    }

    /// All records, in no order that means anything.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RecordId> + '_ {
        let of_page = |(page, own): (usize, &Page)| {
            let page = page as u32;
            (0..own.len() as u32).map(move |at| RecordId { page, at })
        };
        self.pages.iter().enumerate().flat_map(of_page)
    }

    pub(crate) fn slot(&self, record: RecordId) -> Slot<'_> {
        self.pages.get(record.page as usize).expect("record ids come from this index").slot(record.at)
    }

    pub(crate) fn find(&self, identity: &str) -> Option<RecordId> {
        let hash = hash_key(layout::key_of_identity(identity));
        let page = self.directory.page(hash);
        let at = self.pages.get(page as usize)?.find(identity, hash)?;
        Some(RecordId { page, at })
    }

    /// The records that claim an encoded key: the one whose identity it is, and those that a generator gave it.
    pub(crate) fn claimants(&self, key: &str) -> impl Iterator<Item = RecordId> {
        let hash = hash_key(key);
        let page = self.directory.page(hash);
        let own = self.pages.get(page as usize);
        own.into_iter().flat_map(move |own| own.claimants(key, hash)).map(move |at| RecordId { page, at })
    }

    /// The encoded keys that several records claim.
    pub(crate) fn contested(&self) -> impl Iterator<Item = &str> {
        self.contested.iter().map(|key| &**key)
    }

    /// Applies the change at `position`, of which `decoded` is the decoding; only records that `wanted` names by hash.
    pub(crate) fn apply(
        &mut self,
        history: &History,
        position: u32,
        (decoded, bytes): (&Decoded, &[u8]),
        wanted: &dyn Fn(u32) -> bool,
    ) -> Touched {
        let actors: Vec<Option<u32>> = decoded.actors.iter().map(|actor| history.actor_position(actor)).collect();
        let start_op = history.change(position).start_op;
        let mut touched = Touched::default();
        let mut current: Option<(Option<RecordId>, &str)> = None;
        for (at, op) in decoded.ops.iter().enumerate() {
            let counter = start_op + at as u32;
            if let Some(place) = decoded.place(at) {
                let op = (SequenceEdit { change: position, counter }, decoded.value(bytes, op), decoded.preds_of(op));
                self.apply_in_sequence(history, &actors, place, op, &mut touched);
                continue;
            }
            let name = decoded.name(bytes, op);
            let same = current.and_then(|(record, identity)| Some((record, same_record(name, identity)?)));
            let (record, suffix) = match same {
                Some(same) => same,
                None => {
                    let (identity, suffix) = name.split_at(layout::identity_length(name).expect("names were checked"));
                    let hash = hash_identity(identity);
                    let record = wanted(hash).then(|| {
                        touched.records.push(hash);
                        self.find_or_insert(identity, (history, position, counter), &mut touched.keys_moved)
                    });
                    current = Some((record, identity));
                    (record, suffix)
                }
            };
            let Some(record) = record else { continue };
            let path = self.intern(suffix);
            let page = self.pages.get_mut(record.page as usize).expect("the record was just found");
            let value = decoded.value(bytes, op);
            let length_code = (value.bytes.len() as u32) << 4 | u32::from(value.code);
            let at = match kind_of(value) {
                None => page.keep(value.bytes),
                Some(kind) => {
                    let id = OpId { actor: history.change(position).actor, counter };
                    let identity = page.identity(record.at);
                    self.objects.insert(id, hash_key(layout::key_of_identity(identity)));
                    page.keep_sequence(Held::new(kind, id, position, record.at, path))
                }
            };
            let entry = StoredEntry { path, counter, change: position, length_code, at };
            let preds = decoded.preds_of(op).iter();
            let preds = preds.map(|(counter, actor)| (*counter, actors.get(*actor as usize).copied().flatten()));
            set(page, record.at, history, entry, preds);
        }
        touched.records.sort_unstable();
        touched.records.dedup();
        touched.keys_moved |= self.split_full_pages();
        touched
    }

    /// Applies an op inside a sequence, if that is here.
    fn apply_in_sequence(
        &mut self,
        history: &History,
        actors: &[Option<u32>],
        place: &Place,
        (edit, value, preds): (SequenceEdit, Scalar<'_>, &[OpRef]),
        touched: &mut Touched,
    ) {
        let id = |(counter, actor): OpRef| {
            let actor = actors.get(actor as usize).copied().flatten();
            OpId { actor: actor.unwrap_or(u32::MAX), counter }
        };
        let object = id(place.object);
        let Some(hash) = self.objects.get(&object) else { return };
        let Some(page) = self.pages.get_mut(self.directory.page(*hash) as usize) else { return };
        let Some(held) = page.sequence_mut(object) else { return };
        let own = OpId { actor: history.change(edit.change).actor, counter: edit.counter };
        let actor = |actor| history.actor_at(actor);
        let taken = match (place.action, place.element) {
            (SequenceAction::Insert, after) => held.sequence.insert(after.map(id), own, value, &actor),
            (action, Some(element)) => {
                let value = (action == SequenceAction::Set).then_some((own, value));
                held.sequence.overwrite(id(element), preds.iter().copied().map(id), value, &actor)
            }
            (_, None) => false,
        };
        debug_assert!(taken, "references were checked");
        let was_edited = held.is_edited(history);
        held.note_edit(edit, history);
        let (record, is_edited) = (held.record, held.is_edited(history));
        if is_edited && !was_edited {
            page.note_class_overwritten(object, history);
        }
        let hash = hash_identity(page.identity(record));
        if touched.records.last() != Some(&hash) {
            touched.records.push(hash);
        }
    }

    /// The sequence that an op made, and the record whose it is.
    pub(crate) fn sequence(&self, object: OpId) -> Option<(&Held, Slot<'_>)> {
        let page = self.pages.get(self.directory.page(*self.objects.get(&object)?) as usize)?;
        let held = page.sequence(object)?;
        Some((held, page.slot(held.record)))
    }

    fn intern(&mut self, suffix: &str) -> u32 {
        match self.paths.find(suffix) {
            Some(path) => path,
            None => Arc::make_mut(&mut self.paths).intern(suffix),
        }
    }

    fn find_or_insert(
        &mut self,
        identity: &str,
        (history, position, counter): (&History, u32, u32),
        keys_moved: &mut bool,
    ) -> RecordId {
        let key = layout::key_of_identity(identity);
        let hash = hash_key(key);
        if self.pages.is_empty() {
            self.pages.push(Page::default());
        }
        let page = self.directory.page(hash);
        let own = self.pages.get_mut(page as usize).expect("the directory names pages that are here");
        let at = match own.find(identity, hash) {
            Some(at) => at,
            None => {
                *keys_moved = true;
                if own.claimants(key, hash).next().is_some() {
                    self.contested.insert(key.into());
                }
                own.insert(identity, hash)
            }
        };
        if let Some(creator) = identity.get(key.len() + 1..)
            && history.is_author(position, creator)
        {
            *keys_moved |= own.note_created(at, counter);
        }
        RecordId { page, at }
    }

    /// Splits pages that grew too large; whether records moved.
    fn split_full_pages(&mut self) -> bool {
        let is_full =
            |page: &Page| page.len() > PAGE_RECORDS_MAX || page.len() > 1 && page.value_bytes() > PAGE_VALUE_BYTES_MAX;
        let mut moved = false;
        let mut at = 0;
        while let Some(page) = self.pages.get_mut(at) {
            if is_full(page)
                && let Some((bit, new)) = self.directory.split(at as u32)
            {
                let (zeros, ones) = (page.only(|hash| hash & bit == 0), page.only(|hash| hash & bit != 0));
                *page = zeros;
                debug_assert_eq!(new as usize, self.pages.len());
                self.pages.push(ones);
                moved = true;
                continue;
            }
            if page.is_wasteful() {
                *page = page.only(|_| true);
            }
            at += 1;
        }
        moved
    }
}

/// Sets a register: what the op saw goes, what it did not see stays beside it.
fn set(
    page: &mut Page,
    record: u32,
    history: &History,
    entry: StoredEntry,
    preds: impl Iterator<Item = (u32, Option<u32>)>,
) {
    let mut placed = false;
    for (counter, actor) in preds {
        let is_pred = |have: &StoredEntry| {
            have.path == entry.path && have.counter == counter && Some(history.change(have.change).actor) == actor
        };
        let entries = page.entries(record);
        let Some((at, gone)) = entries.iter().enumerate().find(|(_, have)| is_pred(have)) else { continue };
        let gone = *gone;
        let shown = page.entry(&gone);
        let is_class = shown.is_found(history) && !page.slot(record).is_hidden(&shown, history);
        match shown.sequence.map(|held| held.id) {
            None if is_class => page.note_overwritten(record, gone),
            None => (),
            Some(object) => {
                if is_class {
                    page.note_class_overwritten(object, history);
                }
                page.bury(record, &gone);
            }
        }
        if placed {
            page.remove(record, at);
        } else {
            page.replace(record, at, entry);
            placed = true;
        }
    }
    if !placed {
        page.push(record, entry);
    }
}

/// The suffix of `name` if it names a register of the record `identity`.
fn same_record<'n>(name: &'n str, identity: &str) -> Option<&'n str> {
    let suffix = name.strip_prefix(identity)?;
    matches!(suffix.as_bytes().first(), None | Some(b'.' | b'=')).then_some(suffix)
}

/// The hash of an encoded key, which places its records in pages.
fn hash_key(key: &str) -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::default().hash_one(key)
}

/// The hash by which history remembers which change touched which record; two records may share one.
pub(crate) fn hash_identity(identity: &str) -> u32 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::with_seed(1).hash_one(identity) as u32
}
