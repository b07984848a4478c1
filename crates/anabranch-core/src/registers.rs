//! The register index: for every record and field, the values that are still visible.

use hashbrown::HashTable;

use crate::change::{ActorKind, Decoded};
use crate::history::{Ancestry, History};
use crate::layout;
use crate::scalar::Scalar;

mod paths;
pub(crate) use paths::{LIFE, Paths, ROOT};

/// The visible values of every register, by record.
#[derive(Clone, Default)]
pub(crate) struct Registers {
    by_identity: HashTable<u32>,
    records: Vec<Slot>,
    pub(crate) paths: Paths,
}

/// A record: its identity and the visible values of its registers.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) identity: Box<str>,
    /// The counter of the creating actor's first op, by which generated keys are given out; the largest there is while
    /// that actor's chain is not here. Of no meaning for other records.
    pub(crate) created: u32,
    /// What automerge's `get_all` would show, several with one path where they are concurrent.
    pub(crate) entries: Vec<Entry>,
    /// One of every class of found values that was overwritten: further ones of the class are not shown.
    pub(crate) overwritten: Vec<Entry>,
}

/// A visible value: where its bytes lie in history, and the op that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Position in [`Paths`].
    pub(crate) path: u32,
    pub(crate) counter: u32,
    /// Position of the change in [`History`].
    pub(crate) change: u32,
    at: u32,
    /// Bytes << 4 | type code.
    length_code: u32,
}

impl Entry {
    pub(crate) fn scalar<'h>(&self, history: &'h History) -> Scalar<'h> {
        let from = self.at as usize;
        let bytes = history.change(self.change).bytes.get(from..from + (self.length_code >> 4) as usize);
        Scalar { code: (self.length_code & 15) as u8, bytes: bytes.expect("entries point into their change") }
    }

    pub(crate) fn is_found(&self, history: &History) -> bool {
        history.chain(self.change).kind == ActorKind::Found
    }
}

impl Slot {
    /// The visible values of one register, those hidden by the class of found values left out.
    pub(crate) fn visible<'s>(&'s self, path: u32, history: &'s History) -> impl Iterator<Item = Entry> + 's {
        self.raw(path).filter(move |entry| !self.is_hidden(entry, history))
    }

    /// What automerge's `get_all` shows of one register.
    pub(crate) fn raw(&self, path: u32) -> impl Iterator<Item = Entry> + '_ {
        self.entries.iter().copied().filter(move |entry| entry.path == path)
    }

    /// Whether a found value of this class was overwritten: the class is one op, so this one is overwritten too.
    pub(crate) fn is_hidden(&self, entry: &Entry, history: &History) -> bool {
        !self.overwritten.is_empty()
            && entry.is_found(history)
            && self
                .overwritten
                .iter()
                .any(|gone| gone.path == entry.path && gone.scalar(history) == entry.scalar(history))
    }
}

impl Registers {
    /// The registers at a set of changes.
    pub(crate) fn replay(history: &History, set: &Ancestry) -> Self {
        let mut registers = Self::default();
        for (position, change) in history.changes().iter().enumerate() {
            if set.contains(position as u32) {
                let decoded = Decoded::read(&change.bytes, Default::default()).expect("accepted changes decode");
                registers.apply(history, position as u32, &decoded, &mut |_| ());
            }
        }
        registers
    }

    pub(crate) fn records(&self) -> &[Slot] {
        &self.records
    }

    pub(crate) fn slot(&self, record: u32) -> &Slot {
        self.records.get(record as usize).expect("record positions come from this index")
    }

    pub(crate) fn find(&self, identity: &str) -> Option<u32> {
        self.by_identity.find(hash(identity), |record| &*self.slot(*record).identity == identity).copied()
    }

    /// Applies the change at `position`, of which `decoded` is the decoding, and tells each record that it touches.
    pub(crate) fn apply(&mut self, history: &History, position: u32, decoded: &Decoded, touched: &mut dyn FnMut(u32)) {
        let stored = history.change(position);
        let actors: Vec<_> =
            decoded.actors.iter().map(|actor| history.actor_position(actor).unwrap_or(u32::MAX)).collect();
        let mut before: Option<(u32, &str)> = None;
        for (at, op) in decoded.ops.iter().enumerate() {
            let name = stored.bytes.get(op.name_at as usize..(op.name_at + op.name_bytes) as usize);
            let name = name.and_then(|name| std::str::from_utf8(name).ok()).expect("names were checked");
            let counter = stored.start_op + at as u32;
            let (record, suffix) = match before
                .and_then(|(record, identity)| Some((record, same_record(name, identity)?)))
            {
                Some(same) => same,
                None => {
                    let (identity, suffix) = name.split_at(layout::identity_length(name).expect("names were checked"));
                    let record = self.find_or_insert(identity);
                    self.note_creation(record, history, position, counter);
                    touched(record);
                    before = Some((record, identity));
                    (record, suffix)
                }
            };
            let entry = Entry {
                path: self.paths.intern(suffix),
                counter,
                change: position,
                at: op.value_at,
                length_code: op.value_bytes << 4 | u32::from(op.value_code),
            };
            let preds = decoded.preds.get(op.preds_at as usize..(op.preds_at + op.preds) as usize).unwrap_or_default();
            let slot = self.records.get_mut(record as usize).expect("the record was just found");
            set(
                slot,
                history,
                entry,
                preds.iter().map(|(counter, actor)| (*counter, actors.get(*actor as usize).copied())),
            );
        }
    }

    fn find_or_insert(&mut self, identity: &str) -> u32 {
        if let Some(record) = self.find(identity) {
            return record;
        }
        let record = self.records.len() as u32;
        let records = &mut self.records;
        records.push(Slot {
            identity: identity.into(),
            created: u32::MAX,
            entries: Vec::new(),
            overwritten: Vec::new(),
        });
        self.by_identity.insert_unique(hash(identity), record, |record| {
            hash(records.get(*record as usize).map_or("", |slot| &slot.identity))
        });
        record
    }

    fn note_creation(&mut self, record: u32, history: &History, position: u32, counter: u32) {
        let Some(slot) = self.records.get_mut(record as usize) else { return };
        if counter < slot.created
            && let Some((_, creator)) = layout::split_generated(&slot.identity)
            && creator == history.actor(position).to_string()
        {
            slot.created = counter;
        }
    }
}

/// Sets a register: what the op saw goes, what it did not see stays beside it.
fn set(slot: &mut Slot, history: &History, entry: Entry, preds: impl Iterator<Item = (u32, Option<u32>)>) {
    let mut placed = false;
    for (counter, actor) in preds {
        let is_pred = |have: &Entry| {
            have.path == entry.path && have.counter == counter && Some(history.change(have.change).actor) == actor
        };
        let Some(at) = slot.entries.iter().position(is_pred) else { continue };
        let Some(gone) = slot.entries.get(at).copied() else { continue };
        if gone.is_found(history) && !slot.is_hidden(&gone, history) {
            slot.overwritten.push(gone);
        }
        if placed {
            slot.entries.remove(at);
        } else if let Some(have) = slot.entries.get_mut(at) {
            *have = entry;
            placed = true;
        }
    }
    if !placed {
        slot.entries.push(entry);
    }
}

/// The suffix of `name` if it names a register of the record `identity`.
fn same_record<'n>(name: &'n str, identity: &str) -> Option<&'n str> {
    let suffix = name.strip_prefix(identity)?;
    matches!(suffix.as_bytes().first(), None | Some(b'.' | b'=')).then_some(suffix)
}

fn hash(identity: &str) -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::default().hash_one(identity)
}
