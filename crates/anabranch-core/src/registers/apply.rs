//! Applying changes: each op sets a register of a record, or acts inside a sequence.

use super::locate::Located;
use super::page::Page;
use super::paths::{PathGuesses, Paths};
use super::{Registers, SequenceEdit};
use crate::ahead::load_ahead;
use crate::change::{ActorId, Decoded, DecodedOp, OpRef};
use crate::history::History;
use crate::scalar::Scalar;

mod find;
mod record;
mod setter;
mod together;
mod writer;

pub(crate) use find::{SEARCHED_ENTRIES, SEARCHES_MAX};
use record::Identity;
use setter::Noted;
use writer::Writer;

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

/// A change that is in the history: its decoding, its bytes, and what its names name.
#[derive(Clone, Copy)]
pub(crate) struct Said<'c> {
    pub(crate) position: u32,
    pub(crate) decoded: &'c Decoded,
    pub(crate) bytes: &'c [u8],
    pub(crate) located: &'c Located,
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
        let located = &Located::cut(decoded, bytes);
        self.apply_located(history, Said { position, decoded, bytes, located }, wanted)
    }

    /// The same of a change whose names were looked up since it came.
    pub(crate) fn apply_located(&mut self, history: &History, said: Said<'_>, wanted: &dyn Fn(u32) -> bool) -> Touched {
        let resolved = self.resolve(history, said);
        let Said { decoded, bytes, located, position } = said;
        let mut writer = Writer::new(self, history, position, wanted);
        writer.expect(located.names.records.len());
        let mut next = located.names.records.iter().enumerate().peekable();
        for (at, op) in decoded.ops.iter().enumerate() {
            let counter = resolved.counter(at);
            if let Some(place) = decoded.place(at) {
                let edit = SequenceEdit { change: position, counter };
                let (value, preds) = (decoded.value(bytes, op), decoded.preds_of(op));
                writer.edit_sequence(&resolved.actors, place, (edit, value, preds));
                continue;
            }
            if let Some((nth, record)) = next.next_if(|(_, record)| record.first_op as usize == at) {
                let lies = located.records.get(nth).copied().flatten();
                let identity = Identity { bytes: record.identity_bytes(bytes), hashes: record.hashes };
                writer.begin_record(identity, lies, counter);
            }
            let SetOp { register, value, preds } = resolved.op(at, op);
            writer.set(register, counter, value, resolved.preds(preds));
        }
        writer.finish()
    }

    /// Looks up the actors and the paths that a change names; those paths that are new are made.
    fn resolve<'c>(&mut self, history: &History, said: Said<'c>) -> Resolved<'c> {
        let Said { decoded, bytes, located, position } = said;
        let actors = decoded.actors.iter().map(|actor| history.actor_position(actor)).collect();
        let known = located.paths.iter().copied().chain(std::iter::repeat(None));
        let path = |(suffix, known): (&str, Option<u32>)| {
            known.unwrap_or_else(|| Paths::intern_shared(&mut self.paths, suffix))
        };
        let paths = located.names.suffixes(bytes).zip(known).map(path).collect();
        Resolved { said, start_op: history.change(position).start_op, actors, paths }
    }

    /// Applies the change at `position`, which was made here and whose ops are these.
    pub(crate) fn apply_plain<'p>(
        &mut self,
        history: &History,
        position: u32,
        (identities, ops): (impl ExactSizeIterator<Item = &'p str>, impl Iterator<Item = PlainOp<'p>>),
    ) -> Touched {
        let start_op = history.change(position).start_op;
        let records = identities.len();
        let mut hashed = self.hash_and_load(identities).into_iter();
        let mut writer = Writer::new(self, history, position, &|_| true);
        writer.expect(records);
        let mut record: Option<&str> = None;
        let mut guesses = PathGuesses::default();
        for (op, counter) in ops.zip(start_op..) {
            if !record.is_some_and(|record| std::ptr::eq(record, op.identity)) {
                let own = hashed.next().filter(|own| std::ptr::eq(own.bytes, op.identity.as_bytes()));
                writer.begin_record(own.unwrap_or_else(|| Identity::of(op.identity)), None, counter);
                record = Some(op.identity);
                guesses.begin_record();
            }
            let preds = op.preds.iter().map(|(counter, actor)| (*counter, history.actor_position(actor)));
            let path = guesses.path(&mut writer.registers.paths, op.suffix.as_bytes());
            writer.set((path, None), counter, op.scalar, preds);
        }
        writer.finish()
    }

    /// Hashes these identities, and loads where their records will be looked for on pages that are open: a page that is not
    /// yet must be opened as it was before the change. A single record is looked for at once.
    fn hash_and_load<'p>(&self, identities: impl ExactSizeIterator<Item = &'p str>) -> Vec<Identity<'p>> {
        if identities.len() < 2 {
            return Vec::new();
        }
        let identities: Vec<Identity<'p>> = identities.map(Identity::of).collect();
        let page = |hash| self.pages.get(self.directory.page(hash) as usize)?.opened();
        let open: Vec<(&Page, u64)> =
            identities.iter().filter_map(|own| Some((page(own.hashes.key)?, own.hashes.key))).collect();
        load_ahead(open.iter().map(|(page, hash)| page.index_line(*hash)));
        identities
    }

    /// Takes over what setting registers of some pages noted; whether keys may have moved.
    fn take_noted(&mut self, noted: Noted) -> bool {
        self.contested.extend(noted.contested);
        #[cfg(test)]
        {
            self.steps += noted.steps;
        }
        noted.keys_moved
    }
}

/// A change whose actors and paths are looked up.
struct Resolved<'c> {
    said: Said<'c>,
    start_op: u32,
    actors: Vec<Option<u32>>,
    paths: Vec<u32>,
}

/// An op that sets a register.
struct SetOp<'c> {
    /// Its path, and where among the entries of its record one of it lay when somebody looked.
    register: (u32, Option<u32>),
    value: Scalar<'c>,
    preds: &'c [OpRef],
}

impl<'c> Resolved<'c> {
    #[inline]
    fn counter(&self, at: usize) -> u32 {
        self.start_op + at as u32
    }

    /// The op at a position, which sets a register.
    #[inline]
    fn op(&self, at: usize, op: &DecodedOp) -> SetOp<'c> {
        let Said { decoded, bytes, located, .. } = self.said;
        let path = self.paths.get(located.names.suffix_of(at)).copied().expect("every op has one of the suffixes");
        SetOp { register: (path, located.value_of(at)), value: decoded.value(bytes, op), preds: decoded.preds_of(op) }
    }

    /// Predecessors by counter and position of the actor.
    #[inline]
    fn preds(&self, preds: &'c [OpRef]) -> impl Iterator<Item = (u32, Option<u32>)> {
        preds.iter().map(|(counter, actor)| (*counter, self.actors.get(*actor as usize).copied().flatten()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use super::*;
    use crate::document::Document;
    use crate::testing::{MemorySource, put};

    #[test]
    fn looking_ahead_hashes_every_identity_and_opens_no_page() {
        let mut document = Document::new();
        put(&mut document, r#"{"apple":1}"#);
        let (saved, source) = (document.save(), Arc::new(MemorySource::default()));
        source.keep(&saved, &document);
        let opened = Document::open(&saved.index, source).unwrap();
        let identities = ["31\0", "32\0", "33\0"];
        let hashed = opened.registers.hash_and_load(identities.into_iter());
        assert!(hashed.iter().map(|own| own.bytes).eq(identities.map(str::as_bytes)));
        assert!(hashed.iter().zip(identities).all(|(own, identity)| own.hashes == Identity::of(identity).hashes));
        assert!(opened.registers.pages.iter().all(|page| page.opened().is_none()));
        assert!(opened.registers.hash_and_load(["31\0"].into_iter()).is_empty());
    }
}
