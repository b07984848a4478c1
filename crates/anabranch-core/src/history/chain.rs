//! The header of a chain (FORMAT.md, "Chains"): the message of its first change.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::change::{ActorId, ActorKind, UncheckedChange};
use crate::limits;
use crate::record::Origin;

const FORMAT: &str = "anabranch 1";
/// What a message has beside names that need no escape.
const MESSAGE_BYTES: usize = 16;

/// What the first change of a chain says about all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: u32,
    pub(crate) by: Arc<str>,
    pub(crate) origin: Origin,
}

impl Header {
    /// The message of the chain's first change.
    pub(crate) fn message(&self) -> String {
        let origin = match &self.origin {
            Origin::Person => "",
            Origin::Pipeline(label) => label,
        };
        let mut message = String::with_capacity(FORMAT.len() + self.by.len() + origin.len() + MESSAGE_BYTES);
        write!(message, "{FORMAT}\n{}", self.length).expect("writing into memory cannot fail");
        for name in [&self.by, origin] {
            message.push('\n');
            escape(name, &mut message);
        }
        message
    }

    /// Reads a message; `None` if it is no header in canonical form.
    pub(crate) fn parse(message: &str, kind: ActorKind) -> Option<Self> {
        if kind == ActorKind::Merge {
            return message.is_empty().then(Header::of_merge);
        }
        let mut lines = message.split('\n');
        if lines.next() != Some(FORMAT) {
            return None;
        }
        let number = lines.next().filter(|number| number.starts_with(|digit| matches!(digit, '1'..='9')))?;
        let length = number.parse().ok().filter(|length| (1..=limits::CHAIN_CHANGES_MAX).contains(length))?;
        let by = unescape(lines.next()?)?.into();
        let origin = match unescape(lines.next()?)? {
            label if label.is_empty() => Origin::Person,
            label => Origin::Pipeline(label.into_owned()),
        };
        lines.next().is_none().then_some(Header { length, by, origin })
    }

    /// A merge change is a chain of its own; its bytes follow from what it joins, so that it says nothing else.
    pub(crate) fn of_merge() -> Self {
        Header { length: 1, by: "".into(), origin: Origin::Person }
    }
}

fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            char => out.push(char),
        }
    }
}

/// Reads what [`escape`] writes; `None` for anything else.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                '\\' => out.push('\\'),
                _ => return None,
            },
            char => out.push(char),
        }
    }
    Some(Cow::Owned(out))
}

/// Derives the author's id of a commit from all that its changes say (FORMAT.md, "Actors").
#[derive(Clone)]
pub(crate) struct ActorHasher {
    hasher: Sha256,
    kind: ActorKind,
}

impl ActorHasher {
    /// The author's id of a commit of this kind whose changes say this, in order.
    pub(crate) fn derive<S: AsRef<[u8]>>(kind: ActorKind, said: impl IntoIterator<Item = S>) -> ActorId {
        let mut hasher = Self::new(kind);
        said.into_iter().for_each(|said| hasher.blank(said.as_ref()));
        hasher.finish()
    }

    pub(crate) fn new(kind: ActorKind) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"anabranch actor 1");
        hasher.update([kind as u8]);
        Self { hasher, kind }
    }

    /// The author's id of a chain of changes, whatever author they name.
    pub(crate) fn derive_again<'c>(kind: ActorKind, changes: impl IntoIterator<Item = &'c UncheckedChange>) -> ActorId {
        let mut hasher = Self::new(kind);
        changes.into_iter().for_each(|change| hasher.change(change));
        hasher.finish()
    }

    /// Adds what the next change says, its blanks blank.
    pub(crate) fn change(&mut self, change: &UncheckedChange) {
        change.each_said(&mut |said| self.hasher.update(said));
    }

    /// The same of a change that is still blank.
    pub(crate) fn blank(&mut self, said: &[u8]) {
        self.hasher.update(said);
    }

    pub(crate) fn finish(self) -> ActorId {
        let digest: [u8; 32] = self.hasher.finalize().into();
        let mut id = [0; 16];
        id.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
        let [.., kind] = &mut id;
        *kind = self.kind as u8;
        ActorId(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_whatever_the_names_hold() {
        for by in ["dev0", "", "a\nb\\n\\", "\u{1F600}"] {
            for origin in [Origin::Person, Origin::Pipeline("x\ny".into())] {
                let header = Header { length: 7, by: by.into(), origin };
                assert_eq!(Header::parse(&header.message(), ActorKind::Run), Some(header));
            }
        }
        assert_eq!(Header::parse("anabranch 1\n07\na\n", ActorKind::Run), None);
        for bad in ["0\na\n", "+7\na\n", "7\na\\x\n", "7\na\n\\", "7\na\n\nb", "7\na", "7 \na\n"] {
            assert_eq!(Header::parse(&format!("anabranch 1\n{bad}"), ActorKind::Run), None, "{bad:?}");
        }
    }
}
