//! The registers at earlier heads: those of the present, except the records that were written since.

use std::sync::Arc;

use hashbrown::HashSet;

use super::{Paths, RecordId, Registers, Slot, hash_identity};
use crate::change::Decoded;
use crate::history::{Ancestry, History};

/// Marks the ids of records that were replayed.
const REPLAYED: u32 = 1 << 31;

/// The registers at some heads.
pub(crate) struct RegistersAt<'d> {
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
    pub(crate) fn present(now: &'d Registers) -> Self {
        Self { now, then: None }
    }

    /// The registers at the changes in `set`, of which those in `now` are all.
    pub(crate) fn replayed(now: &'d Registers, history: &History, set: &Ancestry) -> Self {
        let end = history.changes().len() as u32;
        let written: Vec<u32> = set.missing_below(end).collect();
        if written.is_empty() {
            return Self::present(now);
        }
        let mut registers = Registers::with_paths(now.paths.clone());
        if written.len() == end as usize {
            return Self { now, then: Some(Then { registers, hidden: Hidden::All }) };
        }
        let hashes = written.iter().flat_map(|position| history.touched(*position)).copied().collect();
        let hidden = Hidden::Some(hashes);
        for position in (0..end).filter(|position| set.contains(*position)) {
            if history.touched(position).iter().any(|hash| hidden.contains(*hash)) {
                let bytes = history.bytes(position);
                let decoded = Decoded::read(&bytes, Default::default()).expect("accepted changes decode");
                registers.apply(history, position, (&decoded, &bytes), &|hash| hidden.contains(hash));
            }
        }
        Self { now, then: Some(Then { registers, hidden }) }
    }

    pub(crate) fn paths(&self) -> &Arc<Paths> {
        &self.now.paths
    }

    pub(crate) fn slot(&self, record: RecordId) -> Slot<'_> {
        match &self.then {
            Some(then) if record.page & REPLAYED != 0 => {
                then.registers.slot(RecordId { page: record.page & !REPLAYED, ..record })
            }
            _ => self.now.slot(record),
        }
    }

    pub(crate) fn find(&self, identity: &str) -> Option<RecordId> {
        match &self.then {
            Some(then) if then.hidden.contains(hash_identity(identity)) => then.registers.find(identity).map(replayed),
            _ => self.now.find(identity),
        }
    }

    /// All records, in no order that means anything.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RecordId> + '_ {
        let replays = self.then.iter().flat_map(|then| then.registers.ids().map(replayed));
        let all_hidden = matches!(&self.then, Some(Then { hidden: Hidden::All, .. }));
        let kept = (!all_hidden).then(|| self.now.ids()).into_iter().flatten().filter(|record| self.is_kept(*record));
        kept.chain(replays)
    }

    /// How many records there are, at most.
    pub(crate) fn record_count(&self) -> usize {
        match &self.then {
            Some(Then { registers, hidden: Hidden::All }) => registers.record_count(),
            Some(then) => self.now.record_count() + then.registers.record_count(),
            None => self.now.record_count(),
        }
    }

    /// The records that claim an encoded key.
    pub(crate) fn claimants(&self, key: &str) -> impl Iterator<Item = RecordId> {
        let replays = self.then.iter().flat_map(|then| then.registers.claimants(key).map(replayed));
        self.now.claimants(key).filter(|record| self.is_kept(*record)).chain(replays)
    }

    /// Encoded keys that several records claim, and perhaps some that one does.
    pub(crate) fn contested(&self) -> impl Iterator<Item = &str> {
        self.now.contested()
    }

    fn is_kept(&self, record: RecordId) -> bool {
        match &self.then {
            None => true,
            Some(then) => !then.hidden.contains(hash_identity(self.now.slot(record).identity())),
        }
    }
}

fn replayed(record: RecordId) -> RecordId {
    RecordId { page: record.page | REPLAYED, ..record }
}
