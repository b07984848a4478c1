//! What every engine is asked to do.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use crate::pieces;
use crate::read_out::ReadOut;
use crate::rows::{Field, Row, Update};

/// Bytes that are sent or stored as one.
pub(crate) type Piece = Arc<[u8]>;

/// Four libraries fail in their own ways; a failure ends the run and is printed.
pub(crate) type EngineResult<T> = Result<T, Box<dyn Error>>;

/// Who holds a document.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Replica {
    /// The one that imports, and that merges what comes.
    Receiver,
    /// The one that sends.
    Sender,
}

impl Replica {
    /// An id that sorts after the receiver's for the sender: automerge takes new actors faster where they sort last.
    pub(crate) fn id(self) -> u8 {
        match self {
            Replica::Receiver => 1,
            Replica::Sender => 2,
        }
    }
}

/// A store of records that merge field by field.
pub(crate) trait Engine {
    /// The name in tables and rows.
    const NAME: &'static str;
    /// It takes no part in works on more records than this unless it is asked for by name.
    const RECORDS_MAX: usize = 100_000;
    /// Whether the engine can be asked which records changed since a mark.
    const TELLS_TOUCHED: bool = true;
    /// A document that holds one store.
    type Document;
    /// A point in its history.
    type Mark;

    /// Makes a document of records, and the bytes that a log or a peer would get of it.
    fn import(rows: &[Row]) -> EngineResult<(Self::Document, Vec<Piece>)>;

    /// The bytes that a whole document is kept as.
    fn stored(document: &Self::Document) -> EngineResult<Vec<Piece>>;

    /// Opens a stored document up to where its first record can be read.
    fn open(stored: &[Piece], replica: Replica) -> EngineResult<Self::Document>;

    /// What is kept to open a document from as fast as the engine can, where that is not what it stores.
    fn kept(document: &Self::Document) -> EngineResult<Vec<Piece>> {
        Self::stored(document)
    }

    /// Opens what is kept.
    fn open_kept(kept: &[Piece]) -> EngineResult<Self::Document> {
        Self::open(kept, Replica::Receiver)
    }

    /// Opens what is kept in a file ([`crate::pieces`]).
    fn open_file(file: &Path) -> EngineResult<Self::Document> {
        Self::open_kept(&pieces::read(file)?)
    }

    /// The whole history in the fewest bytes that the engine makes of it.
    fn sealed(document: &Self::Document) -> EngineResult<Vec<Piece>> {
        Self::stored(document)
    }

    /// Diffs the document against what its records are now, commits the difference and gives its bytes.
    fn capture(document: &mut Self::Document, rows: &[Row]) -> EngineResult<Vec<Piece>>;

    /// Commits updates as one change and gives its bytes.
    fn commit(document: &mut Self::Document, updates: &[Update]) -> EngineResult<Piece>;

    /// Merges what another replica committed, all that arrived at once.
    fn merge(document: &mut Self::Document, received: &[Piece]) -> EngineResult<()>;

    /// Where the document is.
    fn mark(document: &Self::Document) -> Self::Mark;

    /// Tells the keys of the records that changed since `mark`, in any order.
    fn touched_since(_: &Self::Document, _: &Self::Mark, _: &mut dyn FnMut(&str)) -> EngineResult<()> {
        Err("this engine cannot be asked".into())
    }

    /// Reads every record out.
    fn read(document: &Self::Document, out: &mut impl ReadOut) -> EngineResult<()>;

    /// One field of one record.
    fn field(document: &Self::Document, key: &str, name: &str) -> Option<Field>;

    /// How many records there are.
    fn record_count(document: &Self::Document) -> usize;
}
