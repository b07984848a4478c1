//! The header of a chain (FORMAT.md, "Chains"): the message of its first change.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::change::{ActorId, ActorKind, DraftPlace, write_unsigned};
use crate::heads::ChangeHash;
use crate::limits;
use crate::record::Origin;

const FORMAT: &str = "anabranch 1";

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
        format!("{FORMAT}\n{}\n{}\n{}", self.length, escape(&self.by), escape(origin))
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
            label => Origin::Pipeline(label),
        };
        lines.next().is_none().then_some(Header { length, by, origin })
    }

    /// A merge change is a chain of its own; its bytes follow from what it joins, so that it says nothing else.
    pub(crate) fn of_merge() -> Self {
        Header { length: 1, by: "".into(), origin: Origin::Person }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

/// Reads what [`escape`] writes; `None` for anything else.
fn unescape(text: &str) -> Option<String> {
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
    Some(out)
}

/// Derives the actor of a commit from all that the commit says (FORMAT.md, "Actors").
#[derive(Clone)]
pub(crate) struct ActorHasher {
    hasher: Sha256,
    kind: ActorKind,
    /// What is not hashed yet: hashing goes fast only by larger pieces.
    pending: Vec<u8>,
    /// The identity of the op before in the same change.
    identity: Option<String>,
}

/// Bytes after which what is pending is hashed.
const PENDING_BYTES: usize = 4096;

impl ActorHasher {
    /// Stands for the author's own id where a place names an op of the commit itself.
    pub(crate) const OWN: ActorId = ActorId([0; 16]);

    pub(crate) fn new(kind: ActorKind, by: &str, origin: &Origin, deps: &[ChangeHash]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"anabranch actor 1");
        hasher.update([kind as u8]);
        for text in [by, origin.label(), if *origin == Origin::Person { "person" } else { "pipeline" }] {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.update((deps.len() as u64).to_le_bytes());
        deps.iter().for_each(|hash| hasher.update(hash.0));
        Self { hasher, kind, pending: Vec::new(), identity: None }
    }

    /// Begins a change of so many ops: the same ops in other changes are another commit.
    pub(crate) fn begin_change(&mut self, ops: usize) {
        self.identity = None;
        write_unsigned(ops as u64, &mut self.pending);
    }

    /// Adds an op, its name with the author's own id left blank; no name if it acts inside a sequence.
    pub(crate) fn op(
        &mut self,
        (identity, suffix): (&str, &str),
        value_code: u8,
        value: &[u8],
        preds: impl ExactSizeIterator<Item = (u32, ActorId)>,
    ) {
        if self.identity.as_deref() == Some(identity) {
            self.pending.push(0);
        } else {
            write_unsigned(identity.len() as u64 + 1, &mut self.pending);
            self.pending.extend_from_slice(identity.as_bytes());
            let own = self.identity.get_or_insert_default();
            own.clear();
            own.push_str(identity);
        }
        write_unsigned(suffix.len() as u64, &mut self.pending);
        self.pending.extend_from_slice(suffix.as_bytes());
        self.pending.push(value_code);
        write_unsigned(value.len() as u64, &mut self.pending);
        self.pending.extend_from_slice(value);
        write_unsigned(preds.len() as u64, &mut self.pending);
        for (counter, actor) in preds {
            self.pending.extend_from_slice(&counter.to_le_bytes());
            self.pending.extend_from_slice(&actor.0);
        }
        if self.pending.len() > PENDING_BYTES {
            self.hash_pending();
        }
    }

    /// Adds where the op that was added last acts inside a sequence.
    pub(crate) fn place(&mut self, place: &DraftPlace) {
        self.pending.extend_from_slice(&[place.action as u8, u8::from(place.element.is_some())]);
        for (counter, actor) in [Some(place.object), place.element].into_iter().flatten() {
            self.pending.extend_from_slice(&counter.to_le_bytes());
            self.pending.extend_from_slice(&actor.0);
        }
    }

    fn hash_pending(&mut self) {
        self.hasher.update(&self.pending);
        self.pending.clear();
    }

    pub(crate) fn finish(mut self) -> ActorId {
        self.hash_pending();
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
