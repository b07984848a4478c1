//! Property names of a store's history: record identity and field path as one sortable string
//! (FORMAT.md, "Property names").
//!
//! `name = key [ "@" actor ] suffix`, where `suffix` is empty for the record's life, `=` for a value that is no plain
//! object, and `.` with the path's names (separated by NUL) for a field. Names that begin with `0` hold what the store
//! knows of itself.

use crate::change::ActorId;
use crate::key::{KEY_DEPTH_MAX, Key};
use crate::schema::FieldPath;
use crate::string::JsString;

mod hashes;
mod suffixes;
mod text;

pub(crate) use hashes::{EncodedKey, Hashes, NameHash, hash_identity, hash_key};
pub(crate) use suffixes::SuffixIndex;
use text::write_str;
pub(crate) use text::{is_plain, read_text, write_text};

/// The identity under which a store's schema and policies are kept; sorts before every key.
pub(crate) const SCHEMA_IDENTITY: &str = "0";
/// Stands for the 32 digits of the author's own id while it is not derived yet. No name holds two U+0001 side by side.
pub(crate) const OWN_ACTOR: &str = "\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\
\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}";
/// Separates a field from the id of one of its parts (an increment, an element).
pub(crate) const PART: &str = "\u{1}\u{4}";

const NUMBER: u8 = b'1';
const DATE: u8 = b'2';
const STRING: u8 = b'3';
const BINARY: u8 = b'4';
const ARRAY: u8 = b'5';
const END: u8 = 0;
/// Most encoded keys and paths are shorter.
const ENCODED_BYTES: usize = 40;

/// Appends the sortable encoding of a key: ordered bytewise as IndexedDB orders keys.
pub(crate) fn write_key(key: &Key, out: &mut String) {
    match key {
        Key::Number(number) => framed(NUMBER, out, |out| write_sortable_double(*number, out)),
        Key::Date(ms) => framed(DATE, out, |out| write_sortable_double(*ms, out)),
        Key::String(text) => framed(STRING, out, |out| write_text(text, out)),
        Key::Binary(bytes) => framed(BINARY, out, |out| bytes.iter().for_each(|byte| push_hex(*byte, out))),
        Key::Array(items) => framed(ARRAY, out, |out| items.iter().for_each(|item| write_key(item, out))),
    }
}

/// The same of a string.
pub(crate) fn write_string_key(text: &str, out: &mut String) {
    framed(STRING, out, |out| write_str(text, out));
}

fn framed(kind: u8, out: &mut String, write: impl FnOnce(&mut String)) {
    out.push(kind as char);
    write(out);
    out.push(END as char);
}

/// The sortable encoding of a key.
pub(crate) fn encode_key(key: &Key) -> String {
    let mut out = String::with_capacity(ENCODED_BYTES);
    write_key(key, &mut out);
    out
}

/// Takes a key off the front of a name; `None` if there is none in canonical form.
pub(crate) fn read_key(name: &mut &str) -> Option<Key> {
    let key = read_key_at(name, 0)?;
    Some(key)
}

fn read_key_at(name: &mut &str, depth: usize) -> Option<Key> {
    let kind = *name.as_bytes().first()?;
    let body = name.get(1..)?;
    if kind == ARRAY {
        return read_array(name, body, depth);
    }
    let (content, rest) = body.split_once(END as char)?;
    *name = rest;
    match kind {
        NUMBER => Key::number(read_sortable_double(content)?).ok(),
        DATE => Key::date(read_sortable_double(content)?).ok(),
        STRING => read_text(content).map(Key::String),
        BINARY => read_hex(content).map(Key::Binary),
        _ => None,
    }
}

fn read_array<'a>(name: &mut &'a str, mut body: &'a str, depth: usize) -> Option<Key> {
    if depth >= KEY_DEPTH_MAX {
        return None;
    }
    let mut items = Vec::new();
    while *body.as_bytes().first()? != END {
        items.push(read_key_at(&mut body, depth + 1)?);
    }
    *name = body.get(1..)?;
    Some(Key::Array(items))
}

fn write_sortable_double(number: f64, out: &mut String) {
    let bits = number.to_bits();
    let sortable = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    let digits = format!("{sortable:016x}");
    out.push_str(digits.trim_end_matches('0'));
}

fn read_sortable_double(digits: &str) -> Option<f64> {
    if digits.len() > 16 || digits.ends_with('0') || !is_lower_hex(digits.as_bytes()) {
        return None;
    }
    let leading = if digits.is_empty() { 0 } else { u64::from_str_radix(digits, 16).ok()? };
    let sortable = leading.checked_shl(4 * (16 - digits.len() as u32)).unwrap_or(0);
    let number = f64::from_bits(if sortable >> 63 == 1 { sortable & !(1 << 63) } else { !sortable });
    (!number.is_nan() && number.to_bits() != (-0.0f64).to_bits()).then_some(number)
}

fn is_lower_hex(digits: &[u8]) -> bool {
    digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

fn push_hex(byte: u8, out: &mut String) {
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from_digit(u32::from(digit), 16).expect("four bits are a hexadecimal digit"));
    }
}

fn read_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    if !odd.is_empty() || !is_lower_hex(digits.as_bytes()) {
        return None;
    }
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The encoded key of an identity, the creating actor left out.
pub(crate) fn key_of_identity(identity: &str) -> &str {
    identity.get(..key_length_of_identity(identity.as_bytes())).unwrap_or(identity)
}

/// The length of that key.
pub(crate) fn key_length_of_identity(identity: &[u8]) -> usize {
    // An encoded key ends with NUL, an actor never does.
    match identity.last() {
        Some(&END) => identity.len(),
        _ => identity.len().checked_sub(33).unwrap_or(identity.len()),
    }
}

/// The length of the identity at the front of a property name; `None` if the name is none of ours.
pub(crate) fn identity_length(name: impl AsRef<[u8]>) -> Option<usize> {
    let name = name.as_ref();
    let key = if *name.first()? == b'0' { 1 } else { key_length(name)? };
    if name.get(key) != Some(&b'@') {
        return Some(key);
    }
    is_lower_hex(name.get(key + 1..key + 33)?).then_some(key + 33)
}

/// The key in a name of which the first so many bytes are the identity, if that is nothing but a plain text as key. Told at a
/// glance, so that it pays to ask whether an identity is as long as the one before it: the plain keys of a store mostly are of
/// one length.
#[inline]
pub(crate) fn plain_key_in(name: &str, identity_bytes: usize) -> Option<&str> {
    let (identity, rest) = name.as_bytes().split_at_checked(identity_bytes)?;
    let is_plain_key = matches!(identity, [STRING, text @ .., END] if is_plain(text)) && rest.first() != Some(&b'@');
    if is_plain_key { name.get(1..identity_bytes - 1) } else { None }
}

/// The suffix of `name` if it names a register of the record `identity`; the empty identity is no record's.
#[inline]
pub(crate) fn suffix_in<'n>(name: &'n [u8], identity: &[u8]) -> Option<&'n [u8]> {
    let (own, suffix) = name.split_at_checked(identity.len())?;
    // Identities in a row mostly differ in their last letters, and those are compared without a call.
    if own.last_chunk::<4>() != identity.last_chunk() || own != identity || identity.is_empty() {
        return None;
    }
    matches!(suffix.first(), None | Some(b'.' | b'=')).then_some(suffix)
}

/// Whether a suffix that was put together a moment ago is `suffix`. Byte by byte: wider loads would wait for the stores.
pub(crate) fn is_suffix(suffix: &str, fresh: &str) -> bool {
    suffix.len() == fresh.len() && suffix.bytes().zip(fresh.bytes()).all(|(a, b)| a == b)
}

/// The length of the key at the front of a name, found without decoding it.
fn key_length(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0usize;
    loop {
        match *bytes.get(at)? {
            END => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            ARRAY if depth < KEY_DEPTH_MAX => {
                depth += 1;
                at += 1;
                continue;
            }
            NUMBER..=BINARY => at += memchr::memchr(END, bytes.get(at..)?)? + 1,
            _ => return None,
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// A record's identity, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    pub(crate) key: Key,
    /// The creating actor of a record whose key a generator made.
    pub(crate) actor: Option<ActorId>,
}

/// Takes an identity apart; `None` for the schema's and for what is no identity.
pub(crate) fn read_identity(identity: &str) -> Option<Identity> {
    let mut rest = identity;
    let key = read_key(&mut rest)?;
    let actor = match rest.strip_prefix('@') {
        None if rest.is_empty() => None,
        None => return None,
        Some(hex) => Some(ActorId(read_hex(hex)?.try_into().ok()?)),
    };
    Some(Identity { key, actor })
}

/// Whether this is the identity of a record.
pub(crate) fn is_identity(identity: &str) -> bool {
    // Most keys are plain texts: they need not be decoded for it.
    plain_text_key(identity).is_some() || read_identity(identity).is_some()
}

/// The key of an identity that is nothing but its key, a string that is encoded as it is; `None` says nothing.
#[inline]
pub(crate) fn plain_text_key(identity: &str) -> Option<&str> {
    let text = identity.strip_prefix(STRING as char)?.strip_suffix(END as char)?;
    is_plain(text.as_bytes()).then_some(text)
}

/// The suffix of a field's register; the empty path is a value that is no plain object.
pub(crate) fn encode_path(path: &FieldPath) -> String {
    let mut out = String::with_capacity(ENCODED_BYTES);
    write_path(path.0.iter(), &mut out);
    out
}

/// The suffix of the register of a field which lies in no other.
pub(crate) fn encode_field(name: &JsString) -> String {
    let mut out = String::with_capacity(ENCODED_BYTES);
    write_path(std::iter::once(name), &mut out);
    out
}

/// Appends the suffix of a field's register.
pub(crate) fn write_path<'a>(names: impl Iterator<Item = &'a JsString>, out: &mut String) {
    let mut separator = '.';
    for name in names {
        out.push(separator);
        write_text(name, out);
        separator = END as char;
    }
    if separator == '.' {
        out.push('=');
    }
}

/// The path of a register's suffix and the id of the part, if it is one; `None` for the life register.
pub(crate) fn read_suffix(suffix: &str) -> Option<(FieldPath, Option<&str>)> {
    let (field, part) = match suffix.split_once(PART) {
        Some((field, part)) => (field, Some(part)),
        None => (suffix, None),
    };
    if field == "=" {
        return Some((FieldPath::default(), part));
    }
    let names = field.strip_prefix('.')?.split(END as char).map(read_text).collect::<Option<_>>()?;
    Some((FieldPath(names), part))
}

/// The sixteen bytes by which a part is named behind its first letter: an actor, or the hash of an element.
pub(crate) fn read_part_id(part: &str) -> Option<[u8; 16]> {
    read_hex(part.get(1..)?)?.try_into().ok()
}

/// Whether a suffix is what its path and part are written as.
pub(crate) fn is_canonical_suffix(suffix: &str, path: &FieldPath, part: Option<&str>) -> bool {
    let again = encode_path(path);
    match part {
        None => again == suffix,
        Some(part) => suffix.strip_prefix(&again).and_then(|rest| rest.strip_prefix(PART)) == Some(part),
    }
}

#[cfg(test)]
mod tests;
