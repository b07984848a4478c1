//! A store's document: its history, and the registers at its heads.

use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use crate::change::UncheckedChange;
use crate::heads::{ChangeHash, Heads};
use crate::history::{History, KnownHeads, UnknownHeads};
use crate::registers::{Registers, RegistersAt};
use crate::view::{Rules, View};

mod apply;
mod changes;
mod log;
mod range;
mod save;
mod touched;
mod trim;

pub(crate) use apply::CheckedChain;
pub use apply::{ApplyOutcome, Refusal, RefuseReason};
pub use changes::{ChangeInfo, Write};
pub use trim::TrimError;

/// One object store as a replicated document.
///
/// ```
/// use anabranch_core::{Document, Edit, Author, Key, Value};
/// let mut document = Document::new();
/// let base = document.known(&document.heads())?;
/// let put = Edit::Put { key: Some(Key::String("k1".into())), value: Value::object([("name", Value::from("Ada"))]) };
/// let commit = document.change_at(&base, &[put], &Author::person("desk"))?;
/// assert_eq!(commit.receipt.applied, 1);
///
/// // Another replica takes the same changes, in any order and as often as it likes.
/// let mut other = Document::new();
/// other.apply(commit.changes.iter().map(|change| change.bytes.clone()));
/// assert_eq!(other.heads(), document.heads());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Document {
    pub(crate) history: History,
    pub(crate) registers: Registers,
    /// What decides how the registers of the present show, once somebody asked.
    rules: OnceLock<Arc<Rules>>,
    /// Changes that wait for the rest of their chain or for their dependencies.
    waiting: apply::Waiting,
}

/// A change as it is kept and exchanged: immutable bytes and their hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeBytes {
    /// The change hash.
    pub hash: ChangeHash,
    /// The chunk in automerge's format.
    pub bytes: Arc<[u8]>,
}

impl ChangeBytes {
    /// What there is to keep and to send of a change.
    pub(crate) fn of(change: &UncheckedChange) -> Self {
        Self { hash: change.hash(), bytes: change.bytes().clone() }
    }
}

/// Why a prefix names no change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// Fewer digits than [`HASH_PREFIX_DIGITS_MIN`], or something that is no digit.
    #[error("{text:?} is no change hash: give all 64 hexadecimal digits or the first {HASH_PREFIX_DIGITS_MIN} or more")]
    Malformed {
        /// The text.
        text: String,
    },
    /// No change begins with these digits.
    #[error("no change of this store begins with {prefix}")]
    Unknown {
        /// The digits.
        prefix: String,
    },
    /// Several changes begin with these digits.
    #[error("several changes of this store begin with {prefix}: give more digits")]
    Ambiguous {
        /// The digits.
        prefix: String,
    },
}

/// Digits that a prefix of a change hash must have.
pub const HASH_PREFIX_DIGITS_MIN: usize = 8;

impl Document {
    /// A document without history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where this document is.
    pub fn heads(&self) -> Heads {
        self.history.heads()
    }

    /// These heads, if the document has them.
    pub fn known(&self, heads: &Heads) -> Result<KnownHeads, UnknownHeads> {
        self.history.known(heads)
    }

    /// The heads named by hashes or by unique prefixes of them.
    pub fn locate<'t>(&self, prefixes: impl IntoIterator<Item = &'t str>) -> Result<Heads, LocateError> {
        prefixes.into_iter().map(|prefix| self.locate_one(prefix)).collect()
    }

    fn locate_one(&self, text: &str) -> Result<ChangeHash, LocateError> {
        if let Ok(hash) = ChangeHash::from_str(text) {
            let known = self.history.position(&hash).map(|_| hash);
            return known.ok_or_else(|| LocateError::Unknown { prefix: text.into() });
        }
        let prefix = text.to_ascii_lowercase();
        let is_hex = prefix.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || !(HASH_PREFIX_DIGITS_MIN..64).contains(&prefix.len()) {
            return Err(LocateError::Malformed { text: text.into() });
        }
        let mut found = self.history.changes().iter().filter(|change| change.hash.to_string().starts_with(&prefix));
        match (found.next(), found.next()) {
            (None, _) => Err(LocateError::Unknown { prefix }),
            (Some(change), None) => Ok(change.hash),
            (Some(_), Some(_)) => Err(LocateError::Ambiguous { prefix }),
        }
    }

    /// The store as it is.
    pub fn view(&self) -> View<'_> {
        let heads = self.history.known_heads().clone();
        let registers = || RegistersAt::present(&self.registers, &self.history);
        let rules = self.rules.get_or_init(|| View::new(&self.history, registers(), heads.clone()).rules().clone());
        View::with_rules(&self.history, registers(), heads, rules.clone())
    }

    /// The store as it was at known heads.
    pub fn at(&self, heads: &KnownHeads) -> View<'_> {
        if heads.heads() == self.history.known_heads().heads() {
            return self.view();
        }
        let set = self.history.ancestry(&heads.positions);
        View::new(&self.history, self.registers_at(&set), heads.clone())
    }

    /// How many changes there are.
    pub fn change_count(&self) -> usize {
        self.history.changes().len()
    }
}
