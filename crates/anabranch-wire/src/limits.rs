//! Every bound on frames, by name (FORMAT.md §5).

/// Bytes of a frame's payload.
pub const FRAME_BYTES_MAX: usize = 96 * 1024 * 1024;
/// Bytes of changes after which a frame of a large transaction is closed.
pub const FRAME_BYTES_TARGET: usize = 1024 * 1024;
/// Bytes after which the next transaction begins a new segment.
pub const SEGMENT_BYTES_TARGET: u64 = 64 * 1024 * 1024;
