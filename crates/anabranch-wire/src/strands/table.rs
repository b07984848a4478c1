//! The strands themselves, and how they lie behind each other: a table of their lengths, then their bytes.

use std::collections::BTreeMap;

use super::columns::take_bytes;
use crate::leb128::{read_unsigned, write_unsigned};
use crate::limits::STRAND_CLASSES_MAX;

/// Columns that a change can have at most, so that no table is longer than what there is to say.
const COLUMNS_MAX: u64 = 4096;

/// Strands to write to, or what is left of them to read.
#[derive(Default)]
pub(super) struct Strands<S> {
    /// Entries without their changes, and for each change how it was taken.
    pub(super) outline: S,
    /// Changes as they are.
    pub(super) whole: S,
    /// Dependencies: distances back, or 0 for one of `hashes`.
    pub(super) deps: S,
    /// Hashes of changes that are not in this block.
    pub(super) hashes: S,
    /// Headers from the actor to the other actors.
    pub(super) headers: S,
    /// Which columns each change has, and how long those are that do not follow.
    pub(super) layout: S,
    /// The runs of the column of names.
    pub(super) name_runs: S,
    /// For each name the number of its tail, and whether it has the head of the name before.
    pub(super) tails: S,
    /// Heads of names.
    pub(super) heads: S,
    /// Tails of names, when they are met first.
    pub(super) tail_texts: S,
    /// The runs of the column that tells types and lengths of values.
    pub(super) meta_runs: S,
    /// The other columns, by specification.
    pub(super) others: BTreeMap<u64, S>,
    /// Types and lengths of values, by class.
    pub(super) metas: Vec<S>,
    /// Values, by class.
    pub(super) values: Vec<S>,
}

impl<S> Strands<S> {
    fn fixed(&self) -> [&S; 11] {
        let Self { outline, whole, deps, hashes, headers, layout, .. } = self;
        let Self { name_runs, tails, heads, tail_texts, meta_runs, .. } = self;
        [outline, whole, deps, hashes, headers, layout, name_runs, tails, heads, tail_texts, meta_runs]
    }
}

impl Strands<Vec<u8>> {
    /// The strands of a class.
    pub(super) fn class(&mut self, class: u32) -> Option<(&mut Vec<u8>, &mut Vec<u8>)> {
        let at = class as usize;
        if at >= self.metas.len() {
            self.metas.resize_with(at + 1, Vec::new);
            self.values.resize_with(at + 1, Vec::new);
        }
        self.metas.get_mut(at).zip(self.values.get_mut(at))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.fixed().iter().for_each(|strand| write_unsigned(strand.len() as u64, &mut out));
        write_unsigned(self.others.len() as u64, &mut out);
        for (specification, strand) in &self.others {
            write_unsigned(*specification, &mut out);
            write_unsigned(strand.len() as u64, &mut out);
        }
        write_unsigned(self.metas.len() as u64, &mut out);
        for strand in self.metas.iter().chain(&self.values) {
            write_unsigned(strand.len() as u64, &mut out);
        }
        let fixed = self.fixed().into_iter();
        fixed.chain(self.others.values()).chain(&self.metas).chain(&self.values).for_each(|strand| out.extend(strand));
        out
    }
}

impl<'b> Strands<&'b [u8]> {
    /// Reads the table; `None` if it is none, or if its strands are not all of `bytes`.
    pub(super) fn decode(bytes: &'b [u8]) -> Option<Self> {
        let rest = &mut &*bytes;
        let length = |rest: &mut &[u8]| usize::try_from(read_unsigned(rest)?).ok();
        let mut fixed = [0; 11];
        for slot in &mut fixed {
            *slot = length(rest)?;
        }
        let mut others = BTreeMap::new();
        for _ in 0..read_unsigned(rest).filter(|count| *count <= COLUMNS_MAX)? {
            let specification = read_unsigned(rest)?;
            if others.last_key_value().is_some_and(|(last, _)| *last >= specification) {
                return None;
            }
            others.insert(specification, length(rest)?);
        }
        let classes = read_unsigned(rest).filter(|classes| *classes <= STRAND_CLASSES_MAX as u64)?;
        let lengths = (0..2 * classes).map(|_| length(rest)).collect::<Option<Vec<usize>>>()?;

        let mut take = |length: usize| take_bytes(rest, length);
        let [outline, whole, deps, hashes, headers, layout, name_runs, tails, heads, tail_texts, meta_runs] = fixed;
        let mut strands = Self {
            outline: take(outline)?,
            whole: take(whole)?,
            deps: take(deps)?,
            hashes: take(hashes)?,
            headers: take(headers)?,
            layout: take(layout)?,
            name_runs: take(name_runs)?,
            tails: take(tails)?,
            heads: take(heads)?,
            tail_texts: take(tail_texts)?,
            meta_runs: take(meta_runs)?,
            ..Self::default()
        };
        for (specification, length) in others {
            strands.others.insert(specification, take(length)?);
        }
        strands.metas = lengths.iter().map(|length| take(*length)).collect::<Option<_>>()?;
        strands.values = strands.metas.split_off(classes as usize);
        rest.is_empty().then_some(strands)
    }

    /// The strands of a class.
    pub(super) fn class(&mut self, class: u32) -> Option<(&mut &'b [u8], &mut &'b [u8])> {
        self.metas.get_mut(class as usize).zip(self.values.get_mut(class as usize))
    }

    /// Whether nothing is left.
    pub(super) fn are_used_up(&self) -> bool {
        let fixed = self.fixed().into_iter();
        fixed.chain(self.others.values()).chain(&self.metas).chain(&self.values).all(|strand| strand.is_empty())
    }
}
