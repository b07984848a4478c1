//! Whether a change lies in the past of others, without walking the whole history for each question.

use crate::history::History;

/// How many changes are walked to find out how far a change that joins others covers the history.
const JOIN_WALK_MAX: usize = 1 << 14;

/// For every change of a history, how much of it surely lies in its past.
#[derive(Clone, Default)]
pub(in crate::document) struct Past {
    /// All changes at smaller positions are in the past of the change. Honest histories are nearly linear, so this
    /// nearly always decides.
    covers: Vec<u32>,
    /// How many changes were walked where it did not.
    pub(in crate::document) steps: u64,
}

/// The past of a set of changes, those included.
pub(super) struct PastOf {
    deps: Vec<u32>,
    covers: u32,
    /// Which positions from `covers` on are in it; found when it is first asked.
    beyond: Option<Vec<bool>>,
}

impl Past {
    /// The past of these changes.
    pub(super) fn of(&mut self, deps: Vec<u32>, history: &History) -> PastOf {
        self.catch_up(history);
        PastOf { covers: self.covered_by(&deps), deps, beyond: None }
    }

    /// Takes note of what was added to the history.
    fn catch_up(&mut self, history: &History) {
        for position in self.covers.len()..history.changes().len() {
            let deps = &history.change(position as u32).deps;
            let mut covers = self.covered_by(deps);
            let region = position.saturating_sub(covers as usize);
            if deps.len() > 1 && region <= JOIN_WALK_MAX {
                self.steps += region as u64;
                let beyond = walk(history, deps, covers);
                covers += beyond.iter().take_while(|held| **held).count() as u32;
            }
            self.covers.push(covers);
        }
    }

    /// All positions below this are in the past of these changes, or are one of them.
    fn covered_by(&self, deps: &[u32]) -> u32 {
        let through = |dep: &u32| match self.covers.get(*dep as usize) {
            Some(covers) if covers == dep => dep + 1,
            covers => covers.copied().unwrap_or(0),
        };
        deps.iter().map(through).max().unwrap_or(0)
    }
}

impl PastOf {
    /// Whether the change at this position is in the past.
    pub(super) fn contains(&mut self, position: u32, history: &History, past: &mut Past) -> bool {
        let Some(at) = position.checked_sub(self.covers) else { return true };
        let beyond = self.beyond.get_or_insert_with(|| {
            let beyond = walk(history, &self.deps, self.covers);
            past.steps += beyond.len() as u64;
            beyond
        });
        beyond.get(at as usize).copied().unwrap_or(false)
    }
}

/// Which positions from `from` on are in the past of these changes, up to the last of them.
fn walk(history: &History, deps: &[u32], from: u32) -> Vec<bool> {
    let end = deps.iter().max().map_or(from, |last| (last + 1).max(from));
    let mut held = vec![false; (end - from) as usize];
    let hold = |held: &mut Vec<bool>, deps: &[u32]| {
        for at in deps.iter().filter_map(|dep| dep.checked_sub(from)) {
            if let Some(slot) = held.get_mut(at as usize) {
                *slot = true;
            }
        }
    };
    hold(&mut held, deps);
    for at in (0..held.len()).rev() {
        if held.get(at) == Some(&true) {
            hold(&mut held, &history.change(from + at as u32).deps);
        }
    }
    held
}
