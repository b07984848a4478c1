//! Every border between two reads is met.

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
