//! The bytes that replicas exchange and logs keep: frames, log entries, limits.
//!
//! Pure: bytes in, values out; no I/O, nothing else of ours. `FORMAT.md` describes every byte, and the modules name its
//! sections. Whatever the bytes are, decoding ends in a value or a typed error, within a bound on memory, without a panic.
//!
//! ```
//! use anabranch_wire::{Entry, decode_frame, encode_frame};
//! let entry = Entry::Store { number: 1, database: "shop".into(), store: "orders".into() };
//! let frame = encode_frame(&entry)?;
//! let (decoded, length) = decode_frame(&frame)?;
//! assert_eq!((decoded, length), (entry, frame.len()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod block;
mod entry;
mod frame;
mod leb128;
pub mod limits;
mod payload;
mod segment;
mod strands;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use archive::{ARCHIVE_HEADER_BYTES, ArchiveHeader, DecodeArchiveHeaderError};
pub use block::{BLOCK_HEADER_BYTES, BlockForm, BlockHeader, DecodeBlockError, Framed, pack_block, unpack_block};
pub use entry::{Baseline, Entry, Hash, Heads, LeftOut, Note, Offer, ReplicaEntry, RunEntry};
pub use frame::{DecodeFrameError, EncodeFrameError, FRAME_HEADER_BYTES, decode_frame, encode_frame, frame_hash};
pub use segment::{
    DecodeSegmentError, SEALED_HEADER_BYTES, SEGMENT_HEADER_BYTES, SealedHeader, SegmentHeader, TransactionDigest,
    transaction_digest,
};
