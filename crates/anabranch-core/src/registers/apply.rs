//! Applying changes: each op sets a register of a record, or acts inside a sequence.

use super::locate::Located;
use super::page::{Page, StoredEntry};
use super::paths::{PathGuesses, Paths};
use super::sequences::kind_of;
use super::{Held, RecordId, Registers, SequenceEdit};
use crate::change::{ActorId, Decoded, Names, OpRef, Place, SequenceAction};
use crate::history::History;
use crate::layout::{self, hash_identity, hash_key};
use crate::scalar::Scalar;
use crate::sequence::OpId;

mod find;
mod record;

use find::Finder;
pub(crate) use find::{SEARCHED_ENTRIES, SEARCHES_MAX};
use record::{Identity, NewRecord};

/// What applying a change did.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// The hash of each record that was touched, ascending.
    pub(crate) records: Vec<u32>,
    /// Whether records came, or what decides who keeps a generated key.
    pub(crate) keys_moved: bool,
}

/// An op that sets a register to a scalar, as it was planned.
pub(crate) struct PlainOp<'p> {
    /// Ops of one record lie beside each other and share their identity.
    pub(crate) identity: &'p str,
    pub(crate) suffix: &'p str,
    pub(crate) scalar: Scalar<'p>,
    pub(crate) preds: &'p [(u32, ActorId)],
}

impl Registers {
    /// Applies the change at `position`, of which `decoded` is the decoding; only records that `wanted` names by hash.
    pub(crate) fn apply(
        &mut self,
        history: &History,
        position: u32,
        (decoded, bytes): (&Decoded, &[u8]),
        wanted: &dyn Fn(u32) -> bool,
    ) -> Touched {
        let names = Names::cut(decoded, bytes).expect("names of accepted changes were checked");
        let located = Located::nowhere(names);
        self.apply_located(history, position, (decoded, bytes), &located, wanted)
    }

    /// The same of a change whose names were looked up since it came.
    pub(crate) fn apply_located(
        &mut self,
        history: &History,
        position: u32,
        (decoded, bytes): (&Decoded, &[u8]),
        located: &Located,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Touched {
        let Located { names, records, .. } = located;
        let actors: Vec<Option<u32>> = decoded.actors.iter().map(|actor| history.actor_position(actor)).collect();
        let paths = self.paths_of(located, bytes);
        let start_op = history.change(position).start_op;
        let mut writer = Writer::new(self, history, position, wanted);
        writer.expect(names.records.len());
        let mut next = names.records.iter().enumerate().peekable();
        for (at, op) in decoded.ops.iter().enumerate() {
            let counter = start_op + at as u32;
            let (value, preds) = (decoded.value(bytes, op), decoded.preds_of(op));
            if let Some(place) = decoded.place(at) {
                let edit = SequenceEdit { change: position, counter };
                writer.edit_sequence(&actors, place, (edit, value, preds));
                continue;
            }
            if let Some((nth, record)) = next.next_if(|(_, record)| record.first_op as usize == at) {
                let lies = records.get(nth).copied().flatten();
                let (key, own) = (record.key_hash, record.hash);
                writer.begin_record(Identity { bytes: record.identity_bytes(bytes), key, own }, lies, counter);
            }
            let preds = preds.iter();
            let preds = preds.map(|(counter, actor)| (*counter, actors.get(*actor as usize).copied().flatten()));
            let path = paths.get(names.suffix_of(at)).copied().expect("every op has one of the suffixes");
            writer.set((path, located.value_of(at)), counter, value, preds);
        }
        writer.finish()
    }

    /// The paths of a change's suffixes, those that are new made.
    fn paths_of(&mut self, located: &Located, bytes: &[u8]) -> Vec<u32> {
        let known = located.paths.iter().copied().chain(std::iter::repeat(None));
        let path = |(suffix, known): (&str, Option<u32>)| {
            known.unwrap_or_else(|| Paths::intern_shared(&mut self.paths, suffix))
        };
        located.names.suffixes(bytes).zip(known).map(path).collect()
    }

    /// Applies the change at `position`, which was made here and whose ops are these.
    pub(crate) fn apply_plain<'p>(
        &mut self,
        history: &History,
        position: u32,
        ops: impl Iterator<Item = PlainOp<'p>>,
    ) -> Touched {
        let start_op = history.change(position).start_op;
        let mut writer = Writer::new(self, history, position, &|_| true);
        let mut record: Option<&str> = None;
        let mut guesses = PathGuesses::default();
        for (op, counter) in ops.zip(start_op..) {
            if !record.is_some_and(|record| std::ptr::eq(record, op.identity)) {
                writer.begin_record(Identity::of(op.identity), None, counter);
                record = Some(op.identity);
                guesses.begin_record();
            }
            let preds = op.preds.iter().map(|(counter, actor)| (*counter, history.actor_position(actor)));
            let path = guesses.path(&mut writer.registers.paths, op.suffix.as_bytes());
            writer.set((path, None), counter, op.scalar, preds);
        }
        writer.finish()
    }
}

/// Takes the ops of one change, in order.
struct Writer<'w> {
    registers: &'w mut Registers,
    history: &'w History,
    position: u32,
    wanted: &'w dyn Fn(u32) -> bool,
    /// The record to write; `None` if it is not wanted.
    record: Option<RecordId>,
    /// What is set in that record, if this change makes it: put into its page all at once.
    new: Option<NewRecord>,
    finder: Finder,
    /// Room for the next one.
    room: NewRecord,
    touched: Touched,
    /// Pages that were written to.
    written: Vec<u32>,
}

impl<'w> Writer<'w> {
    fn new(registers: &'w mut Registers, history: &'w History, position: u32, wanted: &'w dyn Fn(u32) -> bool) -> Self {
        Self {
            registers,
            history,
            position,
            wanted,
            record: None,
            new: None,
            room: NewRecord::default(),
            finder: Finder::default(),
            touched: Touched::default(),
            written: Vec::new(),
        }
    }

    /// Makes room for what is noted of so many records.
    fn expect(&mut self, records: usize) {
        self.touched.records.reserve_exact(records);
        self.written.reserve_exact(records);
    }

    /// Turns to a record, which lay at `lies` when somebody looked.
    fn begin_record(&mut self, identity: Identity<'_>, lies: Option<RecordId>, counter: u32) {
        self.put_new();
        self.finder.begin_record();
        self.record = (self.wanted)(identity.own).then(|| {
            self.touched.records.push(identity.own);
            self.find_or_insert(identity, lies, counter)
        });
    }

    fn find_or_insert(&mut self, identity: Identity<'_>, lies: Option<RecordId>, counter: u32) -> RecordId {
        let (history, position) = (self.history, self.position);
        let page = self.registers.directory.page(identity.key);
        let own = self.registers.page_mut(history, page, position);
        let still = lies.filter(|lies| lies.page == page && own.is(lies.at, identity.bytes)).map(|lies| lies.at);
        let found = still.or_else(|| own.find(identity.bytes, identity.key, identity.own));
        let mut contested = None;
        let at = found.unwrap_or_else(|| {
            self.touched.keys_moved = true;
            self.new = Some(std::mem::take(&mut self.room));
            let text = identity.text();
            let key = layout::key_of_identity(text);
            contested = own.claimants(key, identity.key).next().map(|_| key);
            own.insert(text, identity.key)
        });
        if let Some(creator) = identity.creator()
            && history.is_author(position, creator)
        {
            self.touched.keys_moved |= own.note_created(at, counter);
        }
        if let Some(key) = contested {
            self.registers.contested.insert(key.into());
        }
        self.written.push(page);
        RecordId { page, at }
    }

    /// Sets a register of the record that was begun last, an entry of which lay at `lies` when somebody looked.
    fn set(
        &mut self,
        (path, lies): (u32, Option<u32>),
        counter: u32,
        value: Scalar<'_>,
        preds: impl Iterator<Item = (u32, Option<u32>)>,
    ) {
        let Some(record) = self.record else { return };
        let (history, position) = (self.history, self.position);
        if let Some(new) = &mut self.new
            && kind_of(value).is_none()
        {
            // It saw nothing here: there was no record.
            return new.set(path, counter, position, value);
        }
        self.put_new();
        let page = self.registers.page_mut(history, record.page, position);
        let length_code = (value.bytes.len() as u32) << 4 | u32::from(value.code);
        let (at, made) = match kind_of(value) {
            None => (page.keep(value.bytes), None),
            Some(kind) => {
                let id = OpId { actor: history.change(position).actor, counter };
                let hash = hash_key(layout::key_of_identity(page.identity(record.at)));
                (page.keep_sequence(Held::new(kind, id, position, record.at, path)), Some((id, hash)))
            }
        };
        let entry = StoredEntry { path, counter, change: position, length_code, at };
        self.finder.begin_register(lies);
        set(page, record.at, history, entry, preds, &mut self.finder);
        self.registers.objects.extend(made);
    }

    /// Puts what was set in a new record into its page.
    fn put_new(&mut self) {
        let (Some(mut new), Some(record)) = (self.new.take(), self.record) else { return };
        let page = self.registers.page_mut(self.history, record.page, self.position);
        let values_at = page.keep(&new.values);
        new.entries.iter_mut().for_each(|entry| entry.at += values_at);
        page.push_all(record.at, &new.entries);
        new.entries.clear();
        new.values.clear();
        self.room = new;
    }

    /// Applies an op inside a sequence, if that is here.
    fn edit_sequence(
        &mut self,
        actors: &[Option<u32>],
        place: &Place,
        (edit, value, preds): (SequenceEdit, Scalar<'_>, &[OpRef]),
    ) {
        self.put_new();
        let history = self.history;
        let id = |(counter, actor): OpRef| {
            let actor = actors.get(actor as usize).copied().flatten();
            OpId { actor: actor.unwrap_or(u32::MAX), counter }
        };
        let object = id(place.object);
        let Some(hash) = self.registers.objects.get(&object) else { return };
        let number = self.registers.directory.page(*hash);
        self.written.push(number);
        let page = self.registers.page_mut(history, number, edit.change);
        let Some(held) = page.sequence_mut(object) else { return };
        let own = OpId { actor: history.change(edit.change).actor, counter: edit.counter };
        let actor = |actor| history.actor_at(actor);
        let taken = match (place.action, place.element) {
            (SequenceAction::Insert, after) => held.sequence.insert(after.map(id), own, value, &actor),
            (action, Some(element)) => {
                let value = (action == SequenceAction::Set).then_some((own, value));
                held.sequence.overwrite(id(element), preds.iter().copied().map(id), value, &actor)
            }
            (_, None) => false,
        };
        debug_assert!(taken, "references were checked");
        let was_edited = held.is_edited(history);
        held.note_edit(edit, history);
        let (record, is_edited) = (held.record, held.is_edited(history));
        if is_edited && !was_edited {
            page.note_class_overwritten(object, history);
        }
        let hash = hash_identity(page.identity(record));
        if self.touched.records.last() != Some(&hash) {
            self.touched.records.push(hash);
        }
    }

    fn finish(mut self) -> Touched {
        self.put_new();
        self.touched.records.sort_unstable();
        self.touched.records.dedup();
        self.touched.keys_moved |= self.registers.split_full_pages(std::mem::take(&mut self.written));
        #[cfg(test)]
        {
            self.registers.steps += self.finder.steps;
        }
        self.touched
    }
}

/// Sets a register: what the op saw goes, what it did not see stays beside it.
fn set(
    page: &mut Page,
    record: u32,
    history: &History,
    entry: StoredEntry,
    preds: impl Iterator<Item = (u32, Option<u32>)>,
    finder: &mut Finder,
) {
    let mut placed = false;
    for (counter, actor) in preds.filter_map(|(counter, actor)| Some((counter, actor?))) {
        let Some(at) = finder.find(page, record, history, (entry.path, counter, actor)) else { continue };
        let Some(gone) = page.entries(record).get(at).copied() else { continue };
        let shown = page.entry(&gone);
        let is_class = shown.is_found(history) && !page.slot(record).is_hidden(&shown, history);
        match shown.sequence.map(|held| held.id) {
            None if is_class => page.note_overwritten(record, gone),
            None => (),
            Some(object) => {
                if is_class {
                    page.note_class_overwritten(object, history);
                }
                page.bury(record, gone.at);
            }
        }
        if placed {
            finder.remove(page, record, at, history);
        } else {
            finder.replace(page, record, at, entry, history);
            placed = true;
        }
    }
    if !placed {
        finder.push(page, record, entry, history);
    }
}
