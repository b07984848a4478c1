//! Sequences as a page keeps them (FORMAT.md §8.2).

use super::paths::Paths;
use super::sequences::{Held, SequenceEdit};
use crate::history::History;
use crate::saved::{Reader, Writer};
use crate::scalar::Holds;
use crate::sequence::{OpId, Sequence};

/// Encodes a sequence.
pub(super) fn write(held: &Held, writer: &mut Writer) {
    writer.number(held.path);
    write_id(held.id, writer);
    writer.number(held.made_with());
    writer.number(held.edits().len() as u64);
    for edit in held.edits() {
        writer.number(edit.change);
        writer.number(edit.counter);
    }
    held.sequence.write(writer);
}

/// Decodes a sequence of a record of its page; `None` if it is none, names ops that history does not have, or lies where no
/// field does.
pub(super) fn read(record: u32, reader: &mut Reader<'_>, paths: &Paths, history: &History) -> Option<Held> {
    let path = reader.number()?;
    let (Holds::Field, _) = paths.infos().get(path as usize)?.holds? else { return None };
    let id = read_id(reader)?;
    let made_with = reader.number()?;
    let edits = (0..reader.count(2)?).map(|_| {
        let edit = SequenceEdit { change: reader.number()?, counter: reader.number()? };
        let own = history.changes().get(edit.change as usize)?;
        (own.start_op..own.start_op + own.ops).contains(&edit.counter).then_some(edit)
    });
    let edits = edits.collect::<Option<Vec<_>>>()?;
    let change = history.change_of_op(id.actor, id.counter)?;
    let is_own = edits.first().is_some_and(|edit| edit.change == change);
    let is_op = |op: OpId| history.change_of_op(op.actor, op.counter).is_some();
    let sequence = Sequence::read(reader, &is_op)?;
    let fits = is_own && made_with <= sequence.size() && sequence.is_boundary(made_with);
    fits.then(|| Held::saved((id, change), (record, path), sequence, edits, made_with, history))
}

/// Writes the id of an op.
pub(crate) fn write_id(id: OpId, writer: &mut Writer) {
    writer.number(id.actor);
    writer.number(id.counter);
}

/// Reads the id of an op.
pub(crate) fn read_id(reader: &mut Reader<'_>) -> Option<OpId> {
    Some(OpId { actor: reader.number()?, counter: reader.number()? })
}
