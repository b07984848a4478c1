//! The values of a page that lie together.
//!
//! A page that was read, copied or filled has no room left. What comes to it then goes beside what it has, which is moved only
//! once so much came that moving pays: a merge that adds a few bytes to every page must not move all of them.

use std::borrow::Borrow;

/// What runs are put into: bytes, or text.
pub(super) trait Room: Default + AsRef<[u8]> + Borrow<Self::Run> {
    type Run: ?Sized + AsRef<[u8]>;

    fn run(&self, from: usize, to: usize) -> Option<&Self::Run>;
    fn push(&mut self, run: &Self::Run);
    fn reserve_exact(&mut self, bytes: usize);
    fn capacity(&self) -> usize;

    fn bytes(&self) -> usize {
        self.as_ref().len()
    }
}

/// Runs that stay where they are, named by the position of their first byte.
#[derive(Clone, Default)]
pub(super) struct Arena<R> {
    settled: R,
    /// Lies behind what is settled.
    recent: R,
}

/// Up to here all bytes are settled at once.
const SMALL: usize = 4096;
/// What comes seldom comes alone.
const RECENT_MIN: usize = 512;

impl<R: Room> Arena<R> {
    pub(super) fn len(&self) -> usize {
        self.settled.bytes() + self.recent.bytes()
    }

    pub(super) fn capacity(&self) -> usize {
        self.settled.capacity() + self.recent.capacity()
    }

    /// The run of so many bytes at a position.
    #[inline]
    pub(super) fn get(&self, at: u64, bytes: usize) -> Option<&R::Run> {
        let (room, at) = self.room_of(at);
        room.run(at, at.checked_add(bytes)?)
    }

    /// The same as bytes, which are not looked at.
    #[inline]
    pub(super) fn bytes(&self, at: u64, bytes: usize) -> Option<&[u8]> {
        let (room, at) = self.room_of(at);
        room.as_ref().get(at..at.checked_add(bytes)?)
    }

    /// The byte behind which the next run is kept.
    pub(super) fn last_byte(&self) -> Option<u8> {
        self.recent.as_ref().last().or_else(|| self.settled.as_ref().last()).copied()
    }

    /// Where a position lies.
    #[inline]
    fn room_of(&self, at: u64) -> (&R, usize) {
        let at = at as usize;
        at.checked_sub(self.settled.bytes()).map_or((&self.settled, at), |at| (&self.recent, at))
    }

    /// Keeps a run and tells its position.
    #[inline]
    pub(super) fn keep(&mut self, run: &R::Run) -> u64 {
        let at = self.len() as u64;
        let has_room = self.settled.capacity() - self.settled.bytes() >= run.as_ref().len();
        if self.recent.bytes() == 0 && (has_room || self.settled.bytes() < SMALL) {
            self.settled.push(run);
        } else {
            if self.recent.bytes() == 0 {
                self.recent.reserve_exact(RECENT_MIN);
            }
            self.recent.push(run);
            if self.recent.bytes() > self.settled.bytes() / 2 {
                self.settle();
            }
        }
        at
    }

    fn settle(&mut self) {
        self.settled.reserve_exact(self.recent.bytes() + self.len() / 4);
        self.settled.push(std::mem::take(&mut self.recent).borrow());
    }
}

impl<R: Room> From<R> for Arena<R> {
    fn from(settled: R) -> Self {
        Self { settled, recent: R::default() }
    }
}

impl Room for Vec<u8> {
    type Run = [u8];

    #[inline]
    fn run(&self, from: usize, to: usize) -> Option<&[u8]> {
        self.get(from..to)
    }

    fn push(&mut self, run: &[u8]) {
        self.extend_from_slice(run);
    }

    fn reserve_exact(&mut self, bytes: usize) {
        Vec::reserve_exact(self, bytes);
    }

    fn capacity(&self) -> usize {
        Vec::capacity(self)
    }
}

impl Room for String {
    type Run = str;

    #[inline]
    fn run(&self, from: usize, to: usize) -> Option<&str> {
        self.get(from..to)
    }

    fn push(&mut self, run: &str) {
        self.push_str(run);
    }

    fn reserve_exact(&mut self, bytes: usize) {
        String::reserve_exact(self, bytes);
    }

    fn capacity(&self) -> usize {
        String::capacity(self)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_run_stays_where_it_is_whatever_comes_after_it() {
        for start in [0, 10, SMALL, 3 * SMALL] {
            let mut arena = Arena::from(vec![7; start]);
            let mut kept = vec![(0, vec![7; start])];
            for nth in 0..3000usize {
                let run: Vec<u8> = (0..nth % 23).map(|at| (nth + at) as u8).collect();
                kept.push((arena.keep(&run), run));
            }
            assert_eq!(arena.len(), kept.iter().map(|(_, run)| run.len()).sum::<usize>());
            for (at, run) in &kept {
                assert_eq!(arena.get(*at, run.len()).unwrap(), run.as_slice());
            }
            assert!(arena.get(arena.len() as u64, 1).is_none() && arena.get(u64::MAX, 2).is_none());
        }
    }

    #[test]
    fn a_little_that_comes_moves_nothing() {
        let mut arena = Arena::from(vec![0; 100_000].into_boxed_slice().into_vec());
        let before = arena.settled.as_ptr();
        (0..100).for_each(|nth| assert_eq!(arena.keep(&[1; 100]), 100_000 + nth * 100));
        assert_eq!(arena.settled.as_ptr(), before);
    }

    #[test]
    fn what_comes_is_moved_seldom_and_leaves_little_room() {
        for (start, run) in [(0, 1), (0, 100), (SMALL, 30), (100_000, 30), (100_000, 3_000)] {
            let mut arena = Arena::from(vec![7; start]);
            let (mut moved, mut lies, mut recent) = (0, arena.settled.as_ptr(), 0);
            for _ in 0..500_000 / run {
                arena.keep(&vec![1; run]);
                if arena.settled.as_ptr() != lies {
                    (moved, lies) = (moved + arena.settled.len(), arena.settled.as_ptr());
                }
                if arena.recent.capacity() != recent {
                    (moved, recent) = (moved + arena.recent.len(), arena.recent.capacity());
                }
                let room = arena.capacity() - arena.len();
                assert!(room <= arena.len() + SMALL, "{room} bytes beside {}", arena.len());
            }
            assert!(moved <= 8 * arena.len(), "{moved} bytes moved for {}", arena.len());
            assert!(arena.recent.len() <= arena.settled.len() / 2);
        }
    }
}
