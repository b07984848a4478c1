//! Which records were written between two heads, without a look at what they hold.

use hashbrown::HashSet;

use super::Document;
use crate::change::Decoded;
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout;
use crate::lent::KeyRef;
use crate::view::View;

/// Identities that were told.
type Seen = HashSet<Box<str>, layout::NameHash>;

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
        let mut seen = (positions.len() > 1).then(Seen::default);
        // Where no two records claim one key now, none ever had another: records never go.
        let moved = self.registers.contested().next().map(|_| self.at(to));
        for position in positions {
            if self.history.is_trimmed(position) {
                continue;
            }
            let bytes = self.history.bytes(position);
            let is_simple = seen.is_none() && moved.is_none();
            let mut before: &[u8] = &[];
            let told = Decoded::each_name_accepted(&bytes, |mut name| {
                if layout::suffix_in(name.bytes, before).is_some() {
                    return;
                }
                let is_plain = layout::begins_with_plain_key(name.bytes, before.len());
                let length = if is_plain { Some(before.len()) } else { layout::identity_length(name.bytes) };
                let Some(length) = length else { return };
                before = name.bytes.get(..length).unwrap_or_default();
                if is_plain && is_simple {
                    // Its first byte says that it is a text, its last ends it.
                    name.part(1, length - 2).map(KeyRef::String).iter().for_each(&mut *tell);
                } else if let Some(identity) = name.part(0, length) {
                    key_once(moved.as_ref(), identity, &mut seen).iter().for_each(&mut *tell);
                }
            });
            if told.is_err() {
                seen.get_or_insert_default();
                self.each_op(position, &mut |identity, _| {
                    key_once(moved.as_ref(), identity, &mut seen).iter().for_each(&mut *tell)
                });
            }
        }
    }
}

/// The key under which a record is shown, unless it was told before; `moved` shows which have another than their own.
fn key_once<'i>(moved: Option<&'i View<'_>>, identity: &'i str, seen: &mut Option<Seen>) -> Option<KeyRef<'i>> {
    if identity == layout::SCHEMA_IDENTITY || seen.as_ref().is_some_and(|seen| seen.contains(identity)) {
        return None;
    }
    seen.as_mut().map(|seen| seen.insert(identity.into()));
    let rekeyed = |view: &'i View<'_>| view.keys().rekeyed(view.registers.find(identity)?);
    moved.and_then(rekeyed).map(KeyRef::from).or_else(|| KeyRef::of_identity(identity))
}
