//! Finding suffixes again. A change mostly has few, and comparing them is cheaper than hashing; of many, as anybody may write
//! them, comparing would be quadratic.

use hashbrown::HashTable;

use super::hash_key;

/// Suffixes up to which they are compared one by one.
const COMPARED_MAX: u32 = 16;

/// Positions of different suffixes, which lie with whoever asks.
#[derive(Default)]
pub(crate) struct SuffixIndex {
    /// Those that were asked for by hash: none while there are few.
    by_hash: HashTable<u32>,
}

impl SuffixIndex {
    /// The position of `suffix` among `count`, which `text` tells; what was there at the last call is there still.
    #[inline]
    pub(crate) fn find<'t>(&mut self, suffix: &[u8], count: usize, text: impl Fn(u32) -> &'t [u8]) -> Option<u32> {
        let count = count as u32;
        if count <= COMPARED_MAX {
            return (0..count).find(|at| text(*at) == suffix);
        }
        for new in self.by_hash.len() as u32..count {
            self.by_hash.insert_unique(hash_key(text(new)), new, |at| hash_key(text(*at)));
        }
        self.by_hash.find(hash_key(suffix), |at| text(*at) == suffix).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_suffixes_are_compared_and_many_are_found_by_hash() {
        let texts: Vec<String> = (0..3 * COMPARED_MAX).map(|n| format!(".field{n}")).collect();
        let text = |at: u32| texts.get(at as usize).map_or(&[][..], |text| text.as_bytes());
        let mut index = SuffixIndex::default();
        for count in 0..=texts.len() {
            for (at, suffix) in (0..).zip(&texts) {
                let expected = ((at as usize) < count).then_some(at);
                assert_eq!(index.find(suffix.as_bytes(), count, text), expected, "{suffix} among {count}");
            }
            assert_eq!(index.by_hash.is_empty(), count <= COMPARED_MAX as usize);
        }
    }
}
