//! Which records were written between two heads, without a look at what they hold.

use hashbrown::HashSet;

use super::Document;
use crate::change::Decoded;
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout;
use crate::lent::KeyRef;

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
        let view = self.at(to);
        let are_moved = view.keys().all_rekeyed().next().is_some();
        let mut take = |identity: &str, plain: Option<&str>, seen: &mut Option<Seen>| {
            if identity == layout::SCHEMA_IDENTITY || seen.as_ref().is_some_and(|seen| seen.contains(identity)) {
                return;
            }
            seen.as_mut().map(|seen| seen.insert(identity.into()));
            let rekeyed = || view.keys().rekeyed(view.registers.find(identity)?).map(KeyRef::from);
            let moved = if are_moved { rekeyed() } else { None };
            match (moved, plain) {
                (None, Some(text)) => tell(&KeyRef::String(text)),
                (moved, _) => moved.or_else(|| KeyRef::decoded(identity)).iter().for_each(&mut *tell),
            }
        };
        for position in positions {
            if self.history.is_trimmed(position) {
                continue;
            }
            let bytes = self.history.bytes(position);
            let mut before = "";
            let told = Decoded::each_name_accepted(&bytes, |name| {
                if layout::suffix_in(name.as_bytes(), before.as_bytes()).is_some() {
                    return;
                }
                if let Some((identity, plain)) = layout::identity_like(name, before) {
                    before = identity;
                    take(identity, plain, &mut seen);
                }
            });
            if told.is_err() {
                seen.get_or_insert_default();
                self.each_op(position, &mut |identity, _| take(identity, layout::plain_text_key(identity), &mut seen));
            }
        }
    }
}
