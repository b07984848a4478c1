use super::*;

fn keys() -> Vec<Key> {
    let text = |units: &[u16]| Key::String(JsString::from_utf16(units));
    let mut keys = vec![
        Key::Number(f64::NEG_INFINITY),
        Key::Number(-1.5),
        Key::Number(-5e-324),
        Key::Number(0.0),
        Key::Number(5e-324),
        Key::Number(5.0),
        Key::Number(256.0),
        Key::Number(f64::INFINITY),
        Key::Date(-8.64e15),
        Key::Date(0.0),
        Key::Date(8.64e15),
        text(&[]),
        text(&[0]),
        text(&[0, 1]),
        text(&[1]),
        text(&[2]),
        text(&[0x61]),
        text(&[0x61, 0]),
        text(&[0x61, 0x61]),
        text(&[0xd7ff]),
        text(&[0xd800]),
        text(&[0xd83d, 0xde00]),
        text(&[0xdfff]),
        text(&[0xe000]),
        text(&[0xffff]),
        Key::Binary(vec![]),
        Key::Binary(vec![0]),
        Key::Binary(vec![0, 1]),
        Key::Binary(vec![255]),
        Key::Array(vec![]),
    ];
    let nested: Vec<_> = keys.iter().map(|key| Key::Array(vec![key.clone()])).collect();
    keys.extend(nested);
    keys.push(Key::Array(vec![Key::Array(vec![]), Key::Number(1.0)]));
    keys.push(Key::Array(vec![Key::Array(vec![Key::Number(1.0)])]));
    keys
}

#[test]
fn encoded_keys_sort_as_keys_and_come_back() {
    for a in keys() {
        let encoded = encode_key(&a);
        let mut rest = encoded.as_str();
        assert_eq!(read_key(&mut rest), Some(a.clone()), "{encoded:?}");
        assert_eq!(identity_length(&encoded), Some(encoded.len()));
        for b in keys() {
            assert_eq!(encoded.cmp(&encode_key(&b)), a.cmp(&b), "{a:?} {b:?}");
        }
    }
}

#[test]
fn an_identity_is_what_reads_as_one() {
    let mut identities: Vec<String> = keys().iter().map(encode_key).collect();
    identities.extend(identities.clone().iter().map(|key| format!("{key}@0123456789abcdef0123456789abcdef")));
    assert!(identities.iter().all(|identity| is_identity(identity)));
    for identity in identities {
        for damaged in
            [&identity[1..], &identity[..identity.len() - 1], &format!("{identity}\0"), &format!("3{identity}")]
        {
            assert_eq!(is_identity(damaged), read_identity(damaged).is_some(), "{damaged:?}");
        }
    }
}

#[test]
fn paths_come_back_whatever_their_names_hold() {
    let names =
        ["", ".", "=", "\0", "\0\u{3}", "\0\u{4}", "\u{1}\u{4}", "\u{1}", "\u{1}\u{3}", "a.b", "\u{1F600}", "@"];
    for a in names {
        for b in names {
            let path = FieldPath(vec![a.into(), b.into()]);
            assert_eq!(read_suffix(&encode_path(&path)), Some((path.clone(), None)));
            let part = format!("{}{PART}+id", encode_path(&path));
            assert_eq!(read_suffix(&part), Some((path, Some("+id"))));
        }
    }
    assert_eq!(read_suffix("="), Some((FieldPath::default(), None)));
    assert_eq!(read_suffix(""), None);
}

#[test]
fn the_identity_ends_where_the_suffix_begins() {
    let key = encode_key(&Key::Array(vec![Key::Number(5.0), Key::String("a.@=".into())]));
    let actor = "0123456789abcdef0123456789abcdef";
    for suffix in ["", "=", ".a\0b"] {
        assert_eq!(identity_length(format!("{key}{suffix}")), Some(key.len()));
        assert_eq!(identity_length(format!("{key}@{actor}{suffix}")), Some(key.len() + 33));
    }
    assert_eq!(identity_length("0.deletes"), Some(1));
    assert_eq!(identity_length("x"), None);
    assert_eq!(identity_length("5"), None);
}

#[test]
fn the_identity_is_the_same_whatever_another_was_like() {
    let actor = "0123456789abcdef0123456789abcdef";
    let texts = ["", "a", "bc", "12345678", "123456789", "a\0", "\u{1}b", "ü", "@", "=."];
    let keys =
        texts.map(|text| encode_key(&Key::String(text.into()))).into_iter().chain([encode_key(&Key::Number(5.0))]);
    let identities: Vec<String> =
        keys.flat_map(|key| [format!("{key}@{actor}"), key]).chain(["0".to_owned()]).collect();
    let before = identities.iter().map(String::as_str).chain([""]);
    for before in before {
        for identity in &identities {
            for suffix in ["", "=", ".a\0b"] {
                let name = format!("{identity}{suffix}");
                let begins = plain_key_in(&name, before.len()).is_some();
                let is_as_long = before.len() == identity.len();
                assert_eq!(begins, is_as_long && plain_text_key(identity).is_some(), "{name:?} like {before:?}");
                let suffix = (before == identity).then_some(suffix.as_bytes());
                assert_eq!(suffix_in(name.as_bytes(), before.as_bytes()), suffix, "{name:?} in {before:?}");
            }
        }
    }
    for (name, length) in [("x", 0), ("3ab", 3), ("3", 1), ("", 0), ("3a\0", 4)] {
        assert!(plain_key_in(name, length).is_none(), "{name:?}");
    }
}
