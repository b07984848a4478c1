//! A store at one point of its history: registers folded into records by the store's policies.
//!
//! Nothing here decides by a wall clock or by the order in which changes arrived: a view is a function of the set of
//! changes below its heads.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{ActorId, ActorKind};
use crate::history::{Ancestry, History, KnownHeads};
use crate::key::Key;
use crate::layout;
use crate::lent::{KeyRef, Lying, RecordRef};
use crate::record::Record;
use crate::registers::{Entry, Paths, RecordId, RegistersAt, SequenceEdit, Slot};
use crate::schema::{FieldPath, FieldPolicy, StoreSchema};
use crate::value::Value;

mod conflicts;
pub(crate) mod fields;
pub(crate) mod keys;
mod life;
mod policy;
mod scan;
mod seen;
mod sequences;
mod shapes;
pub(crate) mod stored_schema;

pub(crate) use conflicts::delete_policy_name;
use fields::Preferred;
use keys::ShownKeys;
pub(crate) use life::Life;
use scan::Scan;
use shapes::Shapes;

/// A store at known heads. Reads records, single values and conflicts.
pub struct View<'d> {
    pub(crate) history: &'d History,
    pub(crate) registers: RegistersAt<'d>,
    heads: KnownHeads,
    rules: Arc<Rules>,
    /// What came before each commit that deleted or overwrote something, by chain.
    before_deletion: RefCell<BTreeMap<u32, Ancestry>>,
    /// What came with each first capture of a replica, by the replicas' names.
    found_by: OnceCell<Vec<(u32, Ancestry)>>,
    shapes: RefCell<Shapes>,
}

/// What decides how registers show; the same for every view at the same heads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    schema: StoreSchema,
    /// The policy of every field, by path position; empty if every field has the default.
    policies: Vec<FieldPolicy>,
    keys: ShownKeys,
}

impl Rules {
    /// Whether some record is shown under another key than its own.
    pub(crate) fn moves_keys(&self) -> bool {
        self.keys.all_rekeyed().next().is_some()
    }

    /// Whether some field has a policy of its own.
    pub(crate) fn names_policies(&self) -> bool {
        !self.policies.is_empty()
    }
}

/// Deleting chains whose ancestry is kept at hand.
const DELETIONS_AT_HAND: usize = 64;

impl<'d> View<'d> {
    /// A view of which the rules are to be read.
    pub(crate) fn new(history: &'d History, registers: RegistersAt<'d>, heads: KnownHeads) -> Self {
        let mut view = Self::with_rules(history, registers, heads, Arc::default());
        let schema = stored_schema::read(&view);
        let policies = view.policies_by_path(&schema);
        view.rules = Arc::new(Rules { schema, policies, keys: ShownKeys::of(&view.registers) });
        view
    }

    /// A view of which the rules are known.
    pub(crate) fn with_rules(
        history: &'d History,
        registers: RegistersAt<'d>,
        heads: KnownHeads,
        rules: Arc<Rules>,
    ) -> Self {
        let (before_deletion, found_by, shapes) = (RefCell::default(), OnceCell::new(), RefCell::default());
        Self { history, registers, heads, rules, before_deletion, found_by, shapes }
    }

    pub(crate) fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    pub(crate) fn paths(&self) -> &Paths {
        self.registers.paths()
    }

    /// The heads of this view.
    pub fn heads(&self) -> &KnownHeads {
        &self.heads
    }

    /// The store's schema and policies at these heads.
    pub fn schema(&self) -> &StoreSchema {
        &self.rules.schema
    }

    /// The record with this key, as shown.
    pub fn get(&self, key: &Key) -> Option<Value> {
        self.value_of(self.rules.keys.find(&self.registers, key)?)
    }

    /// All records, in key order.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.lend_records().map(RecordRef::into_record)
    }

    /// All records, in key order, lent where they lie: for what is written out and not kept.
    pub fn lend_records(&self) -> impl Iterator<Item = RecordRef<'_>> {
        self.in_key_order().into_iter().filter_map(|record| self.lend(record, self.registers.slot(record)))
    }

    /// All records, lent where they lie, in the order in which they lie, which means nothing and may be another tomorrow. The
    /// fastest way to read them all.
    ///
    /// ```
    /// # use anabranch_core::{Author, Document, Edit, ValueRef};
    /// # let mut people = Document::new();
    /// # let base = people.known(&people.heads())?;
    /// # let edit = Edit::from_json(br#"{"op":"put","key":"p1","value":{"name":"Ada","age":36}}"#)?;
    /// # people.change_at(&base, &[edit], &Author::person("desk"))?;
    /// let mut ages = 0.0;
    /// for record in people.view().scan() {
    ///     let ValueRef::Object(properties) = record.value() else { continue };
    ///     if let Some(ValueRef::Number(age)) = properties.get("age") {
    ///         ages += age;
    ///     }
    /// }
    /// assert_eq!(ages, 36.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan(&self) -> impl Iterator<Item = RecordRef<'_>> {
        Scan::of(self)
    }

    fn lend<'v>(&'v self, record: RecordId, slot: Slot<'v>) -> Option<RecordRef<'v>> {
        let key = match self.rules.keys.rekeyed(record) {
            Some(key) => KeyRef::Other(Cow::Borrowed(key)),
            // The schema has none.
            None => KeyRef::of_identity(slot.identity())?,
        };
        Some(RecordRef { key, value: self.lying(record, slot)? })
    }

    /// How many records there are.
    pub fn record_count(&self) -> usize {
        let shown = |slot: &Slot<'_>| !slot.is_schema() && self.life(*slot).is_shown();
        self.registers.slots().map(|(_, slot)| slot).filter(shown).count()
    }

    /// The key under which a record is shown.
    pub(crate) fn key_of(&self, record: RecordId) -> Option<Key> {
        self.rules.keys.key_of(&self.registers, record)
    }

    pub(crate) fn keys(&self) -> &ShownKeys {
        &self.rules.keys
    }

    /// The record's value, or `None` if it is deleted or never was.
    pub(crate) fn value_of(&self, record: RecordId) -> Option<Value> {
        self.lying(record, self.registers.slot(record)).map(Lying::into_value)
    }

    /// The same, lent where it lies.
    // Put together in its caller, as is what it asks for: see `Scan`.
    #[inline(always)]
    fn lying<'v>(&'v self, record: RecordId, slot: Slot<'v>) -> Option<Lying<'v>> {
        match self.plain(slot) {
            Some(plain) if plain.can_be_lent && self.rules.keys.rekeyed(record).is_none() => {
                Some(Lying::Stored(plain.scalars, plain.fields))
            }
            Some(plain) => Some(Lying::Built(self.with_shown_key(record, plain.build()).into())),
            None => self.folded(record, slot),
        }
    }

    /// The same of a record whose registers must be folded.
    fn folded(&self, record: RecordId, slot: Slot<'_>) -> Option<Lying<'_>> {
        self.life(slot).is_shown().then(|| Lying::Built(self.whole_value(record, None).into()))
    }

    /// The record's value whether it is deleted or not; where one of several values is preferred, that one.
    pub(crate) fn whole_value(&self, record: RecordId, prefer: Option<&Preferred<'_>>) -> Value {
        let fields = self.fields(self.registers.slot(record), prefer);
        self.with_shown_key(record, self.assemble(&fields.leaves))
    }

    /// A record's value with the key under which it is shown, if that is another than its own and lies in the value.
    fn with_shown_key(&self, record: RecordId, mut value: Value) -> Value {
        if let Some(key) = self.rules.keys.rekeyed(record)
            && let Some(path) = &self.rules.schema.key_path
        {
            path.inject(&mut value, key);
        }
        value
    }

    /// Those of the shown records that `wanted` names, in key order.
    pub(crate) fn shown_in_key_order(&self, wanted: impl Fn(RecordId) -> bool) -> Vec<RecordId> {
        let shown = |record: RecordId| self.life(self.registers.slot(record)).is_shown();
        self.ordered(|record| wanted(record) && shown(record))
    }

    /// The records with an identity, in the order of the keys under which they are shown.
    pub(crate) fn in_key_order(&self) -> Vec<RecordId> {
        self.ordered(|_| true)
    }

    fn ordered(&self, wanted: impl Fn(RecordId) -> bool) -> Vec<RecordId> {
        let mut order: Vec<(Cow<'_, str>, RecordId)> = Vec::new();
        for (record, slot) in self.registers.slots().filter(|(record, _)| wanted(*record)) {
            let identity = slot.identity();
            match self.rules.keys.rekeyed(record) {
                _ if identity == layout::SCHEMA_IDENTITY => (),
                Some(key) => order.push((Cow::Owned(layout::encode_key(key)), record)),
                None => order.push((Cow::Borrowed(identity), record)),
            }
        }
        if !order.is_sorted() {
            order.sort_unstable();
        }
        order.into_iter().map(|(_, record)| record).collect()
    }

    pub(crate) fn policy(&self, path: u32) -> FieldPolicy {
        self.rules.policies.get(path as usize).copied().unwrap_or_default()
    }

    fn policies_by_path(&self, schema: &StoreSchema) -> Vec<FieldPolicy> {
        if schema.fields.is_empty() {
            return Vec::new();
        }
        let policy = |field: &FieldPath| schema.fields.get(field).copied().unwrap_or_default();
        self.paths().infos().iter().map(|info| policy(&info.field)).collect()
    }

    /// The name of the replica or run that set a value, or of a sequence the last that wrote it.
    pub(crate) fn writer(&self, entry: &Entry<'_>) -> &str {
        self.writer_of(entry.last_edit().change)
    }

    /// The name of the replica or run that made a change.
    pub(crate) fn writer_of(&self, change: u32) -> &str {
        let by = &*self.history.chain(change).by;
        if by.is_empty() { self.finder(change) } else { by }
    }

    /// A found sequence is a commit of its own, so that its owners are the replicas whose captures brought it.
    fn finder(&self, change: u32) -> &str {
        let by = |position: u32| &*self.history.chain(position).by;
        let found_by = self.found_by.get_or_init(|| {
            let here = self.history.ancestry(&self.heads.positions);
            let mut captures: Vec<u32> = self.history.found_captures().filter(|first| here.contains(*first)).collect();
            captures.sort_by_key(|first| by(*first));
            captures.into_iter().map(|first| (first, self.history.ancestry(&[first]))).collect()
        });
        let owner = found_by.iter().find(|(_, brought)| brought.contains(change)).map(|(first, _)| *first);
        // One that was made of a found value when that was edited came with the edit.
        let editors =
            || (0..self.history.changes().len() as u32).filter(|at| self.history.change(*at).deps.contains(&change));
        owner.map(by).or_else(|| editors().map(by).min()).unwrap_or_default()
    }

    /// Whether what shows was found, not written.
    pub(crate) fn is_found(&self, entry: &Entry<'_>) -> bool {
        self.history.chain(entry.last_edit().change).kind == ActorKind::Found
    }

    /// The order in which writes are compared: found below written, then Lamport order.
    pub(crate) fn lamport(&self, entry: &Entry<'_>) -> (bool, u32, ActorId) {
        let last = entry.last_edit();
        (!self.is_found(entry), last.counter, self.history.actor(last.change))
    }

    /// Whether `earlier` is in the commit of the op that set `later`, or came before it.
    pub(crate) fn is_before(&self, earlier: SequenceEdit, later: &Entry<'_>) -> bool {
        #[cfg(test)]
        crate::steps::count(1);
        let chain_of = |change: u32| self.history.chain_of(change);
        let chain = chain_of(later.change);
        if chain_of(earlier.change) == chain {
            return earlier.change <= later.change;
        }
        if earlier.counter >= later.counter || earlier.change > later.change {
            return false;
        }
        let mut at_hand = self.before_deletion.borrow_mut();
        if at_hand.len() >= DELETIONS_AT_HAND {
            at_hand.clear();
        }
        let ancestry = at_hand.entry(chain).or_insert_with(|| {
            let first = self.history.chain(later.change).first;
            self.history.ancestry(&[first])
        });
        ancestry.contains(earlier.change)
    }
}
