//! The run-length columns of a change (automerge binary format, "Run Length Encoding"), as runs rather than as values.

use crate::leb128::{read_signed, read_unsigned, write_signed, write_unsigned};

/// What stands before the values of a run.
#[derive(Clone, Copy)]
pub(super) enum RunHead {
    /// One value so many times.
    Repeat(u32),
    /// So many values.
    Literal(u32),
    /// So many nulls.
    Nulls(u32),
}

impl RunHead {
    /// Takes a head off the front if its run is of `room` rows at most.
    pub(super) fn read(rest: &mut &[u8], room: usize) -> Option<Self> {
        let fits = |count: u64| u32::try_from(count).ok().filter(|count| *count > 0 && *count as usize <= room);
        match read_signed(rest)? {
            0 => fits(read_unsigned(rest)?).map(RunHead::Nulls),
            count @ 1.. => fits(count.unsigned_abs()).map(RunHead::Repeat),
            count => fits(count.unsigned_abs()).map(RunHead::Literal),
        }
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            RunHead::Repeat(count) => write_signed(i64::from(count), out),
            RunHead::Literal(count) => write_signed(-i64::from(count), out),
            RunHead::Nulls(count) => {
                write_signed(0, out);
                write_unsigned(u64::from(count), out);
            }
        }
    }

    /// How many rows the run is of.
    pub(super) fn rows(self) -> usize {
        let (RunHead::Repeat(count) | RunHead::Literal(count) | RunHead::Nulls(count)) = self;
        count as usize
    }

    /// How many values are written out behind the head.
    pub(super) fn values(self) -> usize {
        match self {
            RunHead::Repeat(_) => 1,
            RunHead::Literal(count) => count as usize,
            RunHead::Nulls(_) => 0,
        }
    }
}

/// A column: the heads of its runs, and the values that are written out behind them.
pub(super) struct Column<T> {
    pub(super) heads: Vec<RunHead>,
    pub(super) values: Vec<T>,
    pub(super) rows: usize,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { heads: Vec::new(), values: Vec::new(), rows: 0 }
    }
}

impl<T> Column<T> {
    /// Reads a column of at most `rows_max` rows.
    pub(super) fn read<'b>(
        mut column: &'b [u8],
        rows_max: usize,
        value: impl Fn(&mut &'b [u8]) -> Option<T>,
    ) -> Option<Self> {
        let mut read = Self::default();
        while !column.is_empty() {
            let head = RunHead::read(&mut column, rows_max - read.rows)?;
            read.rows += head.rows();
            for _ in 0..head.values() {
                read.values.push(value(&mut column)?);
            }
            read.heads.push(head);
        }
        Some(read)
    }

    /// For each row the position of its value, and whether it is the first of its run; `None` for a null.
    pub(super) fn rows(&self) -> impl Iterator<Item = Option<(usize, bool)>> + '_ {
        let mut before = 0;
        self.heads.iter().flat_map(move |head| {
            let first = before;
            before += head.values();
            let head = *head;
            (0..head.rows()).map(move |nth| match head {
                RunHead::Repeat(_) => Some((first, nth == 0)),
                RunHead::Literal(_) => Some((first + nth, true)),
                RunHead::Nulls(_) => None,
            })
        })
    }
}

/// Takes so many bytes off the front.
pub(super) fn take_bytes<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (front, back) = rest.split_at_checked(count)?;
    *rest = back;
    Some(front)
}

/// Takes bytes behind their length off the front.
pub(super) fn take_text<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(read_unsigned(rest)?).ok()?;
    take_bytes(rest, length)
}

/// Appends bytes behind their length.
pub(super) fn write_text(text: &[u8], out: &mut Vec<u8>) {
    write_unsigned(text.len() as u64, out);
    out.extend(text);
}
