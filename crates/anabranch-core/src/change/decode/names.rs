//! The names in an accepted change: what else it says is passed over.

use std::ops::Range;

use super::{ActorId, DecodeChangeError, Decoded, Limits, Reader, read_chunk_header};
use crate::change::column;
use crate::change::columns::each_text_accepted;
use crate::heads::ChangeHash;
use crate::limits;

/// Some ops of a change act inside sequences, so that its names do not tell which records it writes.
pub(crate) struct InSequences;

impl Decoded {
    /// Calls `visit` with the name of every op of an accepted change, of equal ones in a row once, or tells that some of its
    /// ops act inside sequences.
    #[inline]
    pub(crate) fn each_name_accepted<'b>(bytes: &'b [u8], visit: impl FnMut(&'b str)) -> Result<(), InSequences> {
        let NamesAccepted { column, are_all } = names_accepted(bytes);
        if !are_all {
            return Err(InSequences);
        }
        each_text_accepted(bytes.get(column).unwrap_or_default(), visit);
        Ok(())
    }
}

/// Where the names of an accepted change lie, and whether all of its ops have one.
pub(super) struct NamesAccepted {
    pub(super) column: Range<usize>,
    pub(super) are_all: bool,
}

pub(super) fn names_accepted(bytes: &[u8]) -> NamesAccepted {
    find_names(bytes).expect("accepted changes decode")
}

fn find_names(bytes: &[u8]) -> Result<NamesAccepted, DecodeChangeError> {
    let body_at = read_chunk_header(bytes, Limits { change_bytes: usize::MAX, ..Limits::default() })?;
    let mut reader = Reader { whole: bytes, rest: bytes.get(body_at..).unwrap_or_default() };
    let deps = reader.count("dependencies", limits::DEPS_MAX)?;
    reader.take(deps * size_of::<ChangeHash>())?;
    reader.run("actor", size_of::<ActorId>())?;
    for number in ["seq", "start op", "time"] {
        reader.unsigned(number)?;
    }
    reader.run("message", limits::MESSAGE_BYTES_MAX)?;
    for _ in 0..reader.count("actors", limits::ACTORS_MAX)? {
        reader.run("actor", size_of::<ActorId>())?;
    }
    let (mut end, mut names, mut are_all) = (0, 0..0, true);
    for _ in 0..reader.count("columns", limits::COLUMNS_MAX)? {
        let specification = reader.unsigned("column")?;
        let from = end;
        end += reader.count("column", limits::CHANGE_BYTES_MAX)?;
        match specification {
            column::OBJECT_ACTOR | column::OBJECT_COUNTER => are_all = false,
            column::KEY_STR => names = from..end,
            _ => (),
        }
    }
    let columns_at = reader.at();
    Ok(NamesAccepted { column: columns_at + names.start..columns_at + names.end, are_all })
}
