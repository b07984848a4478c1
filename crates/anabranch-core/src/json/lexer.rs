//! A pull reader of JSON over any `Read`, in constant memory. Strings may hold lone surrogates as escapes, which
//! `serde_json` cannot represent; numbers are read as `JSON.parse` does.

use std::io::Read;

use super::input::Input;
use super::number;
use super::tree::Json;
use crate::string::JsString;

/// What is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("byte {at}: {kind}")]
pub struct JsonError {
    /// Offset in the input.
    pub at: u64,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

/// What is wrong with a JSON text.
#[derive(Debug, thiserror::Error)]
pub enum JsonErrorKind {
    /// The input ends in the middle of a value.
    #[error("the text ends in the middle of a value")]
    CutOff,
    /// A character that cannot stand here.
    #[error("expected {expected}")]
    Unexpected {
        /// What could stand here.
        expected: &'static str,
    },
    /// A string that is no UTF-8 or has a malformed escape.
    #[error("malformed string")]
    String,
    /// Text after the end of the value.
    #[error("text follows the end of the value")]
    Trailing,
    /// Arrays and objects nest deeper than allowed.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The input could not be read.
    #[error("cannot read: {0}")]
    Read(#[from] std::io::Error),
}

/// Reads JSON piece by piece.
pub struct Lexer<R> {
    input: Input<R>,
    depth: usize,
    depth_max: usize,
    trailing_comma: bool,
    scratch: Vec<u8>,
}

type Result<T> = std::result::Result<T, JsonError>;

impl<R: Read> Lexer<R> {
    /// Reads from `input`; arrays and objects may nest up to `depth_max` levels.
    pub fn new(input: R, depth_max: usize) -> Self {
        Self { input: Input::new(input), depth: 0, depth_max, trailing_comma: false, scratch: Vec::new() }
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

    /// The name of the next member, its value being next; `None` at the end of the object. `first` holds whether no
    /// member was read yet.
    pub fn next_name(&mut self, first: &mut bool) -> Result<Option<JsString>> {
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
        match self.peek()? {
            b'{' => {
                self.begin_object()?;
                let (mut members, mut first) = (Vec::new(), true);
                while let Some(name) = self.next_name(&mut first)? {
                    members.push((name, self.value()?));
                }
                Ok(Json::Object(members))
            }
            b'[' => {
                self.begin_array()?;
                let (mut items, mut first) = (Vec::new(), true);
                while self.next_item(&mut first)? {
                    items.push(self.value()?);
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
        }
        let parsed = std::str::from_utf8(&self.scratch).ok().filter(|text| number::is_number(text.as_bytes()));
        match parsed.and_then(|text| text.parse().ok()) {
            Some(number) => Ok(number),
            None => self.error(JsonErrorKind::Unexpected { expected: "a number" }),
        }
    }

    /// Reads a string, the opening quote being next.
    fn string(&mut self) -> Result<JsString> {
        self.input.consume(1);
        self.scratch.clear();
        let mut units: Option<Vec<u16>> = None;
        loop {
            let window = match self.input.window() {
                Ok([]) => return self.error(JsonErrorKind::CutOff),
                Ok(window) => window,
                Err(error) => return self.error(JsonErrorKind::Read(error)),
            };
            let plain = window.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(window.len());
            self.scratch.extend_from_slice(window.get(..plain).unwrap_or_default());
            let stop = window.get(plain).copied();
            self.input.consume(plain);
            match stop {
                None => continue,
                Some(b'"') => {
                    self.input.consume(1);
                    return self.finish_string(units);
                }
                Some(b'\\') => self.escape(&mut units)?,
                Some(_) => return self.error(JsonErrorKind::String),
            }
        }
    }

    fn finish_string(&mut self, units: Option<Vec<u16>>) -> Result<JsString> {
        let Ok(text) = std::str::from_utf8(&self.scratch) else { return self.error(JsonErrorKind::String) };
        Ok(match units {
            None => JsString::from(text),
            Some(mut units) => {
                units.extend(text.encode_utf16());
                JsString::from_utf16(&units)
            }
        })
    }

    /// Reads an escape. One that stands for a surrogate turns the string into code units.
    fn escape(&mut self, units: &mut Option<Vec<u16>>) -> Result<()> {
        self.input.consume(1);
        let Some(byte) = self.peek_byte()? else { return self.error(JsonErrorKind::CutOff) };
        self.input.consume(1);
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode_escape(units),
            _ => return self.error(JsonErrorKind::String),
        };
        self.scratch.push(plain);
        Ok(())
    }

    fn unicode_escape(&mut self, units: &mut Option<Vec<u16>>) -> Result<()> {
        let mut unit = 0u16;
        for _ in 0..4 {
            let digit = self.peek_byte()?.and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return self.error(JsonErrorKind::String) };
            unit = unit << 4 | digit as u16;
            self.input.consume(1);
        }
        match char::from_u32(u32::from(unit)) {
            Some(char) => self.scratch.extend(char.encode_utf8(&mut [0; 4]).bytes()),
            None => {
                let Ok(text) = std::str::from_utf8(&self.scratch) else { return self.error(JsonErrorKind::String) };
                let units = units.get_or_insert_default();
                units.extend(text.encode_utf16());
                units.push(unit);
                self.scratch.clear();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Hands out one byte at a time, so that every border is met.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            self.0 = rest;
            *out.first_mut().unwrap() = *first;
            Ok(1)
        }
    }

    fn read(text: &str) -> std::result::Result<Json, JsonError> {
        let mut lexer = Lexer::new(Drip(text.as_bytes()), 8);
        let value = lexer.value()?;
        lexer.end()?;
        Ok(value)
    }

    #[test]
    fn values_are_read_as_javascript_reads_them() {
        let cases = [
            ("\u{feff} null ", Json::Null),
            ("[1,-0,1e999,2.5E-1]", Json::Array([1.0, -0.0, f64::INFINITY, 0.25].map(Json::Number).into())),
            (r#""aé\ud83d\ude00\n""#, Json::String("aé\u{1F600}\n".into())),
            (r#""x\ud83dy""#, Json::String(JsString::from_utf16(&[0x78, 0xd83d, 0x79]))),
            (
                r#"{"a":[],"b":{}}"#,
                Json::Object(vec![("a".into(), Json::Array(vec![])), ("b".into(), Json::Object(vec![]))]),
            ),
        ];
        for (text, value) in cases {
            assert_eq!(read(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn malformed_text_is_refused_with_its_place() {
        let cases = [
            "",
            "[",
            "[1,]",
            "{\"a\"}",
            "{,}",
            "01",
            "1.",
            "-",
            "1e",
            "nul",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "1 2",
            "[[[[[[[[[1]]]]]]]]]",
        ];
        for text in cases {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("[1,2").unwrap_err().at, 4);
        let mut lexer = Lexer::new(&b"[1,]"[..], 8).allow_trailing_comma();
        assert_eq!(lexer.value().unwrap(), Json::Array(vec![Json::Number(1.0)]));
    }
}
