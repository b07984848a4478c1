//! Names and values: each is one of the layout's, and a change writes no register twice.

use std::collections::BTreeSet;

use super::RefuseReason;
use crate::change::{Decoded, code};
use crate::layout;
use crate::limits;
use crate::registers::{Located, Paths};
use crate::scalar::{Holds, nests_within};

/// What an identity holds behind its key where a generator made that: `@` and the creating actor.
const GENERATED_BY_BYTES: usize = 33;

/// Every name is one of the layout's and every value in its one encoding. What the document has was checked when it came.
pub(super) fn check(known: &Paths, change: &Decoded, bytes: &[u8], located: &Located) -> Result<(), RefuseReason> {
    let names = &located.names;
    let holds = |(suffix, path): (&str, &Option<u32>)| match path {
        Some(path) => known.info(*path).holds,
        None => Holds::of(suffix),
    };
    let suffixes: Vec<Option<(Holds, usize)>> = names.suffixes(bytes).zip(&located.paths).map(holds).collect();
    // Of each suffix the last record that set it.
    let mut set_by = vec![u32::MAX; suffixes.len()];
    for (nth, ((record, ops), lies)) in (0..).zip(names.runs().zip(&located.records)) {
        let is_schema = record.identity_bytes(bytes) == layout::SCHEMA_IDENTITY.as_bytes();
        if lies.is_none() && !is_schema && !is_identity(record.identity(bytes)) {
            return Err(RefuseReason::Name { op: record.first_op });
        }
        let run = change.ops.get(ops.clone()).unwrap_or_default();
        for (at, op) in ops.zip(run).filter(|(at, _)| change.place(*at).is_none()) {
            let (suffix, op_at) = (names.suffix_of(at), at as u32);
            if set_by.get_mut(suffix).is_some_and(|set_by| std::mem::replace(set_by, nth) == nth) {
                return Err(RefuseReason::SetTwice { op: op_at });
            }
            let (holds, levels) = suffixes.get(suffix).copied().flatten().ok_or(RefuseReason::Name { op: op_at })?;
            if holds == Holds::Life && is_schema {
                return Err(RefuseReason::Name { op: op_at });
            }
            let scalar = change.value(bytes, op);
            let is_sequence = code::is_sequence(scalar.code);
            let fits = holds.fits(scalar) && nests_within(scalar, levels);
            if !fits || is_sequence && is_schema {
                return Err(RefuseReason::Value { op: op_at });
            }
        }
    }
    returns_to_no_record(bytes, located)
}

fn is_identity(identity: &str) -> bool {
    identity.len() <= limits::KEY_BYTES_MAX + GENERATED_BY_BYTES && layout::is_identity(identity)
}

/// All ops of a record lie beside each other.
fn returns_to_no_record(bytes: &[u8], located: &Located) -> Result<(), RefuseReason> {
    let records = &located.names.records;
    let mut hashes: Vec<u32> = records.iter().map(|record| record.hashes.own).collect();
    hashes.sort_unstable();
    // Records may share a hash: only then are their identities looked at.
    if hashes.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let mut identities = BTreeSet::new();
    match records.iter().find(|record| !identities.insert(record.identity_bytes(bytes))) {
        Some(record) => Err(RefuseReason::SetTwice { op: record.first_op }),
        None => Ok(()),
    }
}
