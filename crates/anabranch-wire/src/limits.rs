//! Every bound on frames and logs, by name (FORMAT.md §5).

/// Bytes of a frame's payload.
pub const FRAME_BYTES_MAX: usize = 96 * 1024 * 1024;
/// Bytes of changes after which a frame of a large transaction is closed.
pub const FRAME_BYTES_TARGET: usize = 1024 * 1024;
/// Bytes after which the next transaction begins a new segment.
pub const SEGMENT_BYTES_TARGET: u64 = 64 * 1024 * 1024;

/// Bytes that decoding may reserve for each byte of a payload of up to [`MEDIUM_PAYLOAD_BYTES`].
///
/// No entry needs more: a list reserves its members' size in memory, 24 bytes for an empty text of one byte and no more
/// than that for each byte of any other member; a number or a length reserves at most 8 for one.
pub const DECODED_PER_BYTE: usize = 32;
/// The largest payload that is decoded within the bound of a small one.
pub const SMALL_PAYLOAD_BYTES: usize = 64 * 1024;
/// The largest payload whose bound follows from [`DECODED_PER_BYTE`].
pub const MEDIUM_PAYLOAD_BYTES: usize = 2 * 1024 * 1024;
/// Bytes that decoding a payload above [`MEDIUM_PAYLOAD_BYTES`] may reserve.
pub const LARGE_DECODED_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;

/// Bytes of frames after which a block of a sealed segment is closed.
pub const BLOCK_BYTES_TARGET: usize = 2 * 1024 * 1024;
/// Bytes of frames in a block, and bytes of their strands: one frame, if it is as large as a frame can be, and one more.
pub const BLOCK_BYTES_MAX: usize = FRAME_BYTES_MAX + 2 * BLOCK_BYTES_TARGET;
/// The base-2 logarithm of the window that a block may ask of whoever decompresses it.
pub const BLOCK_WINDOW_LOG_MAX: u32 = 27;
/// Ops of a change that is unravelled; a larger one is kept as it is.
pub const CHANGE_OPS_MAX: usize = 100_000;
/// Rows of names and of values in a block that are unravelled: what bounds the work that a few bytes can ask for.
pub const BLOCK_ROWS_MAX: usize = 4_000_000;
/// Changes in a block that is unravelled.
pub const BLOCK_CHANGES_MAX: usize = 1_000_000;
/// Classes of names in a block, the nameless one among them; other names are kept in one piece.
pub const STRAND_CLASSES_MAX: usize = 1024;
