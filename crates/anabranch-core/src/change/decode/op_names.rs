//! The name of one op of an accepted change, found without decoding the others.

use super::names::names_accepted;
use crate::change::{read_signed, read_unsigned};

/// Of so many names in a row one is marked.
const MARKED: u32 = 64;

/// Where names of a change lie: enough of them that from one of these it is not far to any.
#[derive(Clone, Debug)]
pub(crate) struct OpNames {
    marks: Vec<Mark>,
}

/// An op with a name, and how many from there on have one each, or the same.
#[derive(Clone, Copy, Debug)]
struct Mark {
    op: u32,
    /// Where in the change its name lies, the length in front.
    at: u32,
    ops: u32,
    is_repeated: bool,
}

impl OpNames {
    /// Looks through the names of an accepted change once.
    pub(crate) fn of(change: &[u8]) -> Self {
        let mut names = Self { marks: Vec::new() };
        let column = names_accepted(change).column;
        let column_end = column.end;
        let mut rest = change.get(column).unwrap_or_default();
        let mut op = 0u32;
        while let Some(run) = read_signed(&mut rest) {
            let (ops, is_repeated) = (run.unsigned_abs() as u32, run > 0);
            if run == 0 {
                op += read_unsigned(&mut rest).unwrap_or_default() as u32;
                continue;
            }
            for nth in 0..if is_repeated { 1 } else { ops } {
                if nth % MARKED == 0 {
                    let at = (column_end - rest.len()) as u32;
                    names.marks.push(Mark { op: op + nth, at, ops: ops - nth, is_repeated });
                }
                take_name(&mut rest);
            }
            op += ops;
        }
        names
    }

    /// The name of an op of the same change, if it has one: it sets a register then.
    pub(crate) fn name<'b>(&self, change: &'b [u8], op: u32) -> Option<&'b [u8]> {
        let before = self.marks.partition_point(|mark| mark.op <= op).checked_sub(1)?;
        let Mark { op: first, at, ops, is_repeated } = *self.marks.get(before)?;
        let nth = Some(op - first).filter(|nth| *nth < ops)?;
        let mut rest = change.get(at as usize..)?;
        for _ in 0..if is_repeated { 0 } else { nth } {
            #[cfg(test)]
            crate::steps::count(1);
            take_name(&mut rest);
        }
        take_name(&mut rest)
    }
}

fn take_name<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = read_unsigned(rest)? as usize;
    let (name, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(name)
}
