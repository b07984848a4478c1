//! The names of planned ops, taken apart: an import has millions of ops, but few fields and one identity a record.

use std::ops::Range;

use memchr::memmem;

use crate::layout::{self, SuffixIndex};
use crate::string::JsString;

/// Identities in the order in which they came, and suffixes, each once.
#[derive(Default)]
pub(super) struct Names {
    identities: String,
    /// Where each identity ends, and the first op that names it.
    ends: Vec<(usize, u32)>,
    suffixes: Vec<Suffix>,
    index: SuffixIndex,
    last: u32,
    bytes: usize,
}

struct Suffix {
    text: Box<str>,
    /// The field that it is the suffix of, once somebody told: one that lies in no other.
    field: Option<JsString>,
    /// What followed it when it came last: records set the same fields in the same order.
    next: u32,
}

impl Names {
    /// Names the register that the op at a position sets; the position of its suffix.
    pub(super) fn name(&mut self, op: u32, identity: &str, suffix: &str) -> u32 {
        self.bytes += identity.len() + suffix.len();
        if self.last_identity() != Some(identity) {
            self.identities.push_str(identity);
            self.ends.push((self.identities.len(), op));
        }
        self.suffix_position(suffix)
    }

    /// Names a field of the record that was named last, if it is the one that came next when this was the field before;
    /// the position of its suffix, which need not be put together.
    pub(super) fn next_field(&mut self, field: &JsString, name_bytes_max: usize) -> Option<u32> {
        let guess = self.suffixes.get(self.last as usize)?.next;
        let suffix = self.suffixes.get(guess as usize).filter(|suffix| suffix.field.as_ref() == Some(field))?;
        let bytes = self.last_identity()?.len() + suffix.text.len();
        if bytes > name_bytes_max {
            return None;
        }
        (self.bytes, self.last) = (self.bytes + bytes, guess);
        Some(guess)
    }

    /// Remembers that the suffix that was named last is that of a field which lies in no other.
    pub(super) fn note_field(&mut self, field: &JsString) {
        if let Some(suffix) = self.suffixes.get_mut(self.last as usize) {
            suffix.field = Some(field.clone());
        }
    }

    /// The position of the suffix of a field which lies in no other.
    pub(super) fn field_position(&mut self, field: &JsString) -> u32 {
        self.suffix_position(&layout::encode_field(field))
    }

    /// Names the field with the suffix at a position, of the record that was named last; the name has so many bytes.
    #[inline]
    pub(super) fn name_at(&mut self, at: u32, bytes: usize) {
        (self.bytes, self.last) = (self.bytes + bytes, at);
    }

    /// Bytes of all names, each as long as it is where it is written out.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets that ops from a position on were named, before which there were so many bytes.
    pub(super) fn roll_back(&mut self, op: u32, bytes: usize) {
        self.ends.truncate(self.ends.partition_point(|(_, first_op)| *first_op < op));
        self.identities.truncate(self.ends.last().map_or(0, |(end, _)| *end));
        self.bytes = bytes;
    }

    /// How many identities there are, and their bytes.
    pub(super) fn identities(&self) -> (usize, usize) {
        (self.ends.len(), self.identities.len())
    }

    /// The identities that ops from a position on name, asked for in the order of the ops.
    pub(super) fn identities_from<'n>(&'n self, op: u32) -> impl FnMut(u32) -> &'n str {
        let next = self.ends.partition_point(|(_, first_op)| *first_op <= op);
        let (before, rest) = self.ends.split_at(next.saturating_sub(1));
        let (mut rest, mut from, mut current) = (rest.iter().peekable(), self.start(before.len()), "");
        move |op| {
            while let Some((end, _)) = rest.next_if(|(_, first_op)| *first_op <= op) {
                current = self.identities.get(from..*end).unwrap_or_default();
                from = *end;
            }
            current
        }
    }

    /// The identities that these ops are the first to name, in order.
    pub(super) fn identities_first_in(&self, ops: Range<u32>) -> impl ExactSizeIterator<Item = &str> {
        let before = |op: u32| self.ends.partition_point(|(_, first_op)| *first_op < op);
        let (from, to) = (before(ops.start), before(ops.end));
        let mut start = self.start(from);
        let own = self.ends.get(from..to).unwrap_or_default().iter();
        own.map(move |(end, _)| self.identities.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default())
    }

    /// Whether some identity or suffix has a blank for its author's id.
    pub(super) fn has_blanks(&self) -> bool {
        let has_blank = |text: &str| memmem::find(text.as_bytes(), layout::OWN_ACTOR.as_bytes()).is_some();
        has_blank(&self.identities) || self.suffixes.iter().any(|suffix| has_blank(&suffix.text))
    }

    fn last_identity(&self) -> Option<&str> {
        self.identities.get(self.start(self.ends.len().checked_sub(1)?)..)
    }

    /// Where the identity at a position among them begins.
    fn start(&self, nth: usize) -> usize {
        nth.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(end, _)| *end)
    }

    /// The suffix at a position.
    pub(super) fn suffix(&self, at: u32) -> &str {
        self.suffixes.get(at as usize).map_or("", |suffix| &suffix.text)
    }

    fn suffix_position(&mut self, suffix: &str) -> u32 {
        let guess = self.suffixes.get(self.last as usize).map_or(0, |last| last.next);
        if self.suffixes.get(guess as usize).is_some_and(|guess| layout::is_suffix(&guess.text, suffix)) {
            self.last = guess;
            return guess;
        }
        let at = self.find(suffix).unwrap_or_else(|| {
            self.suffixes.push(Suffix { text: suffix.into(), field: None, next: 0 });
            self.suffixes.len() as u32 - 1
        });
        if let Some(last) = self.suffixes.get_mut(self.last as usize) {
            last.next = at;
        }
        self.last = at;
        at
    }

    fn find(&mut self, suffix: &str) -> Option<u32> {
        let text = |at: u32| self.suffixes.get(at as usize).map_or(&[][..], |suffix| suffix.text.as_bytes());
        self.index.find(suffix.as_bytes(), self.suffixes.len(), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME_BYTES_MAX: usize = 20;

    /// The identities and suffixes of ops.
    fn told(names: &Names, ops: &[u32]) -> Vec<(String, String)> {
        let mut identity_of = names.identities_from(0);
        let told = |(op, suffix): (u32, &u32)| (identity_of(op).to_owned(), names.suffix(*suffix).to_owned());
        (0..).zip(ops).map(told).collect()
    }

    #[test]
    fn a_field_is_named_without_its_suffix_exactly_where_the_suffix_would_be_the_same() {
        let (mut names, mut ops) = (Names::default(), Vec::new());
        let fields = ["a", "b", "c"].map(JsString::from);
        for identity in ["31\0", "32\0"] {
            ops.push(names.name(ops.len() as u32, identity, ""));
            for field in &fields {
                let guessed = names.next_field(field, NAME_BYTES_MAX);
                assert_eq!(guessed.is_some(), identity == "32\0");
                let suffix = format!(".{}", field.as_str().unwrap_or_default());
                ops.push(guessed.unwrap_or_else(|| names.name(ops.len() as u32, identity, &suffix)));
                names.note_field(field);
            }
        }
        assert_eq!(names.name(ops.len() as u32, "33\0", ""), ops.first().copied().unwrap_or(1));
        assert_eq!(names.next_field(&"b".into(), NAME_BYTES_MAX), None, "another field");
        assert_eq!(names.next_field(&"a".into(), 4), None, "the name would be too long");
        let name = |identity: &str, suffix: &str| (identity.to_owned(), suffix.to_owned());
        let expected = |identity| ["", ".a", ".b", ".c"].map(|suffix| name(identity, suffix));
        assert_eq!(told(&names, &ops), [expected("31\0"), expected("32\0")].concat());
        assert_eq!(names.bytes(), 2 * (4 * 3 + 3 * 2) + 3);
    }

    #[test]
    fn identities_are_told_from_any_op_on_and_by_the_ops_that_name_them_first() {
        let mut names = Names::default();
        let ops = ["31\0", "31\0", "32\0", "31\0", "31\0", "33\0"];
        for (op, identity) in (0..).zip(ops) {
            names.name(op, identity, ".");
        }
        for from in 0..ops.len() {
            let mut identity_of = names.identities_from(from as u32);
            assert!((from..ops.len()).all(|op| identity_of(op as u32) == *ops.get(op).expect("an op")), "from {from}");
        }
        let first_in = |ops| names.identities_first_in(ops).collect::<Vec<&str>>();
        assert_eq!(first_in(0..6), ["31\0", "32\0", "31\0", "33\0"]);
        assert_eq!((first_in(0..2), first_in(1..3), first_in(3..5)), (vec!["31\0"], vec!["32\0"], vec!["31\0"]));
        assert_eq!((first_in(1..2), first_in(6..6)), (vec![], vec![]));
    }

    #[test]
    fn what_is_rolled_back_was_never_named() {
        let mut names = Names::default();
        let ops = vec![names.name(0, "31\0", "."), names.name(1, "32\0", ".")];
        let bytes = names.bytes();
        assert_eq!(names.identities(), (2, 6));
        names.name(2, "33\0", ".");
        names.roll_back(2, bytes);
        assert_eq!((names.identities(), names.bytes()), ((2, 6), bytes));
        names.roll_back(1, 4);
        names.name(1, "34\0", ".");
        let told: Vec<String> = told(&names, &ops).into_iter().map(|(identity, _)| identity).collect();
        assert_eq!(told, ["31\0", "34\0"]);
    }
}
