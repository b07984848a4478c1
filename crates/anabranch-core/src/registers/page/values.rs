//! Where the values of a page lie.
//!
//! A number, a date and whatever else is short lies in its entry. Texts lie together as text, so that they are checked to be
//! UTF-8 once, when they come, and not whenever they are read; lists of such values lie with them where all of their bytes
//! are text. What remains lies together as bytes.

use crate::ahead::load_ahead;
use crate::change::code;
use crate::lent::ValueRef;
use crate::registers::arena::Arena;
use crate::scalar::{self, ListBytes, Scalar};

/// Kinds of values of bytes beside the type codes of the format: lists that can be lent, lying as text or as bytes.
const TEXT_LIST: u8 = 12;
const BYTE_LIST: u8 = 13;

fn lies_with_texts(kind: u8) -> bool {
    matches!(kind, code::STR | TEXT_LIST)
}

/// Up to here what is no text lies in its entry, and so does the position of a sequence.
const HERE_BYTES: usize = 8;

/// Of texts that lie further apart, these are loaded ahead.
const TOUCHED_BYTES: u64 = 512;

/// A value as an entry holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registers) struct StoredValue {
    /// Bytes << 4 | kind.
    length_kind: u32,
    /// Its bytes, or the position at which they lie, or that of a sequence.
    place: [u8; HERE_BYTES],
}

#[derive(Clone, Copy)]
enum Lies {
    Here,
    WithTexts,
    WithBytes,
}

impl StoredValue {
    fn new(length: usize, kind: u8, at: u64) -> Self {
        Self { length_kind: (length as u32) << 4 | u32::from(kind), place: at.to_le_bytes() }
    }

    /// A sequence at a position among those of the page, with its type code.
    pub(in crate::registers) fn sequence(code: u8, at: u64) -> Self {
        Self::new(0, code, at)
    }

    /// A value that was saved with this length and type code, and whose bytes have a position among others that follow.
    pub(in crate::registers) fn announced(length_code: u32, at: u64) -> Self {
        Self { length_kind: length_code, place: at.to_le_bytes() }
    }

    pub(in crate::registers) fn len(&self) -> usize {
        (self.length_kind >> 4) as usize
    }

    fn kind(&self) -> u8 {
        (self.length_kind & 15) as u8
    }

    /// The type code.
    #[inline]
    pub(in crate::registers) fn code(&self) -> u8 {
        match self.kind() {
            TEXT_LIST | BYTE_LIST => code::BYTES,
            kind => kind,
        }
    }

    /// The length and the type code, as one number.
    pub(in crate::registers) fn length_code(&self) -> u32 {
        self.length_kind & !15 | u32::from(self.code())
    }

    /// One that was announced, among the bytes that followed.
    pub(in crate::registers) fn among<'b>(&self, bytes: &'b [u8]) -> Option<Scalar<'b>> {
        let from = self.at() as usize;
        Some(Scalar { code: self.kind(), bytes: bytes.get(from..from.checked_add(self.len())?)? })
    }

    /// Its position, if it does not lie in its entry.
    pub(in crate::registers) fn at(&self) -> u64 {
        u64::from_le_bytes(self.place)
    }

    #[inline]
    fn lies(&self) -> Lies {
        match self.kind() {
            kind if lies_with_texts(kind) => Lies::WithTexts,
            _ if self.len() <= HERE_BYTES => Lies::Here,
            _ => Lies::WithBytes,
        }
    }

    /// How many bytes lie elsewhere for it.
    pub(in crate::registers) fn bytes_elsewhere(&self) -> usize {
        match self.lies() {
            Lies::Here => 0,
            Lies::WithTexts | Lies::WithBytes => self.len(),
        }
    }

    #[inline]
    pub(in crate::registers) fn lendable(&self) -> Lendable {
        match self.kind() {
            code::BYTES if self.len() > 1 => Lendable::NotAll,
            kind if code::is_sequence(kind) => Lendable::HasSequences,
            _ => Lendable::All,
        }
    }
}

/// Which of some values can be lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lendable {
    All,
    NotAll,
    /// Nor can they be built from what lies there.
    HasSequences,
}

/// What takes texts and bytes, and tells where they came to lie.
pub(in crate::registers) trait Keep {
    /// UTF-8, as was checked.
    fn keep_text(&mut self, text: &[u8]) -> u64;
    fn keep_bytes(&mut self, bytes: &[u8]) -> u64;

    /// Keeps a value that is no sequence.
    #[inline]
    fn keep(&mut self, value: Scalar<'_>) -> StoredValue {
        self.keep_of(value.code, value.bytes)
    }

    /// The same, taken apart: in registers of the machine instead of memory.
    fn keep_of(&mut self, code: u8, bytes: &[u8]) -> StoredValue {
        let kind = match code {
            code::BYTES => match (Scalar { code, bytes }).lendable_list() {
                Some(ListBytes::Text) => TEXT_LIST,
                Some(ListBytes::Any) => BYTE_LIST,
                None => code,
            },
            code => code,
        };
        let at = match kind {
            kind if lies_with_texts(kind) => self.keep_text(bytes),
            _ => match in_one_word(bytes) {
                Some(here) => here,
                None => self.keep_bytes(bytes),
            },
        };
        StoredValue::new(bytes.len(), kind, at)
    }
}

/// The values of a page that do not lie in their entries.
#[derive(Clone, Default)]
pub(in crate::registers) struct Values {
    texts: Arena<String>,
    bytes: Arena<Vec<u8>>,
}

impl Keep for Values {
    fn keep_text(&mut self, text: &[u8]) -> u64 {
        self.texts.keep(checked(text))
    }

    fn keep_bytes(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.keep(bytes)
    }
}

impl Values {
    /// All of them at once; `None` if the texts are no text.
    pub(in crate::registers) fn of(runs: Runs) -> Option<Self> {
        let Runs { texts, bytes } = runs;
        Some(Self { texts: Arena::from(String::from_utf8(texts).ok()?), bytes: Arena::from(bytes) })
    }

    /// With room for texts of so many bytes.
    pub(in crate::registers) fn with_capacity(text_bytes: usize) -> Self {
        Self { texts: Arena::from(String::with_capacity(text_bytes)), bytes: Arena::default() }
    }

    pub(in crate::registers) fn len(&self) -> usize {
        self.texts.len() + self.bytes.len()
    }

    pub(in crate::registers) fn capacity(&self) -> usize {
        self.texts.capacity() + self.bytes.capacity()
    }

    /// A value that is no sequence.
    #[inline]
    pub(in crate::registers) fn scalar<'v>(&'v self, value: &'v StoredValue) -> Scalar<'v> {
        let bytes = match value.lies() {
            Lies::Here => value.place.get(..value.len()),
            Lies::WithTexts => self.texts.bytes(value.at(), value.len()),
            Lies::WithBytes => self.bytes.bytes(value.at(), value.len()),
        };
        Scalar { code: value.code(), bytes: bytes.expect("values lie in their page") }
    }

    /// A value that can be lent; an absent field has none.
    #[inline(always)]
    pub(in crate::registers) fn lend<'v>(&'v self, value: &'v StoredValue) -> Option<ValueRef<'v>> {
        let text = || self.texts.get(value.at(), value.len()).expect("texts lie in their page");
        match value.kind() {
            code::STR => Some(ValueRef::String(text())),
            TEXT_LIST => scalar::lend_text_list(text()),
            _ => self.scalar(value).lend(),
        }
    }

    /// Keeps a value of another page that is no sequence.
    pub(in crate::registers) fn copy(&mut self, from: &Values, value: &StoredValue) -> StoredValue {
        let (at, length) = (value.at(), value.len());
        let kept = match value.lies() {
            Lies::Here => Some(at),
            Lies::WithTexts => from.texts.get(at, length).map(|text| self.texts.keep(text)),
            Lies::WithBytes => from.bytes.get(at, length).map(|bytes| self.bytes.keep(bytes)),
        };
        StoredValue { place: kept.expect("values lie in their page").to_le_bytes(), ..*value }
    }

    /// Takes over runs, and gives the values among `values`, whose runs they are, their places here.
    pub(in crate::registers) fn take<'v>(&mut self, runs: &Runs, values: impl Iterator<Item = &'v mut StoredValue>) {
        let (texts_at, bytes_at) = (self.texts.keep(checked(&runs.texts)), self.bytes.keep(&runs.bytes));
        for value in values {
            let moved = match value.lies() {
                Lies::Here => continue,
                Lies::WithTexts => value.at() + texts_at,
                Lies::WithBytes => value.at() + bytes_at,
            };
            value.place = moved.to_le_bytes();
        }
    }

    /// A byte of the line to whose end the next text is added.
    pub(in crate::registers) fn last_line_of_texts(&self) -> usize {
        self.texts.last_byte().map_or(0, usize::from)
    }

    /// Loads a byte of every line of some texts, as far as they lie in one run.
    pub(in crate::registers) fn touch<'v>(&self, values: impl Iterator<Item = &'v StoredValue>) {
        // Without a branch that would have to wait for what it is about.
        let (from, to) = values.fold((u64::MAX, 0), |(from, to), value| {
            let is_text = lies_with_texts(value.kind());
            let (first, end) = if is_text { (value.at(), value.at() + value.len() as u64) } else { (u64::MAX, 0) };
            (from.min(first), to.max(end))
        });
        let run = self.texts.bytes(from, to.saturating_sub(from).min(TOUCHED_BYTES) as usize).unwrap_or_default();
        load_ahead(run.iter().step_by(64).chain(run.last()).map(|byte| usize::from(*byte)));
    }
}

/// Up to [`HERE_BYTES`] bytes, the first lowest.
#[inline]
fn in_one_word(bytes: &[u8]) -> Option<u64> {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        _ if bytes.len() > HERE_BYTES => None,
        // They overlap where there are less than eight, in bytes that are the same.
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            Some(u64::from(first) | u64::from(last) << (8 * (bytes.len() - 4)))
        }
        _ => Some(bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    }
}

fn checked(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("strings are checked before they are applied")
}

/// Values that are about to be taken over, told from the first of them on.
#[derive(Default)]
pub(in crate::registers) struct Runs {
    texts: Vec<u8>,
    bytes: Vec<u8>,
}

impl Runs {
    /// With room for texts of so many bytes.
    pub(in crate::registers) fn with_capacity(text_bytes: usize) -> Self {
        Self { texts: Vec::with_capacity(text_bytes), bytes: Vec::new() }
    }

    pub(in crate::registers) fn clear(&mut self) {
        self.texts.clear();
        self.bytes.clear();
    }
}

impl Keep for Runs {
    fn keep_text(&mut self, text: &[u8]) -> u64 {
        self.texts.extend_from_slice(text);
        (self.texts.len() - text.len()) as u64
    }

    fn keep_bytes(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.extend_from_slice(bytes);
        (self.bytes.len() - bytes.len()) as u64
    }
}

#[cfg(test)]
mod tests;
