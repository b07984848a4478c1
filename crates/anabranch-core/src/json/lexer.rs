//! A pull reader of JSON over any `Read`, in constant memory. Strings may hold lone surrogates as escapes, which
//! `serde_json` cannot represent; numbers are read as `JSON.parse` does.

use std::io::Read;

mod error;
mod string;

use super::input::Input;
use super::number;
use super::tree::Json;
use crate::string::JsString;
pub use error::{JsonError, JsonErrorKind};

/// No number that a program writes is longer.
const NUMBER_BYTES_USUAL: usize = 400;

/// Reads JSON piece by piece.
pub struct Lexer<R> {
    input: Input<R>,
    depth: usize,
    depth_max: usize,
    trailing_comma: bool,
    limits: Limits,
    /// Where the value that is being read began, and how many parts of it were read.
    begun_at: u64,
    parts: u32,
    scratch: Vec<u8>,
}

/// What one value may hold: all that is kept in memory at once.
#[derive(Clone, Copy, Debug)]
struct Limits {
    bytes_max: u64,
    parts_max: u32,
}

type Result<T> = std::result::Result<T, JsonError>;

impl<R: Read> Lexer<R> {
    /// Reads from `input`; arrays and objects may nest up to `depth_max` levels.
    pub fn new(input: R, depth_max: usize) -> Self {
        let limits = Limits { bytes_max: u64::MAX, parts_max: u32::MAX };
        let (input, scratch) = (Input::new(input), Vec::new());
        Self { input, depth: 0, depth_max, trailing_comma: false, limits, begun_at: 0, parts: 0, scratch }
    }

    /// Bounds the memory that one value takes: the length of its text, and how many values it is made up of.
    pub fn limit_values(mut self, bytes_max: u64, parts_max: u32) -> Self {
        self.limits = Limits { bytes_max, parts_max };
        self
    }

    /// Accepts a comma before the end of an array, as one exporter writes it.
    pub fn allow_trailing_comma(mut self) -> Self {
        self.trailing_comma = true;
        self
    }

    /// How many bytes were consumed.
    pub fn bytes_read(&self) -> u64 {
        self.input.consumed()
    }

    fn error<T>(&self, kind: JsonErrorKind) -> Result<T> {
        Err(JsonError { at: self.bytes_read(), kind })
    }

    /// The next byte, not consumed; `None` at the end of the input.
    #[inline]
    fn peek_byte(&mut self) -> Result<Option<u8>> {
        self.input.peek().or_else(|error| self.error(JsonErrorKind::Read(error)))
    }

    fn skip_space(&mut self) -> Result<Option<u8>> {
        loop {
            match self.peek_byte()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.input.consume(1),
                other => return Ok(other),
            }
        }
    }

    /// The first byte of the next value, not consumed.
    pub fn peek(&mut self) -> Result<u8> {
        match self.skip_space()? {
            Some(byte) => Ok(byte),
            None => self.error(JsonErrorKind::CutOff),
        }
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<()> {
        if self.peek()? != byte {
            return self.error(JsonErrorKind::Unexpected { expected });
        }
        self.input.consume(1);
        Ok(())
    }

    fn descend(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > self.depth_max {
            return self.error(JsonErrorKind::TooDeep { limit: self.depth_max });
        }
        Ok(())
    }

    /// Enters an object.
    pub fn begin_object(&mut self) -> Result<()> {
        self.expect(b'{', "an object")?;
        self.descend()
    }

    /// A value or a name begins, of which something is kept.
    fn begin(&mut self) {
        (self.begun_at, self.parts) = (self.bytes_read(), 0);
    }

    fn check_length(&self) -> Result<()> {
        let limit = self.limits.bytes_max;
        if self.bytes_read() - self.begun_at > limit { self.error(JsonErrorKind::TooLong { limit }) } else { Ok(()) }
    }

    fn count_part(&mut self) -> Result<()> {
        self.parts = self.parts.saturating_add(1);
        let limit = self.limits.parts_max;
        if self.parts > limit { self.error(JsonErrorKind::TooManyParts { limit }) } else { Ok(()) }
    }

    /// The name of the next member, its value being next; `None` at the end of the object. `first` holds whether no
    /// member was read yet.
    pub fn next_name(&mut self, first: &mut bool) -> Result<Option<JsString>> {
        self.begin();
        self.name(first)
    }

    fn name(&mut self, first: &mut bool) -> Result<Option<JsString>> {
        let is_first = std::mem::replace(first, false);
        match self.peek()? {
            b'}' => {
                self.input.consume(1);
                self.depth -= 1;
                return Ok(None);
            }
            b',' if !is_first => self.input.consume(1),
            _ if !is_first => {
                return self.error(JsonErrorKind::Unexpected { expected: "a comma or the end of the object" });
            }
            _ => (),
        }
        if self.peek()? != b'"' {
            return self.error(JsonErrorKind::Unexpected { expected: "a property name" });
        }
        let name = self.string()?;
        self.expect(b':', "a colon")?;
        Ok(Some(name))
    }

    /// Enters an array.
    pub fn begin_array(&mut self) -> Result<()> {
        self.expect(b'[', "an array")?;
        self.descend()
    }

    /// Whether an item is next; `false` ends the array. `first` holds whether no item was read yet.
    pub fn next_item(&mut self, first: &mut bool) -> Result<bool> {
        let is_first = std::mem::replace(first, false);
        match self.peek()? {
            b']' => (),
            b',' if !is_first => {
                self.input.consume(1);
                if !self.trailing_comma || self.peek()? != b']' {
                    return Ok(true);
                }
            }
            _ if !is_first => {
                return self.error(JsonErrorKind::Unexpected { expected: "a comma or the end of the array" });
            }
            _ => return Ok(true),
        }
        self.input.consume(1);
        self.depth -= 1;
        Ok(false)
    }

    /// Reads a whole value.
    pub fn value(&mut self) -> Result<Json> {
        self.peek()?;
        self.begin();
        self.part()
    }

    fn part(&mut self) -> Result<Json> {
        self.count_part()?;
        match self.peek()? {
            b'{' => {
                self.begin_object()?;
                let (mut members, mut first) = (Vec::new(), true);
                while let Some(name) = self.name(&mut first)? {
                    members.push((name, self.part()?));
                }
                Ok(Json::Object(members))
            }
            b'[' => {
                self.begin_array()?;
                let (mut items, mut first) = (Vec::new(), true);
                while self.next_item(&mut first)? {
                    items.push(self.part()?);
                }
                Ok(Json::Array(items))
            }
            b'"' => self.string().map(Json::String),
            b't' => self.word(b"true", Json::Bool(true)),
            b'f' => self.word(b"false", Json::Bool(false)),
            b'n' => self.word(b"null", Json::Null),
            b'-' | b'0'..=b'9' => self.number().map(Json::Number),
            _ => self.error(JsonErrorKind::Unexpected { expected: "a value" }),
        }
    }

    /// Passes over a whole value, keeping nothing of it.
    pub fn skip_value(&mut self) -> Result<()> {
        let mut first = true;
        match self.peek()? {
            b'{' => {
                self.begin_object()?;
                while self.next_name(&mut first)?.is_some() {
                    self.skip_value()?;
                }
            }
            b'[' => {
                self.begin_array()?;
                while self.next_item(&mut first)? {
                    self.skip_value()?;
                }
            }
            _ => drop(self.value()?),
        }
        Ok(())
    }

    /// Checks that nothing but white space is left.
    pub fn end(&mut self) -> Result<()> {
        match self.skip_space()? {
            None => Ok(()),
            Some(_) => self.error(JsonErrorKind::Trailing),
        }
    }

    fn word(&mut self, word: &[u8], value: Json) -> Result<Json> {
        for expected in word {
            if self.peek_byte()? != Some(*expected) {
                return self.error(JsonErrorKind::Unexpected { expected: "a value" });
            }
            self.input.consume(1);
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<f64> {
        self.scratch.clear();
        while let Some(byte @ (b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) = self.peek_byte()? {
            self.scratch.push(byte);
            self.input.consume(1);
            // Numbers are short: the usual one costs no more than this comparison.
            if self.scratch.len() > NUMBER_BYTES_USUAL {
                self.check_length()?;
            }
        }
        let parsed = std::str::from_utf8(&self.scratch).ok().filter(|text| number::is_number(text.as_bytes()));
        match parsed.and_then(|text| text.parse().ok()) {
            Some(number) => Ok(number),
            None => self.error(JsonErrorKind::Unexpected { expected: "a number" }),
        }
    }
}

#[cfg(test)]
mod tests;
