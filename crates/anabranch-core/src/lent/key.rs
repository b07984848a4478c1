//! A key, lent.

use std::borrow::Cow;

use crate::key::Key;
use crate::layout;

/// A key that lies in a store.
#[derive(Clone, Debug)]
pub enum KeyRef<'a> {
    /// A string that lies there as it is.
    String(&'a str),
    /// Any other key: a string as well, where it cannot be lent.
    Other(Cow<'a, Key>),
}

impl<'a> KeyRef<'a> {
    /// The key in an identity; `None` if that is none of a record.
    #[inline]
    pub(crate) fn of_identity(identity: &'a str) -> Option<Self> {
        layout::plain_text_key(identity).map(KeyRef::String).or_else(|| Self::decoded(identity))
    }

    /// The same where it is known that it is no string that lies there as it is.
    pub(crate) fn decoded(identity: &str) -> Option<Self> {
        layout::read_identity(identity).map(|identity| KeyRef::Other(Cow::Owned(identity.key)))
    }

    /// Appends its sortable encoding.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            KeyRef::String(text) => layout::write_string_key(text, out),
            KeyRef::Other(key) => layout::write_key(key, out),
        }
    }

    /// The same as a key of its own.
    pub fn to_key(&self) -> Key {
        match self {
            KeyRef::String(text) => Key::String((*text).into()),
            KeyRef::Other(key) => Key::clone(key),
        }
    }
}

impl<'a> From<&'a Key> for KeyRef<'a> {
    fn from(key: &'a Key) -> Self {
        match key {
            Key::String(text) => text.as_str().map_or(KeyRef::Other(Cow::Borrowed(key)), KeyRef::String),
            key => KeyRef::Other(Cow::Borrowed(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::any_key;

    proptest! {
        #[test]
        fn a_lent_key_is_the_key(key in any_key()) {
            let identity = layout::encode_key(&key);
            let lent = KeyRef::of_identity(&identity).map(|lent| lent.to_key());
            prop_assert_eq!(lent.as_ref(), Some(&key));
            prop_assert_eq!(KeyRef::from(&key).to_key(), key);
        }
    }

    #[test]
    fn plain_strings_are_lent_and_no_store_is_a_record() {
        assert!(matches!(KeyRef::of_identity("3ab\0"), Some(KeyRef::String("ab"))));
        assert!(matches!(KeyRef::of_identity("3\0"), Some(KeyRef::String(""))));
        assert!(KeyRef::of_identity(layout::SCHEMA_IDENTITY).is_none() && KeyRef::of_identity("3ab").is_none());
        let generated = format!("{}@{}", layout::encode_key(&Key::Number(7.0)), "0".repeat(32));
        assert_eq!(KeyRef::of_identity(&generated).map(|lent| lent.to_key()), Some(Key::Number(7.0)));
    }
}
