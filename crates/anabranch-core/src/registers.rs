//! The register index: for every record and field, the values that are still visible.
//!
//! Records are spread over pages by the hash of their key. Pages split as they grow; each replica has its own, and nothing
//! outside this module sees them.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;

use crate::history::History;
use crate::layout::{EncodedKey, Hashes};
use crate::sequence::OpId;

mod ahead;
mod apply;
mod arena;
mod cell;
mod directory;
mod layers;
mod locate;
mod open;
mod page;
mod paths;
mod saved;
mod saved_page;
mod saved_sequence;
mod sequences;
mod slot;
mod walk;

pub(crate) use apply::{PlainOp, SEARCHED_ENTRIES, SEARCHES_MAX, Said, Touched};
use cell::PageCell;
use directory::Directory;
pub(crate) use layers::{RegistersAt, SlotsAt};
pub(crate) use locate::Located;
pub(crate) use page::Lendable;
use page::Page;
pub(crate) use paths::{LIFE, PathInfo, Paths, ROOT};
pub(crate) use saved_sequence::{read_id, write_id};
pub(crate) use sequences::{Held, SequenceEdit};
pub(crate) use slot::{Entry, Scalars, Slot};
pub(crate) use walk::Slots;

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
    /// All records, replayed up to a change because a page was gone: where one is, others are, too.
    replayed: OnceLock<Arc<(u32, Registers)>>,
    /// Whether history begins with these: then their pages are no cache that could be rebuilt.
    is_floor: bool,
    /// How many entries were looked at: what the work of applying is made of.
    #[cfg(test)]
    pub(crate) steps: u64,
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
            replayed: OnceLock::new(),
            is_floor: false,
            #[cfg(test)]
            steps: 0,
        }
    }
}

/// What is about to come, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) records: usize,
    pub(crate) ops: usize,
    pub(crate) identity_bytes: usize,
    /// Bytes of strings and of what is stored as bytes.
    pub(crate) text_bytes: usize,
}

impl Expected {
    /// What one of so many pages gets of it, and some more: hashes do not fall evenly.
    fn share(&self, pages: usize) -> Self {
        let share = |all: usize| all / pages + all / pages / 8;
        let Self { records, ops, identity_bytes, text_bytes } = *self;
        let (records, ops) = (share(records), share(ops));
        Self { records, ops, identity_bytes: share(identity_bytes), text_bytes: share(text_bytes) }
    }
}

/// Where a record lies. Holds until the next change is applied or a page is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RecordId {
    pub(super) page: u32,
    pub(super) at: u32,
}

impl RecordId {
    /// The page it lies in, and where there.
    pub(crate) fn place(self) -> (u32, u32) {
        (self.page, self.at)
    }

    #[cfg(test)]
    pub(crate) fn in_page(page: u32, at: u32) -> Self {
        Self { page, at }
    }

    /// Where on the page with this number it lies, if it lies there.
    fn on(self, page: u32) -> Option<u32> {
        (self.page == page).then_some(self.at)
    }
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

    /// All records, in no order that means anything.
    pub(crate) fn ids<'r>(&'r self, history: &'r History) -> impl Iterator<Item = RecordId> + 'r {
        self.slots(history).map(|(record, _)| record)
    }

    /// The same with what is there of each.
    pub(crate) fn slots<'r>(&'r self, history: &'r History) -> Slots<'r> {
        Slots::of(self, history)
    }

    pub(crate) fn slot(&self, history: &History, record: RecordId) -> Slot<'_> {
        self.page(history, record.page).expect("record ids come from this index").slot(record.at)
    }

    pub(crate) fn find(&self, history: &History, identity: &str) -> Option<RecordId> {
        let hashes = Hashes::of_identity(identity.as_bytes());
        let page = self.directory.page(hashes.key);
        let at = self.page(history, page)?.find(identity.as_bytes(), hashes)?;
        Some(RecordId { page, at })
    }

    /// The records that claim an encoded key: the one whose identity it is, and those that a generator gave it.
    pub(crate) fn claimants(
        &self,
        history: &History,
        EncodedKey { text, hash }: EncodedKey<'_>,
    ) -> impl Iterator<Item = RecordId> {
        let page = self.directory.page(hash);
        self.page_of_key(history, hash).claimants(text, hash).map(move |at| RecordId { page, at })
    }

    /// The encoded keys that several records claim.
    pub(crate) fn contested(&self) -> impl Iterator<Item = &str> {
        self.contested.iter().map(|key| &**key)
    }

    /// The sequence that an op made, and the record whose it is.
    pub(crate) fn sequence(&self, history: &History, object: OpId) -> Option<(&Held, Slot<'_>)> {
        let page = self.page_of_key(history, *self.objects.get(&object)?);
        let held = page.sequence(object)?;
        Some((held, page.slot(held.record)))
    }

    /// The most lines of an index that a search for one of the records looks at.
    #[cfg(test)]
    pub(crate) fn longest_search(&self) -> usize {
        self.pages.iter().filter_map(PageCell::opened).map(Page::longest_search).max().unwrap_or(0)
    }

    /// Makes room for records that are about to come, so that no page is written and split again meanwhile.
    pub(crate) fn expect(&mut self, coming: Expected) {
        let is_empty = |cell: &PageCell| cell.opened().is_some_and(|page| page.len() == 0);
        if !matches!(self.pages.as_slice(), [only] if is_empty(only)) {
            return;
        }
        // Hashes do not fall evenly: pages that are three quarters full on average are rarely too full.
        let pages = coming.records / (self.page_records_max * 3 / 4).max(1);
        self.directory = Directory::even(pages);
        let pages = self.directory.depths.len();
        if pages > 1 {
            self.pages.clear();
            let share = coming.share(pages);
            self.pages.resize_with(pages, || PageCell::written(Page::with_room_for(&share)));
        }
    }

    fn put_page(&mut self, at: u32, page: Page) {
        if let Some(cell) = self.pages.get_mut(at as usize) {
            *cell = PageCell::written(page);
        }
    }

    /// Splits those of the pages `written` that grew too large; whether records moved.
    fn split_full_pages(&mut self, mut written: Vec<u32>) -> bool {
        let page_records_max = self.page_records_max;
        let is_full =
            |page: &Page| page.len() > page_records_max || page.len() > 1 && page.value_bytes() > PAGE_VALUE_BYTES_MAX;
        let mut moved = false;
        while let Some(at) = written.pop() {
            let Some(page) = self.pages.get(at as usize).and_then(PageCell::opened) else { continue };
            if is_full(page)
                && let Some((bit, new)) = self.directory.split(at)
            {
                let (zeros, ones) = (page.only(|hash| hash & bit == 0), page.only(|hash| hash & bit != 0));
                debug_assert_eq!(new as usize, self.pages.len());
                self.put_page(at, zeros);
                self.pages.push(PageCell::written(ones));
                written.extend([at, new]);
                moved = true;
            } else if let Some(page) = self.pages.get_mut(at as usize).and_then(PageCell::opened_mut) {
                page.shed_waste();
            }
        }
        moved
    }
}
