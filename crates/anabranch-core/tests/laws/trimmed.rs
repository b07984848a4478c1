//! Documents whose history was trimmed: what is above the floor reads as before, and late changes still merge.

use anabranch_core::{Document, Heads, UnknownHeads};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::{records, saved};

/// Trims `half` at its heads, and gives it what the others have, some of it from below its floor.
pub(crate) fn check(half: &Document, whole: &Document, known: &[Heads]) -> Result<(), TestCaseError> {
    let floor = half.heads();
    let mut trimmed = half.clone();
    let floor_known = trimmed.known(&floor).unwrap();
    let gone = trimmed.trim(&floor_known).unwrap();
    prop_assert_eq!(gone.len(), half.change_count());
    saved::check_equal(&trimmed, half)?;
    let outcome = trimmed.apply(whole.change_bytes().map(|change| change.bytes));
    prop_assert_eq!(outcome.refused, vec![]);
    saved::check_equal(&trimmed, whole)?;
    let (mut opened, ..) = saved::reopened(&trimmed);
    opened.evict(0);
    saved::check_equal(&opened, whole)?;
    for heads in known {
        check_heads(&trimmed, whole, heads, &floor)?;
        check_heads(&opened, whole, heads, &floor)?;
    }
    Ok(())
}

fn check_heads(trimmed: &Document, whole: &Document, heads: &Heads, floor: &Heads) -> Result<(), TestCaseError> {
    let Ok(at) = whole.known(heads) else { return Ok(()) };
    let floor = whole.known(floor).unwrap();
    let is_above = heads.is_empty() || whole.descends_from(&at, &floor);
    match trimmed.known(heads) {
        Ok(known) => {
            prop_assert!(is_above);
            prop_assert_eq!(records::at(trimmed, &known), records::at(whole, &at));
            let to = trimmed.known(&trimmed.heads()).unwrap();
            let (ours, theirs) = (trimmed.record_changes(&known, &to), whole.record_changes(&at, &to_of(whole)));
            let shown = |batch: anabranch_core::Batch| {
                let mut changes: Vec<_> = batch.changes.into_iter().map(|c| (c.key, c.before, c.after)).collect();
                changes.sort_by(|a, b| a.0.cmp(&b.0));
                changes
            };
            prop_assert_eq!(shown(ours), shown(theirs));
        }
        Err(error) => {
            let is_trimmed = matches!(error, UnknownHeads::Trimmed { .. });
            prop_assert!(is_trimmed && !is_above);
        }
    }
    Ok(())
}

fn to_of(document: &Document) -> anabranch_core::KnownHeads {
    document.known(&document.heads()).unwrap()
}
