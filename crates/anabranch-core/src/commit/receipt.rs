//! Receipts: what became of every row of a commit.

use std::collections::BTreeMap;
use std::ops::Range;

use super::edit::ParseEditError;
use super::plan::RecordTooLarge;
use crate::document::Document;
use crate::key::{Key, MakeKeyError};
use crate::layout;
use crate::registers::RecordId;
use crate::schema::FieldPath;

mod outcome;

use outcome::Met;

/// What became of every row of a commit; the counts add up to `rows`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// Rows of the input.
    pub rows: usize,
    /// Nobody else had touched the record since the base.
    pub applied: usize,
    /// Somebody had, in other fields or to the same value.
    pub merged: usize,
    /// A policy other than `last_writer` hid at least one field of the row.
    pub superseded: usize,
    /// A field was written concurrently with another value.
    pub conflicted: usize,
    /// The row equals the base.
    pub unchanged: usize,
    /// The row is no edit that can be made.
    pub refused: usize,
    /// Rows in order; those applied and unchanged are left out where the commit is a capture.
    pub details: Vec<Detail>,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Position in the input, from 0.
    pub row: usize,
    /// The record's key, if the row has one.
    pub key: Option<Key>,
    /// What became of it.
    pub outcome: Outcome,
    /// The field that decided, where one did.
    pub field: Option<FieldPath>,
    /// Where the row met another value: whether its own is the one that shows.
    pub shows: Option<bool>,
    /// Why a row was refused.
    pub refusal: Option<RowRefusal>,
}

/// What became of a row, in the order in which the first that fits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It cannot be made.
    Refused,
    /// A policy hid it.
    Superseded,
    /// It met another value.
    Conflicted,
    /// It was merged with what others did.
    Merged,
    /// It met nobody.
    Applied,
    /// It changes nothing.
    Unchanged,
}

impl Outcome {
    /// The word in receipts.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Refused => "refused",
            Outcome::Superseded => "superseded",
            Outcome::Conflicted => "conflicted",
            Outcome::Merged => "merged",
            Outcome::Applied => "applied",
            Outcome::Unchanged => "unchanged",
        }
    }
}

/// Why a row cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RowRefusal {
    /// The line is no edit.
    #[error(transparent)]
    NotAnEdit(#[from] ParseEditError),
    /// A put without a key whose value has none either.
    #[error("the row names no key, and its value has none: {0}")]
    NoKey(MakeKeyError),
    /// A key that differs from the one inside the value, or that would change it.
    #[error("the row's key is not the key inside its value")]
    KeyMismatch,
    /// A merge of a record that the base does not have.
    #[error("the base has no such record to merge into")]
    NotAtBase,
    /// A second row for one record.
    #[error("an earlier row of this run has the same key")]
    SecondRow,
    /// A set field that lies inside something that is no object at the base.
    #[error("a field lies inside another field of the same row")]
    FieldInsideField,
    /// The record is too large.
    #[error(transparent)]
    RecordTooLarge(#[from] RecordTooLarge),
}

/// The rows of a commit, before it is known what they meet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// The rows of edits.
    rows: Vec<(Option<Key>, RowPlan)>,
    /// How many records of a capture differ from the baseline, and the keys of those that have another in their identity:
    /// an import has millions of them, and nobody asks for the keys of records that met nobody.
    captured: usize,
    captured_keys: BTreeMap<usize, Key>,
}

#[derive(Clone, Debug)]
enum RowPlan {
    /// Sets registers; which ones, the chain tells, record by record in the order of the rows.
    Changed,
    Unchanged,
    Refused(Box<RowRefusal>),
}

impl Rows {
    /// With room for so many rows of edits.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { rows: Vec::with_capacity(rows), ..Self::default() }
    }

    /// A record of a capture that differs from the baseline; `key` is its key if that is not the one in its identity.
    pub(crate) fn push_captured(&mut self, key: Option<Key>) {
        self.captured_keys.extend(key.map(|key| (self.captured, key)));
        self.captured += 1;
    }

    pub(crate) fn push_edit(&mut self, key: Key, changed: bool) {
        self.rows.push((Some(key), if changed { RowPlan::Changed } else { RowPlan::Unchanged }));
    }

    pub(crate) fn push_refused(&mut self, key: Option<Key>, refusal: RowRefusal) {
        self.rows.push((key, RowPlan::Refused(Box::new(refusal))));
    }

    pub(crate) fn refused(&self) -> usize {
        self.rows.iter().filter(|(_, plan)| matches!(plan, RowPlan::Refused(_))).count()
    }
}

impl Receipt {
    fn count(&mut self, outcome: Outcome, rows: usize) {
        self.rows += rows;
        *match outcome {
            Outcome::Refused => &mut self.refused,
            Outcome::Superseded => &mut self.superseded,
            Outcome::Conflicted => &mut self.conflicted,
            Outcome::Merged => &mut self.merged,
            Outcome::Applied => &mut self.applied,
            Outcome::Unchanged => &mut self.unchanged,
        } += rows;
    }
}

/// The records that others wrote since the base, by identity.
pub(crate) type Touched = BTreeMap<Box<str>, ()>;

impl Document {
    /// What became of the rows whose chain is at the positions `own`, given what others touched since their base.
    pub(crate) fn receipt(&self, rows: &Rows, own: Range<u32>, others: &Touched) -> Receipt {
        let view = self.view();
        // Where nobody else wrote anything, nothing was met.
        let alone = others.is_empty();
        let has_none = alone || rows.rows.is_empty();
        let mut records = if has_none { Vec::new() } else { self.records_of_chain(&own) }.into_iter();
        let mut receipt = self.receipt_of_capture(rows, &own, others);
        receipt.details.reserve_exact(rows.rows.len());
        for (row, (key, plan)) in rows.rows.iter().enumerate() {
            let (met, refusal) = match plan {
                RowPlan::Refused(refusal) => (Met::only(Outcome::Refused), Some((**refusal).clone())),
                RowPlan::Unchanged => (Met::only(Outcome::Unchanged), None),
                RowPlan::Changed if alone => (Met::only(Outcome::Applied), None),
                RowPlan::Changed => match records.next() {
                    Some(record) => (view.outcome(record, &own, others), None),
                    None => (Met::only(Outcome::Unchanged), None),
                },
            };
            let Met { outcome, field, shows } = met;
            receipt.count(outcome, 1);
            receipt.details.push(Detail { row, key: key.clone(), outcome, field, shows, refusal });
        }
        receipt
    }

    /// What became of the records of a capture; those that met nobody are only counted.
    fn receipt_of_capture(&self, rows: &Rows, own: &Range<u32>, others: &Touched) -> Receipt {
        let mut receipt = Receipt::default();
        if others.is_empty() {
            receipt.count(Outcome::Applied, rows.captured);
            return receipt;
        }
        let view = self.view();
        let mut records = if rows.captured == 0 { Vec::new() } else { self.records_of_chain(own) }.into_iter();
        for row in 0..rows.captured {
            let Some(record) = records.next() else {
                receipt.count(Outcome::Unchanged, 1);
                continue;
            };
            let Met { outcome, field, shows } = view.outcome(record, own, others);
            receipt.count(outcome, 1);
            if outcome < Outcome::Applied {
                let in_identity = || Some(layout::read_identity(view.registers.slot(record).identity())?.key);
                let key = rows.captured_keys.get(&row).cloned().or_else(in_identity);
                receipt.details.push(Detail { row, key, outcome, field, shows, refusal: None });
            }
        }
        receipt
    }

    /// The records that a chain writes, in order; the schema is no row.
    fn records_of_chain(&self, own: &Range<u32>) -> Vec<RecordId> {
        let mut records: Vec<RecordId> = Vec::new();
        for position in own.clone() {
            self.each_op(position, &mut |identity, _| {
                if identity != layout::SCHEMA_IDENTITY
                    && let Some(record) = self.registers.find(&self.history, identity)
                    && records.last() != Some(&record)
                {
                    records.push(record);
                }
            });
        }
        records
    }
}
