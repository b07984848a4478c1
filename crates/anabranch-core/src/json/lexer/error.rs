//! What can be wrong with a JSON text.

/// What is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("byte {at}: {kind}")]
pub struct JsonError {
    /// Offset in the input.
    pub at: u64,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

/// What is wrong with a JSON text.
#[derive(Debug, thiserror::Error)]
pub enum JsonErrorKind {
    /// The input ends in the middle of a value.
    #[error("the text ends in the middle of a value")]
    CutOff,
    /// A character that cannot stand here.
    #[error("expected {expected}")]
    Unexpected {
        /// What could stand here.
        expected: &'static str,
    },
    /// A string that is no UTF-8 or has a malformed escape.
    #[error("malformed string")]
    String,
    /// Text after the end of the value.
    #[error("text follows the end of the value")]
    Trailing,
    /// Arrays and objects nest deeper than allowed.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A value, or a name, whose text is longer than allowed.
    #[error("a value of more than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: u64,
    },
    /// A value that is made up of more values than allowed.
    #[error("a value of more than {limit} parts")]
    TooManyParts {
        /// The limit.
        limit: u32,
    },
    /// The input could not be read.
    #[error("cannot read: {0}")]
    Read(#[from] std::io::Error),
}
