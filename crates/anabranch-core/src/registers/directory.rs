//! Which page holds a key: extendible hashing (Fagin, Nievergelt, Pippenger and Strong, 1979).

/// Bits of the hash that may tell pages apart: a page that does not split by then grows instead.
pub(super) const DEPTH_MAX: u8 = 20;

/// The page of every prefix of a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// How many of the hash's highest bits are looked at.
    pub(super) depth: u8,
    /// The page of every value of these bits.
    pub(super) pages: Vec<u32>,
    /// How many bits tell each page from the others.
    pub(super) depths: Vec<u8>,
}

impl Default for Directory {
    fn default() -> Self {
        Self { depth: 0, pages: vec![0], depths: vec![0] }
    }
}

impl Directory {
    /// At least so many pages, or as many as there may be, each for as many prefixes.
    pub(super) fn even(pages: usize) -> Self {
        let depth = pages.next_power_of_two().ilog2().min(u32::from(DEPTH_MAX)) as u8;
        let pages = 1 << depth;
        Self { depth, pages: (0..pages).collect(), depths: vec![depth; pages as usize] }
    }

    /// The page of a hash.
    pub(super) fn page(&self, hash: u64) -> u32 {
        let prefix = if self.depth == 0 { 0 } else { hash >> (64 - self.depth) };
        *self.pages.get(prefix as usize).expect("there is a page for every prefix")
    }

    /// Whether every page is reached by exactly the prefixes that its depth says.
    pub(super) fn is_sound(&self) -> bool {
        let mut reached = vec![0u64; self.depths.len()];
        for page in &self.pages {
            match reached.get_mut(*page as usize) {
                Some(count) => *count += 1,
                None => return false,
            }
        }
        let is_whole = |(own, count): (&u8, &u64)| *own <= self.depth && *count == 1 << (self.depth - own);
        // Prefixes of one page lie beside each other.
        let mut runs = self.pages.clone();
        runs.dedup();
        self.pages.len() == 1 << self.depth
            && self.depths.iter().zip(&reached).all(is_whole)
            && runs.len() == reached.len()
    }

    /// Splits a page in two by one more bit, which is returned with the number of the page for the hashes that have it.
    pub(super) fn split(&mut self, page: u32) -> Option<(u64, u32)> {
        let own = *self.depths.get(page as usize)?;
        if own >= DEPTH_MAX {
            return None;
        }
        if own == self.depth {
            self.depth += 1;
            self.pages = self.pages.iter().flat_map(|page| [*page, *page]).collect();
        }
        let new = self.depths.len() as u32;
        let bit = self.depth - own - 1;
        for (prefix, slot) in self.pages.iter_mut().enumerate() {
            if *slot == page && prefix >> bit & 1 == 1 {
                *slot = new;
            }
        }
        if let Some(depth) = self.depths.get_mut(page as usize) {
            *depth = own + 1;
        }
        self.depths.push(own + 1);
        Some((1 << (63 - own), new))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_hash_keeps_a_page_that_its_bits_lead_to() {
        let mut directory = Directory::default();
        let hashes: Vec<u64> = (0..5000u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        for split in 0..200 {
            let before: Vec<u32> = hashes.iter().map(|hash| directory.page(*hash)).collect();
            let page = before[split * 13 % before.len()];
            let (bit, new) = directory.split(page).unwrap();
            for (hash, before) in hashes.iter().zip(before) {
                let expected = if before == page && hash & bit != 0 { new } else { before };
                assert_eq!(directory.page(*hash), expected);
            }
        }
    }

    #[test]
    fn pages_made_at_once_are_those_that_splits_make() {
        for (asked, depth) in [(0, 0), (1, 0), (2, 1), (3, 2), (130, 8)] {
            let even = Directory::even(asked);
            assert_eq!((even.depth, even.pages.len(), even.is_sound()), (depth, 1 << depth, true));
        }
        assert_eq!(Directory::even(0), Directory::default());
        assert_eq!(Directory::even(1 << 30).depth, DEPTH_MAX);
    }

    #[test]
    fn a_page_whose_hashes_are_all_alike_is_not_split_for_ever() {
        let mut directory = Directory::default();
        assert_eq!((0..100).filter(|_| directory.split(0).is_some()).count(), usize::from(DEPTH_MAX));
        assert_eq!(directory.page(0), 0);
    }

    #[test]
    fn a_directory_that_no_splits_make_is_not_sound() {
        let mut directory = Directory::default();
        for split in 0..20 {
            directory.split(split * 7 % (split + 1)).unwrap();
            assert!(directory.is_sound());
            let is_sound = |change: &dyn Fn(&mut Directory)| {
                let mut changed = directory.clone();
                change(&mut changed);
                changed.is_sound()
            };
            let pages = directory.depths.len();
            assert!(!is_sound(&|directory| directory.depths.push(directory.depth)), "a page that nothing leads to");
            assert!(!is_sound(&|directory| directory.depths.truncate(pages - 1)), "a page that is not there");
            assert!(!is_sound(&|directory| directory.depth += 1), "half of the prefixes");
            assert!(!is_sound(&|directory| directory.pages.push(0)), "a prefix too many");
            for page in 0..pages {
                assert!(!is_sound(&|directory| directory.depths[page] += 1));
                assert!(!is_sound(&|directory| directory.depths[page] = DEPTH_MAX + 1));
                assert!(directory.depths[page] == 0 || !is_sound(&|directory| directory.depths[page] -= 1));
            }
            for prefix in 0..directory.pages.len() {
                let others = (0..=pages as u32).filter(|page| *page != directory.pages[prefix]);
                others.for_each(|page| assert!(!is_sound(&|directory| directory.pages[prefix] = page)));
            }
        }
        // Every page is reached as often as it should be, but not by prefixes that lie beside each other.
        let torn = Directory { depth: 2, pages: vec![0, 1, 0, 1], depths: vec![1, 1] };
        assert!(!torn.is_sound());
    }
}
