//! Writing and reading the members of saved forms: integers in LEB128, bytes and lists with their length before them.

use crate::change::{read_unsigned, write_unsigned};

/// Writes members one after another.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) out: Vec<u8>,
}

impl Writer {
    pub(crate) fn number(&mut self, number: impl Into<u64>) {
        write_unsigned(number.into(), &mut self.out);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn fixed(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}

/// Reads members one after another; `None` once something is not there.
pub(crate) struct Reader<'b> {
    whole: usize,
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { whole: bytes.len(), rest: bytes }
    }

    /// How far it came.
    pub(crate) fn at(&self) -> usize {
        self.whole - self.rest.len()
    }

    /// How many bytes are left.
    pub(crate) fn rest(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn long(&mut self) -> Option<u64> {
        read_unsigned(&mut self.rest)
    }

    pub(crate) fn number(&mut self) -> Option<u32> {
        self.long()?.try_into().ok()
    }

    /// How many members follow, each of which takes `bytes` at least.
    pub(crate) fn count(&mut self, bytes: usize) -> Option<usize> {
        let count = usize::try_from(self.long()?).ok()?;
        (count.checked_mul(bytes)? <= self.rest.len()).then_some(count)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.count(1)?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (front, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(front)
    }
}
