//! Loading from memory the records that are about to be read.
//!
//! Where many records are looked up, that goes in stages, each for all of them, and before each the lines that it reads are loaded.

use super::Registers;
use super::page::Page;
use crate::ahead::load_ahead;
use crate::history::History;
use crate::layout::{EncodedKey, Hashes};

/// Where on its page, which is open, a record lies that has these hashes; its slot is loaded.
pub(super) fn find_alike(open: &[&Page], hashes: impl Iterator<Item = Hashes> + Clone) -> Vec<Option<u32>> {
    load_ahead(open.iter().map(|page| page.own_lines()));
    load_ahead(open.iter().zip(hashes.clone()).map(|(page, hashes)| page.index_line(hashes.key)));
    let alike: Vec<Option<u32>> = open.iter().zip(hashes).map(|(page, hashes)| page.find_alike(hashes)).collect();
    load_ahead(open.iter().zip(&alike).filter_map(|(page, at)| Some(page.slot_line((*at)?))));
    alike
}

impl Registers {
    /// Loads the records that have these encoded keys, which are about to be read one after the other.
    pub(super) fn load<'k>(&self, history: &History, keys: impl Iterator<Item = EncodedKey<'k>>) {
        let hashes: Vec<Hashes> = keys.map(EncodedKey::hashes).collect();
        let open: Vec<&Page> = hashes.iter().map(|hashes| self.page_of_key(history, hashes.key)).collect();
        let alike = find_alike(&open, hashes.iter().copied());
        let lies = || open.iter().zip(&alike).filter_map(|(page, at)| Some((page, (*at)?)));
        load_ahead(lies().map(|(page, at)| page.entry_lines(at)));
        lies().for_each(|(page, at)| page.touch(at));
    }
}
