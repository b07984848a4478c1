//! What the elements of a sequence hold, in the order in which it arrived.

use super::SequenceKind;
use crate::change::code;
use crate::scalar::Scalar;

/// The contents of all elements, deleted ones included. A position is a byte of the text, or an index of a list's scalars.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Text(String),
    List { scalars: Vec<Stored>, bytes: Vec<u8> },
}

/// Where a scalar's bytes end and of which type it is; they begin where those of the one before end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) end: usize,
    pub(super) code: u8,
}

impl Content {
    pub(super) fn new(kind: SequenceKind) -> Self {
        match kind {
            SequenceKind::Text => Content::Text(String::new()),
            SequenceKind::List => Content::List { scalars: Vec::new(), bytes: Vec::new() },
        }
    }

    pub(super) fn kind(&self) -> SequenceKind {
        match self {
            Content::Text(_) => SequenceKind::Text,
            Content::List { .. } => SequenceKind::List,
        }
    }

    pub(super) fn resident_bytes(&self) -> usize {
        match self {
            Content::Text(text) => text.capacity(),
            Content::List { scalars, bytes } => scalars.capacity() * size_of::<Stored>() + bytes.capacity(),
        }
    }

    /// Whether an element's content begins or ends there.
    pub(super) fn is_boundary(&self, at: u32) -> bool {
        match self {
            Content::Text(text) => text.is_char_boundary(at as usize),
            Content::List { scalars, .. } => at as usize <= scalars.len(),
        }
    }

    pub(super) fn size(&self) -> u32 {
        match self {
            Content::Text(text) => text.len() as u32,
            Content::List { scalars, .. } => scalars.len() as u32,
        }
    }

    /// Appends the content of one element, and returns where it lies and how much it takes.
    pub(super) fn push(&mut self, value: Scalar<'_>) -> (u32, u32) {
        match self {
            Content::Text(text) => {
                let at = text.len();
                text.push_str(std::str::from_utf8(value.bytes).unwrap_or_default());
                (at as u32, (text.len() - at) as u32)
            }
            Content::List { scalars, bytes } => {
                bytes.extend(value.bytes);
                scalars.push(Stored { end: bytes.len(), code: value.code });
                (scalars.len() as u32 - 1, 1)
            }
        }
    }

    /// How much of the `size` from `at` on the first `elements` take.
    pub(super) fn size_of(&self, at: u32, size: u32, elements: u32) -> u32 {
        match self {
            Content::List { .. } => elements,
            Content::Text(_) => {
                let text = self.text(at, size);
                let end = text.char_indices().nth(elements as usize).map_or(text.len(), |(end, _)| end);
                end as u32
            }
        }
    }

    /// How much the element at `at` takes.
    pub(super) fn size_at(&self, at: u32) -> u32 {
        match self {
            Content::List { .. } => 1,
            Content::Text(_) => self.scalar(at).bytes.len() as u32,
        }
    }

    /// The text of the `size` from `at` on.
    pub(super) fn text(&self, at: u32, size: u32) -> &str {
        match self {
            Content::Text(text) => text.get(at as usize..(at + size) as usize).unwrap_or_default(),
            Content::List { .. } => "",
        }
    }

    /// The content of the element at `at`.
    pub(super) fn scalar(&self, at: u32) -> Scalar<'_> {
        match self {
            Content::Text(text) => {
                let rest = text.get(at as usize..).unwrap_or_default();
                let length = rest.chars().next().map_or(0, char::len_utf8);
                Scalar { code: code::STR, bytes: rest.as_bytes().get(..length).unwrap_or_default() }
            }
            Content::List { scalars, bytes } => {
                let start = at.checked_sub(1).and_then(|before| scalars.get(before as usize)).map_or(0, |one| one.end);
                let own = scalars.get(at as usize).copied().unwrap_or(Stored { end: start, code: code::NULL });
                Scalar { code: own.code, bytes: bytes.get(start..own.end).unwrap_or_default() }
            }
        }
    }
}
