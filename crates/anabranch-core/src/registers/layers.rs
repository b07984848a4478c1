//! The registers at earlier heads: those of the present, except the records that were written since.

use std::sync::Arc;

use hashbrown::HashSet;

use super::{Paths, RecordId, Registers, Slot, Slots};
use crate::change::Decoded;
use crate::history::{Ancestry, History};
use crate::layout::{EncodedKey, hash_identity};

/// Marks the ids of records that were replayed.
const REPLAYED: u32 = 1 << 31;

/// The registers at some heads.
pub(crate) struct RegistersAt<'d> {
    history: &'d History,
    now: &'d Registers,
    then: Option<Then>,
}

/// The records that differ from now.
struct Then {
    registers: Registers,
    hidden: Hidden,
}

/// The records of the present that are not those of these heads, by the hash of their identity.
enum Hidden {
    All,
    Some(HashSet<u32, foldhash::fast::FixedState>),
}

impl Hidden {
    fn contains(&self, hash: u32) -> bool {
        match self {
            Hidden::All => true,
            Hidden::Some(hashes) => hashes.contains(&hash),
        }
    }
}

impl<'d> RegistersAt<'d> {
    /// The registers of the present.
    pub(crate) fn present(now: &'d Registers, history: &'d History) -> Self {
        Self { history, now, then: None }
    }

    /// The registers at the changes in `set`, of which those in `now` are all.
    pub(crate) fn replayed(now: &'d Registers, history: &'d History, set: &Ancestry) -> Self {
        let end = history.changes().len() as u32;
        let written: Vec<u32> = set.missing_below(end).collect();
        if written.is_empty() {
            return Self::present(now, history);
        }
        let mut registers = Registers::with_paths(now.paths.clone());
        if written.len() == end as usize {
            return Self { history, now, then: Some(Then { registers, hidden: Hidden::All }) };
        }
        let hashes = written.iter().flat_map(|position| history.touched(*position)).copied().collect();
        let hidden = Hidden::Some(hashes);
        if let Some(floor) = history.floor_registers() {
            registers.take_all(floor, history, |hash| hidden.contains(hash));
        }
        for position in (0..end).filter(|position| set.contains(*position) && !history.is_trimmed(*position)) {
            if history.touched(position).iter().any(|hash| hidden.contains(*hash)) {
                let bytes = history.bytes(position);
                let decoded = Decoded::read_accepted(&bytes, history.change(position).hash);
                registers.apply(history, position, (&decoded, &bytes), &|hash| hidden.contains(hash));
            }
        }
        Self { history, now, then: Some(Then { registers, hidden }) }
    }

    pub(crate) fn paths(&self) -> &Arc<Paths> {
        &self.now.paths
    }

    pub(crate) fn slot(&self, record: RecordId) -> Slot<'_> {
        match &self.then {
            Some(then) if record.page & REPLAYED != 0 => {
                then.registers.slot(self.history, RecordId { page: record.page & !REPLAYED, ..record })
            }
            _ => self.now.slot(self.history, record),
        }
    }

    /// Loads the records that have these encoded keys, which are about to be read one after the other.
    pub(crate) fn load<'k>(&self, keys: impl Iterator<Item = EncodedKey<'k>>) {
        if !matches!(self.then, Some(Then { hidden: Hidden::All, .. })) {
            self.now.load(self.history, keys);
        }
    }

    pub(crate) fn find(&self, identity: &str) -> Option<RecordId> {
        match &self.then {
            Some(then) if then.hidden.contains(hash_identity(identity)) => {
                then.registers.find(self.history, identity).map(replayed)
            }
            _ => self.now.find(self.history, identity),
        }
    }

    /// All records, in no order that means anything.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RecordId> + '_ {
        self.slots().map(|(record, _)| record)
    }

    /// The same with what is there of each.
    pub(crate) fn slots(&self) -> SlotsAt<'_> {
        let then = self.then.as_ref();
        let all_hidden = matches!(then, Some(Then { hidden: Hidden::All, .. }));
        SlotsAt {
            kept: (!all_hidden).then(|| self.now.slots(self.history)),
            hidden: then.map(|then| &then.hidden),
            replays: then.map(|then| then.registers.slots(self.history)),
        }
    }

    /// A copy for history to begin with.
    pub(crate) fn to_floor(&self) -> Registers {
        let mut registers = match &self.then {
            None => self.now.clone(),
            Some(then) => {
                let mut registers = then.registers.clone();
                registers.take_all(self.now, self.history, |hash| !then.hidden.contains(hash));
                registers
            }
        };
        registers.begin_history();
        registers
    }

    /// The records that claim an encoded key.
    pub(crate) fn claimants(&self, key: EncodedKey<'_>) -> impl Iterator<Item = RecordId> {
        let replays = self.then.iter().flat_map(move |then| then.registers.claimants(self.history, key).map(replayed));
        self.now.claimants(self.history, key).filter(|record| self.is_kept(*record)).chain(replays)
    }

    /// Encoded keys that several records claim, and perhaps some that one does.
    pub(crate) fn contested(&self) -> impl Iterator<Item = &str> {
        self.now.contested()
    }

    fn is_kept(&self, record: RecordId) -> bool {
        match &self.then {
            None => true,
            Some(then) => !then.hidden.contains(hash_identity(self.now.slot(self.history, record).identity())),
        }
    }
}

/// All records at some heads: those of the present that were not written since, then the others.
pub(crate) struct SlotsAt<'d> {
    kept: Option<Slots<'d>>,
    hidden: Option<&'d Hidden>,
    replays: Option<Slots<'d>>,
}

impl<'d> Iterator for SlotsAt<'d> {
    type Item = (RecordId, Slot<'d>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(kept) = &mut self.kept {
            let is_kept = |slot: &Slot<'_>| match self.hidden {
                None => true,
                Some(hidden) => !hidden.contains(hash_identity(slot.identity())),
            };
            if let Some(kept) = kept.find(|(_, slot)| is_kept(slot)) {
                return Some(kept);
            }
            self.kept = None;
        }
        let (record, slot) = self.replays.as_mut()?.next()?;
        Some((replayed(record), slot))
    }
}

fn replayed(record: RecordId) -> RecordId {
    RecordId { page: record.page | REPLAYED, ..record }
}
