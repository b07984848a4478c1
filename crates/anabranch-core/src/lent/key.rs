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
    pub(crate) fn of_identity(identity: &'a str) -> Option<Self> {
        match layout::plain_text_key(identity) {
            Some(text) => Some(KeyRef::String(text)),
            None => layout::read_identity(identity).map(|identity| KeyRef::Other(Cow::Owned(identity.key))),
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
