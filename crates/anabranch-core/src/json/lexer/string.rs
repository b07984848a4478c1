//! Strings: UTF-8 with escapes, or code units where an escape stands for a surrogate.

use std::io::Read;

use super::{JsonErrorKind, Lexer, Result};
use crate::string::JsString;

impl<R: Read> Lexer<R> {
    /// Reads a string, the opening quote being next.
    pub(super) fn string(&mut self) -> Result<JsString> {
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
            self.check_length()?;
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
