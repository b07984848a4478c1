//! A second decoder, written from FORMAT.md §1.1 and §3 alone: the oracle of tests and fuzzing, and the way out of bincode.

use crate::entry::{Baseline, Entry, Hash, Heads, LeftOut, Note, Offer, ReplicaEntry, RunEntry};
use crate::frame::FRAME_HEADER_BYTES;
use crate::limits::FRAME_BYTES_MAX;

/// Decodes a payload as FORMAT.md describes it; `None` if it is no entry in its one encoding.
pub fn decode_payload(payload: &[u8]) -> Option<Entry> {
    let mut reader = Reader { rest: payload };
    let entry = reader.entry()?;
    reader.rest.is_empty().then_some(entry)
}

/// Puts a frame around any payload, its checks right: what an attacker would send.
pub fn frame_around(payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() <= FRAME_BYTES_MAX, "a payload within the limit");
    let mut frame = b"ANBR\x01\0\0\0".to_vec();
    frame.extend((payload.len() as u32).to_le_bytes());
    let check = blake3::hash(&frame);
    frame.extend(check.as_bytes().iter().take(4));
    frame.extend(blake3::hash(payload).as_bytes());
    frame.extend(payload);
    debug_assert_eq!(frame.len(), FRAME_HEADER_BYTES + payload.len());
    frame
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn entry(&mut self) -> Option<Entry> {
        Some(match self.unsigned()? {
            0 => Entry::Store { number: self.number()?, database: self.text()?, store: self.text()? },
            1 => Entry::Changes {
                store: self.number()?,
                note: Note { time_ms: self.optional(Self::signed)?, source: self.text()? },
                changes: self.list(|reader| reader.bytes().map(<[u8]>::to_vec))?,
            },
            2 => Entry::Replica(ReplicaEntry {
                name: self.text()?,
                captured_at_ms: self.optional(Self::signed)?,
                baselines: self.list(Self::baseline)?,
                offers: self.list(Self::offer)?,
            }),
            3 => Entry::Run(RunEntry {
                id: self.text()?,
                base: self.heads()?,
                edits: self.hash()?,
                parameters: self.text()?,
                receipt: self.text()?,
            }),
            4 => Entry::Database {
                name: self.text()?,
                version: self.optional(Self::unsigned)?,
                stores: self.list(Self::text)?,
            },
            5 => Entry::Commit { entries: self.number()?, digest: self.hash()? },
            6 => Entry::Blob { sha256: self.hash()?, size: self.unsigned()? },
            _ => return None,
        })
    }

    fn heads(&mut self) -> Option<Heads> {
        Some(Heads { store: self.number()?, hashes: self.list(Self::hash)? })
    }

    fn baseline(&mut self) -> Option<Baseline> {
        Some(Baseline { heads: self.heads()?, left_out: self.list(Self::text)? })
    }

    fn offer(&mut self) -> Option<Offer> {
        let left_out = |reader: &mut Self| Some(LeftOut { store: reader.number()?, keys: reader.list(Self::text)? });
        Some(Offer {
            heads: self.list(Self::heads)?,
            left_out: self.list(left_out)?,
            written_at_ms: self.optional(Self::signed)?,
        })
    }

    fn list<T>(&mut self, member: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        // Nothing is reserved: a list that states more members than there are bytes ends at the end of the bytes.
        (0..self.unsigned()?).map(|_| member(self)).collect()
    }

    fn optional<T>(&mut self, value: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.take(1)? {
            [0] => Some(None),
            [1] => value(self).map(Some),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        self.bytes().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.unsigned()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn hash(&mut self) -> Option<Hash> {
        self.take(32)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u32> {
        self.unsigned()?.try_into().ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let zigzag = self.unsigned()?;
        let half = (zigzag / 2) as i64;
        Some(if zigzag % 2 == 0 { half } else { -half - 1 })
    }

    fn unsigned(&mut self) -> Option<u64> {
        let (width, least) = match *self.take(1)? {
            [small @ ..=250] => return Some(u64::from(small)),
            [251] => (2, 251),
            [252] => (4, 1 << 16),
            [253] => (8, 1 << 32),
            _ => return None,
        };
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(self.take(width)?).for_each(|(byte, from)| *byte = *from);
        let value = u64::from_le_bytes(bytes);
        (value >= least).then_some(value)
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (front, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(front)
    }
}
