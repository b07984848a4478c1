//! The replicated object store: takes snapshots in, merges changes, gives record changes out.
//!
//! Does no I/O, reads no clock, draws no randomness. The history is one of automerge changes; the merge is this crate's own
//! (see `DESIGN.md`), and what a store shows is a function of its changes alone.
//!
//! ```
//! use anabranch_core::{CaptureKind, Document, Key, StoreSchema, StoreSnapshot, Value};
//!
//! let record = |name: &str, city: &str| {
//!     (Key::String("p1".into()), Value::object([("name", Value::from(name)), ("city", Value::from(city))]))
//! };
//! let snapshot = |record| StoreSnapshot { name: "people".into(), schema: StoreSchema::default(), complete: true, records: vec![record] };
//!
//! // Two devices begin with the same data; each changes another field offline.
//! let mut people = Document::new();
//! let tablet = people.capture_store("tablet", CaptureKind::First, &snapshot(record("Ada", "London")))?;
//! let laptop = people.capture_store("laptop", CaptureKind::First, &snapshot(record("Ada", "London")))?;
//! let next = |heads| Ok::<_, anabranch_core::UnknownHeads>(CaptureKind::Next { baseline: heads, left_out: Default::default() });
//! let kind = next(people.known(&tablet.own_heads)?)?;
//! people.capture_store("tablet", kind, &snapshot(record("Ada L.", "London")))?;
//! let kind = next(people.known(&laptop.own_heads)?)?;
//! people.capture_store("laptop", kind, &snapshot(record("Ada", "Paris")))?;
//!
//! assert_eq!(people.view().records().next(), Some(anabranch_core::Record { key: Key::String("p1".into()), value: record("Ada L.", "Paris").1 }));
//! assert!(people.view().conflicts().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ahead;
#[cfg(feature = "automerge")]
mod automerge;
pub mod change;
pub mod commit;
pub mod document;
pub mod heads;
mod history;
pub mod json;
pub mod key;
mod layout;
pub mod lent;
pub mod limits;
mod parallel;
pub mod record;
mod registers;
pub mod saved;
mod scalar;
pub mod schema;
mod sequence;
pub mod snapshot;
#[cfg(test)]
mod steps;
pub mod string;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
mod view;

pub use change::{ActorId, ActorKind};
pub use commit::{
    Author, Capture, CaptureError, CaptureKind, Commit, CommitOptions, Detail, Edit, Loss, Outcome, Prepared, Receipt,
    Resolution, Splice,
};
pub use document::{ApplyOutcome, ChangeBytes, Document, TrimError};
pub use heads::{ChangeHash, Heads};
pub use history::{KnownHeads, UnknownHeads};
pub use key::{Key, KeyPath};
pub use lent::{KeyRef, RecordRef, RowFields, ValueRef};
pub use record::{Batch, Conflict, ConflictKind, Contender, Origin, Record, RecordChange};
pub use saved::{PageHash, Saved, Source};
pub use schema::{DeletePolicy, FieldPath, FieldPolicy, Index, StoreSchema};
pub use snapshot::{Snapshot, StoreSnapshot};
pub use string::JsString;
pub use value::{Object, Value};
pub use view::View;
