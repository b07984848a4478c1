//! Every bound on what is accepted, by name. Above it: a typed refusal.

/// Hashes that a change may depend on; more heads are joined by merge changes first.
pub const DEPS_MAX: usize = 16;
/// Actors that a change may name.
pub const ACTORS_MAX: usize = 4096;
/// Bytes of a change's message (the header of its chain).
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// Columns of a change.
pub const COLUMNS_MAX: usize = 32;
/// Ops of a change.
pub const OPS_MAX: u64 = 100_000;
/// Predecessors of all ops of a change together.
pub const PREDS_MAX: u64 = 400_000;
/// Bytes of a change.
pub const CHANGE_BYTES_MAX: usize = 80 * 1024 * 1024;
/// Largest op counter, so that counters fit automerge's 32 bits.
pub const OP_COUNTER_MAX: u64 = 1 << 31;
/// Bytes of a property name: an encoded key, an identity and a field path.
pub const NAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of one scalar value.
pub const SCALAR_BYTES_MAX: usize = 64 * 1024 * 1024 - 1;
/// Bytes of all values of one record together.
pub const RECORD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of an encoded key.
pub const KEY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Records in one change of a chain.
pub const RECORDS_PER_CHANGE: usize = 100;
/// Bytes after which a change of a chain is closed even before it holds [`RECORDS_PER_CHANGE`].
pub const CHANGE_BYTES_TARGET: usize = 4 * 1024 * 1024;
/// Changes in one chain.
pub const CHAIN_CHANGES_MAX: u32 = 1 << 20;
/// Changes that wait for dependencies that are not here.
pub const ORPHANS_MAX: usize = 1024;
/// Bytes of the changes that wait for dependencies that are not here.
pub const ORPHAN_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Changes of chains that are not complete yet, or that wait for a chain that does. An import of 100,000 records is a chain
/// of some 1,000.
pub const STAGED_CHANGES_MAX: usize = 65_536;
/// Bytes of the changes of chains that are not complete yet.
pub const STAGED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of ops and predecessors of waiting changes that are kept decoded; beyond it they are decoded once more when they
/// are taken.
pub const WAITING_TABLE_BYTES_MAX: usize = 32 * 1024 * 1024;
