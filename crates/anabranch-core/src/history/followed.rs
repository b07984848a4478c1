//! What followed each change: it tells without a walk whether some changes were all heads that there were at some time.
//!
//! Whoever reads a store again and again asks for what came since the heads that it had then. Where a device that is offline
//! keeps one head far back, a walk from these heads would pass all that came since.

/// Of every change, by position, what came behind it.
#[derive(Clone, Default)]
pub(super) struct Followed(Vec<Change>);

#[derive(Clone, Copy)]
struct Change {
    /// The first change that depends on it.
    first_child: u32,
    /// How many heads there were once it had come.
    heads: u32,
}

impl Followed {
    /// The next change came, which has these dependencies, and so many heads there are now.
    pub(super) fn push(&mut self, deps: &[u32], heads: usize) {
        let position = self.0.len() as u32;
        for dep in deps {
            if let Some(dep) = self.0.get_mut(*dep as usize) {
                dep.first_child = dep.first_child.min(position);
            }
        }
        self.0.push(Change { first_child: u32::MAX, heads: heads as u32 });
    }

    /// The number of changes of which these were all heads; `None` if there is none.
    pub(super) fn all_heads_of(&self, of: &[u32]) -> Option<u32> {
        let last = *of.iter().max()?;
        let change = |position: u32| self.0.get(position as usize);
        let were_heads = || of.iter().all(|position| change(*position).is_some_and(|own| own.first_child > last));
        let are_all = change(last)?.heads as usize == of.len() && are_distinct(of) && were_heads();
        are_all.then_some(last + 1)
    }
}

fn are_distinct(positions: &[u32]) -> bool {
    match positions {
        [] | [_] => true,
        [a, b] => a != b,
        many => {
            let mut sorted = many.to_vec();
            sorted.sort_unstable();
            sorted.windows(2).all(|pair| matches!(pair, [a, b] if a < b))
        }
    }
}
