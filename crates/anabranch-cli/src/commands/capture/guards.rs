//! What is refused for safety: contents that look lost rather than deleted.

use std::collections::BTreeMap;

use super::contents::Staged;
use crate::args;

/// Stores up to this size may lose more than half of their records without a question.
const SMALL_STORE: usize = 100;

/// Why a capture that would delete what is more likely lost is refused, with every flag that insists; empty if it is not.
pub(super) fn refusals(staged: &[Staged], arguments: &args::Capture) -> Vec<String> {
    if arguments.allow_mass_delete {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    let mut databases: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for store in staged {
        let sums = databases.entry(&store.name.database).or_default();
        sums.0 += store.records_read;
        sums.1 += store.prepared.deletions;
    }
    let empty: Vec<&str> =
        databases.iter().filter(|(_, sums)| sums.0 == 0 && sums.1 > 0).map(|(name, _)| *name).collect();
    for database in &empty {
        reasons.push(format!(
            "the file holds no record of database {database}, of which {} had some when it was last captured: if it lost its \
             data, say --lost-replica, and all records are kept",
            arguments.replica
        ));
    }
    for store in staged {
        let (deletions, records) = (store.prepared.deletions, store.prepared.base_records);
        if records > SMALL_STORE && deletions * 2 > records {
            reasons.push(format!("store {} would lose {deletions} of {records} records", store.name.store));
        }
    }
    if !reasons.is_empty() {
        reasons.push("if they were really deleted, say --allow-mass-delete".into());
    }
    reasons
}
