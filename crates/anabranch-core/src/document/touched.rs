//! Which records were written between two heads, without a look at what they hold.

use hashbrown::HashSet;

use super::Document;
use crate::change::Decoded;
use crate::history::KnownHeads;
use crate::key::Key;
use crate::layout;

impl Document {
    /// The keys of the records that the changes between two heads wrote, each once, in the order of their first write there,
    /// as they are at `to`.
    ///
    /// Far cheaper than [`Document::record_changes`], which also tells how they changed: a record that was written with what
    /// it shows anyway is here, and one that was given another key because of somebody else's is not. Of changes below the
    /// floor nothing is told any more.
    pub fn touched(&self, from: &KnownHeads, to: &KnownHeads) -> Vec<Key> {
        let mut seen: HashSet<Box<str>, foldhash::fast::FixedState> = HashSet::default();
        let mut keys = Vec::new();
        let view = self.at(to);
        let mut take = |identity: &str| {
            if identity == layout::SCHEMA_IDENTITY || seen.contains(identity) {
                return;
            }
            seen.insert(identity.into());
            let rekeyed = || view.keys().rekeyed(view.registers.find(identity)?).cloned();
            let moved = if view.keys().all_rekeyed().next().is_some() { rekeyed() } else { None };
            keys.extend(moved.or_else(|| Some(layout::read_identity(identity)?.key)));
        };
        for position in self.changes_between(from, to) {
            if self.history.is_trimmed(position) {
                continue;
            }
            let bytes = self.history.bytes(position);
            let mut before: Option<&str> = None;
            let told = Decoded::each_name_accepted(&bytes, &mut |name| {
                if before.is_some_and(|identity| layout::suffix_in(name.as_bytes(), identity.as_bytes()).is_some()) {
                    return;
                }
                let identity = layout::identity_length(name).and_then(|length| name.get(..length));
                identity.into_iter().for_each(&mut take);
                before = identity;
            });
            if told.is_err() {
                self.each_op(position, &mut |identity, _| take(identity));
            }
        }
        keys
    }
}
