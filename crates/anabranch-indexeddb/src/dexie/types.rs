//! A row's `$types`: which path is of which type.

use std::collections::{BTreeMap, BTreeSet};

use anabranch_core::JsString;
use anabranch_core::json::Json;

use super::path::Path;
use crate::visit::ReadRowError;

/// What the file says of one path.
#[derive(Clone, Debug, Default)]
pub(super) struct Tag {
    /// An array, also where it is written as an object.
    pub(super) is_array: bool,
    /// A hole of an array.
    pub(super) is_hole: bool,
    /// The type, unless JSON's own.
    pub(super) special: Option<JsString>,
}

/// The types of a row, and what of it is shared.
#[derive(Debug, Default)]
pub(super) struct Types {
    tags: BTreeMap<Path, Tag>,
    /// Numbers of shared objects, by the path at which each is written.
    targets: BTreeMap<Path, u32>,
    /// Positions of buffers, in the order of the row's views, which several views share.
    pub(super) shared_buffers: BTreeSet<u64>,
}

impl Types {
    pub(super) fn read(types: &Json, root: &Json) -> Result<Self, ReadRowError> {
        let Json::Object(members) = types else { return Err(ReadRowError::Shape) };
        let mut read = Self::default();
        let mut targets = BTreeSet::new();
        for (name, tags) in members {
            let path = Path::parse(name);
            let tag = read_tag(tags).ok_or_else(|| unreadable(&path, "$types"))?;
            match tag.special.as_ref().and_then(JsString::as_str) {
                Some("#") => {
                    let target = path.find(root).and_then(Path::of_reference);
                    targets.insert(target.ok_or_else(|| unreadable(&path, "#"))?);
                }
                Some(_) => {
                    let index = path.find(root).and_then(|json| json.get("index")).and_then(Json::as_u64);
                    read.shared_buffers.extend(index);
                }
                None => (),
            }
            read.tags.insert(path, tag);
        }
        read.targets = targets.into_iter().zip(0..).collect();
        Ok(read)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    pub(super) fn has_references(&self) -> bool {
        !self.targets.is_empty() || !self.shared_buffers.is_empty()
    }

    pub(super) fn tag(&self, path: &Path) -> Option<&Tag> {
        if self.tags.is_empty() { None } else { self.tags.get(path) }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.tags.keys()
    }

    /// The number of the shared object that is written at this path.
    pub(super) fn target(&self, path: &Path) -> Option<u32> {
        if self.targets.is_empty() { None } else { self.targets.get(path).copied() }
    }

    /// The number of a buffer that several views share.
    pub(super) fn buffer(&self, position: u64) -> Option<u32> {
        let before = self.shared_buffers.range(..position).count();
        self.shared_buffers.contains(&position).then_some((self.targets.len() + before) as u32)
    }

    /// How many shared objects there are.
    pub(super) fn shared(&self) -> u32 {
        (self.targets.len() + self.shared_buffers.len()) as u32
    }
}

/// A tag, or a list of them of which at most one is special.
fn read_tag(json: &Json) -> Option<Tag> {
    let names = match json {
        Json::Array(names) => names.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut tag = Tag::default();
    for name in names {
        let Json::String(name) = name else { return None };
        match name.as_str()? {
            "arrayNonindexKeys" => tag.is_array = true,
            "sparseUndefined" => tag.is_hole = true,
            "userObject" => (),
            _ if tag.special.is_some() => return None,
            _ => tag.special = Some(name.clone()),
        }
    }
    Some(tag)
}

pub(super) fn unreadable(path: &Path, tag: &str) -> ReadRowError {
    ReadRowError::Tag { path: path.to_js_string().to_string_lossy().into_owned(), tag: tag.to_owned() }
}
