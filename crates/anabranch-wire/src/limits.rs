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
