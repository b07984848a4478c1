//! The register index as a saved document's index names it (FORMAT.md §8.1): paths, pages, contested keys.

use std::sync::{Arc, OnceLock};

use super::cell::PageCell;
use super::directory::Directory;
use super::{Paths, Registers, read_id, saved_page, write_id};
use crate::layout;
use crate::saved::{PageHash, Reader, Writer};

impl Registers {
    /// Encodes the pages that were written since they were saved, with the number of each.
    pub(crate) fn written_pages(&self) -> Vec<(u32, PageHash, Arc<[u8]>)> {
        let written = (0..).zip(&self.pages).filter(|(_, cell)| cell.hash().is_none());
        let encoded = written.filter_map(|(number, cell)| {
            let bytes: Arc<[u8]> = saved_page::encode(cell.opened()?).into();
            Some((number, PageHash::of(&bytes), bytes))
        });
        encoded.collect()
    }

    /// Takes it that pages are saved now.
    pub(crate) fn note_saved(&mut self, pages: &[PageHash]) {
        self.pages.iter_mut().zip(pages).for_each(|(cell, hash)| cell.note_saved(*hash));
    }

    /// Writes everything but the pages, which are named by `hashes` where they were written since.
    pub(crate) fn write(&self, hashes: &[(u32, PageHash)], writer: &mut Writer) -> Vec<PageHash> {
        writer.number(self.paths.len() as u64);
        self.paths.infos().iter().for_each(|info| writer.bytes(info.suffix.as_bytes()));
        writer.number(self.contested.len() as u64);
        self.contested.iter().for_each(|key| writer.bytes(key.as_bytes()));
        let mut objects: Vec<_> = self.objects.iter().collect();
        objects.sort_unstable();
        writer.number(objects.len() as u64);
        for (object, hash) in objects {
            write_id(*object, writer);
            writer.fixed(&hash.to_le_bytes());
        }
        self.directory.write(writer);
        let mut written = hashes.iter();
        let mut next = written.next();
        let mut names = Vec::with_capacity(self.pages.len());
        for (number, cell) in (0..).zip(&self.pages) {
            let new = next.filter(|(at, _)| *at == number).map(|(_, hash)| *hash);
            if new.is_some() {
                next = written.next();
            }
            let hash = new.or(cell.hash()).expect("a page was saved before or is saved now");
            writer.fixed(&hash.0);
            names.push(hash);
        }
        names
    }

    /// Reads what [`Self::write`] wrote; no page is opened yet.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut paths = Paths::default();
        for at in 0..reader.count(1)? {
            let path = paths.intern(reader.text()?);
            paths.info(path).holds.filter(|_| path as usize == at)?;
        }
        let mut registers = Self::with_paths(Arc::new(paths));
        for _ in 0..reader.count(1)? {
            let key = reader.text()?;
            layout::read_identity(key).filter(|identity| identity.actor.is_none())?;
            registers.contested.insert(key.into());
        }
        for _ in 0..reader.count(10)? {
            let object = read_id(reader)?;
            registers.objects.insert(object, u64::from_le_bytes(reader.fixed()?));
        }
        let (directory, pages) = Directory::read(reader)?;
        registers.directory = directory;
        registers.pages.clear();
        for _ in 0..pages {
            registers.pages.push(PageCell::saved(PageHash(reader.fixed()?)));
        }
        Some(registers)
    }

    /// Closes saved pages that were not asked for lately, until the open ones fit `budget` bytes or none is left to close.
    pub(crate) fn evict(&mut self, budget: usize) -> usize {
        self.replayed = OnceLock::new();
        let mut resident = self.resident_bytes();
        for _ in 0..2 {
            for cell in &mut self.pages {
                if resident <= budget {
                    return resident;
                }
                resident -= cell.evict().min(resident);
            }
        }
        resident
    }

    /// Bytes that the open pages occupy, about.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.pages.iter().filter_map(PageCell::opened).map(super::Page::resident_bytes).sum()
    }
}

impl Directory {
    fn write(&self, writer: &mut Writer) {
        writer.number(self.depth);
        writer.number(self.depths.len() as u64);
        writer.fixed(&self.depths);
        self.pages.iter().for_each(|page| writer.number(*page));
    }

    /// The directory, and how many pages it names: none before the first record.
    fn read(reader: &mut Reader<'_>) -> Option<(Self, usize)> {
        let depth = u8::try_from(reader.number()?).ok().filter(|depth| *depth <= super::directory::DEPTH_MAX)?;
        let count = reader.count(1)?;
        let depths = reader.take(count)?.to_vec();
        if (1usize << depth) > reader.rest() {
            return None;
        }
        let pages = (0..1u32 << depth).map(|_| reader.number()).collect::<Option<Vec<_>>>()?;
        let directory = Self { depth, pages, depths };
        directory.is_sound().then_some((directory, count))
    }
}
