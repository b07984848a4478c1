//! A hash table of the records of a page, none of which ever goes.
//!
//! Where a search begins is told without a look at the table, and there it mostly ends, in one cache line: so the lines of many
//! searches are loaded together. Tables in which tags lie apart from what they are of make each search wait twice.

use std::collections::BTreeMap;

use super::NONE;
use crate::layout::Hashes;

/// Records in a line.
const LINE: usize = 8;

/// Lines that a search comes by at most. Tests of whole histories take fewer.
const PATH_LINES: usize = if cfg!(feature = "testing") { 1 } else { 16 };

/// What searches compare. The highest bits of the hash of the key chose the page, the lowest choose where searches begin; its
/// lower half is the other hash for most records.
fn tag(hashes: Hashes) -> u32 {
    tag_of_key(hashes.key) | hashes.own >> 12 & 0xffff
}

/// The half of a tag that is of the key.
fn tag_of_key(key_hash: u64) -> u32 {
    ((key_hash >> 28) as u32) << 16
}

/// Records whose searches come by here: those that are here lie in front.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line {
    tags: [u32; LINE],
    /// Positions of records, or `NONE`.
    at: [u32; LINE],
}

impl Line {
    const EMPTY: Self = Self { tags: [0; LINE], at: [NONE; LINE] };

    fn is_full(&self) -> bool {
        self.at.last() != Some(&NONE)
    }

    /// The positions of the records here whose tags agree with `tag` where `mask` is set.
    fn alike(&self, tag: u32, mask: u32) -> impl Iterator<Item = u32> {
        // All are compared before any is looked at: which of them it is, no processor guesses.
        let agree = |tags: u8, (nth, (own, at)): (usize, (&u32, &u32))| {
            tags | u8::from((own ^ tag) & mask == 0 && *at != NONE) << nth
        };
        let mut agreeing = self.tags.iter().zip(&self.at).enumerate().fold(0, agree);
        std::iter::from_fn(move || {
            let nth = agreeing.trailing_zeros() as usize;
            agreeing &= agreeing.wrapping_sub(1);
            self.at.get(nth).copied()
        })
    }
}

/// Positions of records, by their hashes.
#[derive(Clone, Default)]
pub(super) struct Index {
    /// As many as a power of two, or none.
    lines: Box<[Line]>,
    /// How many lie in lines.
    len: usize,
    far: Option<Box<Far>>,
}

/// Records that came when the lines were full by which searches for them come. Records of one key share all of these, and
/// whoever sends changes decides how many claim it.
#[derive(Clone, Default)]
struct Far {
    /// By the hashes of key and identity.
    positions: BTreeMap<(u64, u32), Vec<u32>>,
    len: usize,
}

impl Far {
    fn alike(&self, Hashes { key, own }: Hashes) -> impl Iterator<Item = u32> {
        self.positions.get(&(key, own)).into_iter().flatten().copied()
    }

    fn of_key(&self, key: u64) -> impl Iterator<Item = u32> {
        self.positions.range((key, 0)..=(key, u32::MAX)).flat_map(|(_, positions)| positions).copied()
    }

    fn all(&self) -> impl Iterator<Item = u32> {
        self.positions.values().flatten().copied()
    }

    fn put(&mut self, Hashes { key, own }: Hashes, at: u32) {
        self.positions.entry((key, own)).or_default().push(at);
        self.len += 1;
    }
}

impl Index {
    pub(super) fn with_capacity(records: usize) -> Self {
        let lines = if records == 0 { Vec::new() } else { vec![Line::EMPTY; lines_for(records)] };
        Self { lines: lines.into(), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.len + self.far.as_ref().map_or(0, |far| far.len)
    }

    /// Bytes that it takes up.
    pub(super) fn resident_bytes(&self) -> usize {
        let far = self.far.as_ref().map_or(0, |far| far.len);
        size_of_val(&*self.lines) + far * (size_of::<(u64, u32)>() + size_of::<Vec<u32>>())
    }

    /// A word of the line at which a search begins.
    pub(super) fn line(&self, key_hash: u64) -> usize {
        self.lines.get(self.first(key_hash)).map_or(0, |line| line.at[0] as usize)
    }

    /// The positions of all records that have these hashes, and seldom of another.
    #[inline]
    pub(super) fn alike(&self, hashes: Hashes) -> impl Iterator<Item = u32> {
        let tag = tag(hashes);
        let far = self.far.iter().flat_map(move |far| far.alike(hashes));
        self.path(hashes.key).flat_map(move |line| line.alike(tag, u32::MAX)).chain(far)
    }

    /// The positions of all records whose key has this hash, and seldom of another.
    pub(super) fn of_key(&self, key_hash: u64) -> impl Iterator<Item = u32> {
        let far = self.far.iter().flat_map(move |far| far.of_key(key_hash));
        self.path(key_hash).flat_map(move |line| line.alike(tag_of_key(key_hash), tag_of_key(u64::MAX))).chain(far)
    }

    /// Adds a record; `hashes_at` tells those of the ones that are there.
    pub(super) fn insert(&mut self, hashes: Hashes, at: u32, hashes_at: impl Fn(u32) -> Hashes) {
        if lines_for(self.len + 1) > self.lines.len() {
            let moved = std::mem::replace(self, Self::with_capacity(2 * self.len + 1));
            let in_lines = moved.lines.iter().flat_map(|line| line.at).filter(|at| *at != NONE);
            in_lines.chain(moved.far.iter().flat_map(|far| far.all())).for_each(|at| self.put(hashes_at(at), at));
        }
        self.put(hashes, at);
    }

    fn put(&mut self, hashes: Hashes, at: u32) {
        let line = self.path_at(hashes.key).find(|line| self.lines.get(*line).is_some_and(|line| !line.is_full()));
        let Some(line) = line.and_then(|line| self.lines.get_mut(line)) else {
            return self.far.get_or_insert_default().put(hashes, at);
        };
        let empty = line.at.iter_mut().zip(&mut line.tags).find(|(at, _)| **at == NONE);
        if let Some((empty, own)) = empty {
            (*empty, *own) = (at, tag(hashes));
            self.len += 1;
        }
    }

    /// The lines in which a record may lie whose key has this hash: up to the first that is not full.
    #[inline]
    fn path(&self, key_hash: u64) -> impl Iterator<Item = &Line> {
        let mut is_over = false;
        self.path_at(key_hash).map_while(move |at| {
            let line = self.lines.get(at).filter(|_| !is_over)?;
            is_over = !line.is_full();
            Some(line)
        })
    }

    /// How many lines a search for this hash looks at, at most.
    #[cfg(test)]
    pub(super) fn lines_searched(&self, key_hash: u64) -> usize {
        self.path(key_hash).count()
    }

    /// Where a search for this hash begins.
    fn first(&self, key_hash: u64) -> usize {
        key_hash as usize & self.lines.len().wrapping_sub(1)
    }

    /// Where the lines lie that a search for this hash comes by, ever farther apart.
    fn path_at(&self, key_hash: u64) -> impl Iterator<Item = usize> + use<> {
        let (lines, mut at) = (self.lines.len(), self.first(key_hash));
        (0..lines.min(PATH_LINES)).map(move |step| {
            #[cfg(test)]
            crate::steps::count(1);
            at = (at + step) & (lines - 1);
            at
        })
    }
}

/// How many lines so many records are spread over: three quarters full at most.
fn lines_for(records: usize) -> usize {
    (4 * records).div_ceil(3 * LINE).next_power_of_two()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hashes of which many share where searches for them begin, their tags, or all.
    fn any_hashes() -> impl Strategy<Value = Hashes> {
        let bits = |few: u64| prop_oneof![2 => 0..few, 1 => any::<u64>()];
        (bits(3), bits(3), bits(3)).prop_map(|(begin, key, own)| Hashes {
            key: begin & 0xfff | key << 28,
            own: (own as u32) << 12 | begin as u32 & 0xfff,
        })
    }

    proptest! {
        #[test]
        fn whatever_was_put_in_is_found_and_little_else(
            records in prop::collection::vec(any_hashes(), 0..400),
            room in 0..300usize,
            others in prop::collection::vec(any_hashes(), 20),
        ) {
            let mut index = Index::with_capacity(room);
            for (at, hashes) in records.iter().enumerate() {
                index.insert(*hashes, at as u32, |at| *records.get(at as usize).expect("one that was put in"));
            }
            prop_assert_eq!(index.len(), records.len());
            let all = |is_it: &dyn Fn(&Hashes) -> bool| -> Vec<u32> {
                (0..).zip(&records).filter(|(_, hashes)| is_it(hashes)).map(|(at, _)| at).collect()
            };
            let sorted = |found: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
                let mut found: Vec<u32> = found.collect();
                found.sort_unstable();
                found
            };
            for hashes in records.iter().chain(&others) {
                let alike = sorted(&mut index.alike(*hashes));
                prop_assert!(all(&|other| other == hashes).iter().all(|at| alike.contains(at)));
                prop_assert!(alike.iter().all(|at| records.get(*at as usize).is_some_and(|own| tag(*own) == tag(*hashes))));
                let of_key = sorted(&mut index.of_key(hashes.key));
                prop_assert!(all(&|other| other.key == hashes.key).iter().all(|at| of_key.contains(at)));
            }
        }
    }

    #[test]
    fn records_whose_hashes_are_all_one_are_found() {
        let (hashes, mut index) = (Hashes { key: 7 << 28, own: 7 << 12 }, Index::default());
        (0..2_000).for_each(|at| index.insert(hashes, at, |_| hashes));
        let mut found: Vec<u32> = index.alike(hashes).collect();
        found.sort_unstable();
        assert!(found.iter().copied().eq(0..2_000));
        assert_eq!(index.alike(Hashes { own: 0, ..hashes }).next(), None);
        assert_eq!(index.of_key(0).next(), None);
    }

    #[test]
    fn there_is_room_for_what_is_expected_and_not_much_more() {
        for records in [1, 5, 6, 7, 12, 13, 100, 768, 769, 1024] {
            let mut index = Index::with_capacity(records);
            let room = index.resident_bytes();
            (0..records as u32).for_each(|at| {
                index.insert(Hashes { key: u64::from(at), own: at }, at, |at| Hashes { key: u64::from(at), own: at });
            });
            assert_eq!(index.resident_bytes(), room, "{records}");
            assert!(room <= 64.max(records * 22), "{room} for {records}");
        }
        assert_eq!(Index::with_capacity(0).resident_bytes(), 0);
    }
}
