//! Positions in a store's history: change hashes, and heads, which are the only cursor there is.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The SHA-256 by which a change is named (automerge binary format, "change hash").
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeHash(pub [u8; 32]);

impl ChangeHash {
    /// Stands for a change that is not hashed yet.
    pub(crate) const BLANK: ChangeHash = ChangeHash([0; 32]);
}

/// The hashes of the changes on which nothing depends: a point in history. Sorted, without repetition; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Vec<ChangeHash>")]
pub struct Heads(Arc<[ChangeHash]>);

/// Text that is no change hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no change hash: 64 hexadecimal digits are")]
pub struct ParseHashError {
    /// The text.
    pub text: String,
}

impl Heads {
    /// The point before everything.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Whether this is the point before everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The point after one change and all that it depends on.
    pub(crate) fn at(change: ChangeHash) -> Self {
        Self([change].into())
    }

    /// The point after changes whose hashes ascend.
    pub(crate) fn ascending(mut hashes: impl ExactSizeIterator<Item = ChangeHash>) -> Self {
        match (hashes.len(), hashes.next()) {
            (1, Some(only)) => Self::at(only),
            (_, first) => Self(first.into_iter().chain(hashes).collect()),
        }
    }

    /// The hashes, ascending.
    pub fn hashes(&self) -> &[ChangeHash] {
        &self.0
    }
}

impl From<Vec<ChangeHash>> for Heads {
    fn from(mut hashes: Vec<ChangeHash>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes.into())
    }
}

impl FromIterator<ChangeHash> for Heads {
    fn from_iter<I: IntoIterator<Item = ChangeHash>>(hashes: I) -> Self {
        Self::from(hashes.into_iter().collect::<Vec<_>>())
    }
}

impl fmt::Display for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, hash) in self.0.iter().enumerate() {
            write!(f, "{}{hash}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ChangeHash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseHashError { text: text.into() };
        let mut hash = [0; 32];
        let digits = text.as_bytes().as_chunks::<2>().0;
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        for (byte, pair) in hash.iter_mut().zip(digits) {
            let pair = std::str::from_utf8(pair).map_err(|_| refuse())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refuse())?;
        }
        Ok(Self(hash))
    }
}

impl Serialize for ChangeHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChangeHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
