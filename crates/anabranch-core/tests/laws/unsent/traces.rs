//! What is left of edits: for each, whether it shows, or is listed as one that lost.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::{Conflict, ConflictKind, Document, Key, Value};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::{LIST, TEXT};
use crate::records::{self, Map};

/// How often what kind of edit was found how.
pub(crate) type Found = BTreeMap<(&'static str, How), usize>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    Shown,
    Listed,
}

/// What a record says, in pieces that nobody else wrote.
#[derive(Default)]
struct Contents {
    /// Leaves by their path, without their value where that is a text or a list.
    leaves: BTreeMap<Vec<String>, Option<String>>,
    /// Characters of the text and items of the list.
    pieces: BTreeSet<(&'static str, String)>,
}

impl Contents {
    /// Of a value at a path below a record.
    fn of(path: &[String], value: &Value) -> Self {
        let mut contents = Self::default();
        contents.add(path, value);
        contents
    }

    fn add(&mut self, path: &[String], value: &Value) {
        let text = |value: &Value| match value {
            Value::String(text) => text.as_str().unwrap().to_owned(),
            other => format!("{other:?}"),
        };
        match (path, value) {
            ([field], value) if field == TEXT || field == LIST => {
                self.leaves.insert(path.to_vec(), None);
                match value {
                    Value::Array(items) => self.pieces.extend(items.iter().map(|item| (LIST, text(item)))),
                    // An item that lost against another one is listed alone.
                    item if field == LIST => drop(self.pieces.insert((LIST, text(item)))),
                    value => self.pieces.extend(text(value).chars().map(|char| (TEXT, char.to_string()))),
                }
            }
            (path, Value::Object(object)) => {
                for (name, value) in object.iter() {
                    self.add(&[path, &[name.as_str().unwrap().to_owned()]].concat(), value);
                }
            }
            (path, value) => drop(self.leaves.insert(path.to_vec(), Some(text(value)))),
        }
    }

    /// Whether there is a leaf at the path, above it or below it.
    fn has_any_at(&self, path: &[String]) -> bool {
        self.leaves.keys().any(|leaf| leaf.starts_with(path) || path.starts_with(leaf))
    }
}

/// What shows under one key, and what is listed there.
struct Place {
    key: Key,
    shown: Option<Contents>,
    conflicts: Vec<Conflict>,
}

impl Place {
    /// Whether a value that lost satisfies `is_it`, of whatever it is the value of.
    fn lists(&self, is_it: impl Fn(&[String], Option<&Value>) -> bool) -> bool {
        self.conflicts.iter().any(|conflict| {
            let path = conflict
                .field
                .as_ref()
                .map_or(Vec::new(), |field| field.0.iter().map(|name| name.as_str().unwrap().to_owned()).collect());
            conflict.others.iter().any(|other| is_it(&path, other.value.as_ref()))
        })
    }

    /// Whether what was written shows or is listed.
    fn written(&self, is_in: impl Fn(&Contents) -> bool) -> Option<How> {
        if self.shown.as_ref().is_some_and(&is_in) {
            return Some(How::Shown);
        }
        self.lists(|path, value| value.is_some_and(|value| is_in(&Contents::of(path, value)))).then_some(How::Listed)
    }

    /// Whether what was taken away is gone, or what lacks it is listed.
    fn removed(&self, at: &[String], is_in: impl Fn(&Contents) -> bool) -> Option<How> {
        if !self.shown.as_ref().is_some_and(&is_in) {
            return Some(How::Shown);
        }
        let is_removal = |path: &[String], value: Option<&Value>| match value {
            None => path == at,
            Some(value) => at.starts_with(path) && !is_in(&Contents::of(path, value)),
        };
        self.lists(is_removal).then_some(How::Listed)
    }

    fn deleted(&self) -> Option<How> {
        let is_deletion = |conflict: &&Conflict| conflict.kind == ConflictKind::Delete && conflict.field.is_none();
        match &self.shown {
            None => Some(How::Shown),
            Some(_) => {
                let mut deletions = self.conflicts.iter().filter(is_deletion);
                deletions
                    .any(|conflict| conflict.others.iter().any(|other| other.value.is_none()))
                    .then_some(How::Listed)
            }
        }
    }
}

/// Looks for every edit that makes `wrote` of `before`; fails if one neither shows nor is listed.
pub(crate) fn look_for(before: &Map, wrote: &Map, document: &Document) -> Result<Found, TestCaseError> {
    look(before, wrote, document, true)
}

/// The same for those that wrote something, not for those that took something away.
pub(crate) fn look_for_written(before: &Map, wrote: &Map, document: &Document) -> Result<Found, TestCaseError> {
    look(before, wrote, document, false)
}

fn look(before: &Map, wrote: &Map, document: &Document, all: bool) -> Result<Found, TestCaseError> {
    let (shown, conflicts) = (records::of(document), document.view().conflicts());
    let contents = |map: &Map, key: &Key| map.get(key).map(|value| Contents::of(&[], value));
    let mut found = Found::new();
    let keys: BTreeSet<&Key> = before.keys().chain(wrote.keys()).collect();
    for key in keys.into_iter().filter(|key| before.get(key) != wrote.get(key)) {
        let own = conflicts.iter().filter(|conflict| conflict.key == *key);
        let place = Place { key: key.clone(), shown: contents(&shown, key), conflicts: own.cloned().collect() };
        let mut note = |what: &'static str, how: Option<How>, which: &dyn std::fmt::Debug| {
            prop_assert!(how.is_some(), "{what}: {which:?} of {:?} is lost: {:?}", place.key, place.conflicts);
            how.into_iter().for_each(|how| *found.entry((what, how)).or_default() += 1);
            Ok(())
        };
        match (contents(before, key), contents(wrote, key)) {
            (_, None) if all => note("a record was deleted", place.deleted(), key)?,
            (_, None) => (),
            (None, Some(now)) => {
                let mut made = |_, how, which: &dyn std::fmt::Debug| note("a record was made", how, which);
                additions(&Contents::default(), &now, &place, &mut made)?;
            }
            (Some(before), Some(now)) => {
                additions(&before, &now, &place, &mut note)?;
                if all {
                    removals(&before, &now, &place, &mut note)?;
                }
            }
        }
    }
    Ok(found)
}

/// Told of each edit: what it did, how it was found, and which it is.
type Note<'n> = dyn FnMut(&'static str, Option<How>, &dyn std::fmt::Debug) -> Result<(), TestCaseError> + 'n;

fn additions(before: &Contents, now: &Contents, place: &Place, note: &mut Note<'_>) -> Result<(), TestCaseError> {
    for (path, leaf) in &now.leaves {
        if leaf.is_some() && before.leaves.get(path) != Some(leaf) {
            note("a field was set", place.written(|there| there.leaves.get(path) == Some(leaf)), path)?;
        }
    }
    for piece in now.pieces.difference(&before.pieces) {
        let what = if piece.0 == TEXT { "a character came" } else { "an item came" };
        note(what, place.written(|there| there.pieces.contains(piece)), piece)?;
    }
    Ok(())
}

fn removals(before: &Contents, now: &Contents, place: &Place, note: &mut Note<'_>) -> Result<(), TestCaseError> {
    // A leaf that made room for an object, or the other way round, is part of what was set.
    for path in before.leaves.keys().filter(|path| !now.has_any_at(path)) {
        note("a field was removed", place.removed(path, |there| there.leaves.contains_key(path)), path)?;
    }
    let stays = |field: &str| now.leaves.contains_key(&vec![field.to_owned()]);
    for piece in before.pieces.difference(&now.pieces).filter(|piece| stays(piece.0)) {
        let what = if piece.0 == TEXT { "a character went" } else { "an item went" };
        note(what, place.removed(&[piece.0.to_owned()], |there| there.pieces.contains(piece)), piece)?;
    }
    Ok(())
}
