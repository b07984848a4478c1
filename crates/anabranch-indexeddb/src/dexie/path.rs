//! Typeson's paths: the names of properties, escaped and joined by dots. Names may hold lone surrogates.

use anabranch_core::JsString;
use anabranch_core::json::Json;

const DOT: u16 = b'.' as u16;
const TILDE: u16 = b'~' as u16;
const ZERO: u16 = b'0' as u16;
const ONE: u16 = b'1' as u16;

/// A path, in code units. The empty one is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(Vec<u16>);

impl Path {
    pub(super) fn parse(text: &JsString) -> Self {
        Self(text.units().collect())
    }

    /// The target of a reference: `#` and a path.
    pub(super) fn of_reference(json: &Json) -> Option<Self> {
        let Json::String(text) = json else { return None };
        let mut units = text.units();
        (units.next() == Some(u16::from(b'#'))).then(|| Self(units.collect()))
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes down to a property; gives what [`Path::up`] needs to come back.
    pub(super) fn down(&mut self, name: &JsString) -> usize {
        let length = self.0.len();
        if length > 0 {
            self.0.push(DOT);
        }
        for unit in name.units() {
            match unit {
                TILDE => self.0.extend([TILDE, ZERO]),
                DOT => self.0.extend([TILDE, ONE]),
                unit => self.0.push(unit),
            }
        }
        length
    }

    pub(super) fn up(&mut self, length: usize) {
        self.0.truncate(length);
    }

    pub(super) fn to_js_string(&self) -> JsString {
        JsString::from_utf16(&self.0)
    }

    /// What stands at this path.
    pub(super) fn find<'j>(&self, root: &'j Json) -> Option<&'j Json> {
        if self.is_root() {
            return Some(root);
        }
        self.0.split(|unit| *unit == DOT).try_fold(root, |at, segment| {
            let name = unescape(segment);
            match at {
                Json::Array(items) => items.get(name.as_str()?.parse::<usize>().ok()?),
                Json::Object(members) => members.iter().rev().find(|(have, _)| *have == name).map(|(_, value)| value),
                _ => None,
            }
        })
    }
}

fn unescape(segment: &[u16]) -> JsString {
    let mut units = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let [first, after @ ..] = rest {
        rest = after;
        match (*first, after) {
            (TILDE, [ZERO, after @ ..]) => {
                units.push(TILDE);
                rest = after;
            }
            (TILDE, [ONE, after @ ..]) => {
                units.push(DOT);
                rest = after;
            }
            (unit, _) => units.push(unit),
        }
    }
    JsString::from_utf16(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_from_paths_whatever_they_hold() {
        let names = ["a", "a.b", "~", "~0", "~1", "~~1.", ".", "ü"].map(JsString::from);
        let lone = JsString::from_utf16(&[0x61, 0xd800]);
        for name in names.iter().chain([&lone]) {
            let mut path = Path::default();
            path.down(&"x".into());
            let length = path.down(name);
            let inner = Json::Object(vec![(name.clone(), Json::Bool(true))]);
            let root = Json::Object(vec![("x".into(), inner)]);
            assert_eq!(path.find(&root), Some(&Json::Bool(true)), "{name:?}");
            path.up(length);
            assert_eq!(path, Path::parse(&"x".into()));
        }
    }
}
