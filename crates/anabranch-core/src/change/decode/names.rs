//! The names in an accepted change: what else it says is passed over.

use super::{ActorId, Columns, DecodeChangeError, Decoded, Limits, Reader, ops, read_chunk_header, read_columns};
use crate::change::columns::{AcceptedText, each_text_accepted};
use crate::heads::ChangeHash;
use crate::limits;

/// Some ops of a change act inside sequences, so that its names do not tell which records it writes.
pub(crate) struct InSequences;

impl Decoded {
    /// Calls `visit` with the name of every op of an accepted change, of equal ones in a row once, or tells that some of its
    /// ops act inside sequences.
    #[inline]
    pub(crate) fn each_name_accepted<'b>(
        bytes: &'b [u8],
        visit: impl FnMut(AcceptedText<'b, '_>),
    ) -> Result<(), InSequences> {
        let columns = columns_accepted(bytes).expect("accepted changes decode");
        ops::only_sets(bytes, &columns).ok_or(InSequences)?;
        let (from, to) = columns.names;
        each_text_accepted(bytes.get(from..to).unwrap_or_default(), visit);
        Ok(())
    }
}

fn columns_accepted(bytes: &[u8]) -> Result<Columns, DecodeChangeError> {
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
    read_columns(&mut reader)
}
