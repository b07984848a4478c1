//! IndexedDB as a source of snapshots and a target of record changes.
