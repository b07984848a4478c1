//! The replicated object store: takes snapshots in, merges changes, gives record changes out.

pub mod change;
pub mod commit;
pub mod document;
pub mod heads;
mod history;
pub mod json;
pub mod key;
mod layout;
pub mod limits;
pub mod record;
mod registers;
mod scalar;
pub mod schema;
pub mod snapshot;
pub mod string;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
mod view;

pub use change::{ActorId, ActorKind};
pub use commit::{Author, Loss, Capture, CaptureError, CaptureKind, Commit, CommitOptions, Detail, Edit, Outcome, Prepared, Receipt, Resolution};
pub use document::{ApplyOutcome, ChangeBytes, Document};
pub use heads::{ChangeHash, Heads};
pub use history::{KnownHeads, UnknownHeads};
pub use key::{Key, KeyPath};
pub use record::{Batch, Conflict, ConflictKind, Contender, Origin, Record, RecordChange};
pub use schema::{DeletePolicy, FieldPath, FieldPolicy, Index, StoreSchema};
pub use snapshot::{Snapshot, StoreSnapshot};
pub use string::JsString;
pub use value::{Object, Value};
pub use view::View;
