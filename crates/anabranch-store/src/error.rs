//! Why a store directory is not made or not read.

use std::io;

/// Why a store directory was not made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is one already.
    #[error("{path} is a store directory already")]
    Exists {
        /// The directory.
        path: String,
    },
    /// The directory holds something else.
    #[error("{path} holds other files: choose an empty or a new directory")]
    NotEmpty {
        /// The directory.
        path: String,
    },
    /// A file is in the place of the directory.
    #[error("{path} is no directory: name a new or an empty one")]
    NoDirectory {
        /// The file.
        path: String,
    },
    /// What is there cannot be looked at.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The directory.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file system failed.
    #[error("cannot make {path}: {source}")]
    Write {
        /// The directory.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a store directory was not read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is none.
    #[error("{path} is no store directory: make one with `anabranch init {path}`, or name another with --store")]
    NotAStore {
        /// The directory.
        path: String,
    },
    /// Another process uses it.
    #[error("{path} is in use by another process: wait until it is done")]
    Locked {
        /// The directory.
        path: String,
    },
    /// A file is damaged.
    #[error("{path}: damaged at byte {offset}: {what}; restore the directory from a backup")]
    Damaged {
        /// The file.
        path: String,
        /// Where.
        offset: u64,
        /// What is damaged.
        what: &'static str,
    },
    /// A newer version made the directory.
    #[error("{path} was made by a newer version of anabranch")]
    Newer {
        /// The directory.
        path: String,
    },
    /// A segment of the log, or the marker of a directory that has a log, is not there.
    #[error("{path} is missing: restore the directory from a backup")]
    MissingSegment {
        /// The file.
        path: String,
    },
    /// A large Blob that was kept is not there.
    #[error("{path} is missing: restore it from a backup, or capture or merge again what holds this Blob")]
    MissingBlob {
        /// The file.
        path: String,
    },
    /// The file system failed.
    #[error("cannot open {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// Files are named as people find them: within the directory.
    pub(crate) fn within(mut self, dir: &str) -> Self {
        use OpenError::{Damaged, Locked, MissingBlob, MissingSegment, Newer, NotAStore, Read};
        match &mut self {
            Damaged { path, .. } | MissingSegment { path } | MissingBlob { path } | Read { path, .. } => {
                *path = format!("{dir}/{path}");
            }
            NotAStore { .. } | Locked { .. } | Newer { .. } => (),
        }
        self
    }
}
