//! The one trait through which all I/O of a store directory goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What one means to do with a store directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Beside other readers.
    Read,
    /// Alone.
    Write,
}

/// What failed.
pub(crate) enum KeepError {
    /// A write: what is on the disk is known.
    Write(io::Error),
    /// Making a write durable: what is on the disk is not known any more, and trying again would not tell.
    Sync(io::Error),
}

impl From<io::Error> for KeepError {
    fn from(error: io::Error) -> Self {
        KeepError::Write(error)
    }
}

impl KeepError {
    pub(crate) fn into_io(self) -> io::Error {
        match self {
            KeepError::Write(error) | KeepError::Sync(error) => error,
        }
    }
}

/// Files below one directory, by relative path with `/`.
pub trait Disk: Send {
    /// The name of the directory, for messages.
    fn name(&self) -> String;
    /// Makes a directory, and the directories above it; fine if it is there.
    fn create_dir(&mut self, path: &str) -> io::Result<()>;
    /// The names in a directory, or an error of kind `NotFound`.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;
    /// A file's contents.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// Writes a file that may be there already.
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Adds to the end of a file, which is made if it is not there.
    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file.
    fn truncate(&mut self, path: &str, length: u64) -> io::Result<()>;
    /// Makes a file's contents durable.
    fn sync(&mut self, path: &str) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&mut self, path: &str) -> io::Result<()>;
    /// Gives a file another name, replacing what has it.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, path: &str) -> io::Result<()>;
    /// Takes the lock for as long as this value lives; `WouldBlock` if another process holds it.
    fn lock(&mut self, path: &str, access: Access) -> io::Result<()>;
    /// The same files, to read.
    fn files(&self) -> Arc<dyn Files>;
}

/// What a document reads while it is open, from whatever thread.
pub trait Files: Send + Sync {
    /// A file's contents.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
}

struct FilesBelow(PathBuf);

impl Files for FilesBelow {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(path))
    }
}

/// A directory of the file system.
#[derive(Debug)]
pub struct FileDisk {
    root: PathBuf,
    lock: Option<File>,
}

impl FileDisk {
    /// The files below `root`.
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self { root: root.as_ref().to_owned(), lock: None }
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

impl Disk for FileDisk {
    fn name(&self) -> String {
        self.root.display().to_string()
    }

    fn create_dir(&mut self, path: &str) -> io::Result<()> {
        fs::create_dir_all(self.at(path))
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let names = fs::read_dir(self.at(path))?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.at(path))
    }

    fn files(&self) -> Arc<dyn Files> {
        Arc::new(FilesBelow(self.root.clone()))
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        fs::write(self.at(path), bytes)
    }

    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().create(true).append(true).open(self.at(path))?.write_all(bytes)
    }

    fn truncate(&mut self, path: &str, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.at(path))?.set_len(length)
    }

    fn sync(&mut self, path: &str) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.at(path))?.sync_all()
    }

    fn sync_dir(&mut self, path: &str) -> io::Result<()> {
        File::open(self.at(path))?.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        fs::remove_file(self.at(path))
    }

    fn lock(&mut self, path: &str, access: Access) -> io::Result<()> {
        let open =
            |write: bool| OpenOptions::new().read(true).write(write).create(write).truncate(false).open(self.at(path));
        let file = match access {
            Access::Write => open(true)?,
            // A reader of a read-only directory whose lock file nobody made needs none.
            Access::Read => match open(false) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                file => file?,
            },
        };
        let taken = match access {
            Access::Write => file.try_lock(),
            Access::Read => file.try_lock_shared(),
        };
        match taken {
            Ok(()) => {
                self.lock = Some(file);
                Ok(())
            }
            Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}
