//! Opening pages: from what was saved, or from the history where that is gone or damaged.

use std::sync::{Arc, OnceLock};

use super::cell::{Opened, PageCell};
use super::page::Page;
use super::{Registers, saved_page};
use crate::change::Decoded;
use crate::history::History;
use crate::layout::{self, hash_identity, hash_key};
use crate::saved::PageHash;

impl Registers {
    /// The page with this number, opened if need be.
    pub(super) fn page(&self, history: &History, number: u32) -> Option<&Page> {
        let cell = self.pages.get(number as usize)?;
        Some(cell.read(|| self.open(history, number, cell.hash(), history.changes().len() as u32)))
    }

    /// The page of the keys with this hash, opened if need be.
    pub(super) fn page_of_key(&self, history: &History, key_hash: u64) -> &Page {
        self.page(history, self.directory.page(key_hash)).expect("the directory names pages that are here")
    }

    /// The page to apply the change at `position` to.
    pub(super) fn page_mut(&mut self, history: &History, number: u32, position: u32) -> &mut Page {
        if let Some(cell) = self.pages.get(number as usize) {
            cell.read(|| self.open(history, number, cell.hash(), position));
        }
        if self.replayed.get().is_some_and(|replayed| replayed.0 != position) {
            self.replayed = OnceLock::new();
        }
        let cell = self.pages.get_mut(number as usize).expect("the directory names pages that are here");
        cell.write(|| unreachable!("it was just opened"))
    }

    /// Reads a saved page, or rebuilds it from the history below `end` where what was saved is gone or damaged.
    fn open(&self, history: &History, number: u32, hash: Option<PageHash>, end: u32) -> Opened {
        let bytes = hash.and_then(|hash| Some((hash, history.source()?.page(&hash)?)));
        let whole = bytes.filter(|(hash, bytes)| PageHash::of(bytes) == *hash);
        let page = whole.and_then(|(_, bytes)| saved_page::decode(&bytes, &self.paths, history));
        match page.filter(|page| page.keys().all(|key| self.directory.page(hash_key(key)) == number)) {
            Some(page) => Opened::Saved(page),
            None => Opened::Rebuilt(self.rebuild(history, number, end)),
        }
    }

    /// The records of one page as the changes below `end` leave them.
    fn rebuild(&self, history: &History, number: u32, end: u32) -> Page {
        assert!(!self.is_floor, "the source has the pages with which a trimmed history begins");
        let replayed = self.replayed.get_or_init(|| Arc::new((end, self.replay(history, end))));
        let replayed = match &**replayed {
            (at, registers) if *at == end => registers,
            _ => &self.replay(history, end),
        };
        let mut page = Page::default();
        let pages = replayed.pages.iter().filter_map(PageCell::opened);
        pages.for_each(|own| page.take_all(own, |hash| self.directory.page(hash) == number));
        page
    }

    /// Replays the changes below `end`.
    fn replay(&self, history: &History, end: u32) -> Registers {
        let mut registers = Registers::with_paths(self.paths.clone());
        if let Some(floor) = history.floor_registers() {
            registers.take_all(floor, history, |_| true);
        }
        for position in (0..end).filter(|position| !history.is_trimmed(*position)) {
            let bytes = history.bytes(position);
            let decoded = Decoded::read_accepted(&bytes, history.change(position).hash);
            registers.apply(history, position, (&decoded, &bytes), &|_| true);
        }
        // Numbers of registers that the index does not know would come to mean others.
        assert!(registers.paths.len() == self.paths.len(), "the index knows every register that its history sets");
        registers
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
    pub(super) fn take_all(&mut self, from: &Registers, history: &History, keep: impl Fn(u32) -> bool) {
        for record in from.ids(history) {
            let identity = from.slot(history, record).identity();
            if !keep(hash_identity(identity)) {
                continue;
            }
            let key = layout::key_of_identity(identity);
            let hash = hash_key(key);
            let number = self.directory.page(hash);
            let Some(own) = from.page(history, record.page) else { continue };
            if let Some(cell) = self.pages.get_mut(number as usize) {
                let page = cell.write(|| unreachable!("a copy has no saved pages"));
                if page.claimants(key, hash).next().is_some() {
                    self.contested.insert(key.into());
                }
                page.take(own, record.at);
                self.objects.extend(own.objects_of(record.at).map(|object| (object, hash)));
                if page.len() > self.page_records_max {
                    self.split_full_pages(vec![number]);
                }
            }
        }
    }
}
