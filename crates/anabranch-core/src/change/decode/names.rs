//! The names in an accepted change: what else it says is passed over.

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
        let names = names_accepted(bytes).expect("accepted changes decode")?;
        each_text_accepted(names, visit);
        Ok(())
    }
}

/// The column of names.
fn names_accepted(bytes: &[u8]) -> Result<Result<&[u8], InSequences>, DecodeChangeError> {
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
    let (mut at, mut names) = (0, 0..0);
    for _ in 0..reader.count("columns", limits::COLUMNS_MAX)? {
        let specification = reader.unsigned("column")?;
        let length = reader.count("column", limits::CHANGE_BYTES_MAX)?;
        match specification {
            column::OBJECT_ACTOR | column::OBJECT_COUNTER => return Ok(Err(InSequences)),
            column::KEY_STR => names = at..at + length,
            _ => (),
        }
        at += length;
    }
    Ok(Ok(reader.rest.get(names).unwrap_or_default()))
}
