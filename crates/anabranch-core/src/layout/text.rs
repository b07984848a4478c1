//! The text of keys and property names, in an order that is that of UTF-16 code units.

use crate::string::JsString;

/// Writes code units so that bytewise order is code unit order and NUL does not occur: units 0 and 1 are escaped by
/// U+0001 (and never by two of them, so that an escape is recognised wherever one begins to read), surrogates move to the private use area at U+E000, units from U+E000 move above the BMP.
pub(crate) fn write_text(text: &JsString, out: &mut String) {
    match text.as_str() {
        Some(text) => write_str(text, out),
        None => write_units(text.units(), out),
    }
}

/// The same of a text.
pub(super) fn write_str(text: &str, out: &mut String) {
    match is_plain(text.as_bytes()) {
        true => out.push_str(text),
        false => write_units(text.encode_utf16(), out),
    }
}

fn write_units(units: impl Iterator<Item = u16>, out: &mut String) {
    for unit in units {
        match unit {
            0 => out.push_str("\u{1}\u{2}"),
            1 => out.push_str("\u{1}\u{3}"),
            _ => {
                let carrier = match u32::from(unit) {
                    unit @ 0xD800..=0xDFFF => unit + 0x800,
                    unit @ 0xE000..=0xFFFF => unit + 0x2000,
                    unit => unit,
                };
                out.push(char::from_u32(carrier).expect("carriers leave out the surrogates"));
            }
        }
    }
}

/// Reads what [`write_text`] wrote; `None` for anything else.
pub(crate) fn read_text(content: &str) -> Option<JsString> {
    if is_plain(content.as_bytes()) {
        return Some(JsString::from(content));
    }
    let mut units = Vec::with_capacity(content.len());
    let mut chars = content.chars();
    while let Some(carrier) = chars.next() {
        let unit = match carrier as u32 {
            1 => match chars.next()? {
                '\u{2}' => 0,
                '\u{3}' => 1,
                _ => return None,
            },
            0 | 0xE800..=0xFFFF => return None,
            carrier @ 0xE000..=0xE7FF => carrier - 0x800,
            carrier @ 0x10000..=0x11FFF => carrier - 0x2000,
            carrier if carrier < 0xD800 => carrier,
            _ => return None,
        };
        units.push(u16::try_from(unit).ok()?);
    }
    Some(JsString::from_utf16(&units))
}

/// Whether a text is encoded as it is.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let is_eight_plain = |eight: &[u8; 8]| are_plain(u64::from_le_bytes(*eight));
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) if text.len() <= 16 => is_eight_plain(first) & is_eight_plain(last),
        (Some(_), Some(last)) => is_eight_plain(last) && text.as_chunks().0.iter().all(is_eight_plain),
        _ => text.iter().all(|byte| (2..0x80).contains(byte)),
    }
}

/// Whether each of eight bytes is from 2 to 0x7F. With its highest bit set no byte borrows from the next.
fn are_plain(eight: u64) -> bool {
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    const TWOS: u64 = 0x0202_0202_0202_0202;
    ((eight | HIGHEST) - TWOS) & !eight & HIGHEST == HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_byte_of_eight_hides_another() {
        for at in 0..8 {
            for byte in 0..=255u8 {
                let mut eight = *b"a~\x02\x7fzA0_";
                *eight.get_mut(at).expect("one of eight") = byte;
                assert_eq!(are_plain(u64::from_le_bytes(eight)), (2..0x80).contains(&byte), "{byte} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn plain_is_what_is_written_as_it_is(text in "[\0-\u{3}a-c\u{7e}-\u{81}\u{e000}]{0,20}") {
            let mut written = String::new();
            write_text(&JsString::from(text.as_str()), &mut written);
            prop_assert!(!is_plain(text.as_bytes()) || written == text);
            prop_assert_eq!(is_plain(text.as_bytes()), text.chars().all(|char| ('\u{2}'..'\u{80}').contains(&char)));
            prop_assert_eq!(read_text(&written), Some(JsString::from(text)));
        }
    }
}
