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
fn a_value_is_bounded_in_length_and_parts() {
    let kind = |text: &str| {
        let mut lexer = Lexer::new(Drip(text.as_bytes()), 8).limit_values(10, 4);
        lexer.value().map(|_| lexer.value()).map_err(|error| error.to_string())
    };
    assert!(kind("[1,2,3]").is_ok());
    assert_eq!(kind("[1,2,3,4]").unwrap_err(), "byte 7: a value of more than 4 parts");
    assert_eq!(kind("[[[1,2]]]").unwrap_err(), "byte 5: a value of more than 4 parts");
    assert_eq!(kind(r#""12345678901""#).unwrap_err(), "byte 11: a value of more than 10 bytes");
    assert_eq!(kind(r#"["12345","12345"]"#).unwrap_err(), "byte 11: a value of more than 10 bytes");
    assert!(kind(&"1".repeat(500)).unwrap_err().ends_with("a value of more than 10 bytes"));
    // What was read and let go of does not count.
    let mut lexer = Lexer::new(Drip(br#"["1234567","1234567",[1,2],[1,2]]"#), 8).limit_values(10, 4);
    lexer.begin_array().unwrap();
    let mut first = true;
    while lexer.next_item(&mut first).unwrap() {
        lexer.value().unwrap();
    }
    let mut lexer = Lexer::new(Drip(br#"{"12345678901":1}"#), 8).limit_values(10, 4);
    lexer.begin_object().unwrap();
    assert!(lexer.next_name(&mut true).is_err());
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
