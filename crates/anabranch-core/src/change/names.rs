//! The names of a change's ops, each cut once into the record and the register that it names.

use super::decode::Decoded;
use crate::layout::{self, Hashes, SuffixIndex};

/// Records for which there is room at once: that each op names another is usual of small changes alone.
const RESERVED_RECORDS_MAX: usize = 128;

/// What the names of a change's ops say. Ops of one record mostly lie beside each other, and records set the same registers:
/// so each record is here once for every run of its ops, each suffix once.
pub(crate) struct Names {
    pub(crate) records: Vec<NamedRecord>,
    /// Where each suffix is written first.
    suffixes: Vec<Span>,
    /// The suffix of every op; of no meaning for those inside sequences.
    of_ops: Vec<u32>,
}

/// A record that ops of a change name.
#[derive(Clone, Copy)]
pub(crate) struct NamedRecord {
    /// The first op of the run; it ends where the next record's begins.
    pub(crate) first_op: u32,
    identity: Span,
    pub(crate) hashes: Hashes,
}

/// A name that the layout does not know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnknownName {
    /// Position of the op.
    pub(crate) op: u32,
}

/// A run of the change's bytes.
#[derive(Clone, Copy)]
struct Span {
    at: u32,
    bytes: u32,
}

impl Span {
    fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.at as usize..(self.at + self.bytes) as usize).unwrap_or_default()
    }
}

impl Names {
    /// Cuts the names of the ops of the chunk `bytes` that set registers.
    pub(crate) fn cut(change: &Decoded, bytes: &[u8]) -> Result<Self, UnknownName> {
        let mut names = Names {
            records: Vec::with_capacity(change.ops.len().min(RESERVED_RECORDS_MAX)),
            suffixes: Vec::new(),
            of_ops: Vec::with_capacity(change.ops.len()),
        };
        let mut finder = SuffixFinder::default();
        let mut identity: &[u8] = &[];
        for (at, op) in change.ops.iter().enumerate() {
            let name = change.name_bytes(bytes, op);
            if change.place(at).is_some() {
                names.of_ops.push(u32::MAX);
                continue;
            }
            let suffix = match layout::suffix_in(name, identity) {
                Some(suffix) => suffix,
                None => {
                    let unknown = UnknownName { op: at as u32 };
                    let length = layout::identity_length(name).ok_or(unknown)?;
                    let (own, suffix) = name.split_at_checked(length).ok_or(unknown)?;
                    names.records.push(NamedRecord::new(at as u32, op.name_at, own));
                    identity = own;
                    suffix
                }
            };
            let span = Span { at: op.name_at + identity.len() as u32, bytes: suffix.len() as u32 };
            names.of_ops.push(finder.position(&mut names.suffixes, span, bytes));
        }
        Ok(names)
    }

    /// What the cut names take up.
    pub(crate) fn table_bytes(&self) -> usize {
        size_of_val(&*self.records) + size_of_val(&*self.suffixes) + size_of_val(&*self.of_ops)
    }

    /// The ops of every record, those inside sequences among them.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&NamedRecord, std::ops::Range<usize>)> {
        let ends = self.records.iter().skip(1).map(|next| next.first_op as usize);
        let ends = ends.chain(std::iter::once(self.of_ops.len()));
        self.records.iter().zip(ends).map(|(record, end)| (record, record.first_op as usize..end))
    }

    /// How many ops there are, those inside sequences among them.
    pub(crate) fn op_count(&self) -> usize {
        self.of_ops.len()
    }

    /// The position of the suffix of an op that sets a register.
    #[inline]
    pub(crate) fn suffix_of(&self, op: usize) -> usize {
        self.of_ops.get(op).map_or(usize::MAX, |suffix| *suffix as usize)
    }

    /// Every suffix that is set.
    pub(crate) fn suffixes<'b>(&self, bytes: &'b [u8]) -> impl ExactSizeIterator<Item = &'b str> {
        self.suffixes.iter().map(|suffix| text(suffix.of(bytes)))
    }
}

impl NamedRecord {
    fn new(first_op: u32, at: u32, identity: &[u8]) -> Self {
        let span = Span { at, bytes: identity.len() as u32 };
        Self { first_op, identity: span, hashes: Hashes::of_identity(identity) }
    }

    /// The bytes of its identity, which are UTF-8.
    #[inline]
    pub(crate) fn identity_bytes<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.identity.of(bytes)
    }

    /// Its identity.
    pub(crate) fn identity<'b>(&self, bytes: &'b [u8]) -> &'b str {
        text(self.identity_bytes(bytes))
    }
}

/// Parts of names, which were found to be UTF-8 when they were decoded.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Finds suffixes again, mostly where the one before is followed by the next, as in most records.
#[derive(Default)]
struct SuffixFinder {
    next: usize,
    index: SuffixIndex,
}

impl SuffixFinder {
    /// The position of a suffix among those that were seen, to which it is added if it is new.
    fn position(&mut self, seen: &mut Vec<Span>, suffix: Span, bytes: &[u8]) -> u32 {
        let own = suffix.of(bytes);
        let found = match seen.get(self.next).is_some_and(|next| next.of(bytes) == own) {
            true => Some(self.next as u32),
            false => {
                let text = |at: u32| seen.get(at as usize).map_or(&[][..], |span| span.of(bytes));
                self.index.find(own, seen.len(), text)
            }
        };
        let at = found.unwrap_or_else(|| {
            seen.push(suffix);
            seen.len() as u32 - 1
        });
        let next = at as usize + 1;
        self.next = if next < seen.len() { next } else { 0 };
        at
    }
}

#[cfg(test)]
mod tests;
