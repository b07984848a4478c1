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
use crate::saved::PageHash;
use crate::scalar::Scalar;
use crate::sequence::OpId;

mod cell;
mod directory;
mod layers;
mod page;
mod paths;
mod saved;
mod saved_page;
mod saved_sequence;
mod sequences;
mod slot;

use cell::PageCell;
use directory::Directory;
pub(crate) use layers::RegistersAt;
use page::{Page, StoredEntry};
pub(crate) use paths::{LIFE, Paths, ROOT};
pub(crate) use saved_sequence::{read_id, write_id};
use sequences::kind_of;
pub(crate) use sequences::{Held, SequenceEdit};
pub(crate) use slot::{Entry, Slot};

/// Records after which a page splits.
const PAGE_RECORDS_MAX: usize = 1024;
/// Bytes of values after which a page splits, if it holds more than one record.
const PAGE_VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The visible values of every register, by record.
#[derive(Clone)]
pub(crate) struct Registers {
    directory: Directory,
    pages: Vec<PageCell>,
    pub(crate) paths: Arc<Paths>,
    /// Encoded keys that several records claim, one of them at least because a generator made it.
    contested: BTreeSet<Box<str>>,
    /// The hash of the key of the record that holds a sequence, by the op that made it.
    objects: HashMap<OpId, u64, foldhash::fast::FixedState>,
    /// Records after which a page splits.
    page_records_max: usize,
    /// Whether history begins with these: then their pages are no cache that could be rebuilt.
    is_floor: bool,
}

impl Default for Registers {
    fn default() -> Self {
        Self {
            directory: Directory::default(),
            pages: vec![PageCell::written(Page::default())],
            paths: Arc::default(),
            contested: BTreeSet::new(),
            objects: HashMap::default(),
            page_records_max: PAGE_RECORDS_MAX,
            is_floor: false,
        }
    }
}

/// Where a record lies. Holds until the next change is applied or a page is closed.
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

    /// Makes these the registers with which a history begins.
    pub(crate) fn begin_history(&mut self) {
        self.is_floor = true;
    }

    /// Lets pages split after other numbers of records.
    #[cfg(feature = "testing")]
    pub(crate) fn set_page_records_max(&mut self, records: usize) {
        self.page_records_max = records;
    }

    pub(crate) fn record_count(&self, history: &History) -> usize {
        (0..self.pages.len() as u32).filter_map(|page| self.page(history, page)).map(Page::len).sum()
    }

    /// All records, in no order that means anything.
    pub(crate) fn ids<'r>(&'r self, history: &'r History) -> impl Iterator<Item = RecordId> + 'r {
        let of_page = |page| {
            let records = self.page(history, page).map_or(0, Page::len) as u32;
            (0..records).map(move |at| RecordId { page, at })
        };
        (0..self.pages.len() as u32).flat_map(of_page)
    }

    pub(crate) fn slot(&self, history: &History, record: RecordId) -> Slot<'_> {
        self.page(history, record.page).expect("record ids come from this index").slot(record.at)
    }

    pub(crate) fn find(&self, history: &History, identity: &str) -> Option<RecordId> {
        let hash = hash_key(layout::key_of_identity(identity));
        let page = self.directory.page(hash);
        let at = self.page(history, page)?.find(identity, hash)?;
        Some(RecordId { page, at })
    }

    /// The records that claim an encoded key: the one whose identity it is, and those that a generator gave it.
    pub(crate) fn claimants(&self, history: &History, key: &str) -> impl Iterator<Item = RecordId> {
        let hash = hash_key(key);
        let page = self.directory.page(hash);
        let own = self.page(history, page);
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
        let mut current: Option<(Option<RecordId>, &[u8])> = None;
        let mut guesses = PathGuesses::default();
        for (at, op) in decoded.ops.iter().enumerate() {
            let counter = start_op + at as u32;
            if let Some(place) = decoded.place(at) {
                let op = (SequenceEdit { change: position, counter }, decoded.value(bytes, op), decoded.preds_of(op));
                self.apply_in_sequence(history, &actors, place, op, &mut touched);
                continue;
            }
            let name = decoded.name_bytes(bytes, op);
            let same = current.and_then(|(record, identity)| Some((record, same_record(name, identity)?)));
            let (record, suffix) = match same {
                Some(same) => same,
                None => {
                    let name = decoded.name(bytes, op);
                    let (identity, suffix) = name.split_at(layout::identity_length(name).expect("names were checked"));
                    guesses.begin_record();
                    let hash = hash_identity(identity);
                    let record = wanted(hash).then(|| {
                        touched.records.push(hash);
                        self.find_or_insert(identity, (history, position, counter), &mut touched.keys_moved)
                    });
                    current = Some((record, identity.as_bytes()));
                    (record, suffix.as_bytes())
                }
            };
            let Some(record) = record else { continue };
            let path = guesses.path(self, suffix);
            let page = self.page_mut(history, record.page, position);
            let value = decoded.value(bytes, op);
            let length_code = (value.bytes.len() as u32) << 4 | u32::from(value.code);
            let (at, made) = match kind_of(value) {
                None => (page.keep(value.bytes), None),
                Some(kind) => {
                    let id = OpId { actor: history.change(position).actor, counter };
                    let hash = hash_key(layout::key_of_identity(page.identity(record.at)));
                    (page.keep_sequence(Held::new(kind, id, position, record.at, path)), Some((id, hash)))
                }
            };
            let entry = StoredEntry { path, counter, change: position, length_code, at };
            let preds = decoded.preds_of(op).iter();
            let preds = preds.map(|(counter, actor)| (*counter, actors.get(*actor as usize).copied().flatten()));
            set(page, record.at, history, entry, preds);
            self.objects.extend(made);
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
        let page = self.page_mut(history, self.directory.page(*hash), edit.change);
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
    pub(crate) fn sequence(&self, history: &History, object: OpId) -> Option<(&Held, Slot<'_>)> {
        let page = self.page(history, self.directory.page(*self.objects.get(&object)?))?;
        let held = page.sequence(object)?;
        Some((held, page.slot(held.record)))
    }

    /// Registers with which history begins, for the records with this hash alone.
    pub(crate) fn beginning(&self, history: &History, hash: u32) -> Registers {
        let mut registers = Registers::with_paths(self.paths.clone());
        if let Some(floor) = history.floor_registers() {
            registers.take_all(floor, history, |record| record == hash);
        }
        registers
    }

    /// Copies the records that `keep` names, by hash, from other registers with the same paths.
    fn take_all(&mut self, from: &Registers, history: &History, keep: impl Fn(u32) -> bool) {
        for record in from.ids(history) {
            let identity = from.slot(history, record).identity();
            if !keep(hash_identity(identity)) {
                continue;
            }
            let key = layout::key_of_identity(identity);
            let hash = hash_key(key);
            let page = self.directory.page(hash);
            let Some(own) = from.page(history, record.page) else { continue };
            if let Some(cell) = self.pages.get_mut(page as usize) {
                let page = cell.write(|| unreachable!("a copy has no saved pages"));
                if page.claimants(key, hash).next().is_some() {
                    self.contested.insert(key.into());
                }
                page.take(own, record.at);
                self.objects.extend(own.objects_of(record.at).map(|object| (object, hash)));
                if page.len() > self.page_records_max {
                    self.split_full_pages();
                }
            }
        }
    }

    fn put_page(&mut self, at: usize, page: Page) {
        if let Some(cell) = self.pages.get_mut(at) {
            *cell = PageCell::written(page);
        }
    }

    /// The page with this number, opened if need be; `None` before the first record.
    fn page(&self, history: &History, number: u32) -> Option<&Page> {
        let cell = self.pages.get(number as usize)?;
        Some(cell.read(|| self.open(history, number, cell.hash(), history.changes().len() as u32)))
    }

    /// The page to apply the change at `position` to.
    fn page_mut(&mut self, history: &History, number: u32, position: u32) -> &mut Page {
        if let Some(cell) = self.pages.get(number as usize) {
            cell.read(|| self.open(history, number, cell.hash(), position));
        }
        let cell = self.pages.get_mut(number as usize).expect("the directory names pages that are here");
        cell.write(|| unreachable!("it was just opened"))
    }

    /// Reads a saved page, or rebuilds it from the history below `end` where what was saved is gone or damaged.
    fn open(&self, history: &History, number: u32, hash: Option<PageHash>, end: u32) -> Page {
        let bytes = hash.and_then(|hash| Some((hash, history.source()?.page(&hash)?)));
        let whole = bytes.filter(|(hash, bytes)| PageHash::of(bytes) == *hash);
        let page = whole.and_then(|(_, bytes)| saved_page::decode(&bytes, &self.paths, history));
        page.filter(|page| page.keys().all(|key| self.directory.page(hash_key(key)) == number))
            .unwrap_or_else(|| self.rebuild(history, number, end))
    }

    /// Replays the changes below `end` for the records of one page.
    fn rebuild(&self, history: &History, number: u32, end: u32) -> Page {
        assert!(!self.is_floor, "the source has the pages with which a trimmed history begins");
        let mut registers = Registers::with_paths(self.paths.clone());
        if let Some(floor) = history.floor_registers() {
            registers.take_all(floor, history, |_| true);
        }
        for position in (0..end).filter(|position| !history.is_trimmed(*position)) {
            let bytes = history.bytes(position);
            let decoded = Decoded::read_accepted(&bytes, history.change(position).hash);
            registers.apply(history, position, (&decoded, &bytes), &|_| true);
        }
        let mut page = Page::default();
        let pages = registers.pages.iter().filter_map(PageCell::opened);
        pages.for_each(|own| page.take_all(own, |hash| self.directory.page(hash) == number));
        page
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
        let page = self.directory.page(hash);
        let own = self.page_mut(history, page, position);
        let mut is_contested = false;
        let at = match own.find(identity, hash) {
            Some(at) => at,
            None => {
                *keys_moved = true;
                is_contested = own.claimants(key, hash).next().is_some();
                own.insert(identity, hash)
            }
        };
        if let Some(creator) = identity.get(key.len() + 1..)
            && history.is_author(position, creator)
        {
            *keys_moved |= own.note_created(at, counter);
        }
        if is_contested {
            self.contested.insert(key.into());
        }
        RecordId { page, at }
    }

    /// Splits pages that grew too large; whether records moved.
    fn split_full_pages(&mut self) -> bool {
        let page_records_max = self.page_records_max;
        let is_full =
            |page: &Page| page.len() > page_records_max || page.len() > 1 && page.value_bytes() > PAGE_VALUE_BYTES_MAX;
        let mut moved = false;
        let mut at = 0;
        while at < self.pages.len() {
            // What is not open was not written to.
            let Some(page) = self.pages.get(at).and_then(PageCell::opened) else {
                at += 1;
                continue;
            };
            if is_full(page)
                && let Some((bit, new)) = self.directory.split(at as u32)
            {
                let (zeros, ones) = (page.only(|hash| hash & bit == 0), page.only(|hash| hash & bit != 0));
                debug_assert_eq!(new as usize, self.pages.len());
                self.put_page(at, zeros);
                self.pages.push(PageCell::written(ones));
                moved = true;
                continue;
            }
            if page.is_wasteful() {
                let lean = page.only(|_| true);
                self.put_page(at, lean);
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
                page.bury(record, gone.at);
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
fn same_record<'n>(name: &'n [u8], identity: &[u8]) -> Option<&'n [u8]> {
    let suffix = name.strip_prefix(identity)?;
    matches!(suffix.first(), None | Some(b'.' | b'=')).then_some(suffix)
}

/// The paths of the record before, in order: most records of a change set the same ones.
#[derive(Default)]
struct PathGuesses {
    paths: Vec<u32>,
    next: usize,
}

impl PathGuesses {
    fn begin_record(&mut self) {
        self.next = 0;
    }

    /// The path of a checked suffix.
    fn path(&mut self, registers: &mut Registers, suffix: &[u8]) -> u32 {
        let at = self.next;
        self.next += 1;
        if let Some(guess) = self.paths.get(at)
            && registers.paths.info(*guess).suffix.as_bytes() == suffix
        {
            return *guess;
        }
        let path = registers.intern(std::str::from_utf8(suffix).expect("names were checked"));
        self.paths.truncate(at);
        self.paths.push(path);
        path
    }
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
