//! One change, unravelled and ravelled again. What follows from the rest is left out: its length, its checksum, and those of
//! its dependencies that are in the same block.

use sha2::{Digest, Sha256};

use super::Memory;
use super::columns::{Column, RunHead, take_bytes, take_text, write_text};
use super::names::{NAMELESS, Names};
use super::table::Strands;
use crate::entry::Hash;
use crate::leb128::{read_signed, read_unsigned, write_unsigned};
use crate::limits::CHANGE_OPS_MAX;

/// The first bytes of a chunk in automerge's format.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// The hash is that of what stands behind magic and checksum.
const HASHED_AT: usize = 8;
/// A chunk that is a change and not deflated.
const CHANGE: u8 = 1;
/// The columns that are taken apart, by specification: names, types and lengths of values, values.
const NAMES: u64 = 0x15;
const METAS: u64 = 0x56;
const VALUES: u64 = 0x57;

/// A change, taken apart.
pub(super) struct Parts<'b> {
    pub(super) hash: Hash,
    pub(super) deps: Vec<&'b [u8]>,
    header: &'b [u8],
    /// All columns; those that are taken apart are empty here.
    columns: Vec<(u64, &'b [u8])>,
    names: Column<&'b [u8]>,
    metas: Column<u64>,
    values: &'b [u8],
}

impl<'b> Parts<'b> {
    /// Takes a change apart; `None` if its bytes are not those that putting it together makes.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Self> {
        let hashed = bytes.strip_prefix(&MAGIC)?.get(4..)?;
        let hash: Hash = Sha256::digest(hashed).into();
        if bytes.get(4..HASHED_AT) != hash.get(..4) {
            return None;
        }
        let rest = &mut hashed.strip_prefix(&[CHANGE])?;
        if read_unsigned(rest)? != rest.len() as u64 {
            return None;
        }
        let dep_count = read_unsigned(rest)?;
        let deps = (0..dep_count).map(|_| take_bytes(rest, 32)).collect::<Option<Vec<_>>>()?;
        let header = take_header(rest)?;
        let mut lengths = Vec::new();
        for _ in 0..read_unsigned(rest)? {
            let specification = read_unsigned(rest)?;
            if lengths.last().is_some_and(|(last, _)| *last >= specification) {
                return None;
            }
            lengths.push((specification, usize::try_from(read_unsigned(rest)?).ok()?));
        }
        let mut parts = Self {
            hash,
            deps,
            header,
            columns: Vec::with_capacity(lengths.len()),
            names: Column::default(),
            metas: Column::default(),
            values: &[],
        };
        for (specification, length) in lengths {
            let column = take_bytes(rest, length)?;
            let kept = match specification {
                NAMES => {
                    parts.names = Column::read(column, CHANGE_OPS_MAX, take_text)?;
                    &[]
                }
                METAS => {
                    parts.metas = Column::read(column, CHANGE_OPS_MAX, read_unsigned)?;
                    &[]
                }
                VALUES => {
                    parts.values = column;
                    &[]
                }
                _ => column,
            };
            parts.columns.push((specification, kept));
        }
        (rest.is_empty() && parts.values_fit()).then_some(parts)
    }

    /// How many rows have to be walked to put it together again.
    pub(super) fn rows(&self) -> usize {
        self.names.rows + self.metas.rows
    }

    /// Whether the lengths that the metas state are all of the values.
    fn values_fit(&self) -> bool {
        let lengths = self.metas.rows().map(|row| {
            let meta = self.metas.values.get(row?.0)?;
            usize::try_from(meta >> 4).ok()
        });
        let sum = lengths.into_iter().try_fold(0usize, |sum, length| sum.checked_add(length?));
        sum == Some(self.values.len())
    }

    /// Appends the change to the strands, but for its dependencies.
    pub(super) fn write(&self, names: &mut Names, strands: &mut Strands<Vec<u8>>) {
        strands.headers.extend(self.header);
        write_unsigned(self.columns.len() as u64, &mut strands.layout);
        for (specification, column) in &self.columns {
            write_unsigned(*specification, &mut strands.layout);
            if !matches!(*specification, NAMES | METAS | VALUES) {
                write_unsigned(column.len() as u64, &mut strands.layout);
                strands.others.entry(*specification).or_default().extend(*column);
            }
        }
        let classes = self.write_names(names, strands);
        self.write_values(&classes, strands);
    }

    /// Returns the class of each row.
    fn write_names(&self, names: &mut Names, strands: &mut Strands<Vec<u8>>) -> Vec<u32> {
        write_unsigned(self.names.heads.len() as u64, &mut strands.name_runs);
        self.names.heads.iter().for_each(|head| head.write(&mut strands.name_runs));
        let of_value: Vec<u32> = self.names.values.iter().map(|name| names.write(name, strands)).collect();
        let class = |row: Option<(usize, bool)>| row.and_then(|(at, _)| of_value.get(at).copied());
        self.names.rows().map(|row| class(row).unwrap_or(NAMELESS)).collect()
    }

    fn write_values(&self, classes: &[u32], strands: &mut Strands<Vec<u8>>) {
        write_unsigned(self.metas.heads.len() as u64, &mut strands.meta_runs);
        self.metas.heads.iter().for_each(|head| head.write(&mut strands.meta_runs));
        let mut rest = self.values;
        for (nth, row) in self.metas.rows().enumerate() {
            let class = classes.get(nth).copied().unwrap_or(NAMELESS);
            let meta = row.and_then(|(at, is_first)| Some((*self.metas.values.get(at)?, is_first)));
            let (Some((meta, is_first)), Some((metas, values))) = (meta, strands.class(class)) else { continue };
            if is_first {
                write_unsigned(meta, metas);
            }
            values.extend(take_bytes(&mut rest, (meta >> 4) as usize).unwrap_or_default());
        }
    }
}

/// The actor, seq, start op, time, message and other actors.
fn take_header<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let before = *rest;
    take_text(rest)?;
    read_unsigned(rest)?;
    read_unsigned(rest)?;
    read_signed(rest)?;
    take_text(rest)?;
    for _ in 0..read_unsigned(rest)? {
        take_text(rest)?;
    }
    before.get(..before.len() - rest.len())
}

/// Puts a change of `room` bytes at most together.
pub(super) fn ravel(memory: &mut Memory, strands: &mut Strands<&[u8]>, room: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    // One byte of a distance stands for 32.
    let dep_count = read_unsigned(&mut strands.deps).filter(|count| *count <= room as u64 / 32)?;
    write_unsigned(dep_count, &mut body);
    for _ in 0..dep_count {
        match usize::try_from(read_unsigned(&mut strands.deps)?).ok()? {
            0 => body.extend(take_bytes(&mut strands.hashes, 32)?),
            back => body.extend(memory.hashes.get(memory.hashes.len().checked_sub(back)?)?),
        }
    }
    body.extend(take_header(&mut strands.headers)?);
    ravel_columns(memory, strands, room, &mut body)?;
    let mut hashed = vec![CHANGE];
    write_text(&body, &mut hashed);
    let hash: Hash = Sha256::digest(&hashed).into();
    memory.hashes.push(hash);
    let chunk = [&MAGIC[..], hash.get(..4)?, &hashed].concat();
    (chunk.len() <= room).then_some(chunk)
}

fn ravel_columns(memory: &mut Memory, strands: &mut Strands<&[u8]>, room: usize, body: &mut Vec<u8>) -> Option<()> {
    let count = read_unsigned(&mut strands.layout)?;
    write_unsigned(count, body);
    let (names, classes) = ravel_names(memory, strands, room)?;
    let (metas, values) = ravel_values(memory, strands, &classes)?;
    let mut columns: Vec<&[u8]> = Vec::new();
    let mut taken = 0;
    for _ in 0..count {
        let specification = read_unsigned(&mut strands.layout)?;
        let column = match specification {
            NAMES | METAS | VALUES => {
                taken += 1;
                match specification {
                    NAMES => &names,
                    METAS => &metas,
                    _ => &values[..],
                }
            }
            _ => {
                let length = usize::try_from(read_unsigned(&mut strands.layout)?).ok()?;
                take_bytes(strands.others.get_mut(&specification)?, length)?
            }
        };
        write_unsigned(specification, body);
        write_unsigned(column.len() as u64, body);
        columns.push(column);
    }
    // What was put together has its place among the columns.
    let made = [&names, &metas, &values].iter().filter(|column| !column.is_empty()).count();
    if taken < made {
        return None;
    }
    columns.iter().for_each(|column| body.extend(*column));
    Some(())
}

/// The column of names, and the class of each row.
fn ravel_names(memory: &mut Memory, strands: &mut Strands<&[u8]>, room: usize) -> Option<(Vec<u8>, Vec<u32>)> {
    let (mut column, mut classes) = (Vec::new(), Vec::new());
    for _ in 0..read_unsigned(&mut strands.name_runs)? {
        let head = RunHead::read(&mut strands.name_runs, CHANGE_OPS_MAX - classes.len())?;
        if !memory.admits(head.rows()) {
            return None;
        }
        head.write(&mut column);
        let mut class = NAMELESS;
        for _ in 0..head.values() {
            class = memory.names.read(strands, room.checked_sub(column.len())?, &mut column)?;
            classes.push(class);
        }
        // The rows of a run of one value, or of nulls, beyond what was pushed.
        classes.resize(classes.len() - head.values() + head.rows(), class);
    }
    Some((column, classes))
}

/// The column of types and lengths of values, and the column of values.
fn ravel_values(memory: &mut Memory, strands: &mut Strands<&[u8]>, classes: &[u32]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut column, mut all) = (Vec::new(), Vec::new());
    let mut row = 0;
    for _ in 0..read_unsigned(&mut strands.meta_runs)? {
        let head = RunHead::read(&mut strands.meta_runs, CHANGE_OPS_MAX - row)?;
        if !memory.admits(head.rows()) || matches!(head, RunHead::Nulls(_)) {
            return None;
        }
        head.write(&mut column);
        let mut meta = 0;
        for nth in 0..head.rows() {
            let (metas, values) = strands.class(classes.get(row).copied().unwrap_or(NAMELESS))?;
            if nth < head.values() {
                meta = read_unsigned(metas)?;
                write_unsigned(meta, &mut column);
            }
            all.extend(take_bytes(values, usize::try_from(meta >> 4).ok()?)?);
            row += 1;
        }
    }
    Some((column, all))
}
