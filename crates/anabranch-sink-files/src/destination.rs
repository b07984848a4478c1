//! Where files go: a directory, or a bucket.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[cfg(feature = "object_store")]
mod object;
#[cfg(feature = "object_store")]
pub use object::ObjectStore;

/// A state of the manifest, to tell whether another writer replaced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(pub String);

/// Files by path with `/`.
pub trait Destination {
    /// Its name, for messages.
    fn name(&self) -> String;
    /// A file that is replaced as a whole, and its revision; `None` if it is not there.
    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>>;
    /// Writes a file that nobody knows yet, durably.
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Replaces a file as a whole, durably, if it is still at `was`; otherwise fails with `AlreadyExists`.
    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision>;
    /// The names of the files in a directory.
    fn list(&self, directory: &str) -> io::Result<Vec<String>>;
    /// Removes a file; fine if it is gone.
    fn remove(&mut self, path: &str) -> io::Result<()>;
}

impl<D: Destination + ?Sized> Destination for Box<D> {
    fn name(&self) -> String {
        (**self).name()
    }
    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>> {
        (**self).read(path)
    }
    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        (**self).write(path, bytes)
    }
    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision> {
        (**self).replace(path, bytes, was)
    }
    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        (**self).list(directory)
    }
    fn remove(&mut self, path: &str) -> io::Result<()> {
        (**self).remove(path)
    }
}

/// The destination that a path or a URL names.
pub fn open_url(url: &str) -> io::Result<Box<dyn Destination>> {
    match url.split_once("://") {
        None => Ok(Box::new(LocalDirectory::new(url))),
        Some(("file", path)) => Ok(Box::new(LocalDirectory::new(path))),
        #[cfg(feature = "object_store")]
        Some(_) => Ok(Box::new(ObjectStore::open(url)?)),
        #[cfg(not(feature = "object_store"))]
        Some((scheme, _)) => {
            let what =
                format!("this build delivers to paths and file:// only: {scheme}:// needs the feature object_store");
            Err(io::Error::new(io::ErrorKind::Unsupported, what))
        }
    }
}

/// A directory of the file system.
#[derive(Debug)]
pub struct LocalDirectory {
    root: PathBuf,
}

/// Held while the manifest is compared and replaced.
const LOCK: &str = "_anabranch.lock";

impl LocalDirectory {
    /// The files below `root`, which is made when something is written.
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self { root: root.as_ref().to_owned() }
    }

    fn durable(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn in_directory(&self, path: &str) -> io::Result<PathBuf> {
        let path = self.root.join(path);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        Ok(path)
    }
}

fn revision(bytes: &[u8]) -> Revision {
    Revision(String::from_utf8_lossy(bytes).into_owned())
}

impl Destination for LocalDirectory {
    fn name(&self) -> String {
        self.root.display().to_string()
    }

    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>> {
        match fs::read(self.root.join(path)) {
            Ok(bytes) => {
                let revision = revision(&bytes);
                Ok(Some((bytes, revision)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.in_directory(path)?;
        self.durable(&path, bytes)?;
        path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    }

    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision> {
        let lock_path = self.in_directory(LOCK)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(lock_path)?;
        lock.lock()?;
        let now = self.read(path)?.map(|(_, revision)| revision);
        if now.as_ref() != was {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let temporary = self.in_directory(&format!("{path}.tmp"))?;
        self.durable(&temporary, bytes)?;
        fs::rename(&temporary, self.root.join(path))?;
        File::open(&self.root)?.sync_all()?;
        Ok(revision(bytes))
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        match fs::read_dir(self.root.join(directory)) {
            Ok(entries) => entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        match fs::remove_file(self.root.join(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
