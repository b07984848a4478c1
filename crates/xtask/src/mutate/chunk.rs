//! A change taken apart, so that one part of it can become another and the whole be put together again, its checksum right.

use sha2::{Digest, Sha256};

use super::leb128::{read_signed, read_unsigned, write_signed, write_unsigned};

/// The parts of an automerge change chunk (automerge binary format, "Change Chunks").
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) kind: u8,
    pub(super) deps: Vec<[u8; 32]>,
    pub(super) actor: Vec<u8>,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) time: i64,
    pub(super) message: Vec<u8>,
    pub(super) others: Vec<Vec<u8>>,
    /// Specification and contents.
    pub(super) columns: Vec<(u64, Vec<u8>)>,
    /// What follows the columns: nothing, in honest changes.
    pub(super) tail: Vec<u8>,
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Magic and checksum come before what the checksum covers.
const CHECKSUM_END: usize = 8;

impl Chunk {
    /// Takes an honest change apart.
    pub(super) fn take_apart(bytes: &[u8]) -> Option<Self> {
        let (kind, mut rest) = bytes.get(CHECKSUM_END..)?.split_first()?;
        let input = &mut rest;
        read_unsigned(input)?;
        let deps = list(input, |input| take(input, 32)?.try_into().ok())?;
        let actor = sized(input)?;
        let (seq, start_op, time) = (read_unsigned(input)?, read_unsigned(input)?, read_signed(input)?);
        let message = sized(input)?;
        let others = list(input, sized)?;
        let layout = list(input, |input| Some((read_unsigned(input)?, read_unsigned(input)?)))?;
        let mut columns = Vec::with_capacity(layout.len());
        for (specification, length) in layout {
            columns.push((specification, take(input, usize::try_from(length).ok()?)?.to_vec()));
        }
        Some(Self { kind: *kind, deps, actor, seq, start_op, time, message, others, columns, tail: input.to_vec() })
    }

    /// The bytes of these parts.
    pub(super) fn put_together(&self) -> Vec<u8> {
        let mut body = Vec::new();
        write_unsigned(self.deps.len() as u64, &mut body);
        self.deps.iter().for_each(|dep| body.extend(dep));
        write_sized(&self.actor, &mut body);
        write_unsigned(self.seq, &mut body);
        write_unsigned(self.start_op, &mut body);
        write_signed(self.time, &mut body);
        write_sized(&self.message, &mut body);
        write_unsigned(self.others.len() as u64, &mut body);
        self.others.iter().for_each(|actor| write_sized(actor, &mut body));
        write_unsigned(self.columns.len() as u64, &mut body);
        for (specification, contents) in &self.columns {
            write_unsigned(*specification, &mut body);
            write_unsigned(contents.len() as u64, &mut body);
        }
        self.columns.iter().for_each(|(_, contents)| body.extend(contents));
        body.extend(&self.tail);
        let mut bytes = [&MAGIC[..], &[0; 4], &[self.kind]].concat();
        write_unsigned(body.len() as u64, &mut bytes);
        bytes.append(&mut body);
        seal(&mut bytes);
        bytes
    }

    /// The contents of a column, if the change has it.
    pub(super) fn column(&mut self, specification: u64) -> Option<&mut Vec<u8>> {
        self.columns.iter_mut().find(|(have, _)| *have == specification).map(|(_, contents)| contents)
    }
}

/// The hash that names a change.
pub(super) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes.get(CHECKSUM_END..).unwrap_or_default()).into()
}

/// Makes the checksum right, as an attacker would.
pub(super) fn seal(bytes: &mut [u8]) {
    let digest = hash(bytes);
    bytes.iter_mut().skip(MAGIC.len()).take(4).zip(digest).for_each(|(byte, digest)| *byte = digest);
}

fn take<'b>(input: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (front, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(front)
}

fn sized(input: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(read_unsigned(input)?).ok()?;
    take(input, length).map(<[u8]>::to_vec)
}

fn write_sized(bytes: &[u8], out: &mut Vec<u8>) {
    write_unsigned(bytes.len() as u64, out);
    out.extend(bytes);
}

fn list<T>(input: &mut &[u8], member: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    (0..read_unsigned(input)?).map(|_| member(input)).collect()
}
