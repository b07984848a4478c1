//! What a replica never got of the merged contents, and what it holds in its place.
//!
//! A write-back leaves records out. The baseline that an offer becomes has them as merged, but the replica does not: it has
//! them as before, or not at all. So a baseline keeps for each of them the heads as of which the replica holds it, and what
//! it holds is diffed against these: as before is no edit, and another value is an edit beside what others did meanwhile,
//! not upon it. Absence says nothing.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::json::{self, Json, Lexer};
use anabranch_core::{Capture, CaptureError, CaptureKind, Document, Heads, Key, Prepared, Value, View};

use super::store::Place;
use crate::failure::Failure;
use crate::lines::Line;
use crate::workspace::known;

/// Levels of nesting of a key in its wrapper.
const ENTRY_DEPTH: usize = 96;

/// The records that a replica never got, with the heads as of which it holds them, where that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LeftOut(BTreeMap<Key, Option<Heads>>);

impl LeftOut {
    /// Reads the texts of a baseline: `{"key":K,"heads":[…]}`, or a key alone. One that says neither is an error: a record that
    /// was forgotten here would be taken for deleted.
    pub(crate) fn read(texts: &[String]) -> Result<Self, Failure> {
        let entry = |text: &String| read_entry(text).ok_or_else(|| unreadable(text));
        Ok(Self(texts.iter().map(entry).collect::<Result<_, Failure>>()?))
    }

    /// The texts to keep in a baseline.
    pub(super) fn write(&self) -> Vec<String> {
        self.0.iter().map(|(key, heads)| write_entry(key, heads.as_ref())).collect()
    }

    /// What stays unknown once an offer was taken that left out `keys`: each as of the heads as of which the replica held
    /// it until then.
    pub(super) fn after_offer(&self, keys: &[String], baseline: &Heads) -> Result<Self, Failure> {
        let held = |key: &Key| self.0.get(key).cloned().flatten().unwrap_or_else(|| baseline.clone());
        let entry = |text: &String| {
            let key = json::read_key(text.as_bytes()).map_err(|_| unreadable(text))?;
            let heads = held(&key);
            Ok((key, Some(heads)))
        };
        Ok(Self(keys.iter().map(entry).collect::<Result<_, Failure>>()?))
    }

    pub(super) fn keys(&self) -> BTreeSet<Key> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// The records of which it is known as of which heads the replica holds them.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&Key, &Heads)> {
        self.0.iter().filter_map(|(key, heads)| Some((key, heads.as_ref()?)))
    }

    /// The replica holds a record as of other heads from now on.
    pub(super) fn hold(&mut self, key: Key, heads: Heads) {
        self.0.insert(key, Some(heads));
    }
}

fn unreadable(text: &str) -> Failure {
    Failure::data(format_args!(
        "the log says of a record that was left out of what was written back that it is {text}, which is no key: so it cannot \
         be told which records the replica never got; capture it with --lost-replica, which takes nothing for deleted"
    ))
}

fn read_entry(text: &str) -> Option<(Key, Option<Heads>)> {
    let json = Lexer::new(text.as_bytes(), ENTRY_DEPTH).value().ok()?;
    let key = |json: Json| Key::from_value(&json::value_from_json(json).ok()?).ok();
    match (json.get("key").cloned(), json.get("heads").and_then(Json::as_array)) {
        (Some(own), Some(hashes)) => {
            let hashes: Option<Heads> = hashes.iter().map(|hash| hash.as_str()?.parse().ok()).collect();
            Some((key(own)?, Some(hashes?)))
        }
        _ => Some((key(json)?, None)),
    }
}

fn write_entry(key: &Key, heads: Option<&Heads>) -> String {
    match heads {
        None => json::key_to_string(key),
        Some(heads) => String::from_utf8_lossy(&Line::new().key("key", key).heads("heads", heads).end()).into_owned(),
    }
}

/// Diffs what a replica holds of records that it never got, while its store is read.
pub(super) struct Apart<'d> {
    document: &'d Document,
    replica: &'d str,
    left_out: LeftOut,
    place: Place<'d>,
    seen: BTreeSet<Key>,
    captures: BTreeMap<Heads, (Capture<'d>, Vec<Key>)>,
}

/// Edits of records that the replica holds as of other heads than its baseline.
pub(super) struct PreparedApart {
    pub(super) prepared: Prepared,
    pub(super) keys: Vec<Key>,
}

impl<'d> Apart<'d> {
    pub(super) fn new(document: &'d Document, replica: &'d str, left_out: LeftOut, place: Place<'d>) -> Self {
        Self { document, replica, left_out, place, seen: BTreeSet::new(), captures: BTreeMap::new() }
    }

    /// Takes a record that the replica holds as of other heads than `merged`; `false` if it is one like all others.
    pub(super) fn takes(&mut self, key: &Key, value: &Value, merged: &View<'_>) -> Result<bool, Failure> {
        let Some(held) = self.left_out.0.get(key) else { return Ok(false) };
        let format = self.place.format;
        let is_as =
            |was: Option<Value>| was.is_some_and(|was| was == *value || format.loss(&was) == format.loss(value));
        // Who has the merged value by now got it; of whom it is not known what he had, nothing can be told apart.
        let Some(heads) = held.clone().filter(|_| !is_as(merged.get(key))) else {
            self.left_out.0.remove(key);
            return Ok(false);
        };
        if !self.seen.insert(key.clone()) {
            return Err(self.place.failed(&CaptureError::DuplicateKey { key: key.clone() }));
        }
        let (capture, keys) = match self.captures.entry(heads) {
            std::collections::btree_map::Entry::Occupied(have) => have.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                let baseline = known(self.document, free.key())?;
                let kind = CaptureKind::Next { baseline, left_out: BTreeSet::new() };
                free.insert((self.document.capture(self.replica, kind), Vec::new()))
            }
        };
        if !is_as(capture.base().get(key)) {
            let taken = capture.record(key, value, Some(&move |value| format.loss(value)));
            taken.map_err(|error| self.place.failed_at(key, &error))?;
            keys.push(key.clone());
        }
        Ok(true)
    }

    /// The edits, and what the replica still has not got.
    pub(super) fn finish(self) -> Result<(Vec<PreparedApart>, LeftOut), Failure> {
        let mut apart = Vec::new();
        for (capture, keys) in self.captures.into_values().filter(|(_, keys)| !keys.is_empty()) {
            // What was not read of these heads is read upon the baseline.
            let prepared = capture.finish(false).map_err(|error| self.place.failed(&error))?;
            apart.push(PreparedApart { prepared, keys });
        }
        Ok((apart, self.left_out))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_baseline_keeps_every_key_with_and_without_heads() {
        let hash = |digit: &str| digit.repeat(64).parse().unwrap();
        let heads: [Option<Heads>; 3] = [None, Some(Heads::empty()), Some(Heads::from(vec![hash("a"), hash("0")]))];
        let keys = [
            r#"5"#,
            r#""key""#,
            r#"{"$idb":"date","v":"2026-11-21T10:00:00.000Z"}"#,
            r#"{"$idb":"utf16","v":"d83d0041"}"#,
            r#"{"$idb":"arraybuffer","v":"AAE="}"#,
            r#"["heads",["key"],{"$idb":"number","v":"-Infinity"}]"#,
        ];
        let key = |text: &str| json::read_key(text.as_bytes()).unwrap();
        for heads in heads {
            let left_out = LeftOut(keys.iter().map(|text| (key(text), heads.clone())).collect());
            assert_eq!(LeftOut::read(&left_out.write()).unwrap(), left_out);
        }
        // What was kept before heads were.
        let texts: Vec<String> = keys.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(LeftOut::read(&texts).unwrap(), LeftOut(keys.iter().map(|text| (key(text), None)).collect()));
    }

    #[test]
    fn what_names_no_record_is_refused_and_not_forgotten() {
        for text in ["", "{}", "true", r#"{"key":5,"heads":["a"]}"#, r#"{"key":null,"heads":[]}"#] {
            let texts = ["5".to_owned(), text.to_owned()];
            let refused = [LeftOut::read(&texts), LeftOut::default().after_offer(&texts, &Heads::empty())];
            for refused in refused {
                let message = refused.unwrap_err().to_string();
                assert!(message.contains(text) && message.contains("--lost-replica"), "{message}");
            }
        }
    }
}
