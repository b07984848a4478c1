//! Interned register suffixes: a store has few field paths and many records.

use hashbrown::HashMap;

use crate::layout;
use crate::schema::FieldPath;

/// The path of a record's life register.
pub(crate) const LIFE: u32 = 0;

/// The suffixes of all registers of a store, each once.
#[derive(Clone)]
pub(crate) struct Paths {
    positions: HashMap<Box<str>, u32, foldhash::fast::FixedState>,
    infos: Vec<PathInfo>,
}

/// A register's suffix, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct PathInfo {
    pub(crate) suffix: Box<str>,
    pub(crate) field: FieldPath,
    /// For an increment or an element: the field that it is a part of.
    pub(crate) part_of: Option<u32>,
}

impl Default for Paths {
    fn default() -> Self {
        let mut paths = Self { positions: HashMap::default(), infos: Vec::new() };
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
        self.infos.push(PathInfo { suffix: suffix.into(), field, part_of });
        position
    }

    pub(crate) fn find(&self, suffix: &str) -> Option<u32> {
        self.positions.get(suffix).copied()
    }

    pub(crate) fn info(&self, position: u32) -> &PathInfo {
        self.infos.get(position as usize).expect("path positions come from this table")
    }

    pub(crate) fn infos(&self) -> &[PathInfo] {
        &self.infos
    }
}
