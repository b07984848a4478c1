//! Names of registers, in two parts: a record's key, and the field, which is the same in many records.

use std::collections::BTreeMap;

use super::columns::{take_text, write_text};
use super::table::Strands;
use crate::leb128::{read_unsigned, write_unsigned};
use crate::limits::STRAND_CLASSES_MAX;

/// The class of ops whose name is null.
pub(super) const NAMELESS: u32 = 0;
/// What ends the key in a name (FORMAT.md §4.1); only where it is cut, not what it means, is part of this format.
const KEY_END: u8 = 0;

/// The tails met so far, and the head met last. Tail 0 is the empty one.
pub(super) struct Names {
    numbers: BTreeMap<Vec<u8>, u32>,
    tails: Vec<Vec<u8>>,
    head: Vec<u8>,
}

impl Default for Names {
    fn default() -> Self {
        Self { numbers: BTreeMap::from([(Vec::new(), 0)]), tails: vec![Vec::new()], head: Vec::new() }
    }
}

impl Names {
    /// Writes a name and returns its class.
    pub(super) fn write(&mut self, name: &[u8], strands: &mut Strands<Vec<u8>>) -> u32 {
        let end = name.iter().position(|byte| *byte == KEY_END).map_or(name.len(), |at| at + 1);
        let (mut head, tail) = name.split_at(end);
        let number = match self.numbers.get(tail) {
            Some(number) => *number,
            // A class for the nameless, and one for each tail.
            None if self.tails.len() + 1 < STRAND_CLASSES_MAX => {
                write_text(tail, &mut strands.tail_texts);
                self.learn(tail)
            }
            None => {
                head = name;
                0
            }
        };
        let is_same = self.head == head;
        write_unsigned(u64::from(number) << 1 | u64::from(is_same), &mut strands.tails);
        if !is_same {
            write_text(head, &mut strands.heads);
            self.head = head.to_vec();
        }
        number + 1
    }

    /// Reads a name of `room` bytes at most into `out`, behind its length, and returns its class.
    pub(super) fn read(&mut self, strands: &mut Strands<&[u8]>, room: usize, out: &mut Vec<u8>) -> Option<u32> {
        let said = read_unsigned(&mut strands.tails)?;
        let number = u32::try_from(said >> 1).ok()?;
        if number as usize == self.tails.len() && self.tails.len() + 1 < STRAND_CLASSES_MAX {
            let tail = take_text(&mut strands.tail_texts)?;
            self.learn(tail);
        }
        if said & 1 == 0 {
            self.head = take_text(&mut strands.heads)?.to_vec();
        }
        let tail = self.tails.get(number as usize)?;
        let length = self.head.len() + tail.len();
        if length > room {
            return None;
        }
        write_unsigned(length as u64, out);
        out.extend(&self.head);
        out.extend(tail);
        Some(number + 1)
    }

    fn learn(&mut self, tail: &[u8]) -> u32 {
        let number = self.tails.len() as u32;
        self.tails.push(tail.to_vec());
        self.numbers.insert(tail.to_vec(), number);
        number
    }
}
