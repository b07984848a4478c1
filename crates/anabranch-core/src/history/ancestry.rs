//! What came before what: sets of changes that are closed under dependencies.

use std::sync::OnceLock;

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
        if let Some(covered) = self.followed.all_heads_of(of) {
            return Ancestry { covered, above: Vec::new() };
        }
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
        match (deps, self.followed.all_heads_of(deps)) {
            (_, Some(all)) => all,
            ([_, _, ..], None) if end.saturating_sub(covered) <= JOIN_WALK_MAX => self.ancestry(deps).covered(),
            _ => covered,
        }
    }

    /// The line of the next change, which has these dependencies: it goes on with that of one that nothing followed yet.
    pub(super) fn line_after(&mut self, deps: &[u32]) -> u32 {
        let position = self.changes.len() as u32;
        for dep in deps.iter().rev() {
            let line = self.change(*dep).line;
            if let Some(end) = self.line_ends.get_mut(line as usize).filter(|end| **end == *dep) {
                *end = position;
                return line;
            }
        }
        self.line_ends.push(position);
        self.line_ends.len() as u32 - 1
    }

    /// Whether a change is surely `of` or came before it, being of one line with it.
    fn is_in_line(&self, position: u32, of: u32) -> bool {
        position <= of && self.change(position).line == self.change(of).line
    }

    /// The position below which all changes are this one or came before it.
    fn covered_with(&self, position: u32) -> u32 {
        let covered = self.change(position).covered;
        if covered == position { position + 1 } else { covered }
    }
}

/// The past of some changes, those included; walked only if somebody asks for what lies in its uneven part, and not in line
/// with one of them.
pub(crate) struct Past<'h> {
    history: &'h History,
    of: Vec<u32>,
    covered: u32,
    walked: OnceLock<Ancestry>,
}

impl<'h> Past<'h> {
    pub(crate) fn of(history: &'h History, of: Vec<u32>) -> Self {
        Self { history, covered: history.covered_by(&of), of, walked: OnceLock::new() }
    }

    pub(crate) fn contains(&self, position: u32) -> bool {
        position < self.covered
            || self.of.iter().any(|of| self.history.is_in_line(position, *of))
            || self.walked.get_or_init(|| self.history.ancestry(&self.of)).contains(position)
    }
}

impl Ancestry {
    /// Counts what lies without a gap above the covered part into it.
    fn shorten(&mut self) {
        let full = self.above.iter().take_while(|word| **word == u64::MAX).count();
        self.above.drain(..full);
        let ones = self.above.first().map_or(0, |word| word.trailing_ones());
        self.covered += full as u32 * 64 + ones;
        let mut higher = 0;
        for word in self.above.iter_mut().rev() {
            // Less than a whole word is full: all of them move down by so many bits.
            (*word, higher) = (*word >> ones | higher << 1 << (63 - ones), *word);
        }
        let used = self.above.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        self.above.truncate(used);
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    use super::super::Stored;
    use super::*;
    use crate::heads::ChangeHash;

    /// A history of changes that say nothing, of which these are the dependencies.
    fn history(deps: &[BTreeSet<u32>]) -> History {
        let mut history = History::default();
        for (position, deps) in (0u32..).zip(deps) {
            let deps: Box<[u32]> = deps.iter().copied().collect();
            let (covered, line) = (history.covered_after(&deps), history.line_after(&deps));
            let mut hash = ChangeHash([0; 32]);
            hash.0[..4].copy_from_slice(&position.to_le_bytes());
            history.link(hash, position, &deps);
            history.changes.push(Stored {
                hash,
                bytes: None,
                is_trimmed: false,
                start_op: 1,
                ops: 0,
                deps,
                covered,
                line,
                touched: Box::default(),
                names: OnceLock::new(),
            });
        }
        history
    }

    /// For every change some that came before it, mostly late ones.
    fn dependencies() -> impl Strategy<Value = Vec<BTreeSet<u32>>> {
        let backs = prop::collection::vec(prop::collection::vec(prop_oneof![3 => 1..4u32, 1 => 1..60u32], 0..3), 1..60);
        backs.prop_map(|backs| {
            let deps = |(at, backs): (u32, Vec<u32>)| backs.iter().filter_map(|back| at.checked_sub(*back)).collect();
            (0..).zip(backs).map(deps).collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_covered_is_no_longer_told_one_by_one(
            covered in 0..100u32,
            above in prop::collection::vec(prop_oneof![Just(u64::MAX), Just(0), any::<u64>(), (0..64u32).prop_map(|ones| (1 << ones) - 1)], 0..6),
        ) {
            let long = Ancestry { covered, above };
            let mut short = long.clone();
            short.shorten();
            for position in 0..covered + 64 * 6 + 1 {
                prop_assert_eq!(short.contains(position), long.contains(position), "{}", position);
            }
            prop_assert!(!short.contains(short.covered()) && short.above.last() != Some(&0));
        }

        #[test]
        fn heads_of_any_time_are_known_as_all_that_there_were_and_nothing_else_is(
            deps in dependencies(),
            of in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let history = history(&deps);
            let heads_of = |count: u32| -> Vec<u32> {
                let is_head = |at: &u32| !deps.iter().take(count as usize).any(|deps| deps.contains(at));
                (0..count).filter(is_head).collect()
            };
            for count in 1..=deps.len() as u32 {
                let mut heads = heads_of(count);
                heads.reverse();
                prop_assert_eq!(history.followed.all_heads_of(&heads), Some(count));
            }
            let mut of: Vec<u32> = of.iter().map(|of| of.index(deps.len()) as u32).collect();
            let told = history.followed.all_heads_of(&of);
            of.sort_unstable();
            let count = of.last().map(|last| last + 1);
            prop_assert_eq!(told, count.filter(|count| heads_of(*count) == of));
        }

        #[test]
        fn the_past_is_what_dependencies_lead_to(deps in dependencies(), of in prop::collection::vec(any::<prop::sample::Index>(), 1..3)) {
            let history = history(&deps);
            let of: Vec<u32> = of.iter().map(|of| of.index(deps.len()) as u32).collect();
            let mut expected: BTreeSet<u32> = of.iter().copied().collect();
            for position in (0..deps.len() as u32).rev() {
                if expected.contains(&position) {
                    expected.extend(&deps[position as usize]);
                }
            }
            let (past, ancestry) = (Past::of(&history, of.clone()), history.ancestry(&of));
            for position in 0..deps.len() as u32 {
                prop_assert_eq!(past.contains(position), expected.contains(&position), "{} of {:?}", position, of);
                prop_assert_eq!(ancestry.contains(position), expected.contains(&position), "{} of {:?}", position, of);
            }
        }
    }
}
