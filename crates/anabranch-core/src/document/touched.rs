//! Which records were written between two heads, without a look at what they hold.

use hashbrown::HashSet;

use super::Document;
use crate::change::{Decoded, InSequences};
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout;
use crate::lent::KeyRef;
use crate::view::View;

/// Identities that need not be looked at again.
type Told = HashSet<Box<str>, layout::NameHash>;

impl Document {
    /// The keys of the records that the changes between two heads wrote, each once, in the order of their first write there,
    /// as they are at `to`.
    ///
    /// Far cheaper than [`Document::record_changes`], which also tells how they changed: a record that was written with what
    /// it shows anyway is here, and one that was given another key because of somebody else's is not. Of changes below the
    /// floor nothing is told any more.
    pub fn touched(&self, from: &KnownHeads, to: &KnownHeads) -> Vec<Key> {
        let mut keys = Vec::new();
        self.each_touched(from, to, &mut |key| keys.push(key.to_key()));
        keys
    }

    /// The same, each key lent to `tell`.
    pub fn each_touched(&self, from: &KnownHeads, to: &KnownHeads, tell: &mut dyn FnMut(&KeyRef<'_>)) {
        let positions = self.changes_between(from, to);
        // A change comes back to no record: of one change each is named once, unless its ops act inside sequences.
        let mut already = (positions.len() > 1).then(Told::default);
        // Where no two records claim one key now, none ever had another: records never go.
        let moved = self.registers.contested().next().map(|_| self.at(to));
        for position in positions {
            if self.history.is_trimmed(position) {
                continue;
            }
            let bytes = self.history.bytes(position);
            let end = match (&moved, &mut already) {
                (None, None) => each_own_key(&bytes, tell),
                (moved, already) => each_record(&bytes, |first| {
                    let key = first.identity().and_then(|identity| key_once(moved.as_ref(), identity, already));
                    key.iter().for_each(&mut *tell);
                }),
            };
            if let Err(InSequences) = end {
                already.get_or_insert_default();
                self.each_op(position, &mut |identity, _| {
                    key_once(moved.as_ref(), identity, &mut already).iter().for_each(&mut *tell);
                });
            }
        }
    }
}

/// A name with which a change begins to speak of another record.
struct FirstName<'b> {
    name: &'b str,
    identity_bytes: usize,
    /// The key, where it is known that it is a plain text and all of the identity.
    plain_key: Option<&'b str>,
}

/// Calls `visit` for every run of ops of an accepted change that write one record.
#[inline]
fn each_record<'b>(change: &'b [u8], mut visit: impl FnMut(FirstName<'b>)) -> Result<(), InSequences> {
    let mut before: &[u8] = &[];
    Decoded::each_name_accepted(change, |name| {
        let bytes = name.as_bytes();
        if layout::suffix_in(bytes, before).is_some() {
            return;
        }
        let plain_key = layout::plain_key_in(name, before.len());
        let length = if plain_key.is_some() { Some(before.len()) } else { layout::identity_length(bytes) };
        if let Some(identity_bytes) = length {
            before = bytes.get(..identity_bytes).unwrap_or_default();
            visit(FirstName { name, identity_bytes, plain_key });
        }
    })
}

/// Tells the keys of the records that an accepted change writes, where each is shown under its own.
fn each_own_key(change: &[u8], tell: &mut dyn FnMut(&KeyRef<'_>)) -> Result<(), InSequences> {
    each_record(change, |first| match first.plain_key {
        Some(key) => tell(&KeyRef::String(key)),
        None => first.identity().and_then(own_key).iter().for_each(&mut *tell),
    })
}

impl<'b> FirstName<'b> {
    fn identity(&self) -> Option<&'b str> {
        self.name.get(..self.identity_bytes)
    }
}

/// The key in an identity, unless that is the schema's.
fn own_key(identity: &str) -> Option<KeyRef<'_>> {
    if identity == layout::SCHEMA_IDENTITY { None } else { KeyRef::of_identity(identity) }
}

/// The key under which a record is shown, unless it was told before; `moved` shows which have another than their own.
fn key_once<'i>(moved: Option<&'i View<'_>>, identity: &'i str, already: &mut Option<Told>) -> Option<KeyRef<'i>> {
    if let Some(told) = already {
        if told.contains(identity) {
            return None;
        }
        told.insert(identity.into());
    }
    let rekeyed = |view: &'i View<'_>| view.keys().rekeyed(view.registers.find(identity)?);
    moved.and_then(rekeyed).map(KeyRef::from).or_else(|| own_key(identity))
}
