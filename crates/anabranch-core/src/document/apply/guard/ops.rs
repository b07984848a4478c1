//! Names and values: each is one of the layout's, and a change writes no register twice.

use std::collections::{BTreeMap, BTreeSet};

use super::RefuseReason;
use crate::change::{Decoded, code};
use crate::layout;
use crate::limits;
use crate::registers::hash_identity;
use crate::scalar::{Holds, nests_within};

/// What an identity holds behind its key where a generator made that: `@` and the creating actor.
const GENERATED_BY_BYTES: usize = 33;

/// Every name is one of the layout's and every value in its one encoding. Names repeat, their records from op to op and
/// their fields from record to record, so each is taken apart once.
pub(super) fn check<'b>(change: &Decoded, bytes: &'b [u8]) -> Result<(), RefuseReason> {
    let mut identity_before = "";
    let mut registers = Once::default();
    let mut records: Vec<u32> = Vec::new();
    let mut suffixes: BTreeMap<&'b str, (Holds, usize)> = BTreeMap::new();
    for (at, op) in change.ops.iter().enumerate().filter(|(at, _)| change.place(*at).is_none()) {
        let op_at = at as u32;
        let (name, scalar) = (change.name(bytes, op), change.value(bytes, op));
        let split = layout::identity_length(name).and_then(|length| name.split_at_checked(length));
        let (identity, suffix) = split.ok_or(RefuseReason::Name { op: op_at })?;
        if identity != identity_before {
            let is_long = identity.len() > limits::KEY_BYTES_MAX + GENERATED_BY_BYTES;
            if is_long || identity != layout::SCHEMA_IDENTITY && layout::read_identity(identity).is_none() {
                return Err(RefuseReason::Name { op: op_at });
            }
            identity_before = identity;
            registers.clear();
            records.push(hash_identity(identity));
        }
        if !registers.is_first(suffix) {
            return Err(RefuseReason::SetTwice { op: op_at });
        }
        let (holds, levels) = match suffixes.get(suffix) {
            Some(known) => *known,
            None => {
                let known = Holds::of(suffix).ok_or(RefuseReason::Name { op: op_at })?;
                suffixes.insert(suffix, known);
                known
            }
        };
        if holds == Holds::Life && identity == layout::SCHEMA_IDENTITY {
            return Err(RefuseReason::Name { op: op_at });
        }
        let is_sequence = matches!(scalar.code, code::TEXT | code::LIST);
        let fits = holds.fits(scalar) && nests_within(scalar, levels);
        if !fits || is_sequence && identity == layout::SCHEMA_IDENTITY {
            return Err(RefuseReason::Value { op: op_at });
        }
    }
    records.sort_unstable();
    // Records may share a hash: then their identities are looked at.
    match records.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        true => returns_to_no_record(change, bytes),
        false => Ok(()),
    }
}

/// All ops of a record lie beside each other.
fn returns_to_no_record(change: &Decoded, bytes: &[u8]) -> Result<(), RefuseReason> {
    let mut records = Once::default();
    let mut identity_before = "";
    for (at, op) in change.ops.iter().enumerate().filter(|(at, _)| change.place(*at).is_none()) {
        let name = change.name(bytes, op);
        let identity = layout::identity_length(name).and_then(|length| name.get(..length)).unwrap_or_default();
        if identity != identity_before && !records.is_first(identity) {
            return Err(RefuseReason::SetTwice { op: at as u32 });
        }
        identity_before = identity;
    }
    Ok(())
}

/// Names of which each comes once. Honest ones mostly ascend, and then it is enough to look at the last.
#[derive(Default)]
struct Once<'n> {
    ascending: Vec<&'n str>,
    others: BTreeSet<&'n str>,
}

impl<'n> Once<'n> {
    fn clear(&mut self) {
        self.ascending.clear();
        self.others.clear();
    }

    fn is_first(&mut self, name: &'n str) -> bool {
        match self.ascending.last() {
            Some(last) if *last >= name => self.ascending.binary_search(&name).is_err() && self.others.insert(name),
            _ => {
                self.ascending.push(name);
                !self.others.contains(name)
            }
        }
    }
}
