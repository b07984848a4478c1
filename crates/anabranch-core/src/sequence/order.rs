//! The order of a sequence's elements, deleted ones included: runs of elements that one actor inserted one after the
//! other, in blocks, found by the ids of their ops.

use std::collections::BTreeMap;

use super::OpId;
use super::content::Content;
use crate::change::ActorId;

/// Elements of a run, so that cutting one into two costs little.
const RUN_ELEMENTS_MAX: u32 = 1024;
/// Runs of a block, so that inserting one moves few.
const BLOCK_RUNS_MAX: usize = 64;

/// Elements that follow each other in the sequence, in the counters of their ops and in the content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The id of the first.
    pub(super) id: OpId,
    pub(super) length: u32,
    /// Where the content of the first lies, and how much that of all takes.
    pub(super) at: u32,
    pub(super) size: u32,
    pub(super) is_visible: bool,
}

/// All runs in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    blocks: Vec<Block>,
    /// The blocks in the order of their elements, and the position of each in that order.
    order: Vec<u32>,
    places: Vec<u32>,
    /// The block of every run, by actor and counter of its first element.
    index: BTreeMap<OpId, u32>,
    /// Where the last element was inserted: the next one mostly follows it.
    last: Option<Gap>,
}

#[derive(Clone, Debug, Default)]
struct Block {
    runs: Vec<Run>,
}

/// A place between elements: in a run, behind so many of its elements.
#[derive(Clone, Copy, Debug)]
struct Gap {
    block: u32,
    run: usize,
    elements: u32,
}

/// How much of the content of a run its first elements take.
type SizeOf<'s> = &'s dyn Fn(&Run, u32) -> u32;

impl Run {
    pub(super) fn ids(&self) -> impl Iterator<Item = OpId> + use<> {
        let OpId { actor, counter } = self.id;
        (counter..counter + self.length).map(move |counter| OpId { actor, counter })
    }

    fn id_at(&self, elements: u32) -> OpId {
        OpId { actor: self.id.actor, counter: self.id.counter + elements }
    }

    /// Whether `next` continues this run in every respect.
    fn continues_with(&self, next: &Run) -> bool {
        self.id_at(self.length) == next.id
            && self.at + self.size == next.at
            && self.is_visible == next.is_visible
            && self.length + next.length <= RUN_ELEMENTS_MAX
    }

    /// Cuts the run behind its first `elements`, which stay.
    fn split_off(&mut self, elements: u32, size_of: SizeOf<'_>) -> Run {
        let size = size_of(self, elements);
        let rest = Run {
            id: self.id_at(elements),
            length: self.length - elements,
            at: self.at + size,
            size: self.size - size,
            is_visible: self.is_visible,
        };
        (self.length, self.size) = (elements, size);
        rest
    }
}

impl Order {
    /// The order that these runs make up; `None` if two of them hold one element, or one is longer than runs are.
    pub(super) fn of_runs(runs: Vec<Run>) -> Option<Self> {
        let mut order = Self::default();
        for (number, own) in runs.chunks(BLOCK_RUNS_MAX / 2).enumerate() {
            order.index.extend(own.iter().map(|run| (run.id, number as u32)));
            order.blocks.push(Block { runs: own.to_vec() });
            order.order.push(number as u32);
            order.places.push(number as u32);
        }
        let mut end = OpId { actor: 0, counter: 0 };
        for run in order.index.iter().filter_map(|(id, block)| order.run_of(*id, *block)) {
            let is_whole = (1..=RUN_ELEMENTS_MAX).contains(&run.length);
            if !is_whole || run.id < end {
                return None;
            }
            end = OpId { counter: run.id.counter.checked_add(run.length)?, ..run.id };
        }
        (order.index.len() == runs.len()).then_some(order)
    }

    fn run_of(&self, id: OpId, block: u32) -> Option<&Run> {
        self.blocks.get(block as usize)?.runs.iter().find(|run| run.id == id)
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.blocks.len() * (BLOCK_RUNS_MAX * size_of::<Run>() + 32) + self.index.len() * 16
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.order.iter().filter_map(|block| self.blocks.get(*block as usize)).flat_map(|block| &block.runs)
    }

    /// Inserts the one element of `new` behind `after`, or first: before all that follow there and have smaller ids.
    pub(super) fn insert(
        &mut self,
        after: Option<OpId>,
        new: Run,
        actor: &dyn Fn(u32) -> ActorId,
        size_of: SizeOf<'_>,
    ) -> bool {
        let Some(mut gap) = self.gap_behind(after) else { return false };
        let lamport = |id: OpId| (id.counter, actor(id.actor));
        let own = lamport(new.id);
        while let Some((run, elements)) = self.next_element(gap) {
            let Some(next) = self.run(run) else { break };
            if lamport(next.id_at(elements)) < own {
                break;
            }
            // What follows in its run was inserted later than it.
            gap = Gap { elements: next.length, ..run };
        }
        self.put(gap, new, size_of);
        true
    }

    /// Shows an element or hides it.
    pub(super) fn show(&mut self, id: OpId, is_visible: bool, size_of: SizeOf<'_>) {
        let Some(gap) = self.find(id) else { return };
        if self.run(gap).is_none_or(|run| run.is_visible == is_visible) {
            return;
        }
        self.last = None;
        let Some(run) = self.runs_of(gap.block).and_then(|runs| runs.get_mut(gap.run)) else { return };
        let (mut own, mut added) = (*run, Vec::new());
        if gap.elements > 0 {
            own = run.split_off(gap.elements, size_of);
            added.push(own);
        }
        let rest = (own.length > 1).then(|| own.split_off(1, size_of));
        own.is_visible = is_visible;
        match added.last_mut() {
            Some(last) => *last = own,
            None => *run = own,
        }
        added.extend(rest);
        let at = gap.run + usize::from(gap.elements > 0);
        for (nth, run) in added.into_iter().enumerate() {
            self.index.insert(run.id, gap.block);
            let position = gap.run + 1 + nth;
            if let Some(runs) = self.runs_of(gap.block) {
                runs.insert(position, run);
            }
        }
        self.join(gap.block, at);
        if let Some(before) = at.checked_sub(1) {
            self.join(gap.block, before);
        }
        self.split_block(gap.block);
    }

    pub(super) fn has(&self, id: OpId) -> bool {
        self.find(id).is_some()
    }

    /// Where an element's content lies, and whether it is visible.
    pub(super) fn content_of(&self, id: OpId, content: &Content) -> Option<(u32, bool)> {
        let gap = self.find(id)?;
        let run = self.run(gap)?;
        Some((run.at + content.size_of(run.at, run.size, gap.elements), run.is_visible))
    }

    fn run(&self, gap: Gap) -> Option<&Run> {
        self.blocks.get(gap.block as usize)?.runs.get(gap.run)
    }

    fn runs_of(&mut self, block: u32) -> Option<&mut Vec<Run>> {
        self.blocks.get_mut(block as usize).map(|block| &mut block.runs)
    }

    /// The place before an element.
    fn find(&self, id: OpId) -> Option<Gap> {
        let (first, block) = self.index.range(..=id).next_back()?;
        let run = self.blocks.get(*block as usize)?.runs.iter().position(|run| run.id == *first)?;
        let gap = Gap { block: *block, run, elements: id.counter.checked_sub(first.counter)? };
        (first.actor == id.actor && gap.elements < self.run(gap)?.length).then_some(gap)
    }

    /// The place behind an element, or before all.
    fn gap_behind(&self, after: Option<OpId>) -> Option<Gap> {
        let Some(after) = after else {
            return Some(Gap { block: self.order.first().copied().unwrap_or(0), run: 0, elements: 0 });
        };
        if let Some(last) = self.last
            && self.run(last).is_some_and(|run| run.length == last.elements && run.id_at(last.elements - 1) == after)
        {
            return Some(last);
        }
        self.find(after).map(|gap| Gap { elements: gap.elements + 1, ..gap })
    }

    /// The element that follows a place: its run, and its position there.
    fn next_element(&self, gap: Gap) -> Option<(Gap, u32)> {
        let run = self.run(gap)?;
        if gap.elements < run.length {
            return Some((gap, gap.elements));
        }
        let next = Gap { run: gap.run + 1, elements: 0, ..gap };
        if self.run(next).is_some() {
            return Some((next, 0));
        }
        let place = self.places.get(gap.block as usize)?;
        let next = Gap { block: *self.order.get(*place as usize + 1)?, run: 0, elements: 0 };
        self.run(next).map(|_| (next, 0))
    }

    fn put(&mut self, gap: Gap, new: Run, size_of: SizeOf<'_>) {
        if self.blocks.is_empty() {
            self.blocks.push(Block::default());
            (self.order, self.places) = (vec![0], vec![0]);
        }
        let Some(runs) = self.runs_of(gap.block) else { return };
        let mut position = gap.run;
        let mut rest = None;
        if let Some(run) = runs.get_mut(gap.run)
            && gap.elements > 0
        {
            if gap.elements == run.length && run.continues_with(&new) {
                (run.length, run.size) = (run.length + 1, run.size + new.size);
                self.last = Some(Gap { elements: run.length, ..gap });
                return;
            }
            rest = (gap.elements < run.length).then(|| run.split_off(gap.elements, size_of));
            position += 1;
        }
        runs.splice(position..position, [Some(new), rest].into_iter().flatten());
        for run in [Some(new), rest].into_iter().flatten() {
            self.index.insert(run.id, gap.block);
        }
        self.last = Some(Gap { block: gap.block, run: position, elements: 1 });
        self.split_block(gap.block);
    }

    /// Makes one run of the one at `position` and the next where that is what they are.
    fn join(&mut self, block: u32, position: usize) {
        let Some(runs) = self.runs_of(block) else { return };
        let (Some(run), Some(next)) = (runs.get(position).copied(), runs.get(position + 1).copied()) else { return };
        if run.continues_with(&next) {
            runs.remove(position + 1);
            if let Some(run) = runs.get_mut(position) {
                (run.length, run.size) = (run.length + next.length, run.size + next.size);
            }
            self.index.remove(&next.id);
        }
    }

    /// Halves a block that is full.
    fn split_block(&mut self, block: u32) {
        let new = self.blocks.len() as u32;
        let Some(runs) = self.runs_of(block).filter(|runs| runs.len() > BLOCK_RUNS_MAX) else { return };
        let moved = runs.split_off(BLOCK_RUNS_MAX / 2);
        self.last = None;
        self.index.extend(moved.iter().map(|run| (run.id, new)));
        self.blocks.push(Block { runs: moved });
        let place = self.places.get(block as usize).map_or(0, |place| *place as usize);
        self.order.insert(place + 1, new);
        self.places.push(0);
        for (place, block) in self.order.iter().enumerate().skip(place) {
            if let Some(slot) = self.places.get_mut(*block as usize) {
                *slot = place as u32;
            }
        }
    }
}
