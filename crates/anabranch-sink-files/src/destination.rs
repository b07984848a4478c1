//! Where files go: a directory, or a bucket.

use std::io;

mod local;
#[cfg(feature = "object_store")]
mod object;
mod url;

pub use local::LocalDirectory;
#[cfg(feature = "object_store")]
pub use object::ObjectStore;
pub use url::without_secrets;

/// A state of the manifest, to tell whether another writer replaced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(pub String);

/// Files by path with `/`.
pub trait Destination {
    /// Its name, for messages; no secret is in it.
    fn name(&self) -> String;
    /// A file that is replaced as a whole, and its revision; `None` if it is not there.
    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>>;
    /// Writes a file that nobody knows yet, durably. A reader of its directory sees all of it or nothing.
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
        Some((scheme, path)) if scheme.eq_ignore_ascii_case("file") => {
            Ok(Box::new(LocalDirectory::new(url::file_path(path)?)))
        }
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
