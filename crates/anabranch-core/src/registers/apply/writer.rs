//! Taking the ops of one change in order, whatever they are.

use super::Touched;
use super::record::Identity;
use super::setter::Setter;
use crate::change::{OpRef, Place, SequenceAction};
use crate::history::History;
use crate::layout::hash_identity;
use crate::registers::{RecordId, Registers, SequenceEdit};
use crate::scalar::Scalar;
use crate::sequence::OpId;

/// Takes the ops of one change, in order.
pub(super) struct Writer<'w> {
    pub(super) registers: &'w mut Registers,
    history: &'w History,
    position: u32,
    wanted: &'w dyn Fn(u32) -> bool,
    /// The page of the record to write; `None` if that is not wanted.
    page: Option<u32>,
    setter: Setter<'w>,
    touched: Touched,
    /// Pages that were written to.
    written: Vec<u32>,
}

impl<'w> Writer<'w> {
    pub(super) fn new(
        registers: &'w mut Registers,
        history: &'w History,
        position: u32,
        wanted: &'w dyn Fn(u32) -> bool,
    ) -> Self {
        let (touched, written) = (Touched::default(), Vec::new());
        Self {
            registers,
            history,
            position,
            wanted,
            page: None,
            setter: Setter::new(history, position),
            touched,
            written,
        }
    }

    /// Makes room for what is noted of so many records.
    pub(super) fn expect(&mut self, records: usize) {
        self.touched.records.reserve_exact(records);
        self.written.reserve_exact(records);
    }

    /// Turns to a record, which lay at `lies` when somebody looked.
    pub(super) fn begin_record(&mut self, identity: Identity<'_>, lies: Option<RecordId>, counter: u32) {
        self.end_record();
        self.page = (self.wanted)(identity.hashes.own).then(|| {
            self.touched.records.push(identity.hashes.own);
            let number = self.registers.directory.page(identity.hashes.key);
            self.written.push(number);
            let page = self.registers.page_mut(self.history, number, self.position);
            self.setter.begin_record(page, identity, lies.and_then(|lies| lies.on(number)), counter);
            number
        });
    }

    /// Sets a register of the record that was begun last, an entry of which lay at `lies` when somebody looked.
    pub(super) fn set(
        &mut self,
        (path, lies): (u32, Option<u32>),
        counter: u32,
        value: Scalar<'_>,
        preds: impl Iterator<Item = (u32, Option<u32>)>,
    ) {
        let Some(number) = self.page else { return };
        if self.setter.set_new(path, counter, value) {
            return;
        }
        let page = self.registers.page_mut(self.history, number, self.position);
        let made = self.setter.set(page, (path, lies), counter, value, preds);
        self.registers.objects.extend(made);
    }

    fn end_record(&mut self) {
        if let Some(number) = self.page.filter(|_| self.setter.has_new()) {
            let page = self.registers.page_mut(self.history, number, self.position);
            self.setter.end_record(page);
        }
    }

    /// Applies an op inside a sequence, if that is here.
    pub(super) fn edit_sequence(
        &mut self,
        actors: &[Option<u32>],
        place: &Place,
        (edit, value, preds): (SequenceEdit, Scalar<'_>, &[OpRef]),
    ) {
        self.end_record();
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
        let own = OpId { actor: history.author_of(edit.change), counter: edit.counter };
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

    pub(super) fn finish(mut self) -> Touched {
        self.end_record();
        self.touched.records.sort_unstable();
        self.touched.records.dedup();
        self.touched.keys_moved = self.registers.take_noted(self.setter.finish());
        self.touched.keys_moved |= self.registers.split_full_pages(self.written);
        self.touched
    }
}
