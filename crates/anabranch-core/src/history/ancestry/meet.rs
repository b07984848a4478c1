//! What several points in history have in common: the changes that are in the past of all of them.

use std::collections::BTreeSet;

use super::{Ancestry, History};
use crate::heads::ChangeHash;
use crate::history::KnownHeads;

impl History {
    /// What is in the past of each of these sets of positions. One walk from the last of them down serves 64, so that many
    /// readers of a long and uneven history cost little more than one.
    pub(crate) fn meet(&self, of: &BTreeSet<&[u32]>) -> Ancestry {
        let Some(covered) = of.iter().map(|positions| self.covered_by(positions)).min() else {
            return Ancestry::default();
        };
        let end = of.iter().flat_map(|positions| positions.iter()).max().map_or(0, |last| last + 1);
        let mut in_all = vec![true; end.saturating_sub(covered) as usize];
        let readers: Vec<&[u32]> = of.iter().copied().collect();
        for group in readers.chunks(u64::BITS as usize) {
            self.keep_common(group, covered, &mut in_all);
        }
        let mut meet = Ancestry { covered, above: vec![0; in_all.len().div_ceil(64)] };
        for (position, _) in (covered..).zip(&in_all).filter(|(_, in_all)| **in_all) {
            meet.insert(position);
        }
        meet
    }

    /// Strikes from `kept`, which begins at position `from`, what is not in the past of each of up to 64 sets of positions.
    fn keep_common(&self, group: &[&[u32]], from: u32, kept: &mut [bool]) {
        // For each position, in whose pasts it is: a bit each.
        let mut pasts = vec![0u64; kept.len()];
        let mark = |pasts: &mut [u64], position: u32, readers: u64| {
            if let Some(past) = position.checked_sub(from).and_then(|at| pasts.get_mut(at as usize)) {
                *past |= readers;
            }
        };
        for (bit, positions) in group.iter().enumerate() {
            positions.iter().for_each(|position| mark(&mut pasts, *position, 1 << bit));
        }
        let all = u64::MAX >> (u64::BITS as usize - group.len());
        // A change's dependencies come before it: where the walk arrives, all that builds upon it was seen.
        for (at, kept) in kept.iter_mut().enumerate().rev() {
            let readers = pasts.get(at).copied().unwrap_or_default();
            *kept &= readers == all;
            if readers != 0 {
                let deps = &self.change(from + at as u32).deps;
                deps.iter().for_each(|dep| mark(&mut pasts, *dep, readers));
            }
        }
    }

    /// The heads of all changes in either set: those that nothing in there builds upon.
    pub(crate) fn heads_of_either(&self, one: &Ancestry, other: &Ancestry) -> KnownHeads {
        let is_in = |position: u32| one.contains(position) || other.contains(position);
        let mut is_head = vec![true; self.changes().len()];
        for (_, change) in (0..).zip(self.changes()).filter(|(position, _)| is_in(*position)) {
            for dep in &change.deps {
                if let Some(is_head) = is_head.get_mut(*dep as usize) {
                    *is_head = false;
                }
            }
        }
        let heads = (0..).zip(self.changes()).zip(&is_head).filter(|((position, _), head)| **head && is_in(*position));
        let mut heads: Vec<(ChangeHash, u32)> = heads.map(|((position, change), _)| (change.hash, position)).collect();
        debug_assert!(heads.iter().all(|(_, position)| self.ends_chain(*position)), "a chain is in a set as a whole");
        heads.sort_unstable();
        KnownHeads {
            heads: heads.iter().map(|(hash, _)| *hash).collect(),
            positions: heads.iter().map(|(_, at)| *at).collect(),
        }
    }
}
