//! The canonical encoding of values that are no scalars of automerge (FORMAT.md, "Values").

use crate::value::VALUE_DEPTH_MAX;

mod read;
mod write;
pub(crate) use read::read;
pub(crate) use write::{write, write_lent};

/// Bytes that stand for no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeValueError {
    /// The bytes are cut off, follow no tag, or go on after the end.
    #[error("the stored bytes stand for no value")]
    Malformed,
    /// The value nests too deep.
    #[error("the stored value nests deeper than {VALUE_DEPTH_MAX} levels")]
    TooDeep,
}

/// The first byte of every value says of which kind it is.
pub(super) mod tag {
    macro_rules! tags {
        ($($name:ident = $tag:literal),+ $(,)?) => { $(pub(in crate::scalar) const $name: u8 = $tag;)+ };
    }

    tags! {
        UNDEFINED = 0, NULL = 1, FALSE = 2, TRUE = 3, NUMBER = 4, BIGINT = 5, STRING = 6, DATE = 7, INVALID_DATE = 8,
        REGEXP = 9, BOOLEAN_OBJECT = 10, NUMBER_OBJECT = 11, STRING_OBJECT = 12, BIGINT_OBJECT = 13, ARRAY_BUFFER = 14,
        RESIZABLE_BUFFER = 15, WHOLE_VIEW = 16, PART_VIEW = 17, TRACKING_VIEW = 18, MAP = 19, SET = 20, ARRAY = 21,
        SPARSE_ARRAY = 22, OBJECT = 23, ERROR = 24, ERROR_CAUSE = 25, DOM_EXCEPTION = 26, BLOB = 27, BLOB_ELSEWHERE = 28,
        FILE = 29, FILE_LIST = 30, IMAGE_DATA = 31, GEOMETRY = 32, CRYPTO_KEY = 33, GRAPH = 34, REF = 35, UTF16 = 36,
    }
}
