//! Taking a chain that was checked: it becomes part of the history, and its ops set registers.

use std::sync::Arc;

use super::guard::{CheckedChain, CheckedChange};
use super::{ApplyOutcome, Document};
use crate::commit::plan::Plan;
use crate::document::ChangeBytes;
use crate::layout::{self, hash_identity};
use crate::limits;
use crate::parallel::{self, OPS_TOGETHER};
use crate::registers::{Expected, Located, Said, Touched};

/// What the changes of a chain did together.
#[derive(Default)]
struct Effects {
    keys_moved: bool,
    schema_touched: bool,
}

impl Document {
    /// Takes a checked chain; its ops are those of `plain` where there is such a plan, else they are decoded.
    pub(super) fn push_chain(&mut self, chain: &CheckedChain, plain: Option<&Plan>, outcome: &mut ApplyOutcome) {
        let first = self.history.push_chain(chain);
        let paths = self.registers.paths.len();
        self.registers.expect(plain.map_or_else(|| expected(chain), Plan::expected));
        let mut effects = Effects::default();
        match plain {
            Some(plan) => self.apply_plan(first, chain.changes(), plan, &mut effects),
            None => self.apply_decoded(first, chain.changes(), &mut effects),
        }
        outcome.applied.extend(chain.changes().iter().map(|change| ChangeBytes::of(change)));
        let Effects { keys_moved, schema_touched } = effects;
        let paths_came = self.registers.paths.len() > paths;
        let is_stale = |rules: &Arc<crate::view::Rules>| {
            schema_touched
                || keys_moved && self.registers.contested().next().is_some()
                || paths_came && rules.names_policies()
        };
        if self.rules.get().is_some_and(is_stale) {
            self.rules = Default::default();
        }
    }

    /// Remembers what applying a change did.
    fn note(&mut self, position: u32, touched: Touched, effects: &mut Effects) {
        effects.keys_moved |= touched.keys_moved;
        effects.schema_touched |= touched.records.binary_search(&hash_identity(layout::SCHEMA_IDENTITY)).is_ok();
        self.history.note_touched(position, touched.records);
    }

    /// Applies the changes of the history that a plain plan became.
    fn apply_plan(&mut self, first: u32, changes: &[CheckedChange], plan: &Plan, effects: &mut Effects) {
        let (mut ops, mut from) = (plan.plain_ops(), 0);
        for (position, change) in (first..).zip(changes) {
            let count = change.op_count();
            let to = from + count;
            let said = (plan.identities_first_in(from..to), ops.by_ref().take(count as usize));
            let touched = self.registers.apply_plain(&self.history, position, said);
            self.note(position, touched, effects);
            from = to;
        }
    }

    /// Applies changes of the history as they are decoded.
    fn apply_decoded(&mut self, mut position: u32, changes: &[CheckedChange], effects: &mut Effects) {
        for together in together(changes) {
            let next = position + together.len() as u32;
            if parallel::is_worth_ops(op_count(together)) {
                let touched = self.apply_together(position, together);
                (position..).zip(touched).for_each(|(position, touched)| self.note(position, touched, effects));
            } else {
                for (position, change) in (position..).zip(together) {
                    let touched = self.apply_one(position, change);
                    self.note(position, touched, effects);
                }
            }
            position = next;
        }
    }

    /// Applies a change of the history.
    fn apply_one(&mut self, position: u32, change: &CheckedChange) -> Touched {
        let (decoded, bytes) = (&*change.decoded(), &**change.bytes());
        match change.located() {
            Some(located) => {
                let said = Said { position, decoded, bytes, located };
                self.registers.apply_located(&self.history, said, &|_| true)
            }
            None => self.registers.apply(&self.history, position, (decoded, bytes), &|_| true),
        }
    }

    /// Applies changes that follow each other in the history, on several cores unless some have to do with sequences.
    fn apply_together(&mut self, first: u32, changes: &[CheckedChange]) -> Vec<Touched> {
        let read = parallel::map(changes.iter().collect(), true, |change| {
            let decoded = change.decoded();
            let cut = change.located().is_none().then(|| Located::cut(&decoded, change.bytes()));
            (decoded, cut)
        });
        let said = (first..).zip(changes).zip(&read).filter_map(|((position, change), (decoded, cut))| {
            Some(Said { position, decoded, bytes: change.bytes(), located: change.located().or(cut.as_ref())? })
        });
        let said: Vec<Said<'_>> = said.collect();
        match said.iter().any(|said| said.decoded.has_sequences()) {
            true => said.iter().map(|said| self.registers.apply_located(&self.history, *said, &|_| true)).collect(),
            false => self.registers.apply_together(&self.history, &said),
        }
    }
}

/// Changes that follow each other, cut into those that are applied together.
fn together(changes: &[CheckedChange]) -> impl Iterator<Item = &[CheckedChange]> {
    let mut rest = changes;
    std::iter::from_fn(move || {
        let mut ops = 0;
        let fits = |change: &&CheckedChange| {
            ops += change.op_count() as usize;
            ops <= OPS_TOGETHER
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let together;
        (together, rest) = rest.split_at_checked(count)?;
        Some(together)
    })
}

/// What a chain brings at most, told without a look into its changes.
fn expected(chain: &CheckedChain) -> Expected {
    let ops = op_count(chain.changes());
    let records = chain.changes().len() * limits::RECORDS_PER_CHANGE;
    Expected { records: records.min(ops), ops, ..Expected::default() }
}

fn op_count(changes: &[CheckedChange]) -> usize {
    changes.iter().map(|change| change.op_count() as usize).sum()
}
