//! Failures at the process edge: a message that says what to do next, and an exit code.

use std::fmt;
use std::io;

/// What kind of failure, by exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Asked wrongly, or refused for safety: the message names the flag that insists.
    Asked,
    /// The data is bad or damaged: the message names file and place.
    Data,
    /// A bug of ours.
    Bug,
    /// More conflicts than the limit that was asked for.
    Conflicts,
    /// The environment failed.
    Environment,
    /// The reader of our output is gone.
    ClosedPipe,
}

impl Class {
    pub(crate) fn code(self) -> u8 {
        match self {
            Class::Asked => 1,
            Class::Data => 2,
            Class::Bug => 3,
            Class::Conflicts => 4,
            Class::Environment => 5,
            Class::ClosedPipe => 0,
        }
    }
}

/// A failure that ends the command.
#[derive(Debug)]
pub(crate) struct Failure {
    class: Class,
    message: String,
}

impl Failure {
    pub(crate) fn new(class: Class, message: impl fmt::Display) -> Self {
        Self { class, message: message.to_string() }
    }

    pub(crate) fn asked(message: impl fmt::Display) -> Self {
        Self::new(Class::Asked, message)
    }

    pub(crate) fn data(message: impl fmt::Display) -> Self {
        Self::new(Class::Data, message)
    }

    pub(crate) fn bug(message: impl fmt::Display) -> Self {
        Self::new(Class::Bug, message)
    }

    pub(crate) fn environment(message: impl fmt::Display) -> Self {
        Self::new(Class::Environment, message)
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.class == Class::ClosedPipe
    }

    /// A failed write of a file is told with the file's name.
    pub(crate) fn in_file(self, path: &std::path::Path) -> Self {
        match self.class {
            Class::Environment | Class::ClosedPipe => {
                Self::environment(format_args!("cannot write {}: {}", path.display(), self.message))
            }
            _ => self,
        }
    }

    /// A file that was asked for cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &io::Error) -> Self {
        let class = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => Class::Asked,
            _ => Class::Environment,
        };
        Self::new(class, format_args!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Class::ClosedPipe, "closed pipe"),
            _ => Self::new(Class::Environment, error),
        }
    }
}

impl From<anabranch_store::OpenError> for Failure {
    fn from(error: anabranch_store::OpenError) -> Self {
        use anabranch_store::OpenError;
        let class = match &error {
            OpenError::NotAStore { .. } | OpenError::Newer { .. } => Class::Asked,
            OpenError::Locked { .. } | OpenError::Read { .. } => Class::Environment,
            OpenError::Damaged { .. } | OpenError::MissingSegment { .. } | OpenError::MissingBlob { .. } => Class::Data,
        };
        Self::new(class, error)
    }
}

impl From<anabranch_store::InitError> for Failure {
    fn from(error: anabranch_store::InitError) -> Self {
        use anabranch_store::InitError;
        let class = match &error {
            InitError::Exists { .. } | InitError::NotEmpty { .. } | InitError::NoDirectory { .. } => Class::Asked,
            InitError::Read { .. } | InitError::Write { .. } => Class::Environment,
        };
        Self::new(class, error)
    }
}

impl From<anabranch_store::CommitError> for Failure {
    fn from(error: anabranch_store::CommitError) -> Self {
        match error {
            anabranch_store::CommitError::Encode(error) => Self::asked(format_args!("{error}: commit it in parts")),
            error => Self::environment(error),
        }
    }
}

impl From<anabranch_store::CompactError> for Failure {
    fn from(error: anabranch_store::CompactError) -> Self {
        use anabranch_store::CompactError;
        match error {
            CompactError::Keep(error) => error.into(),
            CompactError::Read { .. } => Self::environment(error),
            CompactError::NotEqual { .. } => Self::data(error),
        }
    }
}

impl From<anabranch_indexeddb::ReadExportError> for Failure {
    fn from(error: anabranch_indexeddb::ReadExportError) -> Self {
        use anabranch_core::json::JsonErrorKind;
        use anabranch_indexeddb::ReadExportError;
        let class = match &error {
            ReadExportError::Json { source, .. } if matches!(source.kind, JsonErrorKind::Read(_)) => Class::Environment,
            ReadExportError::Open { path, source } => return Self::file(path, source),
            ReadExportError::SchemaNeeded { .. } | ReadExportError::KeysLost { .. } => Class::Asked,
            _ => Class::Data,
        };
        Self::new(class, error)
    }
}
