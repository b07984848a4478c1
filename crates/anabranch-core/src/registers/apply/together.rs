//! Applying changes together: pages share nothing, so that several cores may write to them at once.

use super::record::Identity;
use super::setter::{Noted, Setter};
use super::{Resolved, Said, SetOp, Touched};
use crate::change::NamedRecord;
use crate::history::History;
use crate::parallel;
use crate::registers::cell::PageCell;
use crate::registers::directory::Directory;
use crate::registers::page::Page;
use crate::registers::{PAGE_VALUE_BYTES_MAX, Registers};

/// What comes to one page.
#[derive(Clone, Copy, Default)]
struct Coming {
    records: usize,
    /// Those that may be new, and bytes of all values.
    new_records: usize,
    value_bytes: usize,
}

/// The changes that are applied together, and which pages may have to split meanwhile.
struct Together<'t> {
    history: &'t History,
    changes: &'t [Resolved<'t>],
    may_split: &'t [bool],
}

impl Registers {
    /// Applies changes that follow each other and have nothing to do with sequences. Everything is as if they were applied
    /// one by one: pages that may have to split meanwhile are written by one thread, change by change, the others by as many
    /// as there are, each of which goes through all changes and writes what comes to its own pages.
    pub(crate) fn apply_together(&mut self, history: &History, said: &[Said<'_>]) -> Vec<Touched> {
        let Some(first) = said.first() else { return Vec::new() };
        let changes: Vec<Resolved<'_>> = said.iter().map(|said| self.resolve(history, *said)).collect();
        let page_records_max = self.page_records_max;
        let mut may_split = Vec::with_capacity(self.pages.len());
        for (number, coming) in (0..).zip(self.coming(&changes)) {
            may_split.push(
                coming.records > 0
                    && coming.may_split(self.page_mut(history, number, first.position), page_records_max),
            );
        }
        let together = Together { history, changes: &changes, may_split: &may_split };
        let pages_of_part = self.pages.len().div_ceil(parallel::parts());
        let (directory, parts) = (&self.directory, self.pages.chunks_mut(pages_of_part));
        let parts = (0..).step_by(pages_of_part).zip(parts).collect();
        let noted = parallel::map(parts, true, |(first, cells)| together.write(directory, first, cells));
        let mut keys_moved = noted.into_iter().fold(false, |moved, noted| self.take_noted(noted) | moved);
        keys_moved |= may_split.contains(&true) && self.write_one_by_one(&together);
        let touched = said.iter().map(|said| {
            let mut records: Vec<u32> = said.located.names.records.iter().map(|record| record.hashes.own).collect();
            records.sort_unstable();
            records.dedup();
            Touched { records, keys_moved }
        });
        touched.collect()
    }

    /// What comes to each page.
    fn coming(&self, changes: &[Resolved<'_>]) -> Vec<Coming> {
        let mut coming = vec![Coming::default(); self.pages.len()];
        for Resolved { said: Said { decoded, located, .. }, .. } in changes {
            let mut known = located.records.iter().map(Option::is_some).chain(std::iter::repeat(false));
            for (named, ops) in located.names.runs() {
                let page = self.directory.page(named.hashes.key);
                let is_known = known.next().unwrap_or_default();
                let Some(coming) = coming.get_mut(page as usize) else { continue };
                let values = decoded.ops.get(ops).unwrap_or_default().iter().map(|op| op.value_bytes as usize);
                coming.records += 1;
                coming.new_records += usize::from(!is_known);
                coming.value_bytes += values.sum::<usize>();
            }
        }
        coming
    }

    /// Writes what comes to pages that may split meanwhile, change by change; whether keys may have moved.
    fn write_one_by_one(&mut self, together: &Together<'_>) -> bool {
        let mut keys_moved = false;
        for change in together.changes {
            let position = change.said.position;
            let mut setter = Setter::new(together.history, position);
            let mut written = Vec::new();
            for (at, (named, ops)) in change.said.located.names.runs().enumerate() {
                let number = self.directory.page(named.hashes.key);
                if together.may_split(number) {
                    written.push(number);
                    let page = self.page_mut(together.history, number, position);
                    change.set_record(&mut setter, (number, page), (at, named), ops);
                }
            }
            keys_moved |= self.take_noted(setter.finish());
            keys_moved |= self.split_full_pages(written);
        }
        keys_moved
    }
}

impl Coming {
    /// Whether the page may have to split before all of it is written.
    fn may_split(&self, page: &Page, page_records_max: usize) -> bool {
        let records = page.len() + self.new_records;
        let value_bytes = page.values.len() + self.value_bytes;
        // Of an overwritten sequence more may be kept than comes.
        records > page_records_max || records > 1 && value_bytes > PAGE_VALUE_BYTES_MAX || !page.sequences.is_empty()
    }
}

impl Together<'_> {
    /// Whether the page is one that may split, or came from one.
    fn may_split(&self, number: u32) -> bool {
        self.may_split.get(number as usize).copied().unwrap_or(true)
    }

    /// Writes what comes to those of the pages from `first` on that do not split meanwhile.
    fn write(&self, directory: &Directory, first: u32, cells: &mut [PageCell]) -> Noted {
        let mut setter = Setter::new(self.history, 0);
        let mut written = Vec::new();
        for change in self.changes {
            setter.begin_change(change.said.position);
            for (at, (named, ops)) in change.said.located.names.runs().enumerate() {
                let number = directory.page(named.hashes.key);
                let Some(own) = number.checked_sub(first).filter(|_| !self.may_split(number)) else { continue };
                let Some(page) = cells.get_mut(own as usize).and_then(PageCell::opened_mut) else { continue };
                change.set_record(&mut setter, (number, page), (at, named), ops);
                written.push(own);
            }
            for own in written.drain(..) {
                cells.get_mut(own as usize).and_then(PageCell::opened_mut).map(Page::shed_waste);
            }
        }
        setter.finish()
    }
}

impl Resolved<'_> {
    /// Sets the registers of the record at a position, which lies on this page, by these ops.
    fn set_record(
        &self,
        setter: &mut Setter<'_>,
        (number, page): (u32, &mut Page),
        (at, named): (usize, &NamedRecord),
        ops: std::ops::Range<usize>,
    ) {
        let Said { decoded, bytes, located, .. } = self.said;
        let lies = located.records.get(at).copied().flatten().and_then(|lies| lies.on(number));
        let identity = Identity { bytes: named.identity_bytes(bytes), hashes: named.hashes };
        setter.begin_record(page, identity, lies, self.counter(ops.start));
        for (at, op) in ops.clone().zip(decoded.ops.get(ops).unwrap_or_default()) {
            let SetOp { register: (path, lies), value, preds } = self.op(at, op);
            let counter = self.counter(at);
            if !setter.set_new(path, counter, value) {
                setter.set(page, (path, lies), counter, value, self.preds(preds));
            }
        }
        setter.end_record(page);
    }
}
