//! The bytes of a JSON text, a window of them at a time.

use std::io::Read;

const WINDOW_BYTES: usize = 64 * 1024;
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// A window on the input, refilled as it is consumed. A byte order mark at the start is passed over.
pub(super) struct Input<R> {
    reader: R,
    buffer: Box<[u8]>,
    from: usize,
    to: usize,
    /// Offset of the buffer's first byte.
    base: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; WINDOW_BYTES].into_boxed_slice(), from: 0, to: 0, base: 0 }
    }

    /// How many bytes were consumed.
    pub(super) fn consumed(&self) -> u64 {
        self.base + self.from as u64
    }

    /// The next byte, not consumed; `None` at the end.
    #[inline]
    pub(super) fn peek(&mut self) -> std::io::Result<Option<u8>> {
        if self.from == self.to && !self.fill()? {
            return Ok(None);
        }
        Ok(self.buffer.get(self.from).copied())
    }

    /// The bytes that are here already; empty only at the end.
    pub(super) fn window(&mut self) -> std::io::Result<&[u8]> {
        if self.from == self.to {
            self.fill()?;
        }
        Ok(self.buffer.get(self.from..self.to).unwrap_or_default())
    }

    /// Consumes bytes of the window.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        self.from += count;
    }

    fn fill(&mut self) -> std::io::Result<bool> {
        let is_start = self.base == 0 && self.to == 0;
        self.base += self.from as u64;
        (self.from, self.to) = (0, 0);
        loop {
            let free = self.buffer.get_mut(self.to..).unwrap_or_default();
            match self.reader.read(free) {
                Ok(0) => break,
                Ok(count) => self.to += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if !is_start || self.to >= BYTE_ORDER_MARK.len() {
                break;
            }
        }
        if is_start && self.buffer.get(..self.to).is_some_and(|start| start.starts_with(&BYTE_ORDER_MARK)) {
            self.from = BYTE_ORDER_MARK.len();
            return if self.from == self.to { self.fill() } else { Ok(true) };
        }
        Ok(self.to > 0)
    }
}
