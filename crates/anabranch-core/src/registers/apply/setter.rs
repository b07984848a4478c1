//! Setting registers of the records of a page.

use super::find::Finder;
use super::record::{Identity, NewRecord};
use crate::history::History;
use crate::layout::{self, hash_key};
use crate::registers::page::{Keep, Page, StoredEntry};
use crate::registers::sequences::{Held, kind_of};
use crate::scalar::Scalar;
use crate::sequence::OpId;

/// Takes the ops of changes, record by record. The page of the record is the caller's to hand over with each.
pub(super) struct Setter<'h> {
    history: &'h History,
    /// The change whose ops come.
    position: u32,
    /// Where in its page the record lies that was begun last.
    at: u32,
    /// Whether this change makes that record: then what it sets is put into its page all at once.
    is_new: bool,
    /// What is set in a new record. Stays where it is: to move it would wait until the record before is written.
    new: NewRecord,
    finder: Finder,
    pub(super) noted: Noted,
}

/// What pages do not hold of the records that were written.
#[derive(Default)]
pub(super) struct Noted {
    /// Whether records came, or what decides who keeps a generated key.
    pub(super) keys_moved: bool,
    /// Encoded keys that several records claim now.
    pub(super) contested: Vec<Box<str>>,
    /// How many entries were looked at.
    #[cfg(test)]
    pub(super) steps: u64,
}

impl<'h> Setter<'h> {
    pub(super) fn new(history: &'h History, position: u32) -> Self {
        let (new, finder, noted) = (NewRecord::default(), Finder::default(), Noted::default());
        Self { history, position, at: 0, is_new: false, new, finder, noted }
    }

    /// Turns to another change.
    pub(super) fn begin_change(&mut self, position: u32) {
        self.position = position;
    }

    /// Turns to a record of `page`, which lay at `lies` when somebody looked. The one before must have ended.
    pub(super) fn begin_record(&mut self, page: &mut Page, identity: Identity<'_>, lies: Option<u32>, counter: u32) {
        debug_assert!(!self.is_new);
        self.finder.begin_record();
        let still = lies.filter(|lies| page.is(*lies, identity.bytes));
        let found = still.or_else(|| page.find(identity.bytes, identity.hashes));
        self.at = found.unwrap_or_else(|| {
            self.noted.keys_moved = true;
            self.is_new = true;
            let text = identity.text();
            let key = layout::key_of_identity(text);
            if page.claimants(key, identity.hashes.key).next().is_some() {
                self.noted.contested.push(key.into());
            }
            page.insert(text, identity.hashes)
        });
        if let Some(creator) = identity.creator()
            && self.history.is_author(self.position, creator)
        {
            self.noted.keys_moved |= page.note_created(self.at, counter);
        }
    }

    /// Sets a register of the record that was begun last if it is a new one; whether it is, and the value no sequence.
    #[inline]
    pub(super) fn set_new(&mut self, path: u32, counter: u32, value: Scalar<'_>) -> bool {
        // It saw nothing here: there was no record.
        let takes = self.is_new && kind_of(value).is_none();
        if takes {
            self.new.set(path, counter, self.position, value);
        }
        takes
    }

    /// Sets a register of the record that was begun last, an entry of which lay at `lies` when somebody looked. If it is a
    /// sequence that this makes, tells the op that made it and the hash of its record's key.
    pub(super) fn set(
        &mut self,
        page: &mut Page,
        (path, lies): (u32, Option<u32>),
        counter: u32,
        value: Scalar<'_>,
        preds: impl Iterator<Item = (u32, Option<u32>)>,
    ) -> Option<(OpId, u64)> {
        self.end_record(page);
        let (history, change) = (self.history, self.position);
        let (value, made) = match kind_of(value) {
            None => (page.values.keep(value), None),
            Some(kind) => {
                let id = OpId { actor: history.author_of(change), counter };
                let hash = hash_key(layout::key_of_identity(page.identity(self.at)));
                (page.keep_sequence(Held::new(kind, id, change, self.at, path)), Some((id, hash)))
            }
        };
        let entry = StoredEntry { path, counter, change, value };
        self.finder.begin_register(lies);
        set(page, self.at, history, entry, preds, &mut self.finder);
        made
    }

    /// Puts what was set in a new record into its page.
    pub(super) fn end_record(&mut self, page: &mut Page) {
        if !std::mem::take(&mut self.is_new) {
            return;
        }
        let NewRecord { entries, values } = &mut self.new;
        page.values.take(values, entries.iter_mut().map(|entry| &mut entry.value));
        page.push_all(self.at, entries);
        entries.clear();
        values.clear();
    }

    /// Whether there is a new record that must be put into its page.
    pub(super) fn has_new(&self) -> bool {
        self.is_new
    }

    pub(super) fn finish(self) -> Noted {
        #[cfg(test)]
        let noted = Noted { steps: self.finder.steps, ..self.noted };
        #[cfg(not(test))]
        let noted = self.noted;
        noted
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
                page.bury(record, &gone.value);
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
