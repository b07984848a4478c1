//! Interned register suffixes: a store has few field paths and many records.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::layout;
use crate::scalar::Holds;
use crate::schema::FieldPath;
use crate::string::JsString;

/// The path of a record's life register.
pub(crate) const LIFE: u32 = 0;

/// The suffix of the register that holds a record which is no object.
pub(crate) const ROOT: &str = "=";

/// The suffixes of all registers of a store, each once.
#[derive(Clone)]
pub(crate) struct Paths {
    positions: HashMap<Box<str>, u32, layout::NameHash>,
    infos: Vec<PathInfo>,
    /// The suffixes below which some path lies.
    above: HashSet<Box<str>, layout::NameHash>,
    /// How many of them are not flat.
    not_flat: usize,
}

/// A register's suffix, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct PathInfo {
    pub(crate) suffix: Box<str>,
    pub(crate) field: FieldPath,
    /// For an increment or an element: the field that it is a part of.
    pub(crate) part_of: Option<u32>,
    /// What such a register holds, and how many levels a value may nest there; `None` if no store has one.
    pub(crate) holds: Option<(Holds, usize)>,
    /// Whether some record has a field below this one: where this path holds a leaf, it may stand against an object.
    pub(crate) has_below: bool,
}

impl PathInfo {
    /// Whether it holds all that there is of a field in which no other lies.
    pub(crate) fn is_flat(&self) -> bool {
        self.part_of.is_none() && !self.has_below
    }

    /// Whether it is the register of a field that lies in no other.
    pub(crate) fn is_field(&self, name: &JsString) -> bool {
        self.part_of.is_none() && matches!(self.field.0.as_slice(), [only] if only == name)
    }
}

impl Default for Paths {
    fn default() -> Self {
        let (positions, above) = (HashMap::default(), HashSet::default());
        let mut paths = Self { positions, infos: Vec::new(), above, not_flat: 0 };
        paths.intern("");
        paths
    }
}

impl Paths {
    /// The position of a suffix, which is made if it is new.
    pub(crate) fn intern(&mut self, suffix: &str) -> u32 {
        if let Some(position) = self.positions.get(suffix) {
            return *position;
        }
        let (field, part) = layout::read_suffix(suffix).unwrap_or_default();
        let part_of = part.map(|_| self.intern(suffix.split(layout::PART).next().unwrap_or_default()));
        let position = self.infos.len() as u32;
        self.positions.insert(suffix.into(), position);
        // The root lies above every field.
        let has_below = suffix == ROOT || self.above.contains(suffix);
        let holds = Holds::of(suffix);
        let info = PathInfo { suffix: suffix.into(), field, part_of, holds, has_below };
        self.not_flat += usize::from(!info.is_flat());
        self.infos.push(info);
        self.note_paths_above(suffix);
        position
    }

    fn note_paths_above(&mut self, suffix: &str) {
        for (end, _) in suffix.match_indices('\0') {
            let above = suffix.get(..end).unwrap_or_default();
            if !self.above.contains(above) {
                self.above.insert(above.into());
                if let Some(info) =
                    self.positions.get(above).and_then(|position| self.infos.get_mut(*position as usize))
                {
                    self.not_flat += usize::from(info.is_flat());
                    info.has_below = true;
                }
            }
        }
    }

    /// The same, shared paths being copied only for what is new.
    pub(crate) fn intern_shared(paths: &mut Arc<Self>, suffix: &str) -> u32 {
        paths.find(suffix).unwrap_or_else(|| Arc::make_mut(paths).intern(suffix))
    }

    pub(crate) fn find(&self, suffix: &str) -> Option<u32> {
        self.positions.get(suffix).copied()
    }

    pub(crate) fn info(&self, position: u32) -> &PathInfo {
        self.infos.get(position as usize).expect("path positions come from this table")
    }

    /// Whether every one of them is flat.
    pub(crate) fn are_flat(&self) -> bool {
        self.not_flat == 0
    }

    /// Whether the first of them are those of `others`.
    pub(crate) fn begin_with(&self, others: &Paths) -> bool {
        let mut pairs = self.infos.iter().zip(&others.infos);
        self.len() >= others.len() && pairs.all(|(own, other)| own.suffix == other.suffix)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.infos.len()
    }

    pub(crate) fn infos(&self) -> &[PathInfo] {
        &self.infos
    }
}

/// The paths of the record before, in order: most records of a change set the same ones.
#[derive(Default)]
pub(super) struct PathGuesses<'s> {
    /// With the suffix in whose place each stood: whoever shares suffixes between records gives the same one again.
    paths: Vec<(u32, &'s [u8])>,
    next: usize,
}

impl<'s> PathGuesses<'s> {
    pub(super) fn begin_record(&mut self) {
        self.next = 0;
    }

    /// The path of a checked suffix.
    pub(super) fn path(&mut self, paths: &mut Arc<Paths>, suffix: &'s [u8]) -> u32 {
        let at = self.next;
        self.next += 1;
        if let Some((guess, shared)) = self.paths.get(at)
            && (std::ptr::eq(*shared, suffix) || paths.info(*guess).suffix.as_bytes() == suffix)
        {
            return *guess;
        }
        let text = std::str::from_utf8(suffix).expect("names were checked");
        let path = Paths::intern_shared(paths, text);
        self.paths.truncate(at);
        self.paths.push((path, suffix));
        path
    }
}
