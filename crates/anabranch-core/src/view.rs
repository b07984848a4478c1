//! A store at one point of its history: registers folded into records by the store's policies.
//!
//! Nothing here decides by a wall clock or by the order in which changes arrived: a view is a function of the set of
//! changes below its heads.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::history::{Ancestry, History, KnownHeads};
use crate::key::Key;
use crate::layout;
use crate::record::Record;
use crate::registers::{Entry, Registers, Slot};
use crate::schema::{FieldPath, FieldPolicy, StoreSchema};
use crate::value::Value;

mod conflicts;
pub(crate) mod fields;
pub(crate) mod keys;
mod life;
mod policy;
pub(crate) mod stored_schema;

pub(crate) use conflicts::delete_policy_name;
use keys::ShownKeys;
pub(crate) use life::Life;

/// A store at known heads. Reads records, single values and conflicts.
pub struct View<'d> {
    pub(crate) history: &'d History,
    pub(crate) registers: Cow<'d, Registers>,
    heads: KnownHeads,
    schema: StoreSchema,
    /// The policy of every field, by path position; empty if every field has the default.
    policies: Vec<FieldPolicy>,
    keys: ShownKeys,
    /// What came before each deleting chain, by chain.
    before_deletion: RefCell<BTreeMap<u32, Ancestry>>,
}

/// Deleting chains whose ancestry is kept at hand.
const DELETIONS_AT_HAND: usize = 64;

impl<'d> View<'d> {
    pub(crate) fn new(history: &'d History, registers: Cow<'d, Registers>, heads: KnownHeads) -> Self {
        let mut view = Self {
            history,
            registers,
            heads,
            schema: StoreSchema::default(),
            policies: Vec::new(),
            keys: ShownKeys::default(),
            before_deletion: RefCell::default(),
        };
        view.schema = stored_schema::read(&view);
        view.policies = view.policies_by_path();
        view.keys = ShownKeys::of(&view.registers);
        view
    }

    /// The heads of this view.
    pub fn heads(&self) -> &KnownHeads {
        &self.heads
    }

    /// The store's schema and policies at these heads.
    pub fn schema(&self) -> &StoreSchema {
        &self.schema
    }

    /// The record with this key, as shown.
    pub fn get(&self, key: &Key) -> Option<Value> {
        self.value_of(self.keys.find(&self.registers, key)?)
    }

    /// All records, in key order.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.in_key_order()
            .into_iter()
            .filter_map(|record| Some(Record { value: self.value_of(record)?, key: self.key_of(record)? }))
    }

    /// How many records there are.
    pub fn record_count(&self) -> usize {
        let shown = |slot: &&Slot| &*slot.identity != layout::SCHEMA_IDENTITY && self.life(slot).is_shown();
        self.registers.records().iter().filter(shown).count()
    }

    /// The key under which a record is shown.
    pub(crate) fn key_of(&self, record: u32) -> Option<Key> {
        self.keys.key_of(&self.registers, record)
    }

    pub(crate) fn keys(&self) -> &ShownKeys {
        &self.keys
    }

    /// The record's value, or `None` if it is deleted or never was.
    pub(crate) fn value_of(&self, record: u32) -> Option<Value> {
        let slot = self.registers.slot(record);
        self.life(slot).is_shown().then(|| self.whole_value(record, None))
    }

    /// The record's value whether it is deleted or not; where `prefer` wrote one of several values, that one.
    pub(crate) fn whole_value(&self, record: u32, prefer: Option<&str>) -> Value {
        let fields = self.fields(self.registers.slot(record), prefer);
        let mut value = self.assemble(&fields.leaves);
        if let Some(key) = self.keys.rekeyed(record)
            && let Some(path) = &self.schema.key_path
        {
            path.inject(&mut value, key);
        }
        value
    }

    /// The records with an identity, in the order of the keys under which they are shown.
    pub(crate) fn in_key_order(&self) -> Vec<u32> {
        let mut order: Vec<(Cow<'_, str>, u32)> = Vec::with_capacity(self.registers.records().len());
        for (record, slot) in self.registers.records().iter().enumerate() {
            let record = record as u32;
            match self.keys.rekeyed(record) {
                _ if &*slot.identity == layout::SCHEMA_IDENTITY => (),
                Some(key) => order.push((Cow::Owned(layout::encode_key(key)), record)),
                None => order.push((Cow::Borrowed(&slot.identity), record)),
            }
        }
        if !order.is_sorted() {
            order.sort_unstable();
        }
        order.into_iter().map(|(_, record)| record).collect()
    }

    pub(crate) fn policy(&self, path: u32) -> FieldPolicy {
        self.policies.get(path as usize).copied().unwrap_or_default()
    }

    fn policies_by_path(&self) -> Vec<FieldPolicy> {
        if self.schema.fields.is_empty() {
            return Vec::new();
        }
        let policy = |field: &FieldPath| self.schema.fields.get(field).copied().unwrap_or_default();
        self.registers.paths.infos().iter().map(|info| policy(&info.field)).collect()
    }

    /// The name of the replica or run that set a value.
    pub(crate) fn writer(&self, entry: &Entry) -> &str {
        &self.history.chain(entry.change).by
    }

    /// The order in which writes are compared: found below written, then Lamport order.
    pub(crate) fn lamport(&self, entry: &Entry) -> (bool, u32, crate::change::ActorId) {
        (!entry.is_found(self.history), entry.counter, self.history.actor(entry.change))
    }

    /// Whether the change at `earlier` is the one at `later` or came before it.
    pub(crate) fn is_before(&self, earlier: &Entry, later: &Entry) -> bool {
        let chain_of = |entry: &Entry| self.history.change(entry.change).chain;
        if chain_of(earlier) == chain_of(later) {
            return earlier.change <= later.change;
        }
        if earlier.counter >= later.counter || earlier.change > later.change {
            return false;
        }
        let mut at_hand = self.before_deletion.borrow_mut();
        if at_hand.len() >= DELETIONS_AT_HAND {
            at_hand.clear();
        }
        let chain = chain_of(later);
        let ancestry = at_hand.entry(chain).or_insert_with(|| {
            let first = self.history.chain(later.change).first;
            self.history.ancestry(&[first])
        });
        ancestry.contains(earlier.change)
    }
}
