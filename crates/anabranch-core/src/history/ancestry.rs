//! What came before what: sets of changes that are closed under dependencies.

use std::cell::OnceCell;

use super::History;

mod meet;

/// How many changes are walked to find out how far a change that joins others covers the history: a bound for histories
/// that were made to be uneven.
const JOIN_WALK_MAX: u32 = 1 << 14;

/// A set of changes that is closed under dependencies: everything below a position, and some changes above it.
///
/// Histories are long and mostly agreed upon, so the part that must be told one by one is short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ancestry {
    /// All changes below this position are in the set.
    covered: u32,
    /// The changes from there on, a bit each.
    above: Vec<u64>,
}

impl Ancestry {
    pub(crate) fn contains(&self, position: u32) -> bool {
        let Some(at) = position.checked_sub(self.covered) else { return true };
        self.above.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// All changes below this position are in the set; the one at it is not.
    pub(crate) fn covered(&self) -> u32 {
        self.covered
    }

    /// The positions below `end` that are not in the set, ascending.
    pub(crate) fn missing_below(&self, end: u32) -> impl Iterator<Item = u32> + '_ {
        (self.covered..end).filter(|position| !self.contains(*position))
    }

    fn insert(&mut self, position: u32) {
        if let Some(at) = position.checked_sub(self.covered)
            && let Some(word) = self.above.get_mut(at as usize / 64)
        {
            *word |= 1 << (at % 64);
        }
    }
}

impl History {
    /// Everything that these changes depend on, and themselves.
    pub(crate) fn ancestry(&self, of: &[u32]) -> Ancestry {
        let covered = self.covered_by(of);
        let end = of.iter().map(|position| position + 1).max().unwrap_or(0);
        let mut set = Ancestry { covered, above: vec![0; (end.saturating_sub(covered)).div_ceil(64) as usize] };
        of.iter().for_each(|position| set.insert(*position));
        // A change's dependencies come before it, so that one walk from the last to the first finds all.
        for position in (covered..end).rev() {
            if set.contains(position) {
                self.change(position).deps.iter().for_each(|dep| set.insert(*dep));
            }
        }
        set.shorten();
        set
    }

    /// The position below which all changes are surely in the past of these, or one of them.
    fn covered_by(&self, of: &[u32]) -> u32 {
        of.iter().map(|position| self.covered_with(*position)).max().unwrap_or(0)
    }

    /// The same for a change that depends on these: where it joins others, what lies between them is walked once.
    pub(super) fn covered_after(&self, deps: &[u32]) -> u32 {
        let covered = self.covered_by(deps);
        let end = deps.iter().map(|dep| dep + 1).max().unwrap_or(0);
        match deps {
            [_, _, ..] if end.saturating_sub(covered) <= JOIN_WALK_MAX => self.ancestry(deps).covered(),
            _ => covered,
        }
    }

    /// The position below which all changes are this one or came before it.
    fn covered_with(&self, position: u32) -> u32 {
        let covered = self.change(position).covered;
        if covered == position { position + 1 } else { covered }
    }
}

/// The past of some changes, those included; walked only if somebody asks for what lies in its uneven part.
pub(crate) struct Past<'h> {
    history: &'h History,
    of: Vec<u32>,
    covered: u32,
    walked: OnceCell<Ancestry>,
}

impl<'h> Past<'h> {
    pub(crate) fn of(history: &'h History, of: Vec<u32>) -> Self {
        Self { history, covered: history.covered_by(&of), of, walked: OnceCell::new() }
    }

    pub(crate) fn contains(&self, position: u32) -> bool {
        position < self.covered || self.walked.get_or_init(|| self.history.ancestry(&self.of)).contains(position)
    }
}

impl Ancestry {
    /// Counts what lies without a gap above the covered part into it.
    fn shorten(&mut self) {
        let full = self.above.iter().take_while(|word| **word == u64::MAX).count();
        let ones = self.above.get(full).map_or(0, |word| word.trailing_ones());
        let more = full as u32 * 64 + ones;
        if more == 0 {
            return;
        }
        let old = std::mem::take(self);
        let end = old.covered + old.above.len() as u32 * 64;
        self.covered = old.covered + more;
        self.above = vec![0; end.saturating_sub(self.covered).div_ceil(64) as usize];
        for position in self.covered..end {
            if old.contains(position) {
                self.insert(position);
            }
        }
        if self.above.iter().all(|word| *word == 0) {
            self.above.clear();
        }
    }
}
