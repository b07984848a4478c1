//! History as a saved document's index keeps it (FORMAT.md §8.1): everything but the contents of changes.

use std::sync::{Arc, OnceLock};

use super::{Chain, History, KnownHeads, Stored};
use crate::change::{ActorId, ActorKind};
use crate::heads::ChangeHash;
use crate::limits;
use crate::record::Origin;
use crate::registers::Registers;
use crate::saved::{Reader, Source, Writer};

impl History {
    /// Writes actors, chains and the skeleton of every change.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.number(self.chains.len() as u64);
        for chain in &self.chains {
            let Some(first) = self.changes.get(chain.first as usize) else { continue };
            writer.fixed(&self.actor(chain.first).0);
            writer.number(chain.length);
            writer.bytes(chain.by.as_bytes());
            match &chain.origin {
                Origin::Person => writer.number(0u8),
                Origin::Pipeline(label) => {
                    writer.number(1u8);
                    writer.bytes(label.as_bytes());
                }
            }
            writer.number(first.start_op);
            writer.number(first.deps.len() as u64);
            first.deps.iter().for_each(|dep| writer.number(chain.first - *dep));
            let range = chain.first as usize..(chain.first + chain.length) as usize;
            for change in self.changes.get(range).unwrap_or_default() {
                writer.fixed(&change.hash.0);
                writer.number(u64::from(change.ops) << 1 | u64::from(change.is_trimmed));
                writer.number(change.touched.len() as u64);
                change.touched.iter().for_each(|hash| writer.fixed(&hash.to_le_bytes()));
            }
        }
    }

    /// Reads what [`Self::write`] wrote; the contents of changes are left to `source`.
    pub(crate) fn read(reader: &mut Reader<'_>, source: Arc<dyn Source>) -> Option<Self> {
        let mut history = Self { source: Some(source), ..Self::default() };
        for _ in 0..reader.count(24)? {
            history.read_chain(reader)?;
        }
        Some(history)
    }

    fn read_chain(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let author = ActorId(reader.fixed()?);
        let kind = author.kind()?;
        let (first, chain) = (self.changes.len() as u32, self.chains.len() as u32);
        let length = reader.number().filter(|length| (1..=limits::CHAIN_CHANGES_MAX).contains(length))?;
        let by: Arc<str> = reader.text()?.into();
        let origin = match reader.number()? {
            0 => Origin::Person,
            1 => Origin::Pipeline(reader.text()?.to_owned()),
            _ => return None,
        };
        let mut start_op = reader.number().filter(|start_op| *start_op >= 1)?;
        let deps = (0..reader.count(1)?).map(|_| reader.number().and_then(|back| self.dep(first, back)));
        let mut deps: Box<[u32]> = deps.collect::<Option<_>>()?;
        let is_new = self.actor_positions.insert(author, self.actors.len() as u32).is_none();
        if !is_new || deps.len() > limits::DEPS_MAX {
            return None;
        }
        let actor = self.actors.len() as u32;
        self.actors.push(author);
        self.chain_of_actor.push(chain);
        self.chains.push(Chain { first, length, kind, by, origin });
        for _ in 0..length {
            let hash = ChangeHash(reader.fixed()?);
            let ops = reader.long()?;
            let (ops, is_trimmed) = (u32::try_from(ops >> 1).ok()?, ops & 1 == 1);
            let touched =
                (0..reader.count(4)?).map(|_| reader.fixed().map(u32::from_le_bytes)).collect::<Option<_>>()?;
            let end = start_op.checked_add(ops).filter(|end| u64::from(*end) <= limits::OP_COUNTER_MAX + 1)?;
            let position = self.changes.len() as u32;
            self.link(hash, position, &deps).then_some(())?;
            let (covered, line) = (self.covered_after(&deps), self.line_after(&deps));
            let deps = std::mem::replace(&mut deps, [position].into());
            self.authors.push(actor);
            let (bytes, names) = (None, OnceLock::new());
            self.changes.push(Stored { hash, bytes, is_trimmed, start_op, ops, deps, covered, line, touched, names });
            start_op = end;
        }
        // A merge change is empty, any other is not.
        let is_empty = self.changes.get(first as usize..)?.iter().all(|change| change.ops == 0);
        (is_empty == (kind == ActorKind::Merge)).then_some(())
    }

    /// Takes it that history begins at these positions, with these registers.
    pub(crate) fn begin_at(&mut self, positions: Vec<u32>, mut registers: Registers) -> Option<()> {
        let end = self.changes.len() as u32;
        let is_head = |position: &u32| *position < end && self.ends_chain(*position);
        positions.iter().all(is_head).then_some(())?;
        let heads = positions.iter().map(|position| self.change(*position).hash).collect();
        registers.begin_history();
        (self.floor, self.floor_registers) =
            (KnownHeads { heads, positions: positions.into() }, Some(Arc::new(registers)));
        Some(())
    }

    /// Whether the changes that have no contents any more are those below the floor.
    pub(crate) fn is_trimmed_to_its_floor(&self) -> bool {
        let below = self.ancestry(&self.floor.positions);
        (0..).zip(&self.changes).all(|(position, change)| change.is_trimmed == below.contains(position))
    }

    /// The position `back` before `first`, if a change there can be depended on.
    fn dep(&self, first: u32, back: u32) -> Option<u32> {
        let position = first.checked_sub(back).filter(|position| *position < first)?;
        self.ends_chain(position).then_some(position)
    }
}
