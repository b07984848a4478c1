//! A directory of the file system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Destination, Revision};
use crate::layout;

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

    /// Puts a file in its place as a whole: temporary file, fsync, rename, fsync of the directory.
    fn put(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let path = self.root.join(path);
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        make_directory(directory)?;
        let writer = format!("{}-{}", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed));
        let temporary = directory.join(layout::temporary(&name.to_string_lossy(), &writer));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        let placed = written.and_then(|()| fs::rename(&temporary, &path));
        if placed.is_err() {
            // A full disk gets its space back.
            drop(fs::remove_file(&temporary));
        }
        placed?;
        sync_directory(directory)
    }
}

/// Makes a directory and those around it, each durable in the one around it.
fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    let around = directory.parent().unwrap_or(Path::new(""));
    make_directory(around)?;
    match fs::create_dir(directory) {
        // Another writer may have been faster.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !directory.is_dir() => Err(error),
        _ => sync_directory(around),
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    // Elsewhere directories cannot be opened as files, and a rename is durable by itself.
    if cfg!(not(unix)) {
        return Ok(());
    }
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(here)?.sync_all()
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
        self.put(path, bytes)
    }

    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision> {
        make_directory(&self.root)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(self.root.join(LOCK))?;
        lock.lock()?;
        let now = self.read(path)?.map(|(_, revision)| revision);
        if now.as_ref() != was {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.put(path, bytes)?;
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
